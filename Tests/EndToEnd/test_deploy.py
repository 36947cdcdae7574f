"""`berth deploy` and what operators set: over the swap of containers under load, and over restarts of the tier."""

import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import tier as tiers
from harness import wait, wire
from harness.tier import Tier, berth
from harness.versions import Version

RULES = """\
pools:
  - name: api
    endpoints: [ENDPOINT]
rules:
  - { name: api, host: api.test, to: 'api' }
  - { name: web, host: web.test, to: 'web' }
"""


class Site:
    """A tier with a container behind it, and a control socket."""

    def __init__(self, folder, version, *options):
        self.folder, self.version, self.options = folder, version, options
        self.socket = os.path.join(folder, "admin.sock")
        self.start()

    def start(self, *more):
        rules = RULES.replace("ENDPOINT", self.version.endpoint)
        self.tier = Tier("front", self.folder, rules, "--admin", f"unix:{self.socket}", "--loops", "2",
                         *self.options, *more)  # fmt: skip

    def berth(self, *arguments):
        return berth(*arguments, "--admin", self.socket)

    def deploy(self, *versions, name="api", options=("--health-path", "/up", "--interval", "50ms")):
        targets = itertools.chain.from_iterable(("--to", version.endpoint) for version in versions)
        return self.berth("deploy", name, *targets, *options)

    def report(self):
        code, out, err = self.berth("pools", "--json")
        assert code == 0, err
        return json.loads(out)

    def ask(self, host="api.test", path="/", **options):
        return wire.ask(self.tier.port, host, path, **options)

    def stop(self):
        self.tier.stop()


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def old(stopping):
    return stopping(Version("old"))


@pytest.fixture
def site(folder, stopping, old):
    return stopping(Site(folder, old))


class Clients:
    """GET and POST without a pause, each over connections that are kept; POST has an id of its own each time."""

    def __init__(self, port, count=4):
        self.port = port
        self.posted, self.bad = [], []
        self.good = 0
        self.ids = itertools.count()
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(index % 2,)) for index in range(count)]

    def work(self, posts):
        with wire.Client(self.port) as client:
            while not self.ending.is_set():
                identifier = f"id-{next(self.ids)}"
                try:
                    if posts:
                        self.posted.append(identifier)
                        response = client.ask("api.test", method="POST", body=identifier.encode(),
                                              fields=[f"Content-Length: {len(identifier)}"])  # fmt: skip
                    else:
                        response = client.ask("api.test")
                    status = response.status
                except (OSError, wire.Closed) as error:
                    status = repr(error)
                with self.lock:
                    if status == 200:
                        self.good += 1
                    else:
                        self.bad.append((posts, identifier, status))
                if not isinstance(status, int):
                    return

    def more(self, count=50):
        upto = self.good + count
        wait.until(lambda: self.good >= upto or self.bad, seconds=60, what="responses")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()


def test_a_rolling_deployment_loses_no_request_and_repeats_no_post(site, old, stopping):
    versions = [old]
    with Clients(site.tier.port) as clients:
        clients.more()
        for number in range(6):
            new = stopping(Version(f"v{number}"))
            code, out, err = site.deploy(new)
            assert code == 0, err
            assert f"{versions[-1].endpoint} has no request in flight: it may be removed" in out.decode()
            # The command says that it may be: it is.
            versions[-1].stop()
            versions.append(new)
            clients.more()
            assert site.ask().body == new.name.encode()
    assert clients.bad == []
    seen = list(itertools.chain.from_iterable(version.seen for version in versions))
    assert sorted(seen) == sorted(clients.posted)
    assert len(set(seen)) == len(seen)
    assert all(version.seen for version in versions[:-1])


