"""A tier says when it knows its names: to the log, to whoever started it, and by a file."""

import os
import socket

import pytest

from harness import etcd as etcds
from harness import stack, wait, wire
from harness.tier import Tier

pytestmark = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")

PREFIX = "/berth/hosts/"
RULES = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: 'host_${{host}}'
names:
  - static: {{ host_02: 127.0.0.1:%d }}
  - etcd: {{ endpoints: ['%s'], prefix: {PREFIX} }}
"""


class Manager:
    """Whoever started the tier: hears what it says."""

    def __init__(self, path):
        self.name = path.replace("\0", "@")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.heard = []

    def hears(self, word):
        try:
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return word in self.heard

    def stop(self):
        self.socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, things):
    path = str(tmp_path / "notify")
    name = path if request.param == "path" else f"\0berth-{os.getpid()}-{path[-40:]}"
    things.append(Manager(name))
    return things[-1]


@pytest.fixture
def origin(things):
    things.append(stack.Origins("container001_01"))
    return things[-1].ports["container001_01"]


def start(things, manager, directory, rules, *options):
    # For the tier alone: etcd would speak to it as well.
    os.environ["NOTIFY_SOCKET"] = manager.name
    try:
        things.append(Tier("front", str(directory), rules, *options))
    finally:
        del os.environ["NOTIFY_SOCKET"]
    return things[-1]


def status(tier, number):
    return wire.ask(tier.port, stack.host(1, number)).status


def test_with_a_registry_that_is_dead_a_tier_is_not_ready_until_it_has_spoken(tmp_path, things, manager, origin):
    etcd = etcds.Etcd(tmp_path)
    things.append(etcd)
    etcd.put(PREFIX + "host_01", {"address": f"127.0.0.1:{origin}"})
    etcd.kill()
    ready = tmp_path / "ready"
    # What an earlier life left behind.
    ready.write_text("")
    tier = start(things, manager, tmp_path / "tier", RULES % (origin, etcd.url), "--ready-file", str(ready))
    wait.until(lambda: "name source down" in tier.said(), what="the log to say that etcd is down")
    wait.until(lambda: "not ready: waiting for names" in tier.said(), what="the log to say what it waits for")
    assert f"etcd {etcd.url} {PREFIX}" in tier.said()
    assert not ready.exists() and not manager.hears("READY=1")
    # What is known all the same is served.
    assert status(tier, 2) == 200
    assert status(tier, 1) == 502
    etcd.start()
    wait.until(lambda: manager.hears("READY=1"), what="the manager to hear that it is ready")
    wait.until(ready.exists, what="the file")
    assert status(tier, 1) == 200
    # A source that goes down later makes it no less ready.
    etcd.kill()
    wait.until(lambda: tier.said().count("name source down") == 2, what="the log to say that etcd is down again")
    assert ready.exists() and status(tier, 1) == 200
    tier.signal()
    tier.wait()
    assert not ready.exists() and manager.hears("STOPPING=1")
    assert [one for one in manager.heard if not one.startswith("FDSTORE=1")] == ["READY=1", "STOPPING=1"]
    said = tier.said()
    assert said.count("not ready: waiting for names") == 1


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_with_the_names_of_its_last_life_a_tier_is_ready_while_the_registry_is_dead(tmp_path, things, manager, origin):
    etcd = etcds.Etcd(tmp_path)
    things.append(etcd)
    etcd.put(PREFIX + "host_01", {"address": f"127.0.0.1:{origin}"})
    state = tmp_path / "state"
    state.mkdir()
    options = ("--state-dir", str(state), "--ready-file", str(tmp_path / "ready"))
    first = start(things, manager, tmp_path / "tier", RULES % (origin, etcd.url), *options)
    wait.until(lambda: manager.hears("READY=1") and (tmp_path / "ready").exists(), what="the first life to be ready")
    wait.until(lambda: any(name.endswith(".names") for name in os.listdir(state)), what="the state file")
    first.signal()
    first.wait()
    etcd.kill()
    assert manager.hears("STOPPING=1")
    manager.heard.clear()
    second = start(things, manager, tmp_path / "tier", RULES % (origin, etcd.url), *options)
    wait.until(lambda: manager.hears("READY=1"), what="the second life to be ready")
    wait.until(lambda: "name source down" in second.said(), what="the log to say that etcd is down")
    assert status(second, 1) == 200 and (tmp_path / "ready").exists()


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_a_file_that_can_not_be_written_is_said_and_nothing_else(tmp_path, things, manager, origin):
    rules = RULES.split("names:")[0] + "names:\n  - static: { host_01: 127.0.0.1:%d }\n" % origin
    tier = start(things, manager, tmp_path, rules, "--ready-file", str(tmp_path / "front.yaml" / "ready"))
    wait.until(lambda: "ready file not written" in tier.said(), what="the log to say so")
    assert manager.hears("READY=1") and status(tier, 1) == 200
