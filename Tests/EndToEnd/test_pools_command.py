"""`berth pools` over the control socket of a running tier: what it shows, and what it changes."""

import http.client
import json
import os
import signal
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import wait, wire
from harness.greeter import Greeters
from harness.tier import Tier, berth

RULES = """\
pools:
  - name: api
    endpoints: [127.0.7.1:PORT, 127.0.7.2:PORT]
rules:
  - { name: api, host: api.test, to: 'api' }
"""
FIRST, SECOND = "127.0.7.1", "127.0.7.2"


class Site:
    """A tier with two endpoints and a control socket."""

    def __init__(self, folder, port, *options):
        self.socket = os.path.join(folder, "admin.sock")
        rules = RULES.replace("PORT", str(port))
        self.tier = Tier("front", folder, rules, "--admin", f"unix:{self.socket}", "--loops", "2", *options)
        self.port = port

    def berth(self, *arguments):
        return berth(*arguments, "--admin", self.socket)

    def report(self, *arguments):
        code, out, err = self.berth("pools", "--json", *arguments)
        assert code == 0, err
        return json.loads(out)

    def state(self, address):
        members = self.report("api")["targets"][0]["members"]
        return next(one for one in members if one["endpoint"] == f"{address}:{self.port}")

    def addresses(self, requests=20):
        """Who responds; each request on a connection of its own, so that both loops have some."""
        return {wire.ask(self.tier.port, "api.test").body.decode() for _ in range(requests)}

    def stop(self):
        self.tier.stop()


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def site(folder, stopping):
    greeters = stopping(Greeters())
    return stopping(Site(folder, greeters.port))


def test_endpoints_are_shown_and_drained(site):
    assert site.addresses() == {FIRST, SECOND}
    code, out, _ = site.berth("pools")
    assert code == 0 and out.decode().splitlines()[0].split()[:4] == ["TARGET", "POOL", "ENDPOINT", "STATE"]
    assert site.state(FIRST)["state"] == "up"

    code, _, err = site.berth("pools", "drain", "api", f"{FIRST}:{site.port}")
    assert code == 0, err
    assert site.addresses() == {SECOND}
    assert site.state(FIRST)["state"] == "drain" and site.state(FIRST)["set_by_operator"]
    code, out, _ = site.berth("pools", "why", "api")
    assert code == 0 and "It drains (an operator)" in out.decode()

    # A reload keeps it.
    with open(site.tier.config, "a") as file:
        file.write("  - { name: more, path: '=/more', respond: { status: 200, body: more } }\n")
    wait.until(lambda: wire.ask(site.tier.port, "x.test", "/more").status == 200, what="the new rules")
    assert site.addresses() == {SECOND}

    assert site.berth("pools", "up", "api", f"{FIRST}:{site.port}")[0] == 0
    assert site.addresses() == {FIRST, SECOND}


def test_names_that_do_not_exist_and_tiers_that_do_not(site, folder):
    code, _, err = site.berth("pools", "aip")
    assert code == 1 and "did you mean 'api'?" in err
    code, _, err = site.berth("pools", "drain", "api", "127.0.0.9:80")
    assert code == 1 and f"{FIRST}:{site.port}" in err
    code, _, err = berth("pools", "--admin", os.path.join(folder, "none.sock"))
    assert code == 2 and "there is no socket at" in err
    config = site.tier.config
    code, _, err = berth("front", "--config", config, "--listen", "127.0.0.1:0", "--admin", f"unix:{site.socket}")
    assert code == 2 and "another process listens to this socket" in err
    code, _, err = berth("front", "--config", config, "--listen", "127.0.0.1:0", "--admin", f"unix:{folder}/a/b")
    assert code == 2 and "the folder does not exist" in err


def test_the_socket_speaks_http_and_ends_with_the_tier(site, folder, stopping):
    assert os.stat(site.socket).st_mode & 0o777 == 0o600
    connection = http.client.HTTPConnection("berth")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(site.socket)
    connection.request("GET", "/pools/api")
    response = connection.getresponse()
    assert response.status == 200 and json.load(response)["targets"][0]["name"] == "api"
    site.tier.signal(signal.SIGKILL)
    site.tier.wait()
    assert os.path.exists(site.socket)
    assert site.berth("pools")[0] == 2
    # What was left is replaced, and removed at an orderly end.
    again = stopping(Site(folder, site.port))
    assert again.report()["tier"] == "front"
    again.tier.signal(signal.SIGTERM)
    assert again.tier.wait() == 0
    assert not os.path.exists(site.socket)


def test_requests_wait_while_a_target_is_paused(site):
    assert site.berth("pause", "api", "--max", "30s")[0] == 0
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(wire.ask, site.tier.port, "api.test") for _ in range(4)]
        wait.until(lambda: site.report()["holds"][0]["waiting"] == 4, what="four requests to wait")
        assert not any(one.done() for one in waiting)
        assert site.berth("resume", "api")[0] == 0
        assert {one.result().status for one in waiting} == {200}
    assert site.berth("resume", "api")[0] == 1

    assert site.berth("pause", "api", "--max", "300ms")[0] == 0
    response = wire.ask(site.tier.port, "api.test")
    assert response.status == 503 and response.get("Retry-After") == "5"

    assert site.berth("stop", "api", "--message", "back at 10")[0] == 0
    response = wire.ask(site.tier.port, "api.test")
    assert response.status == 503 and b"back at 10" in response.body
    assert site.berth("resume", "api")[0] == 0
    assert wire.ask(site.tier.port, "api.test").status == 200


def test_commands_work_while_the_tier_drains(site):
    assert site.berth("pause", "api")[0] == 0
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(wire.ask, site.tier.port, "api.test")
        wait.until(lambda: site.report()["holds"][0]["waiting"] == 1, what="a request to wait")
        site.tier.signal(signal.SIGTERM)
        wait.until(lambda: "stopping" in site.tier.said(), what="the tier to drain")
        assert site.report()["holds"][0]["waiting"] == 1
        assert site.berth("resume", "api")[0] == 0
        assert held.result().status == 200
    assert site.tier.wait() == 0
    assert not os.path.exists(site.socket)
