"""Weights, drain and down from a registry's entries, from labels of containers and from DNS."""

import json
import os
import tempfile

import pytest

from harness import etcd as etcds
from harness import wait, wire
from harness.hostile_engine import HostileEngine
from harness.tier import Tier, berth

PREFIX = "/berth/hosts/"
FIRST, SECOND = "127.0.7.1", "127.0.7.2"

ETCD_RULES = f"""\
rules:
  - {{ name: api, host: api.test, to: 'api' }}
  - {{ name: other, host: other.test, to: 'other' }}
%s
names:
  - etcd: {{ endpoints: ['%s'], prefix: {PREFIX} }}
"""
STICKY = "pools: [{ match: '~^api$', sticky: { header: X-Token } }]"
ENGINE_RULES = """\
rules:
  - { name: api, host: '~^(?<name>[a-z]+)\\.test$', to: '${name}' }
names:
  - containers: { socket: %s }
"""

needs_etcd = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


class Site:
    """A tier with a control socket, whose name `api` is an entry of etcd with two addresses."""

    def __init__(self, folder, stopping, port, pools=""):
        self.port = port
        self.etcd = stopping(etcds.Etcd(folder))
        self.put()
        self.socket = os.path.join(folder, "admin.sock")
        self.tier = stopping(
            Tier("front", folder, ETCD_RULES % (pools, self.etcd.url), "--admin", f"unix:{self.socket}", "--loops", "2")
        )
        wait.until(lambda: self.status() == 200, what="the name")

    def put(self, first=None, second=None, name="api"):
        entries = [
            {"address": f"{address}:{self.port}", **(more or {})} for address, more in [(FIRST, first), (SECOND, second)]
        ]
        self.etcd.put(PREFIX + name, entries)

    def status(self, host="api.test"):
        return wire.ask(self.tier.port, host).status

    def addresses(self, host="api.test", count=12, **options):
        """Who responds; each request on a connection of its own, so that both loops have some."""
        return {wire.ask(self.tier.port, host, **options).body.decode() for _ in range(count)}

    def member(self, address, target="api"):
        code, out, err = berth("pools", "--json", target, "--admin", self.socket)
        assert code == 0, err
        members = json.loads(out)["targets"][0]["members"]
        return next(one for one in members if one["endpoint"] == f"{address}:{self.port}")

    def operator(self, verb, address):
        code, _, err = berth("pools", verb, "api", f"{address}:{self.port}", "--admin", self.socket)
        assert code == 0, err


@needs_etcd
@pytest.mark.parametrize("pools", ["", STICKY], ids=["no pool", "pool"])
def test_an_entry_drains_its_address_and_an_operator_counts_before_it(folder, stopping, greeters, pools):
    site = Site(folder, stopping, greeters, pools)
    assert site.addresses() == {FIRST, SECOND}
    site.put(name="other")
    wait.until(lambda: site.status("other.test") == 200, what="the other name")

    site.put(second={"drain": True})
    wait.until(lambda: site.member(SECOND)["state"] == "drain", what="the tier to have followed it")
    assert site.addresses() == {FIRST}
    member = site.member(SECOND)
    assert member["set_by_source"] and not member["set_by_operator"]
    # It is a state of the name, not of the endpoint.
    assert site.addresses("other.test") == {FIRST, SECOND}
    code, out, _ = berth("pools", "--admin", site.socket)
    assert code == 0 and "drain (source)" in out.decode()
    code, out, _ = berth("pools", "why", "api", "--admin", site.socket)
    assert "It drains (the name source)" in out.decode()

    site.operator("up", SECOND)
    assert site.addresses() == {FIRST, SECOND}
    site.put(second={"down": True})
    site.put(first={"down": True}, second={"down": True})
    wait.until(lambda: site.addresses() == {SECOND}, what="the state of the first")
    site.operator("down", SECOND)
    assert site.status() == 503
    site.put(first={"weight": 5})
    # On all loops.
    wait.until(lambda: site.addresses() == {FIRST}, what="the first again")
    assert site.member(FIRST)["weight"] == 5
    site.operator("up", SECOND)
    assert site.addresses(count=30) == {FIRST, SECOND}
    # All of it were the same two endpoints: nothing has happened to their health.
    assert site.member(SECOND)["transitions"] == [] or {
        one["cause"] for one in site.member(SECOND)["transitions"]
    } == {"administrative"}


