"""What slow clients and slow containers cost in memory: docs/forwarding.md, "Slow peers"."""

import os
import select

import pytest

from harness import wait, wire
from harness.stack import Origins, static
from harness.tier import Tier

pytestmark = pytest.mark.serial

# `make long` has more of them.
PEERS = int(os.environ.get("BERTH_E2E_SLOW", 150))
KIB = 1024
# Of one direction of a connection, with what its objects and its upstream connection need.
BOUND = 576 * KIB + 16 * KIB

RULES = """\
rules:
  - name: all
    to: a
names:
  - static:
%s
"""


@pytest.fixture
def tier(tmp_path):
    origins = Origins("a")
    front = None
    try:
        front = Tier("front", str(tmp_path), RULES % static({"a": f"127.0.0.1:{origins.ports['a']}"}))
        front.origins = origins
        # What is allocated once.
        for _ in range(20):
            assert wire.ask(front.port, "x", "/i").status == 200
        yield front
    finally:
        if front:
            front.stop()
        origins.stop()


def all_readable(clients):
    """Each client has something to read: its response has begun."""
    poll = select.poll()
    for client in clients:
        poll.register(client.sock, select.POLLIN)
    return len(poll.poll(0)) == len(clients)


def settled(tier):
    """Resident bytes, when they no longer grow."""
    last = [0]

    def stands():
        before, last[0] = last[0], tier.memory()
        return abs(last[0] - before) < 64 * KIB

    for _ in range(20):
        wait.until(stands, what="the memory to stand still")
    return last[0]


def returned(tier, before):
    # What the allocator and the buffers of the loops keep does not grow with the number of peers. At the end of each heap
    # the allocator keeps up to twice the largest block that it has mapped and freed.
    seen = []

    def is_back():
        seen.append((tier.memory() - before) // KIB)
        return seen[-1] < 16 * KIB

    try:
        wait.until(is_back, seconds=20, what=f"the memory to come back to {before >> 20} MiB")
    finally:
        print(f"{seen[0]} KiB more than before, then {seen[-1]}")


def test_a_reader_that_takes_nothing_costs_what_is_documented(tier):
    before = tier.memory()
    clients = []
    try:
        for _ in range(PEERS):
            client = wire.Client(tier.port)
            client.send("GET /download?bytes=10485760 HTTP/1.1\r\nHost: x\r\n\r\n")
            clients.append(client)
        wait.until(lambda: all_readable(clients), seconds=60, what="all responses to begin")
        each = (settled(tier) - before) / PEERS
        print(f"{PEERS} slow readers: {each / KIB:.0f} KiB each")
        assert each < BOUND
    finally:
        for client in clients:
            client.close()
    returned(tier, before)


def test_an_upload_that_its_container_does_not_take_costs_what_is_documented(tier):
    before = tier.memory()
    clients = []
    try:
        for _ in range(PEERS):
            client = wire.Client(tier.port)
            client.send("POST /deaf?id=up HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
            client.sock.setblocking(False)
            clients.append(client)
        block = bytes(256 * KIB)
        sent = [0] * PEERS

        def full():
            """Nothing more goes out, although everybody tried."""
            moved = False
            for index, client in enumerate(clients):
                try:
                    while True:
                        sent[index] += client.sock.send(block)
                        moved = True
                except BlockingIOError:
                    pass
            return not moved

        for _ in range(20):
            wait.until(full, seconds=30, what="the uploads to stand still")
        each = (settled(tier) - before) / PEERS
        print(f"{PEERS} slow uploads: {each / KIB:.0f} KiB each, {sum(sent) / PEERS / KIB:.0f} KiB sent")
        assert each < BOUND
    finally:
        tier.origins.control("a", "open?id=up")
        for client in clients:
            client.close()
    returned(tier, before)


def test_an_idle_connection_keeps_nothing_of_a_large_upload(tier):
    before = tier.memory()
    body = bytes(2 * KIB * KIB)
    head = f"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    clients = [wire.Client(tier.port) for _ in range(PEERS)]
    try:
        for client in clients:
            client.send(head)
            client.send(body)
            assert client.answer().status == 200
        wait.until(
            lambda: tier.memory() - before < PEERS * 16 * KIB + 2 * KIB * KIB,
            seconds=10,
            what="idle connections to hold next to nothing",
        )
        print(f"{PEERS} idle after an upload: {(tier.memory() - before) / PEERS / KIB:.1f} KiB each")
    finally:
        for client in clients:
            client.close()
