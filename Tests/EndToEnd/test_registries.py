"""A real etcd: names that come, change and go; tiers that announce themselves; the command that shows and changes."""

import json
import os
import signal
import subprocess

import pytest

from harness import etcd as etcds
from harness import ports, stack, wait, wire
from harness.load import Load
from harness.tier import BERTH, Tier, berth

pytestmark = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")

PREFIX = "/berth/hosts/"

FRONT = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: 'host_${{host}}'
names:
  - etcd: {{ endpoints: [%s], prefix: {PREFIX} }}
"""

# From the change to the first request that is served by it.
AT_MOST = 1.0


@pytest.fixture
def etcd(tmp_path, things):
    things.append(etcds.Etcd(tmp_path))
    return things[-1]


@pytest.fixture
def origins(things):
    things.append(stack.Origins("container001_01", "container001_02"))
    return things[-1]


def front(things, directory, *members, options=()):
    urls = ", ".join(f"'{member.url}'" for member in members)
    things.append(Tier("front", os.path.join(str(directory), "front"), FRONT % urls, *options))
    return things[-1]


def local(things, directory, number, port, *options):
    rules = stack.LOCAL % stack.static({"container001": f"127.0.0.1:{port}"})
    things.append(Tier("local", os.path.join(str(directory), f"h{number:02}"), rules, *options))
    return things[-1]


def status(tier, number=1):
    return wire.ask(tier.port, stack.host(1, number)).status


def entry(port):
    return {"address": f"127.0.0.1:{port}"}


def test_a_name_is_served_as_soon_as_it_is_put_and_follows_its_changes(tmp_path, things, etcd, origins):
    one = local(things, tmp_path, 1, origins.ports["container001_01"])
    two = local(things, tmp_path, 2, origins.ports["container001_02"])
    tier = front(things, tmp_path, etcd)
    assert status(tier) == 503
    etcd.put(PREFIX + "host_01", entry(one.port))
    wait.within(AT_MOST, lambda: status(tier) == 200, "a name that was put")
    etcd.put(PREFIX + "host_01", "nonsense")
    etcd.put(PREFIX + "host_02", entry(two.port))
    wait.within(AT_MOST, lambda: status(tier, 2) == 200, "a name after one that is nonsense")
    assert status(tier) == 200
    etcd.put(PREFIX + "host_01", entry(1))
    wait.within(AT_MOST, lambda: status(tier) in (502, 503), "a change")
    etcd.put(PREFIX + "host_01", [entry(one.port)])
    wait.within(AT_MOST, lambda: status(tier) == 200, "a change back")
    etcd.delete(PREFIX + "host_01")
    wait.within(AT_MOST, lambda: status(tier) == 503, "a removal")
    assert status(tier, 2) == 200


def test_of_three_members_one_is_killed_and_no_request_is_lost(tmp_path, things, origins):
    members = etcds.three(tmp_path)
    things.extend(members)
    one = local(things, tmp_path, 1, origins.ports["container001_01"])
    two = local(things, tmp_path, 2, origins.ports["container001_02"])
    members[0].put(PREFIX + "host_01", entry(one.port))
    tier = front(things, tmp_path, *members)
    wait.until(lambda: status(tier) == 200, what="the first name")
    with Load(lambda: status(tier)) as load:
        for index in range(3):
            members[index].kill()
            other = members[(index + 1) % 3]
            wait.until(other.writes, what="a leader")
            other.put(PREFIX + "host_02", entry(two.port))
            wait.until(lambda: status(tier, 2) == 200, what="a name put beside a dead member")
            assert load.bad == []
            other.delete(PREFIX + "host_02")
            wait.until(lambda: status(tier, 2) == 503, what="its removal")
            members[index].start()
            load.more(20)
    assert load.bad == []


def test_with_etcd_stopped_nothing_is_lost_and_a_restarted_tier_serves_from_its_state(tmp_path, things, etcd, origins):
    one = local(things, tmp_path, 1, origins.ports["container001_01"])
    etcd.put(PREFIX + "host_01", entry(one.port))
    state = tmp_path / "state"
    state.mkdir()
    tier = front(things, tmp_path, etcd, options=("--state-dir", str(state)))
    wait.until(lambda: status(tier) == 200, what="the first name")
    wait.until(lambda: any(name.endswith(".names") for name in os.listdir(state)), what="the state file")
    with Load(lambda: status(tier)) as load:
        etcd.kill()
        load.more(200)
        wait.until(lambda: "name source down" in tier.said(), what="the log to say that it is down")
        second = front(things, tmp_path / "second", etcd, options=("--state-dir", str(state)))
        wait.until(lambda: status(second) == 200, what="the name of the last life")
        etcd.start()
        wait.until(lambda: "name source up again" in tier.said(), what="the log to say that it is up")
        load.more(50)
    assert load.bad == []
    assert tier.said().count("name source down") == 1


def test_a_host_joins_by_starting_leaves_by_stopping_and_is_out_after_a_crash(tmp_path, things, etcd, origins):
    tier = front(things, tmp_path, etcd)
    port = ports.free()

    def start(*options):
        register = f"etcd={etcd.url}{PREFIX}host_01"
        return local(
            things, tmp_path, 1, origins.ports["container001_01"], "--listen", f"127.0.0.1:{port}",
            "--register", register, "--advertise", f"127.0.0.1:{port}", *options,
        )  # fmt: skip

    host = start("--register-ttl", "2")
    wait.within(AT_MOST, lambda: status(tier) == 200, "a host that joins")
    assert json.loads(etcd.get(PREFIX + "host_01"))["address"] == f"127.0.0.1:{port}"

    # A second instance of the name is turned away and told who has it; the first goes on.
    other = subprocess.run(
        [BERTH, "local", "--config", host.config, "--listen", "127.0.0.1:0", "--access-log", "off", "--register",
         f"etcd={etcd.url}{PREFIX}host_01", "--advertise", "127.0.0.1:9"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert other.returncode == 2
    assert "the name 'host_01' is held by instance" in other.stderr
    assert f"at 127.0.0.1:{port}" in other.stderr
    assert status(tier) == 200

    # In order: the name goes first, and nothing is lost while the front follows.
    answers = []
    host.signal(signal.SIGTERM)
    while host.process.poll() is None:
        answers.append(wire.ask(tier.port, stack.host(1, 1)))
    host.wait()
    # Served, or known to be gone; never a connection that failed.
    assert {answer.status for answer in answers} <= {200, 503}
    assert etcd.get(PREFIX + "host_01") is None
    wait.within(AT_MOST, lambda: status(tier) == 503, "a host that left")

    host = start("--register-ttl", "2")
    wait.until(lambda: status(tier) == 200, what="the host again")
    host.signal(signal.SIGKILL)
    host.wait()
    wait.until(lambda: etcd.get(PREFIX + "host_01") is None, what="the lease's end")
    wait.within(AT_MOST, lambda: status(tier) == 503, "a host that crashed, after its lease")


def test_operators_see_and_change_what_a_tier_sees(tmp_path, things, etcd):
    config = tmp_path / "front.yaml"
    config.write_text(
        FRONT % f"'{etcd.url}'" + "  - static: { host_09: 127.0.0.1:9, host_01: 127.0.0.1:7 }\n"
    )

    def names(verb, *arguments):
        code, out, err = berth("names", verb, "--config", str(config), *arguments)
        return code, out.decode(), err

    *row, age, source, identity = names("get", "host_01")[1].split()[-8:]
    assert (row, source, identity) == (["host_01", "127.0.0.1:7", "1", "-", "-"], "static", "-")
    # That of the rule file.
    assert age[-1] == "s" and int(age[:-1]) < 60
    code, _, err = names("set", "host_01", "10.0.0.5:9000", "--if-absent")
    assert (code, err) == (0, "")
    assert names("set", "host_01", "10.0.0.6:9000", "--if-absent")[0] == 1
    assert names("set", "host_02", '[{"address": "10.0.0.7:1"}, {"address": "10.0.0.8:1"}]', "--ttl", "60")[0] == 0
    code, _, err = names("set", "host_02", "somewhere:1")
    assert code == 2 and "somewhere:1" in err
    code, _, err = names("set", "host_02", '{"adress": "10.0.0.5:1"}')
    assert code == 2 and "'address' is missing" in err
    code, _, err = names("set", "host_02", "10.0.0.9:1")
    assert code == 1 and "--force" in err

    code, out, _ = names("list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [(row["name"], row["source"], row["hidden"]) for row in rows] == [
        ("host_01", f"etcd {etcd.url} {PREFIX}", False),
        ("host_02", f"etcd {etcd.url} {PREFIX}", False),
        ("host_01", "static", True),
        ("host_09", "static", False),
    ]
    assert [one["address"] for one in rows[1]["addresses"]] == ["10.0.0.7", "10.0.0.8"]
    assert 0 < rows[1]["ttl"] <= 60
    # `set` writes when; a value of one's own says what it says.
    assert 0 <= rows[0]["age"] < 60 and "age" not in rows[1]
    code, out, _ = names("list")
    assert code == 0 and "10.0.0.5:9000" in out
    assert out.splitlines()[0].split() == ["NAME", "ADDRESS", "WEIGHT", "STATE", "TTL", "AGE", "SOURCE", "IDENTITY"]

    code, out, _ = names("get", "host_01", "--json")
    assert code == 0 and json.loads(out)[0]["addresses"][0]["address"] == "10.0.0.5"
    code, _, err = names("get", "host_77")
    assert code == 1 and "host_77" in err

    watch = subprocess.Popen(
        [BERTH, "names", "watch", "--config", str(config)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert {watch.stdout.readline().strip() for _ in range(3)} == {
            f"set host_01 10.0.0.5:9000 etcd {etcd.url} {PREFIX}",
            f"set host_02 10.0.0.7:1,10.0.0.8:1 etcd {etcd.url} {PREFIX}",
            "set host_09 127.0.0.1:9 static",
        }
        etcd.put(PREFIX + "host_05", {"address": "10.0.0.5:5"})
        while (line := watch.stdout.readline().strip()) != f"set host_05 10.0.0.5:5 etcd {etcd.url} {PREFIX}":
            assert line
        etcd.delete(PREFIX + "host_05")
        assert watch.stdout.readline().strip() == f"removed host_05 etcd {etcd.url} {PREFIX}"
    finally:
        watch.terminate()
        watch.wait(timeout=10)
        watch.stdout.close()

    assert names("rm", "host_01")[0] == 0
    assert names("rm", "host_01")[0] == 1
    etcd.kill()
    code, _, err = names("list", "--wait", "3s")
    assert code == 2 and "is down" in err
