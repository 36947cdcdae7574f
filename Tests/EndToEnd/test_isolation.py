"""What one container does is not another's loss: both are behind the same two tiers."""

import os
import threading

import pytest

from harness import wait, wire
from harness.stack import FRONT, LOCAL, Origins, host, static
from harness.tier import Tier

DESCRIPTORS = 200
# Idle upstream connections have descriptors, too.
TIMES = "timeouts: {idle_upstream: 1s}\n"
# Uploads that receive an early response; `make long` sends more.
REQUESTS = int(os.environ.get("BERTH_E2E_REQUESTS", 150))


@pytest.fixture
def tiers(tmp_path):
    """Few descriptors at the front and at one host, which has container001 and container002."""
    running = []
    try:
        origins = Origins("container001", "container002")
        running.append(origins)
        names = {name: f"127.0.0.1:{port}" for name, port in origins.ports.items()}
        local = Tier("local", str(tmp_path), TIMES + LOCAL % static(names), descriptors=DESCRIPTORS)
        running.append(local)
        front = FRONT % (TIMES, static({"host_01": f"127.0.0.1:{local.port}"}))
        front = Tier("front", str(tmp_path), front, descriptors=DESCRIPTORS)
        running.append(front)
        yield origins, front, local
    finally:
        for one in reversed(running):
            one.stop()


def descriptors(tier):
    return len(os.listdir(f"/proc/{tier.pid}/fd"))


def test_a_container_that_stalls_leaves_descriptors_to_the_others(tiers):
    origins, front, local = tiers
    before = [descriptors(tier) for tier in (front, local)]
    stalled = []
    try:
        for _ in range(120):
            client = wire.Client(front.port)
            client.send(f"GET /hang HTTP/1.1\r\nHost: {host(1)}\r\n\r\n")
            stalled.append(client)
        # Those that the container does not have were refused, by both tiers: the front waits for no more of them.
        wait.until(
            lambda: any(one.get("cause") == "target_limit" for one in local.records())
            and len(front.records()) + origins.counts("container001")["requests"] == 120,
            what="the stalled container to have all that it may have",
        )
        # Both containers are on one host: neither tier refuses the other's requests.
        for number in range(50):
            answer = wire.ask(front.port, host(2), "/i")
            assert (answer.status, answer.body) == (200, b"container002"), number
    finally:
        for client in stalled:
            client.close()
    # Nobody reads any longer: nothing is held until the container's time is over.
    wait.until(
        lambda: all(descriptors(tier) <= count + 16 for tier, count in zip((front, local), before)),
        seconds=10,
        what="the descriptors of clients that left",
    )
    assert wire.ask(front.port, host(1), "/i").body == b"container001"
    left = [one for one in front.records() if one.get("cause") == "downstream_closed"]
    assert left and all(one["status"] == 499 for one in left)


def test_an_early_response_to_an_upload_costs_nobody_else_a_request(tiers):
    _, front, local = tiers
    done = threading.Event()
    failed = []

    def ask():
        while not done.is_set():
            answer = wire.ask(front.port, host(2), "/echo", method="POST", fields=["Content-Length: 1000"], body=b"x" * 1000)
            if answer.status != 200:
                failed.append(answer.status)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(REQUESTS):
            with wire.Client(front.port) as client:
                size = 2_000_000
                client.send(f"POST /early-kept HTTP/1.1\r\nHost: {host(1)}\r\nContent-Length: {size}\r\n\r\n")
                client.send(bytes(size - 200_000))
                answer = client.answer()
                assert answer.status == 403
                assert answer.get("Connection") == "close"
                # The connection may have closed by now.
                try:
                    client.send(bytes(200_000))
                except (BrokenPipeError, ConnectionResetError):
                    pass
    finally:
        done.set()
        for thread in asking:
            thread.join()
    assert failed == []
    assert not [one for one in local.records() + front.records() if one["status"] == 502]
