"""Deployments, pauses and stops through a real etcd, for all tiers that follow it."""

import json
import os
import tempfile

import pytest

from harness import etcd as etcds
from harness import wait, wire
from harness.tier import Tier, berth
from harness.versions import Version

pytestmark = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")
RULES = """\
pools:
  - { name: checked, health: { path: /up, rise: 2, interval: 1s, timeout: 500ms } }
rules:
  - { name: api, host: api.test, to: 'api' }
  - { name: checked, host: checked.test, to: 'checked' }
names:
  - etcd: { endpoints: ['ETCD'] }
"""
CONTROL = "/berth/control/"
QUICK = ("--interval", "20ms", "--drain-timeout", "0s")


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def etcd(tmp_path, stopping):
    return stopping(etcds.Etcd(tmp_path))


@pytest.fixture
def old(stopping, etcd):
    old = stopping(Version("old"))
    for name in ("api", "checked"):
        etcd.put(f"/berth/hosts/{name}", {"address": old.endpoint})
    return old


class Fronts:
    def __init__(self, folder, etcd, stopping, count=3):
        self.folder, self.rules, self.stopping = folder, RULES.replace("ETCD", etcd.url), stopping
        self.tiers = [self.start(index) for index in range(count)]
        self.config = self.tiers[0].config

    def start(self, index, *options):
        folder = os.path.join(self.folder, str(index))
        admin = ("--admin", f"unix:{folder}.sock")
        return self.stopping(Tier("front", folder, self.rules, "--loops", "2", *admin, *options))

    def berth(self, *arguments):
        return berth(*arguments, "--config", self.config)

    def bodies(self, host="api.test"):
        return {wire.ask(tier.port, host).body for tier in self.tiers for _ in range(4)}

    def statuses(self, host="api.test"):
        return {wire.ask(tier.port, host).status for tier in self.tiers for _ in range(4)}


@pytest.fixture
def fronts(folder, etcd, old, stopping):
    fronts = Fronts(folder, etcd, stopping)
    wait.until(lambda: fronts.bodies() == {b"old"}, what="the fronts")
    return fronts


def test_all_fronts_follow_a_deployment(fronts, etcd, stopping):
    new = stopping(Version("new"))
    code, out, err = fronts.berth("deploy", "api", "--to", new.endpoint, "--health-path", "/up", *QUICK)
    assert code == 0, err
    wait.until(lambda: fronts.bodies() == {b"new"}, what="all fronts to follow")
    record = json.loads(etcd.get(CONTROL + "api"))
    assert [one["endpoint"] for one in record["endpoints"]] == [new.endpoint]
    assert record["endpoints"][0]["identity"].startswith("deployed-")
    # The next one keeps the endpoint that stays.
    newer = stopping(Version("newer"))
    code, out, _ = fronts.berth("deploy", "api", "--to", new.endpoint, "--to", newer.endpoint, *QUICK, "--json")
    assert code == 0 and json.loads(out)["outcome"] == "deployed"
    assert json.loads(etcd.get(CONTROL + "api"))["endpoints"][0] == record["endpoints"][0]
    wait.until(lambda: fronts.bodies() == {b"new", b"newer"}, what="all fronts to follow")
    assert fronts.berth("deploy", "api", "--reset", "--drain-timeout", "0s")[0] == 0
    wait.until(lambda: fronts.bodies() == {b"old"}, what="all fronts to follow")
    assert etcd.get(CONTROL + "api") is None
    code, _, err = fronts.berth("deploy", "api", "--reset")
    assert code == 1 and "'api' is not deployed in the registry" in err


def test_an_endpoint_that_is_not_healthy_writes_nothing(fronts, etcd, stopping):
    bad = stopping(Version("bad", health=500))
    code, _, err = fronts.berth("deploy", "checked", "--to", bad.endpoint, "--timeout", "300ms", *QUICK)
    assert code == 1 and f"{bad.endpoint}: GET /up: status 500 (" in err, err
    code, _, err = fronts.berth("deploy", "api", "--to", "169.254.169.254:80", *QUICK)
    assert code == 2 and "link-local address" in err
    code, _, err = fronts.berth("deploy", "checked", "--to", bad.endpoint, "--health-path", "/")
    assert code == 2 and "the pool 'checked' has a health check" in err
    assert etcd.ask("/v3/kv/range", key=etcds.text64(CONTROL), range_end=etcds.text64("/berth/control0")).get("kvs") is None
    bad.health = 200
    code, out, _ = fronts.berth("deploy", "checked", "--to", bad.endpoint, *QUICK, "--json")
    assert code == 0 and json.loads(out)["endpoints"][0]["attempts"] == 2
    wait.until(lambda: fronts.bodies("checked.test") == {b"bad"}, what="all fronts to follow")