@needs_etcd
def test_while_an_entry_drains_its_clients_stay(folder, stopping, greeters):
    site = Site(folder, stopping, greeters, STICKY)
    tokens = {}
    while len(tokens) < 2:
        response = wire.ask(site.tier.port, "api.test")
        tokens[response.body.decode()] = response.get("X-Token")
    bound = [f"X-Token: {tokens[SECOND]}"]
    site.put(second={"drain": True})
    wait.until(lambda: site.member(SECOND)["state"] == "drain", what="the tier to have followed it")
    assert site.addresses(fields=bound) == {SECOND}
    assert site.addresses() == {FIRST}
    site.put(second={"down": True})
    wait.until(lambda: site.member(SECOND)["state"] == "down", what="the tier to have followed it")
    assert site.addresses(fields=bound) == {FIRST}


@needs_etcd
def test_a_backup_of_an_entry_serves_when_no_other_does(folder, stopping, greeters):
    site = Site(folder, stopping, greeters)
    site.put(second={"backup": True, "max_conns": 3})
    wait.until(lambda: site.member(SECOND)["backup"], what="the tier to have followed it")
    assert site.addresses() == {FIRST}
    site.put(first={"down": True}, second={"backup": True})
    wait.until(lambda: site.addresses() == {SECOND}, what="the backup")


@needs_etcd
def test_commands_write_and_show_states(folder, stopping, greeters):
    site = Site(folder, stopping, greeters)
    config = site.tier.config

    def names(verb, *arguments):
        code, out, err = berth("names", verb, "--config", config, *arguments)
        return code, out.decode(), err

    assert names("set", "api", f"{FIRST}:{greeters}", "--weight", "2", "--drain")[0] == 0
    code, out, _ = names("get", "api")
    assert code == 0 and out.splitlines()[1].split()[:4] == ["api", f"{FIRST}:{greeters}", "2", "drain"]
    code, out, _ = names("list", "--json")
    assert json.loads(out)[0]["addresses"] == [{"address": FIRST, "port": greeters, "weight": 2, "state": "drain"}]
    wait.until(lambda: site.status() == 503, what="the tier to have followed it")
    code, out, _ = berth("test", "--front", config, "http://api.test/")
    assert f"{FIRST}:{greeters} (drain)" in out.decode() and "endpoints_down" in out.decode()

    code, _, err = names("set", "api", f"{FIRST}:{greeters}", "--drain", "--down")
    assert code == 2 and "--drain and --down" in err
    code, _, err = names("set", "api", '{"address": "10.0.0.1:1"}', "--down")
    assert code == 2 and '"down": true' in err
    code, _, err = names("set", "api", '{"address": "10.0.0.1:1", "drain": "yes"}')
    assert code == 2 and "'drain' is of the wrong type" in err
    assert names("set", "api", f"{FIRST}:{greeters}")[0] == 0
    wait.until(lambda: site.status() == 200, what="the tier to have followed it")


def test_labels_give_containers_weights_and_states(folder, stopping, greeters):
    engine = stopping(HostileEngine(os.path.join(folder, "engine.sock"), greeters))
    engine.run("first", FIRST, {"berth.name": "api", "berth.weight": "3"})
    engine.run("second", SECOND, {"berth.name": "api,second", "berth.drain": "true"})
    engine.run("broken", SECOND, {"berth.name": "broken", "berth.drain": "perhaps"})
    tier = stopping(Tier("local", folder, ENGINE_RULES % engine.path))
    wait.until(lambda: wire.ask(tier.port, "api.test").status == 200, what="the containers")
    assert {wire.ask(tier.port, "api.test").body.decode() for _ in range(12)} == {FIRST}
    assert wire.ask(tier.port, "second.test").error == "destination_unavailable"
    # What nobody can read is not opened.
    assert wire.ask(tier.port, "broken.test").status == 503
    assert "the label berth.drain must be true or false, not 'perhaps'" in tier.said()
    code, out, err = berth("names", "list", "--config", tier.config)
    assert code == 0 and "drain" in out.decode() and "'perhaps'" in err
