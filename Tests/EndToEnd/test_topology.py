"""examples/topology: client, DNS, etcd, front and hosts, each a machine of its own; hosts and containers come and go."""

import contextlib
import os
import subprocess
import tempfile
import threading
import time

import pytest

from harness import wait
from harness.example import Example, marks
from harness.load import Load
from harness.stack import host
from harness.tier import BERTH

pytestmark = marks

# From the change to the first request that is served by it, seconds.
AT_MOST = 1.0
# Life of a host's lease, seconds.
TTL = 3
# etcd ends a lease up to so many seconds late: it looks every half second, and counts whole ones.
ETCD_LATE = 1.5
# How long etcd is away, seconds.
ETCD_AWAY = max(TTL + 2, float(os.environ.get("BERTH_E2E_ETCD_AWAY", "10")))
# How long it runs and can't be reached, seconds: longer than a lease, and than tiers take to notice.
UNREACHABLE = 8
# A modest rate: so many seconds between two requests to a host.
PAUSE = 0.05
MACHINES = "berth-topo-"


class Topology(Example):
    def __init__(self, directory, **settings):
        super().__init__("topology", directory, REGISTER_TTL=str(TTL), **settings)

    def curl(self, container, number, path="/", seconds=2):
        """The client asks: (status, body); status 0: no answer."""
        url = f"http://{host(container, number)}{path}"
        command = ["ip", "netns", "exec", MACHINES + "client", "curl", "--silent", "--max-time", str(seconds)]
        result = subprocess.run([*command, "--write-out", "\n%{http_code}", url], capture_output=True, text=True)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def status(self, container, number, seconds=2):
        return self.curl(container, number, seconds=seconds)[0]

    def comes_to(self, status, container, number, what):
        """When it does. A request may wait for somebody who is just leaving: no longer than a moment, here."""
        return Moment(lambda: self.status(container, number, seconds=0.25) == status, what)

    def load(self, number):
        return Load(lambda: self.status(1, number), PAUSE)

    def said(self, service):
        """What a service wrote so far."""
        if not os.path.exists(f"{self.run}/logs/{service}.log"):
            return ""
        with open(f"{self.run}/logs/{service}.log", errors="replace") as file:
            return file.read()


def leftovers():
    """What `down` must not leave."""
    namespaces = [name for name in os.listdir("/run/netns") if name.startswith(MACHINES)]
    return namespaces + [name for name in ("/etc/netns/" + MACHINES + "client",) if os.path.exists(name)]


@pytest.fixture
def directory():
    # podman takes no path of more than 50 characters for its run root: pytest's own are longer.
    with tempfile.TemporaryDirectory(prefix="berth-") as directory:
        yield directory


@pytest.fixture
def topology(directory):
    topology = Topology(directory)
    try:
        timed("up", lambda: topology.script("up"))
        yield topology
    finally:
        timed("down", lambda: topology.script("down"))
    assert leftovers() == [] and not os.path.exists(topology.run)


def tell(what, seconds):
    print(f"{what}: {seconds * 1000:.0f} ms", flush=True)
    return seconds


def timed(what, work):
    start = time.time()
    result = work()
    tell(what, time.time() - start)
    return result


class Moment:
    """When something became true first, on the wall clock; looked for beside what the test does."""

    def __init__(self, condition, what):
        self.time = None
        self.failure = None
        self.what = what
        self.thread = threading.Thread(target=self._look, args=(condition,))
        self.thread.start()

    def _look(self, condition):
        try:
            wait.until(condition, seconds=30, what=self.what)
            self.time = time.time()
        except Exception as error:  # noqa: BLE001
            self.failure = error

    def get(self):
        self.thread.join()
        if self.failure:
            raise self.failure
        return self.time


def test_hosts_and_containers_come_and_go_and_etcd_may_be_away(topology):
    for number in (1, 2):
        for container in (1, 2):
            expected = (200, "I am container%03d on h%02d\n" % (container, number))
            assert topology.curl(container, number) == expected
    seen = topology.curl(1, 1, "/cgi-bin/request")[1]
    assert f"HTTP_HOST={host()}" in seen
    assert "HTTP_X_FORWARDED_FOR=10.80.0.4, 10.80.0.1" in seen.replace(",10", ", 10")
    assert topology.status(1, 3) == 503

    containers_come_and_go(topology)
    # What happens to others is no matter to host 01.
    with topology.load(1) as first:
        a_third_host_joins(topology)
        with topology.load(3) as third:
            a_host_crashes(topology)
            etcd_is_away(topology, first, third)
        assert third.bad == []
    assert first.bad == []
    print(f"host 01: {first.good} requests, host 03: {third.good}, none lost", flush=True)

    # up starts what is missing, here the crashed host, and leaves alone what runs.
    before = topology.said("local-h01").count("listening")
    timed("up again", lambda: topology.script("up"))
    assert topology.curl(1, 2) == (200, "I am container001 on h02\n")
    assert topology.said("local-h01").count("listening") == before