def test_pause_and_stop_for_all_fronts_and_the_own_socket_comes_first(fronts, etcd, folder):
    assert fronts.berth("stop", "api", "--message", "closed")[0] == 0
    wait.until(lambda: fronts.statuses() == {503}, what="all fronts to stop")
    assert b"closed" in wire.ask(fronts.tiers[0].port, "api.test").body

    # One front: what its own operator says counts, until it says nothing.
    socket = ("--admin", f"{folder}/1.sock")
    assert berth("stop", "api", "--message", "mine", *socket)[0] == 0
    assert b"mine" in wire.ask(fronts.tiers[1].port, "api.test").body
    assert b"closed" in wire.ask(fronts.tiers[0].port, "api.test").body
    assert berth("resume", "api", *socket)[0] == 0
    assert b"closed" in wire.ask(fronts.tiers[1].port, "api.test").body
    code, _, err = berth("resume", "api", *socket)
    assert code == 1 and "through the registry" in err

    assert fronts.berth("pause", "api", "--max", "100ms")[0] == 0
    wait.until(lambda: b"paused" in wire.ask(fronts.tiers[2].port, "api.test").body, what="the pause")
    assert fronts.berth("resume", "api")[0] == 0
    wait.until(lambda: fronts.statuses() == {200}, what="all fronts to go on")
    assert fronts.berth("resume", "api")[0] == 1


def test_a_front_that_starts_has_the_records_from_the_first_request_on(fronts, etcd, stopping, folder):
    assert fronts.berth("stop", "api", "--message", "closed")[0] == 0
    wait.until(lambda: fronts.statuses() == {503}, what="all fronts to stop")
    # With etcd.
    late = fronts.start("late", "--state-dir", os.path.join(folder, "state"))
    assert b"closed" in wire.ask(late.port, "api.test").body
    kept = wait.until(lambda: [one for one in os.listdir(os.path.join(folder, "state")) if one.startswith("control-registry")],
                      what="the records to be kept")  # fmt: skip
    assert len(kept) == 1
    late.stop()
    # Without it, from what was kept.
    etcd.kill()
    late = fronts.start("late", "--state-dir", os.path.join(folder, "state"))
    assert b"closed" in wire.ask(late.port, "api.test").body
    # The others go on with what they have.
    assert fronts.statuses() == {503}
    code, _, err = fronts.berth("resume", "api")
    assert code == 2 and "etcd" in err
    etcd.start()
    wait.until(lambda: fronts.berth("resume", "api")[0] == 0, what="etcd")
    wait.until(lambda: fronts.statuses() == {200}, what="all fronts to go on")


def test_a_record_that_is_not_valid_changes_nothing(fronts, etcd):
    etcd.put(CONTROL + "api", {"hold": {"state": "stopped", "message": "closed"}})
    wait.until(lambda: fronts.statuses() == {503}, what="all fronts to stop")
    etcd.put(CONTROL + "api", "nonsense")
    for tier in fronts.tiers:
        wait.until(lambda tier=tier: "a record of operators is not valid" in tier.said(), what="the report")
    assert fronts.statuses() == {503}
    code, _, err = fronts.berth("resume", "api")
    assert code == 2 and "the registry's record of 'api' is not valid" in err
    etcd.delete(CONTROL + "api")
    wait.until(lambda: fronts.statuses() == {200}, what="all fronts to go on")


def test_options_that_do_not_fit(fronts, folder):
    code, _, err = fronts.berth("pause", "api", "--admin", f"{folder}/0.sock")
    assert code == 2 and "leave out one of them" in err
    code, _, err = berth("pause", "api", "--prefix", "/x/")
    assert code == 2 and "--prefix and --endpoint need --config" in err
    config = os.path.join(folder, "off.yaml")
    with open(config, "w") as file:
        file.write(fronts.rules.replace("endpoints:", "control: off, endpoints:"))
    code, _, err = berth("stop", "api", "--config", config)
    assert code == 2 and "control: off" in err
    with open(config, "w") as file:
        file.write(fronts.rules.replace(fronts.rules[fronts.rules.index("names:") :], ""))
    code, _, err = berth("stop", "api", "--config", config)
    assert code == 2 and "the rule file has no etcd source" in err
