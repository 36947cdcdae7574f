"""The page of the admin interface in a real Chromium: both tiers under load, failures, a dry run, names of strangers."""

import json
import os
import re
import threading

import pytest

from harness import browser as browsers
from harness import wait, wire
from harness.relay import Relay
from harness.stack import FRONT, LOCAL, Origins, host, static
from harness.tier import Tier

pytestmark = browsers.needed

ADMIN = re.compile(r"^(?=.*\badmin interface\b).*?\b127\.0\.0\.1:(\d+)", re.MULTILINE)

# Each would show a dialog, or make an element, if it were read as markup, code or a URL.
SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "'\"><iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "</title></style></textarea><b id=injected>",
    "__proto__",
    "constructor",
]
# A rule whose pattern is like one, and whose target is what the client writes.
PATTERN = r"~^(?<what>.*<img src=x onerror=alert\(1\)>.*|script-[a-z]+)\.test\.priv$"
# What would hide or reorder the text around it, and how it is shown.
HIDDEN = [
    ("gnp\u202eexe.", "gnp\\u{202e}exe."),
    ("a\u200bb", "a\\u{200b}b"),
    ("a\u2066b\u2069", "a\\u{2066}b\\u{2069}"),
    ("a\u00a0b", "a\\u{a0}b"),
    ("a\u001b[31mb", "a\\u{1b}[31mb"),
    ("a\u0000b", "a\\u{0}b"),
    ("a\nb", "a\\u{a}b"),
    ("z" + "\u0301" * 4, "z\u0301\u0301\\u{301}\\u{301}"),
    ("a\u3164b", "a\\u{3164}b"),
    ("\U000e0041", "\\u{e0041}"),
    ("plain-1.test.priv", "plain-1.test.priv"),
    ("müller 例え", "müller 例え"),
]


class Load:
    """Requests to the front tier until the end: most are served, some fail."""

    def __init__(self, port):
        self.port = port
        self.sent = 0
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(number,), daemon=True) for number in (1, 2)]
        for thread in self.threads:
            thread.start()

    def _send(self, number):
        with wire.Client(self.port) as client:
            while not self.ends.wait(0.005):
                client.ask(host(container=1 + self.sent % 2, number=number))
                self.sent += 1

    def stop(self):
        self.ends.set()
        for thread in self.threads:
            thread.join(timeout=10)


class Pages:
    """Both tiers, each with a socket that leads to its page."""

    def __init__(self, directory):
        self.running = []
        try:
            self.origins = self._run(Origins("container001", "container002"))
            names = {name: f"127.0.0.1:{port}" for name, port in self.origins.ports.items()}
            names["dead"] = "127.0.0.1:1"
            self.local, self.local_page = self._tier("local", directory, LOCAL % static(names))
            hosts = {f"host_{number:02}": f"127.0.0.1:{self.local.port}" for number in (1, 2)}
            hosts["host_03"] = "127.0.0.1:1"
            rules = f"  - {{ name: scripts, host: '{PATTERN}', to: '${{what}}' }}\n"
            # A folder may have any name, too.
            self.front, self.front_page = self._tier("front", directory, FRONT % (rules, static(hosts)), SCRIPTS[1])
        except BaseException:
            self.stop()
            raise

    def _run(self, thing):
        self.running.append(thing)
        return thing

    def _tier(self, verb, directory, rules, folder="rules"):
        path = os.path.join(directory, f"{verb}.sock")
        tier = self._run(Tier(verb, os.path.join(directory, folder), rules, "--admin", f"unix:{path}"))
        relay = self._run(Relay(path))
        return tier, f"http://127.0.0.1:{relay.port}/"

    def ask(self, *arguments, **options):
        return wire.ask(self.front.port, *arguments, **options)

    def front_client(self):
        return wire.Client(self.front.port)

    def stop(self):
        for one in reversed(self.running):
            one.stop()


@pytest.fixture(scope="module")
def chromium():
    browser = browsers.Browser()
    yield browser
    browser.stop()


@pytest.fixture
def browser(chromium):
    chromium.size(1400, 1000)
    chromium.prefer(color_scheme="light", reduced_motion="no-preference")
    yield chromium
    # No script was refused, none has failed; a route that a tier does not offer is not an error of the page.
    messages = [one for one in chromium.messages() if "404 (Not Found)" not in one and "ERR_" not in one]
    assert messages == []
    chromium.open("about:blank")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    pages = Pages(str(tmp_path_factory.mktemp("page")))
    yield pages
    pages.stop()


@pytest.fixture
def load(pages, stopping):
    load = stopping(Load(pages.front.port))
    wait.until(lambda: load.sent > 20, what="load")
    return load