def containers_come_and_go(topology):
    assert topology.status(3, 1) == 503
    served = topology.comes_to(200, 3, 1, "the new container to be served")
    topology.script("add", "01", "container003")
    shown = topology.podman("inspect", "--format", "{{.State.StartedAt.UnixMilli}}", "container003", engine="h01")
    assert tell("a container, from its start to its first request", served.get() - float(shown) / 1000) <= AT_MOST
    assert topology.curl(3, 1) == (200, "I am container003 on h01\n")
    assert topology.status(3, 2) == 503

    gone = topology.comes_to(503, 3, 1, "the removed container to be unknown")
    start = time.time()
    topology.script("remove", "01", "container003")
    removed = time.time()
    tell("a container, from the command that removes it to the first 503", gone.get() - start)
    assert gone.get() - removed <= AT_MOST
    assert topology.status(1, 1) == 200


def a_third_host_joins(topology):
    served = topology.comes_to(200, 1, 3, "the third host to be served")
    listens = Moment(lambda: "listening" in topology.said("local-h03"), "the third host to listen")
    timed("join", lambda: topology.script("join", "03"))
    assert tell("a host, from its tier's listening to its first request", served.get() - listens.get()) <= AT_MOST
    assert topology.curl(2, 3) == (200, "I am container002 on h03\n")


def a_host_crashes(topology):
    assert topology.status(1, 2) == 200
    start = time.time()
    topology.script("crash", "02")
    crashed = time.time()
    # One that waits for the host, over a connection from before its crash or a new one, waits as long as the name stays.
    waits = Moment(lambda: topology.status(1, 2, seconds=40) in (502, 503, 504), "a request to the crashed host to end")
    # Until then the front can't know; it waits for the host in vain.
    gone = topology.comes_to(503, 1, 2, "the crashed host to be out").get()
    tell("a host, from the beginning of its crash to being out", gone - start)
    assert tell("a host, from the end of its crash to being out", gone - crashed) <= TTL + ETCD_LATE
    assert tell("a request to it, from the end of its crash to its end", waits.get() - crashed) <= TTL + ETCD_LATE + 6


def under_load(seconds, loads):
    """Lets time pass; ends early when a request was not answered well."""
    until = time.monotonic() + seconds
    wait.until(lambda: time.monotonic() > until or any(load.bad for load in loads), seconds + 5)
    assert [load.bad for load in loads] == [[] for _ in loads]


@contextlib.contextmanager
def registering_again(topology, when):
    """What is done in here leads host 01, whose lease has ended, to register again."""
    before = topology.said("local-h01").count(" registered")
    yield
    start = time.time()
    wait.until(lambda: topology.said("local-h01").count(" registered") > before, what="host 01 to register again")
    tell(f"registered again {when}", time.time() - start)


def cable(state):
    """Pulls the cable of etcd's machine, or plugs it in."""
    subprocess.run(["ip", "-n", MACHINES + "net", "link", "set", "etcd", state], check=True)


def etcd_is_away(topology, *loads):
    rules = f"{topology.run}/front/front.yaml"
    follower = subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{MACHINES}front", BERTH, "names", "watch", "--config", rules],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert {follower.stdout.readline().split()[1] for _ in range(2)} == {"host_01", "host_03"}
        timed("etcd stop", lambda: topology.script("etcd", "stop"))
        before = sum(load.good for load in loads)
        under_load(ETCD_AWAY, loads)
        print(f"etcd away for {ETCD_AWAY:.0f} s: {sum(load.good for load in loads) - before} requests", flush=True)
        with registering_again(topology, "after etcd's start"):
            timed("etcd start", lambda: topology.script("etcd", "start"))
        # Its cable: it runs, and ends the leases while nobody reaches it. Tiers give a silent member up to 5 s.
        cable("down")
        under_load(UNREACHABLE, loads)
        with registering_again(topology, "after etcd could be reached again"):
            cable("up")
        # Longer than what a front leaves hosts to register again.
        under_load(7, loads)
    finally:
        follower.terminate()
        news, _ = follower.communicate()
    print(f"followed meanwhile: {news.split(chr(10))}", flush=True)
    assert "rm " not in news


def test_down_clears_up_behind_an_up_that_failed_half_way(directory):
    topology = Topology(directory)
    try:
        # No such tier: it ends at once, with containers, etcd and DNS up.
        said = topology.end(topology.start("up", BERTH="/bin/false"), code=1)
        assert "local-h01 does not answer" in said
        assert leftovers() != []
    finally:
        topology.script("down")
    assert leftovers() == [] and not os.path.exists(topology.run)
    topology.script("down")
