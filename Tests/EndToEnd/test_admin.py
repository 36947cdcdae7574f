"""The admin interface: who may use it, what it shows, and its commands (docs/admin.md)."""

import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from harness import schemathesis, wait, wire
from harness.greeter import Greeters
from harness.tier import Tier, berth

RULES = """\
pools:
  - name: api
    endpoints: [127.0.7.1:PORT, 127.0.7.2:PORT]
rules:
  - { name: api, host: api.test, to: 'api' }
  - { name: named, host: '~^(?<name>[a-z]+)\\.named\\.test$', to: '${name}' }
names:
  - static: { shop: '127.0.7.1:PORT' }
"""
OPERATE, READ = "operate-0123456789abcdef", "read-0123456789abcdef"


class Site:
    """A tier with an admin interface at a socket and at an address."""

    def __init__(self, folder, port, *options, rules=RULES):
        self.folder = folder
        self.socket = os.path.join(folder, "admin.sock")
        self.tokens = os.path.join(folder, "tokens")
        self.write_tokens(f"operate {OPERATE}\nread {READ}\n")
        self.rules = rules.replace("PORT", str(port))
        self.tier = Tier("front", folder, self.rules, "--admin", f"unix:{self.socket}", "--admin", "127.0.0.1:0",
                         "--admin-token-file", self.tokens, "--loops", "2", *options)  # fmt: skip
        said = next(line for line in self.tier.said().splitlines() if "admin interface" in line)
        self.port = int(said.split("address=127.0.0.1:")[1].split()[0])
        wait.until(lambda: self.ask("GET", "/ready")[0] == 200, what="the tier to be ready")

    def write_tokens(self, text, mode=0o600):
        with open(self.tokens + ".new", "w") as file:
            file.write(text)
        os.chmod(self.tokens + ".new", mode)
        os.rename(self.tokens + ".new", self.tokens)

    def ask(self, method, target, body=None, token=None, fields=None, at_socket=False):
        """(status, fields, body) of the address, or of the socket."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        if at_socket:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(30)
            connection.sock.connect(self.socket)
        sent = {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if token:
            sent["Authorization"] = f"Bearer {token}"
        sent.update(fields or {})
        try:
            connection.request(method, target, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, target, **more):
        status, _, body = self.ask("GET", target, token=READ, **more)
        assert status == 200, (target, status, body)
        return json.loads(body)

    def berth(self, *arguments, at_socket=True):
        if at_socket:
            return berth(*arguments, "--admin", self.socket)
        return berth(*arguments, "--admin", f"127.0.0.1:{self.port}", "--admin-token-file", self.tokens)

    def stop(self):
        self.tier.stop()


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def site(folder, stopping):
    greeters = stopping(Greeters())
    return stopping(Site(folder, greeters.port))


def test_requests_are_refused_but_those_that_are_right_in_every_respect(site):
    own = f"127.0.0.1:{site.port}"
    hosts = {own: True, f"localhost:{site.port}": True, f"[::1]:{site.port}": True, f"evil.example:{site.port}": False}
    origins = {None: True, "own": True, "http://evil.example": False, "null": False}
    sites = {None: True, "same-origin": True, "none": True, "same-site": False, "cross-site": False}
    proxies = {None: True, "Via": False, "Forwarded": False, "X-Forwarded-For": False, "X-Real-IP": False}
    tokens = {None: 401, "wrong-0123456789abcdef": 401, READ: 403, OPERATE: 404}
    passed = 0
    for host, origin, fetch, proxy, token in itertools.product(hosts, origins, sites, proxies, tokens):
        fields = {"Host": host}
        if origin:
            fields["Origin"] = f"http://{host}" if origin == "own" else origin
        if fetch:
            fields["Sec-Fetch-Site"] = fetch
        if proxy:
            fields[proxy] = "1.1 x"
        right = hosts[host] and origins[origin] and sites[fetch] and proxies[proxy]
        # Nobody has paused it: an operator gets 404.
        status, answer, _ = site.ask("POST", "/pools/api/resume", token=token, fields=fields)
        assert status == (tokens[token] if right else 403), (fields, token)
        assert answer["Cache-Control"] == "no-store" and "Access-Control-Allow-Origin" not in answer
        passed += right
    assert passed == 3 * 2 * 3 * 1 * 4


def test_a_form_of_another_site_and_a_preflight_get_nothing(site):
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": f"127.0.0.1:{site.port}"}
    status, _, body = site.ask("POST", "/pools/api/pause", {"max": 1}, OPERATE, form)
    assert status == 415, body
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    status, fields, _ = site.ask("OPTIONS", "/pools/api/pause", fields=preflight)
    assert status == 403 and not [name for name in fields if name.lower().startswith("access-control")]
    status, fields, _ = site.ask("OPTIONS", "/pools/api/pause")
    assert status == 405 and fields["Allow"] == "POST"


def test_a_name_of_an_attacker_gets_nothing_over_the_socket_either(site):
    assert site.ask("GET", "/status", at_socket=True)[0] == 200
    assert site.ask("GET", "/status", fields={"Host": "evil.example"}, at_socket=True)[0] == 403
    assert site.ask("GET", "/status", fields={"Origin": "http://evil.example"}, at_socket=True)[0] == 403


def test_no_rule_reaches_the_admin_interface(folder, stopping):
    rules = RULES + f"  - hosts_file: {folder}/hosts\n"
    with open(f"{folder}/hosts", "w"):
        pass
    greeters = stopping(Greeters())
    # On every address of the machine.
    site = Site.__new__(Site)
    site.tokens = f"{folder}/tokens"
    site.write_tokens(f"{OPERATE}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rules = rules.replace("PORT", str(greeters.port))
    rules = rules.replace("rules:\n", f"rules:\n  - {{ name: port, host: '~^(?<name>[a-z]+)\\.port\\.test$', to: '${{name}}:{port}' }}\n")
    with open(f"{folder}/hosts", "w") as file:
        file.write("127.0.0.1 one\n127.0.0.2 two\n::1 six\n")
    tier = stopping(
        Tier("front", folder, rules, "--admin", f"0.0.0.0:{port}", "--admin-token-file", site.tokens)
    )
    for name in ("one", "two"):
        response = wire.ask(tier.port, f"{name}.port.test", "/health")
        assert response.status == 502, response
        record = tier.records()[-1] if tier.records() else None
    wait.until(lambda: len(tier.records()) >= 2, what="the records")
    assert {record["cause"] for record in tier.records()} == {"prohibited_address"}, record


def test_the_state_of_a_tier_is_shown(site):
    assert wire.ask(site.tier.port, "api.test").status == 200
    status = site.json("/status")
    assert status["tier"] == "front" and status["ready"] and not status["draining"]
    assert status["pid"] == site.tier.pid and status["rules"]["files"] == [site.tier.config]
    assert [one["address"] for one in status["listeners"]] == [f"127.0.0.1:{site.tier.port}"]
    rules = site.json("/rules")["rules"]
    assert [(rule["name"], rule["line"]) for rule in rules] == [("api", 5), ("named", 6)]
    assert rules[0]["file"] == site.tier.config
    names = site.json("/names?prefix=sh")
    assert [one["name"] for one in names["names"]] == ["shop"] and names["total"] == 1
    with socket.create_connection(("127.0.0.1", site.tier.port)):
        wait.until(lambda: site.json("/connections")["total"] >= 1, what="the connection")
    assert json.loads(site.ask("GET", "/health")[2])["healthy"]
    result = json.loads(site.ask("POST", "/dry-run", {"url": "http://shop.named.test/"}, READ)[2])
    assert result["outcome"] == "forwarded" and result["tiers"][0]["rule"] == "named"


@pytest.mark.parametrize("at_socket", [True, False])
def test_commands_work_over_the_socket_and_over_the_address(site, at_socket):
    code, out, err = site.berth("status", at_socket=at_socket)
    assert code == 0 and out.decode().startswith("front: ready"), err
    code, out, err = site.berth("status", "--json", at_socket=at_socket)
    assert code == 0 and json.loads(out)["requests_in_flight"] == 0, err
    code, out, err = site.berth("names", "loaded", "--source", "static", at_socket=at_socket)
    assert code == 0 and out.decode().splitlines()[1].split()[0] == "shop", err
    assert site.berth("names", "loaded", "--prefix", "zzz", at_socket=at_socket)[0] == 1
    code, out, err = site.berth("top", at_socket=at_socket)
    assert code == 0 and "api" in out.decode(), err
    code, out, err = site.berth("pools", at_socket=at_socket)
    assert code == 0, err
    code, out, err = site.berth("log-level", "debug", at_socket=at_socket)
    assert (code, out) == (0, b"debug\n"), err
    assert site.berth("log-level", at_socket=at_socket)[1] == b"debug\n"
    assert site.berth("log-level", "loud", at_socket=at_socket)[0] == 2
    assert site.berth("reload", at_socket=at_socket)[0] == 0


def test_a_command_without_a_token_or_without_a_tier_says_what_to_do(site, folder):
    code, _, err = berth("status", "--admin", f"127.0.0.1:{site.port}")
    assert code == 2 and "--admin-token-file" in err
    code, _, err = berth("status", "--admin", "127.0.0.1:1", "--admin-token-file", site.tokens)
    assert code == 2 and "no tier responds at 127.0.0.1:1" in err
    code, _, err = berth("status", "--admin", f"{folder}/none.sock")
    assert code == 2 and "there is no socket" in err
    site.write_tokens("wrong-0123456789abcdef\n")
    # What the tier follows, too.
    wait.until(lambda: site.ask("GET", "/status", token=READ)[0] == 401, what="the tokens to change")
    assert site.ask("GET", "/status", token="wrong-0123456789abcdef")[0] == 200
    os.chmod(site.tokens, 0o644)
    code, _, err = berth("status", "--admin", f"127.0.0.1:{site.port}", "--admin-token-file", site.tokens)
    assert code == 2 and "other users may use the file" in err and "wrong-" not in err


@pytest.mark.parametrize("text, mode", [("", 0o600), ("short\n", 0o600), (OPERATE, 0o644), (None, None)])
def test_tokens_that_cannot_be_read_stop_the_start(folder, text, mode):
    tokens, rules = f"{folder}/tokens", f"{folder}/front.yaml"
    with open(rules, "w") as file:
        file.write("rules: [{ name: all, respond: { status: 200 } }]\n")
    if text is not None:
        with open(tokens, "w") as file:
            file.write(text)
        os.chmod(tokens, mode)
    code, _, err = berth("front", "--config", rules, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                         "--admin-token-file", tokens)  # fmt: skip
    assert code == 2 and "--admin-token-file" in err and OPERATE not in err
    code, _, err = berth("front", "--config", rules, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert code == 2 and "needs --admin-token-file" in err


def test_the_service_manager_gives_a_folder_for_the_socket_and_a_credential(folder, stopping):
    runtime, credentials = os.path.join(folder, "run"), os.path.join(folder, "credentials")
    os.mkdir(runtime)
    os.mkdir(credentials)
    with open(f"{credentials}/admin-token", "w") as file:
        file.write(f"{OPERATE}\n")
    os.chmod(f"{credentials}/admin-token", 0o400)
    environment = {"RUNTIME_DIRECTORY": runtime, "CREDENTIALS_DIRECTORY": credentials}
    rules = "rules: [{ name: all, respond: { status: 200 } }]\n"
    tier = stopping(Tier("front", folder, rules, environment=environment))
    path = f"{runtime}/admin.sock"
    assert berth("status", "--admin", path)[0] == 0
    tier.stop()
    assert not os.path.exists(path)
    other = stopping(Tier("front", folder, rules, "--admin", "127.0.0.1:0", environment=environment))
    port = int(other.said().split("address=127.0.0.1:")[1].split()[0])
    assert not os.path.exists(path)
    code, _, err = berth("status", "--admin", f"127.0.0.1:{port}", "--admin-token-file", f"{credentials}/admin-token")
    assert code == 0, err


def test_a_group_may_look_and_not_change(folder, stopping):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv")
    os.chmod(folder, 0o755)
    greeters = stopping(Greeters())
    site = stopping(Site(folder, greeters.port, "--admin-group", "65534"))

    def ask(method, target, *identity):
        code = (
            "import http.client,socket,sys\n"
            "c=http.client.HTTPConnection('berth'); c.sock=socket.socket(socket.AF_UNIX)\n"
            f"c.sock.connect({site.socket!r}); c.request({method!r},{target!r}); print(c.getresponse().status)"
        )
        done = subprocess.run(["setpriv", *identity, sys.executable, "-c", code], capture_output=True, text=True)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    member = ["--reuid", "12345", "--regid", "65534", "--clear-groups"]
    supplementary = ["--reuid", "12345", "--regid", "12345", "--groups", "65534"]
    for identity in (member, supplementary):
        assert ask("GET", "/status", *identity) == "200"
        assert ask("POST", "/pools/api/resume", *identity) == "403"
    stranger = ["--reuid", "12345", "--regid", "12345", "--clear-groups"]
    assert "PermissionError" in ask("GET", "/status", *stranger)


def test_a_drain_is_seen_before_the_listener_closes(site):
    code, out, err = site.berth("drain", "--wait", "1s")
    assert code == 0 and b"its listeners close in 1s" in out, err
    assert site.ask("GET", "/ready")[0] == 503
    # It still serves.
    assert wire.ask(site.tier.port, "api.test").status == 200
    assert site.berth("status")[0] == 1
    assert site.berth("drain")[0] == 2
    assert site.tier.wait() == 0


def test_a_guarded_reload_names_the_hosts_whose_route_would_change(folder, stopping):
    rules = "rules:\n  - { name: all, host: '*.test', respond: { status: 200, body: a } }\n"
    site = stopping(Site(folder, 1, "--reload-manually", rules=rules))
    for name in "abcd":
        assert wire.ask(site.tier.port, f"{name}.test").status == 200

    def write(text):
        with open(site.tier.config, "w") as file:
            file.write(text)

    write(rules.replace("rules:\n", "rules:\n  - { name: b, host: b.test, respond: { status: 404 } }\n"))
    code, out, err = site.berth("reload", "--guard", "20")
    assert code == 3, err
    text = out.decode()
    assert "1 of the 4 hosts of the last minutes would change their route: 25.0 %" in text
    assert "b.test: rule all: respond 200 -> rule b: respond 404" in text
    assert wire.ask(site.tier.port, "b.test").status == 200
    assert site.berth("status")[0] == 1
    code, out, _ = site.berth("reload", "--guard", "20", "--json")
    assert code == 3 and json.loads(out)["guard"]["changed"] == 1
    assert site.berth("reload", "--guard", "25")[0] == 0
    assert wire.ask(site.tier.port, "b.test").status == 404
    assert site.berth("reload", "--guard", "101")[0] == 2

    # An error is shown with its line, as `berth check` does.
    write("rules:\n  - { name: a, hots: b.test, to: 'a:80' }\n")
    code, out, _ = site.berth("reload")
    checked = berth("check", site.tier.config)[1].decode()
    assert code == 1 and out.decode().startswith(checked.split("\n\n")[0])
    assert "not reloaded: the 2 rules before stay in force" in out.decode()


def test_a_tier_guards_its_own_reloads(folder, stopping):
    rules = "rules:\n  - { name: all, host: '*.test', respond: { status: 200, body: a } }\n"
    site = stopping(Site(folder, 1, "--reload-guard", "10", rules=rules))
    assert wire.ask(site.tier.port, "a.test").status == 200
    with open(site.tier.config, "w") as file:
        file.write(rules.replace("200", "404"))
    wait.until(lambda: "rules not reloaded" in site.tier.said(), what="the refusal")
    assert wire.ask(site.tier.port, "a.test").status == 200
    assert "hosts of the last minutes would change" in site.json("/status")["rules"]["reloads"]["last_error"]
    assert site.berth("reload", "--guard", "100")[0] == 0
    assert wire.ask(site.tier.port, "a.test").status == 404


def test_connections_are_bounded_and_slow_ones_end(site):
    silent = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(150)]
    try:
        # The socket has places of its own.
        assert site.ask("GET", "/status", at_socket=True)[0] == 200
        closed = 0
        for one in silent:
            one.settimeout(30)
            closed += one.recv(1) == b""
        assert closed == len(silent)
    finally:
        for one in silent:
            one.close()
    assert site.ask("GET", "/status", token=READ)[0] == 200


def test_the_description_of_the_interface_is_true(site):
    found = schemathesis.program()
    if not found:
        pytest.skip("needs schemathesis: pip install schemathesis")
    command, environment = found
    done = subprocess.run(
        [
            *command, "run", f"http://127.0.0.1:{site.port}/openapi.json",
            "--header", f"Authorization: Bearer {OPERATE}",
            # They would end the tier; the last ones wait for containers.
            "--exclude-path", "/drain", "--exclude-path", "/upgrade", "--exclude-path-regex", "deploy$",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth",
            "--max-examples", "20", "--workers", "1", "--seed", "14", "--request-timeout", "30",
            "--suppress-health-check", "all", "--no-color",
        ],
        capture_output=True, text=True, timeout=280, cwd=site.folder, env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # The tier is as it was.
    assert site.berth("log-level", "notice")[0] == 0
    assert site.tier.process.poll() is None
    site.tier.signal(signal.SIGTERM)
    assert site.tier.wait() == 0