def opened(browser, url, *, shows="#pools table tbody"):
    """The page, after its first figures."""
    browser.open(url)
    wait.until(lambda: browser.count(shows), what="the page to show something")
    return browser


def is_untouched(browser):
    """No element of a stranger's text is there."""
    assert browser.count("#injected") == 0
    assert browser.count("img, iframe, object, embed, base, body script") == 0
    assert browser.count("script") == 1
    assert browser.run("return document.querySelector('[style*=\"url\"], [onerror], [onload], [onclick]')") is None
    assert browser.run("return performance.getEntries().map((one) => one.name).filter((name) =>"
                       " name.includes('://') && new URL(name).origin !== location.origin)") == []  # fmt: skip


def counted(browser, rule):
    """The requests of a rule since the start."""
    text = browser.run(
        "return [...document.querySelectorAll('#rules tbody tr')].find((one) => one.innerText.startsWith(arguments[0]))"
        "?.querySelector('[data-label=Requests]')?.innerText ?? '0'",
        rule,
    )
    return int(text.replace(",", "").replace("–", "0"))


def test_both_tiers_under_load(pages, browser, load, tmp_path):
    for page, name, target in ((pages.front_page, "front", "host_01"), (pages.local_page, "local", "container001")):
        opened(browser, page)
        wait.until(lambda: target in browser.text("#picture"), what=f"{target} in the picture")
        wait.until(lambda: target in browser.text("#pools"), what=f"{target} among the pools")
        wait.until(lambda: browser.count("#picture .edge.live") >= 2, what="requests on their way")
        wait.until(lambda: counted(browser, "saas") > 10, what="the requests of the rule")
        assert name in browser.text("h1")
        assert browser.run("return document.querySelector('#alert').hidden")
        browser.screenshot(str(tmp_path / f"{name}.png"))
        is_untouched(browser)


def test_an_endpoint_that_fails_is_seen(pages, browser, tmp_path):
    assert pages.ask(host(number=3)).status == 502
    opened(browser, pages.front_page)
    wait.until(lambda: "host_03" in browser.text("#attention"), what="what needs attention")
    assert browser.count("#picture [data-state=avoided], #picture [data-state=down]") == 1
    row = browser.run("return [...document.querySelectorAll('#pools tbody')].map((one) => one.innerText)"
                      ".find((text) => text.includes('host_03'))")  # fmt: skip
    assert "connect_failed" in row and ("avoided" in row or "down" in row)
    # It is first, whatever its name is.
    assert browser.text("#pools tbody").startswith("host_03")
    browser.screenshot(str(tmp_path / "failing.png"))


def test_a_failure_in_full(pages, browser):
    assert pages.ask(host(number=3), "/in-full", fields=["X-Request-ID: in-full-1"]).status == 502
    opened(browser, pages.front_page, shows=".failure")
    wait.until(lambda: "/in-full" in browser.text("#failures"), what="the failure")
    browser.run("[...document.querySelectorAll('.failure-head')].find((one) => one.innerText.includes('/in-full')).click()")
    wait.until(lambda: "Front tier" in browser.text("#failures .detail:not([hidden])"), what="the request in full")
    full = browser.text("#failures .detail:not([hidden])")
    for part in ("in-full-1", "saas", "host_03", "127.0.0.1:1", "connection_refused"):
        assert part in full, full
    # Newer failures do not move what is read.
    pages.ask("nobody.test.priv", "/newer")
    browser.run("document.getElementById('request-field').value = 'nobody.test.priv';"
                "document.getElementById('request-form').requestSubmit()")  # fmt: skip
    wait.until(lambda: "no_rule" in browser.text("#request-result"), what="the request in full")
    assert "in-full-1" in browser.text("#failures .detail:not([hidden])")
    assert "/newer" not in browser.text("#failures .failures")


def follow(browser, url, method="GET"):
    """What a dry run on the page shows."""
    browser.run(
        "document.getElementById('dry-run-result').replaceChildren();"
        "document.getElementById('dry-run-url').value = arguments[0];"
        "document.getElementById('dry-run-method').value = arguments[1];"
        "document.getElementById('dry-run-form').requestSubmit()",
        url, method,
    )  # fmt: skip
    wait.until(lambda: browser.text("#dry-run-result"), what="a dry run")
    return browser.text("#dry-run-result")


