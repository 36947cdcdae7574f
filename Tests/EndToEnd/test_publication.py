"""Local tiers publish the names that they serve: the front refuses what does not exist without a hop."""

import json
import os
import shutil
import signal
import time

import pytest

from harness import etcd as etcds
from harness import ports, stack, wait, wire
from harness.hostile_engine import HostileEngine
from harness.tier import Tier, berth

pytestmark = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")

PREFIX = "/berth/containers/"
FRONT = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: '${{container}}_${{host}}'
names:
  - etcd: {{ endpoints: ['%s'], prefix: {PREFIX} }}
"""
LOCAL = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: '${{container}}:%d'
names:
  - hosts_file: hosts
"""
AT_MOST = 1.0


class Site:
    """etcd, a front, and a local tier whose containers are the lines of a file."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.running = []
        self.etcd = self.add(etcds.Etcd(directory))
        self.origin = self.add(stack.Origins("container001_01"))
        self.front = self.add(Tier("front", os.path.join(self.directory, "front"), FRONT % self.etcd.url))
        self.folder = os.path.join(self.directory, "h01")
        os.makedirs(self.folder)
        self.port = ports.free()
        self.contain(1)
        self.start()

    def add(self, thing):
        self.running.append(thing)
        return thing

    def start(self):
        self.local = self.add(
            Tier(
                "local", self.folder, LOCAL % self.origin.ports["container001_01"], "--listen", f"127.0.0.1:{self.port}",
                "--publish", f"etcd={self.etcd.url}{PREFIX}{{name}}_01", "--advertise", f"127.0.0.1:{self.port}",
                "--register-ttl", "2", "--log-level", "info",
            )
        )  # fmt: skip

    def contain(self, *numbers):
        path = os.path.join(self.folder, "hosts")
        with open(path + ".new", "w") as file:
            file.write("".join(f"127.0.0.1 container{number:03}\n" for number in numbers))
        os.rename(path + ".new", path)

    def ask(self, number):
        return wire.ask(self.front.port, stack.host(number))

    def key(self, number):
        return self.etcd.get(f"{PREFIX}container{number:03}_01")

    def stop(self):
        for one in reversed(self.running):
            one.stop()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


def test_containers_are_published_as_they_come_and_go_and_unknown_ones_are_refused_without_a_hop(site):
    wait.until(lambda: site.ask(1).status == 200, what="the first container")
    before = len(site.local.records())
    answer = site.ask(7)
    assert (answer.status, answer.error) == (503, "destination_unavailable")
    site.contain(1, 2)
    wait.within(AT_MOST, lambda: site.ask(2).status == 200, "a container that comes")
    site.contain(2)
    wait.within(AT_MOST, lambda: site.ask(1).status == 503, "a container that goes")
    assert site.ask(2).status == 200
    # The host was not asked for what it does not have.
    assert all("container007" not in json.dumps(one) for one in site.local.records()[before:])

    # Two hundred at once.
    site.contain(*range(2, 202))
    wait.within(AT_MOST, lambda: site.ask(201).status == 200, "two hundred containers that come")
    site.contain(2)
    wait.within(AT_MOST, lambda: site.ask(150).status == 503 and site.ask(201).status == 503, "two hundred that go")

    # In order: the names go first.
    site.local.signal(signal.SIGTERM)
    wait.within(AT_MOST, lambda: site.key(2) is None, "the names' end")
    site.local.wait()
    wait.within(AT_MOST, lambda: site.ask(2).status == 503, "a host that left")
    assert "registration withdrawn" in site.local.said()


def test_the_containers_of_an_engine_are_published_beside_other_names(site, tmp_path):
    port = site.origin.ports["container001_01"]
    engine = site.add(HostileEngine(str(tmp_path / "engine.sock"), port))
    # Rules that change: the sources are others now, and what they know is published.
    with open(site.local.config, "a") as file:
        file.write(f"  - containers: {{ socket: {engine.path} }}\n")
    wait.until(lambda: "rules reloaded" in site.local.said(), what="the rules")
    wait.until(lambda: engine.listed, what="the engine to be asked")
    engine.run("container011", "127.0.0.1")
    wait.within(AT_MOST, lambda: site.ask(11).status == 200, "a container that starts")
    assert site.ask(1).status == 200
    # The engine goes away: what it said last stays.
    engine.turn("list-status")
    wait.until(lambda: "name source down" in site.local.said(), what="the log to say that it is down")
    assert site.key(11) is not None and site.ask(11).status == 200
    engine.containers.clear()
    engine.turn("good")
    wait.until(lambda: site.ask(11).status == 503, what="a container that is gone")
    assert site.ask(1).status == 200


def test_a_name_that_somebody_else_holds_is_said_and_left_as_it_is(site):
    other = '{"address": "127.0.0.1:9"}'
    site.etcd.put(PREFIX + "container003_01", other)
    site.contain(1, 3, 4)
    wait.until(lambda: site.ask(4).status == 200, what="the name beside it")
    assert site.key(3) == other
    wait.until(lambda: "name is held by another instance; not registered" in site.local.said(), what="the log to say so")
    assert f"{PREFIX}container003_01" in site.local.said()
    site.contain(1, 3)
    wait.until(lambda: site.key(4) is None, what="the end of the name beside it")
    assert site.key(3) == other
    site.etcd.delete(PREFIX + "container003_01")
    wait.until(lambda: site.key(3) is not None, what="the name when it is free")


@pytest.mark.serial
def test_names_go_with_the_lease_after_a_crash_and_come_again_after_an_outage(site):
    wait.until(lambda: site.ask(1).status == 200, what="the first container")
    # So that the store that takes this one's place is seen to be another.
    for number in range(90, 100):
        site.etcd.put(f"{PREFIX}container{number:03}_01", {"address": "127.0.0.1:1"})
    wait.until(lambda: site.ask(99).status == 502, what="the front to have followed it")
    # etcd loses everything, for longer than the lease lives.
    site.etcd.kill()
    wait.until(lambda: "registration lost" in site.local.said(), what="the lease's end")
    assert site.ask(1).status == 200, "the front's last names serve"
    site.contain(1, 5)
    shutil.rmtree(site.etcd.directory)
    site.etcd.start()
    wait.until(lambda: site.key(1) and site.key(5), what="the names again")
    wait.until(lambda: site.ask(5).status == 200, what="a container that came meanwhile")
    assert site.ask(1).status == 200

    site.local.signal(signal.SIGKILL)
    site.local.wait()
    # It starts again on its address before the lease has gone: its names were never away.
    site.start()
    for _ in range(30):
        assert site.key(1) is not None
        time.sleep(0.1)
    assert site.ask(5).status == 200
    site.local.signal(signal.SIGKILL)
    site.local.wait()
    wait.until(lambda: site.key(1) is None, what="the lease's end")
    wait.within(AT_MOST, lambda: site.ask(1).status == 503, "a host that crashed, after its lease")


def test_what_can_not_be_published_is_said_before_anything_is_served(tmp_path):
    rules = tmp_path / "local.yaml"
    rules.write_text("rules: [{ name: x, respond: { status: 200 } }]\n")
    for options, word in [
        (("--publish", "etcd=http://127.0.0.1:1/x/{name}"), "--advertise"),
        (("--publish", "etcd=http://127.0.0.1:1/x/name", "--advertise", "127.0.0.1:9"), "{name}"),
        (("--publish", "http://127.0.0.1:1/x/{name}", "--advertise", "127.0.0.1:9"), "--publish"),
        (("--advertise", "127.0.0.1:9"), "--register"),
    ]:
        code, _, errors = berth("local", "--config", str(rules), "--listen", "127.0.0.1:0", *options)
        assert code == 2 and word in errors, errors
