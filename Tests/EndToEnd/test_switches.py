"""Endpoints are switched on and off, added, removed and weighted anew under load: nothing is dropped, nothing is left.

BERTH_E2E_SWITCHES gives how often; `make long` has 100,000.
"""

import contextlib
import json
import os
import tempfile
import threading
import time
from collections import Counter

import pytest

from harness import wait, wire
from harness.admin import Admin
from harness.etcd import Etcd
from harness.load import Load
from harness.member import Member
from harness.steady import Steady
from harness.tier import Tier

SWITCHES = int(os.environ.get("BERTH_E2E_SWITCHES", 400))
# Connections to the control socket at a time, and those of clients.
SWITCHERS, CLIENTS = 4, 4
HOST = "api.test"
RULE = "rules: [{ name: api, host: api.test, to: 'api' }]\n"
MARGIN = 8 << 20


def by_weight(old, new, percent):
    """The share of a new container among the endpoints of one pool."""
    weights = {10: (9, 1), 100: (0, 1)}[percent]
    listed = ", ".join(f"{{ address: '{one.address}', weight: {weight} }}" for one, weight in zip((old, new), weights))
    return f"{RULE}pools:\n  - name: api\n    endpoints: [{listed}]\n"


# The ways to move a share; each gives a rule file: of (old, new, percent for the new one).
SPLITS = [by_weight]


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


def front(folder, rules):
    """A tier and its control socket."""
    admin = Admin(os.path.join(folder, "admin.sock"))
    return Tier("front", folder, rules, "--admin", f"unix:{admin.path}", "--loops", "2"), admin


@pytest.mark.parametrize("split", SPLITS)
def test_a_share_that_is_moved_under_traffic_is_followed_at_once_and_nothing_is_dropped(split, folder, stopping):
    old, new = stopping(Member("old")), stopping(Member("new"))
    tier, _ = front(folder, split(old, new, 10))
    stopping(tier)
    with Steady(tier.port, HOST, 200) as load:
        wait.until(lambda: len(load.sent) >= 400 or load.bad(), seconds=60, what="responses")
        with open(f"{tier.config}.new", "w") as file:
            file.write(split(old, new, 100))
        os.rename(f"{tier.config}.new", tier.config)
        moved = time.monotonic()
        wait.until(lambda: load.sent[-1].at > moved + 2 or load.bad(), seconds=60, what="responses after the change")
    assert load.bad() == []
    names = [(one.at - moved, one.body.split()[0]) for one in load.sent]
    before = Counter(name for at, name in names if at < 0)
    assert 0.05 < before[b"new"] / before.total() < 0.15, before
    last = max(at for at, name in names if name == b"old")
    print(f"the last request to the old container began {last * 1000:.0f} ms after the change")
    assert last < 1
    seen = old.seen + new.seen
    assert {post: seen[post] for post in load.posts()} == dict.fromkeys(load.posts(), 1)


@contextlib.contextmanager
def clients(port):
    """Clients with kept connections, GET and POST in turns; gives a function with what went wrong."""
    with contextlib.ExitStack() as stack:
        loads = []
        for name in range(CLIENTS):
            client = stack.enter_context(wire.Client(port))
            loads.append(stack.enter_context(Load(asking(client, name))))
        for load in loads:
            load.more(20)
        yield loads
        for load in loads:
            load.more(20)


def asking(client, name):
    numbers = iter(range(1 << 30))

    def ask():
        number = next(numbers)
        method, more, body = ("POST", ["Content-Length: 4"], b"body") if number % 2 else ("GET", [], b"")
        return client.ask(HOST, method=method, fields=[*more, f"X-Id: {method}-{name}-{number}"], body=body).status

    return ask


def nothing_is_left(tier, admin, members, loads, memory):
    assert [load.bad for load in loads] == [[]] * CLIENTS
    assert sum(load.good for load in loads) == sum(one.requests for one in members)
    twice = {post for one in members for post in one.seen if sum(other.seen[post] for other in members) > 1}
    assert twice == set()
    wait.until(lambda: admin.in_flight("api") == 0, what="nothing to be in flight")
    assert tier.process.poll() is None, tier.said()
    print(f"memory, MiB: {[one >> 20 for one in memory]}")
    assert memory[-1] < memory[0] + MARGIN, memory


def test_endpoints_that_are_switched_all_the_time_lose_no_request(folder, stopping):
    members = [stopping(Member(name)) for name in ("a", "b", "c")]
    listed = ", ".join(f"'{one.address}'" for one in members)
    tier, admin = front(folder, f"{RULE}pools:\n  - name: api\n    endpoints: [{listed}]\n")
    stopping(tier)
    problems = []

    def switch(count, number):
        # The last one stays: some are always left.
        try:
            for turn in range(count):
                state = ("drain", "up", "down", "up")[turn % 4]
                admin.set_state("api", members[(number + turn // 4) % 2].address, state)
        except (AssertionError, OSError, ValueError) as problem:
            problems.append(repr(problem))

    def several(count):
        threads = [threading.Thread(target=switch, args=(count // SWITCHERS, number)) for number in range(SWITCHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with clients(tier.port) as loads:
        memory = []
        for _ in range(4):
            several(SWITCHES // 4)
            memory.append(tier.memory())
        for one in members:
            admin.set_state("api", one.address, "up")
    assert problems == []
    states = {address: member["state"] for address, member in admin.members("api").items()}
    assert states == {one.address: "up" for one in members}
    nothing_is_left(tier, admin, members, loads, memory)


def test_endpoints_that_come_and_go_all_the_time_lose_no_request(folder, tmp_path, stopping):
    members = [stopping(Member(name)) for name in ("a", "b", "c")]
    etcd = stopping(Etcd(tmp_path))

    def put(*some):
        etcd.put("/berth/hosts/api", json.dumps([{"address": one.address} for one in some]))

    put(*members)
    tier, admin = front(
        folder, f"{RULE}names:\n  - etcd: {{ endpoints: ['{etcd.url}'], prefix: /berth/hosts/ }}\n"
    )
    stopping(tier)
    wait.until(lambda: wire.ask(tier.port, HOST).status == 200, what="the name")
    for one in members:
        one.requests = 0
    with clients(tier.port) as loads:
        memory = []
        for _ in range(4):
            for turn in range(SWITCHES // 4):
                # One goes and comes back, each in its turn; now and then one is alone.
                rest = [one for index, one in enumerate(members) if index != turn // 2 % 3]
                put(*(members if turn % 2 else rest if turn % 6 else rest[:1]))
            memory.append(tier.memory())
        put(*members)
        wait.until(lambda: set(admin.members("api")) == {one.address for one in members}, what="the last change")
    nothing_is_left(tier, admin, members, loads, memory)