def test_a_dry_run(pages, browser, tmp_path):
    name = host(container=2, number=1)
    assert pages.ask(name, "/before").status == 200
    opened(browser, pages.front_page)
    way = follow(browser, f"http://{name}/a?b=c", "POST")
    for part in ("POST", "saas", "container = container002", "host_01:9000", f"127.0.0.1:{pages.local.port}"):
        assert part in way, way
    # The part of the local tier is that of the last request for the host.
    assert "Local tier" in way and "container002:8080" in way and "/before" in way, way
    assert "the last request for this host" in way and "may decide otherwise" in way and "the last request reached" in way, way
    assert "reaches" not in way, way
    # The same capture has the same colour in the URL, among the captures and in the target.
    colours = "return [...document.querySelectorAll('#dry-run-result .capture')].filter((one) => one.textContent === arguments[0])" \
              ".map((one) => one.className.match(/capture-\\d/)[0])"  # fmt: skip
    assert len(set(browser.run(colours, "01"))) == 1 and len(browser.run(colours, "01")) >= 2
    browser.screenshot(str(tmp_path / "dry-run.png"))
    way = follow(browser, "http://nobody.test.priv/")
    assert "refused 404 no_rule" in way
    assert "does not match" in browser.run("return document.querySelector('#dry-run-result .tried').textContent")
    opened(browser, pages.local_page)
    assert "container002:8080" in follow(browser, f"{name}/without-a-scheme")


def test_an_address_needs_a_token(browser, tmp_path, stopping):
    token = "correct-horse-battery-staple-0123456789"
    file = tmp_path / "tokens"
    file.write_text(f"read {token}\n")
    file.chmod(0o600)
    tier = stopping(
        Tier("front", str(tmp_path / "own"), FRONT % ("", static({})), "--admin", "127.0.0.1:0", "--admin-token-file", str(file))
    )
    line = wait.until(lambda: ADMIN.search(tier.said()), what="the address of the admin interface")
    opened(browser, f"http://127.0.0.1:{line.group(1)}/", shows="#token:not([hidden])")
    assert browser.text("#state") == "token needed" and browser.run("return document.activeElement.id") == "token-field"
    browser.press("wrong-token", browsers.Keys.ENTER)
    wait.until(lambda: "does not accept" in browser.text("#token"), what="a wrong token to be refused")
    browser.press(token, browsers.Keys.ENTER)
    wait.until(lambda: browser.text("#state") == "ready", what="the tier's state")
    assert browser.run("return document.getElementById('token').hidden")
    # It is nowhere but in the storage of this window.
    assert browser.run("return [localStorage.length, document.cookie, location.href.includes(arguments[0]),"
                       "document.documentElement.outerHTML.includes(arguments[0])]", token) == [0, "", False, False]  # fmt: skip
    browser.open(browser.driver.current_url)
    wait.until(lambda: browser.text("#state") == "ready", what="the token to be used again")
    # The responses without one are 401, and Chromium writes each to its console.
    assert all("401" in one for one in browser.messages())


def test_names_of_strangers_do_nothing(pages, browser):
    for script in SCRIPTS:
        with pages.front_client() as client:
            client.send(f"GET /{script.replace(' ', '%20')} HTTP/1.1\r\nHost: {script}\r\n\r\n".encode())
            assert client.answer().status == 400 or "<" not in script
        fields = [f"{name}: {script}" for name in ("User-Agent", "X-Request-ID", "Cookie", "Referer")]
        assert pages.ask("script-tag.test.priv", f"/?q={script.replace(' ', '+')}", fields=fields).status >= 400
    opened(browser, pages.front_page)
    browser.run("window.alert = () => { window.alerted = true; }")
    for script in SCRIPTS:
        browser.run("const field = document.getElementById('filter'); field.value = arguments[0];"
                    "field.dispatchEvent(new Event('input'))", script)  # fmt: skip
        follow(browser, f"http://{script}.test.priv/{script}", script)
    browser.run("const field = document.getElementById('filter'); field.value = '';"
                "field.dispatchEvent(new Event('input'))")  # fmt: skip
    # They are there, as text.
    wait.until(lambda: SCRIPTS[1] in browser.text("#rules"), what="the name of the folder")
    browser.run("document.querySelectorAll('.failure-head').forEach((one) => one.click())")
    wait.until(lambda: "onerror" in browser.text("#failures"), what="failures in full")
    is_untouched(browser)
    assert not browser.run("return window.alerted ?? false")


def test_text_that_hides_is_shown(pages, browser):
    opened(browser, pages.front_page)
    for text, shown in HIDDEN:
        assert browser.run_module(f"return (await import('/page/text.js')).plain({json.dumps(text)})") == shown
    for script in SCRIPTS:
        made = browser.run_module(
            f"const node = (await import('/page/dom.js')).foreign({json.dumps(script)});"
            "document.body.append(node);"
            "const found = [node.textContent, node.children.length]; node.remove(); return found"
        )
        assert made == [script, 0]
    long = browser.run_module("return (await import('/page/text.js')).plain('x'.repeat(100000))")
    assert len(long) < 400 and "100,000 in all" in long
    for name in ("href", "src", "style", "onclick", "srcdoc", "formaction"):
        refused = browser.run_module(
            f"try {{ (await import('/page/dom.js')).el('a', {{ {name}: 'x' }}); return false }} catch {{ return true }}"
        )
        assert refused, name
    # The browser itself refuses text as markup.
    assert browser.run("try { document.body.insertAdjacentHTML('beforeend', '<i>'); return false } catch { return true }")
    browser.messages()
    is_untouched(browser)


