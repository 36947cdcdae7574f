"""A target with two endpoints, one of them dead: clients do not notice."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import stack, wire
from harness.tier import Tier

REQUESTS = int(os.environ.get("BERTH_E2E_REQUESTS", 2000))
CLIENTS = 4


class BlackHole:
    """A listener whose queue is full: the kernel drops what would connect."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            self.waiting.append(one)

    def stop(self):
        for one in [*self.waiting, self.listener]:
            one.close()


def requests(tier, count):
    """GET and POST in turns, and now and then a connection that the origin closes."""
    statuses = []
    with wire.Client(tier.port) as client:
        for number in range(count):
            body = b"0123456789" if number % 2 else b""
            answer = client.ask(
                stack.host(),
                "/until-close" if number % 16 == 0 else "/",
                method="POST" if body else "GET",
                fields=[f"Content-Length: {len(body)}"] if body else [],
                body=body,
            )
            statuses.append(answer.status)
    return statuses


@pytest.mark.parametrize("kind", ["refused", "black hole"])
def test_no_request_fails_beside_a_dead_endpoint(kind, tmp_path, stopping):
    origins = stopping(stack.Origins("one"))
    dead = 1 if kind == "refused" else stopping(BlackHole()).port
    addresses = f"[127.0.0.1:{origins.ports['one']}, 127.0.0.1:{dead}]"
    rules = stack.LOCAL.replace("%s", f"      container001: {addresses}") + "timeouts: { connect: 1s }\n"
    tier = stopping(Tier("local", tmp_path, rules))
    with ThreadPoolExecutor(CLIENTS) as pool:
        each = list(pool.map(lambda _: requests(tier, REQUESTS // CLIENTS), range(CLIENTS)))
    assert sum(map(len, each)) == REQUESTS
    assert {status for statuses in each for status in statuses} == {200}
    # Until the first attempt has hung for a while, each client may get hold of the dead endpoint once.
    late = [record for record in tier.records() if (record.get("connect") or 0) >= 1]
    if kind == "refused":
        assert not late
    else:
        assert 0 < len(late) <= CLIENTS