def test_an_endpoint_that_is_not_healthy_changes_nothing(site, stopping):
    good, bad = stopping(Version("good")), stopping(Version("bad", health=500))
    options = ("--health-path", "/up", "--interval", "20ms", "--timeout", "300ms")
    code, out, err = site.deploy(good, bad, options=options)
    assert code == 1 and out == b""
    lines = err.splitlines()
    assert lines[0] == "berth deploy: api: 1 of 2 endpoints did not become healthy in time; nothing has changed"
    assert lines[1] == f"  {good.endpoint}: healthy"
    assert lines[2].startswith(f"  {bad.endpoint}: GET /up: status 500 (")
    assert {site.ask().body for _ in range(8)} == {b"old"}
    assert site.report()["deployed"] == []

    code, out, _ = site.deploy(bad, options=(*options, "--json"))
    assert code == 1 and json.loads(out)["outcome"] == "unhealthy"
    bad.health = 200
    code, out, _ = site.deploy(bad, options=(*options, "--json"))
    assert code == 0 and json.loads(out)["endpoints"][0] == {
        "endpoint": bad.endpoint, "healthy": True, "attempts": 1, "response": "ok",
    }  # fmt: skip
    assert site.ask().body == b"bad"


def test_what_cannot_be_deployed_is_an_error(site, stopping):
    new = stopping(Version("new"))
    for arguments, message in [
        (("api",), "name the new endpoints with --to"),
        (("api", "--reset", "--to", new.endpoint), "--reset has no --to"),
        (("api", "--to", "new:80"), "'new:80' is not an endpoint"),
        (("api", "--to", "169.254.169.254:80"), "link-local address"),
        (("api", "--to", f"127.0.0.1:{site.tier.port}"), "an address of this proxy itself"),
        (("api", "--to", new.endpoint, "--timeout", "soon"), "--timeout: 'soon' is not a time"),
        (("10.0.0.1", "--to", new.endpoint), "is an address"),
    ]:
        code, _, err = site.berth("deploy", *arguments)
        assert code == 2 and message in err, (arguments, err)
    code, _, err = site.berth("deploy", "api", "--reset")
    assert code == 1 and "'api' is not deployed" in err
    assert site.ask().body == b"old"


def test_running_requests_finish_and_the_command_waits_for_them(site, old, stopping):
    new = stopping(Version("new"))
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(site.ask, path="/slow")
        assert old.asked.wait(15)
        options = ("--drain-timeout", "100ms")
        code, out, _ = site.deploy(new, options=options)
        assert code == 0 and f"{old.endpoint} still has 1 requests in flight after 100ms" in out.decode()
        assert site.ask().body == b"new"
        # The next one waits for the previous endpoints of its own alone.
        newer, third = stopping(Version("newer")), stopping(Version("third"))
        assert site.deploy(newer)[0] == 0
        old.gate.set()
        assert slow.result().body == b"old"

        slow = pool.submit(site.ask, path="/slow")
        assert newer.asked.wait(15)
        waiting = pool.submit(site.deploy, third)
        wait.until(lambda: site.ask().body == b"third", what="the swap")
        # Another one of the same name is refused meanwhile.
        code, _, err = site.deploy(new)
        assert code == 2 and "a deployment of 'api' has been running for" in err
        assert not waiting.done()
        newer.gate.set()
        assert slow.result().body == b"newer"
        code, out, _ = waiting.result()
        assert code == 0 and f"{newer.endpoint} has no request in flight: it may be removed" in out.decode()


def test_a_name_that_nobody_has_and_back_to_the_name_sources(site, stopping):
    new = stopping(Version("new"))
    assert site.ask("web.test").status == 503
    assert site.deploy(new, name="web")[0] == 0
    assert site.ask("web.test").body == b"new"
    assert site.berth("deploy", "web", "--reset")[0] == 0
    assert site.ask("web.test").status == 503
    assert site.deploy(new)[0] == 0
    # A reload of the rule file keeps it.
    with open(site.tier.config, "a") as file:
        file.write("  - { name: more, path: '=/more', respond: { status: 200, body: more } }\n")
    wait.until(lambda: site.ask("x.test", "/more").status == 200, what="the new rules")
    assert {site.ask().body for _ in range(8)} == {b"new"}
    code, out, _ = site.berth("deploy", "api", "--reset")
    assert code == 0 and f"{new.endpoint} has no request in flight" in out.decode()
    assert {site.ask().body for _ in range(8)} == {b"old"}