def test_keyboard(pages, browser):
    keys = browsers.Keys
    opened(browser, pages.front_page)
    focused = "return document.activeElement?.id ?? ''"
    browser.press("/")
    assert browser.run(focused) == "filter"
    # In a field they are letters.
    browser.press("p", "u")
    assert browser.run("return document.getElementById('filter').value") == "pu"
    browser.press(keys.ESCAPE)
    assert browser.run("return document.getElementById('filter').value") == "" and browser.run(focused) != "filter"
    browser.press("p")
    assert browser.run("return document.getElementById('pause').getAttribute('aria-pressed')") == "true"
    browser.press("p")
    browser.press("u")
    assert browser.run(focused) == "dry-run-url"
    browser.press(keys.ESCAPE)
    browser.press("?")
    assert browser.run("return document.getElementById('help').open")
    browser.press(keys.ESCAPE)
    assert not browser.run("return document.getElementById('help').open")
    for number, title in enumerate(browser.run("return [...document.querySelectorAll('nav li a')].map((one) => one.hash)"), 1):
        browser.press(str(number))
        assert browser.run(focused) == title[1:] + "-title"
    browser.press("0")
    # Tab comes to everything that can be used, and shows where it is.
    wanted = browser.run(
        "document.activeElement.blur(); document.getElementById('pause').click();"
        "return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]"
        ".filter((one) => one.checkVisibility({ visibilityProperty: true })).length"
    )
    reached = 0
    browser.run("window.scrollTo(0, 0); window.seen = new Set(); window.dark = []")
    for _ in range(wanted + 3):
        browser.press(keys.TAB)
        reached = browser.run(
            "const one = document.activeElement; if (one !== document.body && one.id !== 'main') { window.seen.add(one);"
            "if (getComputedStyle(one).outlineStyle === 'none') window.dark.push(one.outerHTML) } return window.seen.size"
        )
    assert reached == wanted
    assert browser.run("return window.dark") == []


def test_phone_dark_and_motion(pages, browser, load, tmp_path):
    long = "a" * 60 + ".b" * 60
    pages.ask(f"{long}.test.priv")
    browser.prefer(color_scheme="dark", reduced_motion="reduce")
    browser.size(390, 844)
    opened(browser, pages.front_page)
    wait.until(lambda: "host_01" in browser.text("#picture"), what="the picture")
    for width in (320, 390, 800):
        browser.size(width, 844)
        wait.until(lambda: browser.run("return document.documentElement.scrollWidth <= innerWidth"), what=f"{width} pixels")
    assert browser.run("return document.getAnimations().length") == 0
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 26)"
    browser.size(390, 844)
    browser.screenshot(str(tmp_path / "phone-dark.png"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_finding(pages, browser, load, scheme):
    if not browsers.axe():
        pytest.skip(f"axe cannot be had: pip install {browsers.AXE}, or BERTH_AXE")
    pages.ask(host(number=3))
    browser.prefer(color_scheme=scheme, reduced_motion="reduce")
    opened(browser, pages.front_page)
    wait.until(lambda: "host_03" in browser.text("#attention"), what="what needs attention")
    assert browser.violations() == []
    browser.run("document.getElementById('show-help').click()")
    assert browser.violations() == []


def test_a_tier_that_does_not_respond(pages, browser, tmp_path, stopping):
    path = str(tmp_path / "own.sock")
    tier = stopping(Tier("front", str(tmp_path / "own"), FRONT % ("", static({})), "--admin", f"unix:{path}"))
    relay = stopping(Relay(path))
    opened(browser, f"http://127.0.0.1:{relay.port}/", shows="#pools-content p:not([hidden]), #pools tbody")
    assert browser.run("return document.querySelector('#alert').hidden")
    tier.stop()
    wait.until(lambda: "does not respond" in browser.text("#alert"), what="the alert")
    assert browser.text("#state") == "no response"
    assert browser.run("return document.title").startswith("no response")
    stopping(Tier("front", str(tmp_path / "own"), FRONT % ("", static({})), "--admin", f"unix:{path}"))
    wait.until(lambda: browser.run("return document.querySelector('#alert').hidden"), what="the alert to go")
