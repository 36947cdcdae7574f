"""What a request costs in allocations: a budget in exact counts, so that no change makes it dearer unseen.

docs/performance.md says what the allocations are.
"""

import os
import struct
import subprocess
import tempfile

import pytest

from harness import stack, wire
from harness.tier import Tier

pytestmark = pytest.mark.serial

# Enough that what the tick allocates, four times a second, is less than one for each.
REQUESTS = 1000


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """The counting library."""
    source = os.path.join(os.path.dirname(os.path.abspath(stack.__file__)), "allocations.c")
    library = str(tmp_path_factory.mktemp("allocations") / "allocations.so")
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-o", library, source], check=True)
    return library


@pytest.fixture(params=["plain", "watched"])
def counted(request, counter, tmp_path, monkeypatch):
    """A local tier of one loop, in front of one container; and a function that reads its count.

    With an admin interface, which keeps requests and hosts, with metrics and a ledger, the budget is the same.
    """
    origins = stack.Origins("one")
    page = tmp_path / "count"
    page.write_bytes(bytes(8))
    monkeypatch.setenv("LD_PRELOAD", counter)
    monkeypatch.setenv("ALLOCATIONS", str(page))
    rules = stack.LOCAL % stack.static({"container001": f"127.0.0.1:{origins.ports['one']}"})
    is_watched = request.param == "watched"
    if is_watched:
        rules += f"metrics: {{ exclude: [/healthz], ledger: {{ file: {tmp_path}/ledger, by: container }} }}\n"
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as folder:
        options = ["--admin", "off"]
        if is_watched:
            options = ["--admin", f"unix:{folder}/admin.sock", "--metrics", "127.0.0.1:0"]
        tier = Tier("local", str(tmp_path / "tier"), rules, "--loops", "1", *options)
    monkeypatch.undo()

    def read():
        return struct.unpack("=Q", page.read_bytes())[0]

    yield tier, read
    tier.stop()
    origins.stop()


def each(read, ask):
    """Allocations of one call of `ask`, when the connection, the host and all buffers are warm."""
    for _ in range(200):
        ask()
    before = read()
    for _ in range(REQUESTS):
        ask()
    return (read() - before) // REQUESTS


def test_a_request_on_a_kept_alive_connection_stays_within_its_budget(counted):
    tier, read = counted
    client = wire.Client(tier.port)
    # What is written of the response: a buffer and its memory. Reads go into the loop's buffer, the head that goes on
    # into the exchange's, and the access-log record takes none.
    assert 0 < each(read, lambda: client.ask(stack.host())) <= 2


def test_a_new_connection_for_a_request_stays_within_its_budget(counted):
    tier, read = counted
    # The connection, its transport, its exchange, and their buffers.
    assert 0 < each(read, lambda: wire.ask(tier.port, stack.host(), "/")) <= 26
