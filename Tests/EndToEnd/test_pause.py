"""A container is swapped behind a pause: no request fails up to the bound, and what is open stays open.

BERTH_E2E_SWAP gives the seconds of a swap, BERTH_E2E_WEBSOCKETS how many are open; `make long` has 20 s and 1,000.
"""

import base64
import os
import tempfile
import time
from collections import Counter

import pytest

from harness import wait, wire
from harness.admin import Admin
from harness.member import Member
from harness.stack import Origins
from harness.steady import Steady
from harness.tier import Tier

SWAP = float(os.environ.get("BERTH_E2E_SWAP", 2))
WEBSOCKETS = int(os.environ.get("BERTH_E2E_WEBSOCKETS", 20))
# At the rate, requests of a swap of 20 s have room in a pause (1,024 for each event loop).
RATE = 40
HOST = "api.test"
RULES = """\
rules: [{ name: api, host: api.test, to: 'api' }]
pools:
  - { name: api, endpoints: ['%s'] }
"""


class Site:
    """A tier in front of one container."""

    def __init__(self, address):
        # A short path: a UNIX socket's has to be.
        self.folder = tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp")
        self.admin = Admin(os.path.join(self.folder.name, "admin.sock"))
        self.tier = Tier(
            "front", self.folder.name, RULES % address, "--admin", f"unix:{self.admin.path}", "--loops", "2"
        )
        self.port = self.tier.port

    def move(self, address):
        """Another container, at another address."""
        path = f"{self.tier.config}.new"
        with open(path, "w") as file:
            file.write(RULES % address)
        os.rename(path, self.tier.config)
        wait.until(lambda: list(self.admin.members("api")) == [address], what="the new rules")

    def stop(self):
        self.tier.stop()
        self.folder.cleanup()


@pytest.fixture
def old(stopping):
    return stopping(Member("old"))


@pytest.fixture
def site(old, stopping):
    return stopping(Site(old.address))


def away(seconds):
    """A container takes so long to start."""
    over = time.monotonic() + seconds
    wait.until(lambda: time.monotonic() > over, seconds=seconds + 10)


def served(load, count):
    upto = len(load.sent) + count
    wait.until(lambda: len(load.sent) >= upto or load.bad(), seconds=30, what="responses")


def test_no_request_fails_while_a_container_is_swapped(old, site, stopping):
    with Steady(site.port, HOST, RATE) as load:
        served(load, 10)
        site.admin.pause("api", SWAP + 30)
        wait.until(lambda: site.admin.in_flight("api") == 0, what="running requests to finish")
        old.stop()
        away(SWAP)
        assert site.admin.waiting("api") > SWAP * RATE / 2
        # At the same address, as a container that is made anew.
        new = stopping(Member("new", port=old.port))
        site.admin.resume("api")
        served(load, int(SWAP * RATE))
    assert load.bad() == []
    assert site.admin.waiting("api") == 0
    assert {one.body.split()[0] for one in load.sent} == {b"old", b"new"}
    # Each once, in all.
    seen = old.seen + new.seen
    assert {post: seen[post] for post in load.posts()} == dict.fromkeys(load.posts(), 1)


def test_at_the_bound_of_a_pause_requests_are_refused(old, site):
    bound = max(0.5, SWAP / 4)
    with Steady(site.port, HOST, RATE) as load:
        served(load, 10)
        site.admin.pause("api", bound)
        wait.until(lambda: len(load.bad()) >= 10, seconds=60, what="refusals")
        site.admin.resume("api")
        served(load, 10)
    counts = Counter(one.status for one in load.sent)
    assert set(counts) == {200, 503}, counts
    assert {one.method for one in load.bad()} == {"GET", "POST"}
    for one in load.bad():
        assert one.fields["retry-after"] == "5"
        # Not before: a clock that is read in steps may be a little short.
        assert one.took >= bound - 0.05
        assert f"{one.method}-{one.number}" not in old.seen
    assert all(old.seen[f"POST-{one.number}"] == 1 for one in load.sent if one.method == "POST" and one.status == 200)


class WebSocket:
    """A client that is open, and is echoed to."""

    def __init__(self, port):
        self.client = wire.Client(port)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        self.client.send("\r\n".join([f"GET /websocket HTTP/1.1\r\nHost: {HOST}", *fields]) + "\r\n\r\n")
        assert self.client.answer().status == 101

    def send(self, text):
        self.client.send(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)

    def receive(self):
        """The next frame's kind and content."""
        first, size = self.client.reader.exactly(2)
        return first, self.client.reader.exactly(size)

    def stop(self):
        self.client.close()


def echoed(websockets, text):
    """Whether all are open, and nothing came in between."""
    for one in websockets:
        one.send(text)
    assert {one.receive() for one in websockets} == {(0x81, text)}


def test_open_websockets_do_not_notice_a_pause(stopping):
    origins = stopping(Origins("old", "new"))
    site = stopping(Site(f"127.0.0.1:{origins.ports['old']}"))
    websockets = [stopping(WebSocket(site.port)) for _ in range(WEBSOCKETS)]
    with Steady(site.port, HOST, RATE) as load:
        echoed(websockets, b"before")
        served(load, 10)
        site.admin.pause("api", SWAP + 30)
        echoed(websockets, b"paused")
        away(SWAP / 2)
        # Theirs drains: requests go to another container from here on.
        site.move(f"127.0.0.1:{origins.ports['new']}")
        echoed(websockets, b"moved")
        away(SWAP / 2)
        site.admin.resume("api")
        echoed(websockets, b"resumed")
        served(load, int(SWAP * RATE))
        echoed(websockets, b"after")
    assert load.bad() == []