def test_requests_that_wait_go_to_what_was_deployed_meanwhile(site, old, stopping):
    assert site.berth("pause", "api")[0] == 0
    with ThreadPoolExecutor(8) as pool:
        gets = [pool.submit(site.ask) for _ in range(4)]
        posts = [
            pool.submit(site.ask, method="POST", body=b"id-%d" % number, fields=["Content-Length: 4"])
            for number in range(4)
        ]
        wait.until(lambda: site.report()["holds"][0]["waiting"] == 8, what="eight requests to wait")
        old.stop()
        new = stopping(Version("new"))
        assert site.deploy(new)[0] == 0
        assert not any(one.done() for one in gets + posts)
        assert site.berth("resume", "api")[0] == 0
        assert {one.result().body for one in gets + posts} == {b"new"}
    assert sorted(new.seen) == [f"id-{number}" for number in range(4)]


# What survives


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("has_folder", [False, True])
def test_a_restart_keeps_what_operators_have_set(folder, stopping, old, end, has_folder):
    options = ("--state-dir", os.path.join(folder, "state")) if has_folder else ()
    site = stopping(Site(folder, old, *options))
    new = stopping(Version("new"))
    assert site.deploy(new, name="web")[0] == 0
    assert site.berth("pools", "down", "api", old.endpoint)[0] == 0
    assert site.berth("stop", "other", "--message", "back at 10")[0] == 0
    assert site.berth("pause", "late", "--max", "20s")[0] == 0
    before = site.report()
    site.tier.signal(end)
    site.tier.wait()

    site.start()
    after = site.report()
    assert after["holds"] == before["holds"] and after["deployed"] == before["deployed"]
    assert site.ask("web.test").body == b"new"
    assert site.ask().status == 503
    for command in (("resume", "other"), ("resume", "late"), ("deploy", "web", "--reset")):
        assert site.berth(*command)[0] == 0
    assert site.berth("pools", "up", "api", old.endpoint)[0] == 0
    site.tier.signal(end)
    site.tier.wait()

    site.start()
    report = site.report()
    assert report["holds"] == report["deployed"] == report["states"] == []
    assert site.ask().body == b"old" and site.ask("web.test").status == 503


def test_a_pause_is_in_force_from_the_first_request_on(site):
    assert site.berth("stop", "api", "--message", "closed")[0] == 0
    site.tier.signal(signal.SIGKILL)
    site.tier.wait()
    port = site.tier.port
    responses = []
    ending = threading.Event()

    def knock():
        while not ending.is_set():
            try:
                responses.append(wire.ask(port, "api.test").body)
            except OSError:
                pass

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(knock)
        rules = RULES.replace("ENDPOINT", site.version.endpoint)
        site.tier = Tier("front", site.folder, rules, "--admin", f"unix:{site.socket}", listen=f"127.0.0.1:{port}")
        wait.until(lambda: len(responses) >= 50, what="responses")
        ending.set()
    assert all(b"closed" in body for body in responses)


def test_a_state_that_cannot_be_read_keeps_the_tier_from_its_start(site):
    assert site.berth("stop", "api")[0] == 0
    site.tier.signal(signal.SIGTERM)
    site.tier.wait()
    path = site.socket + ".state"
    with open(path) as file:
        whole = file.read()
    command = [tiers.BERTH, "front", "--config", site.tier.config, "--listen", "127.0.0.1:0", "--admin",
               f"unix:{site.socket}"]  # fmt: skip
    for damaged in (whole[: len(whole) // 2], whole.replace("stopped", "halted"), ""):
        with open(path, "w") as file:
            file.write(damaged)
        result = subprocess.run(command, capture_output=True, timeout=60)
        said = result.stderr.decode()
        assert result.returncode == 2 and f"berth: {path}: the kept state cannot be used: " in said, said
        assert "remove it to start without them" in said
    with open(path, "w") as file:
        file.write(whole)
    site.start()
    assert site.ask().status == 503


def test_a_second_instance_takes_the_state_over(site, old, stopping):
    new = stopping(Version("new"))
    assert site.deploy(new)[0] == 0
    first = site.tier
    before = site.report()["deployed"]
    rules = RULES.replace("ENDPOINT", old.endpoint)
    options = ("--reuse-port", "--admin", f"unix:{site.socket}")
    site.tier = Tier("front", os.path.join(site.folder, "b"), rules, *options, listen=f"127.0.0.1:{first.port}")
    stopping(first)
    assert site.report()["deployed"] == before != []
    assert site.berth("stop", "web")[0] == 0
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    assert site.report()["holds"][0]["name"] == "web"
    assert {site.ask().body for _ in range(8)} == {b"new"}
