"""Out of descriptors, and out of disk: Berth waits, says so, and goes on."""

import json
import os
import resource
import shutil
import subprocess

import pytest

from harness import tier, wait, wire
from harness.stack import Origins, static
from harness.tier import Tier

pytestmark = pytest.mark.serial

RULES = """\
rules:
  - name: own
    host: own.test
    respond: {status: 204}
  - name: forward
    host: '~^(?<name>[a-z]+)\\.test$'
    to: '${name}'
names:
  - static:
%s
"""

DESCRIPTORS = 64


@pytest.fixture
def origins():
    origins = Origins("a")
    yield origins
    origins.stop()


def rules(origins):
    return RULES % static({"a": f"127.0.0.1:{origins.ports['a']}"})


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu(pid):
    """Seconds of CPU, by the kernel's count."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sleeps(pid):
    """How often the threads have gone to sleep of themselves: each loop does so four times a second."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total


def test_out_of_descriptors_accepting_pauses_nothing_spins_and_it_recovers(origins, tmp_path):
    front = Tier("front", str(tmp_path), rules(origins), "--loops", "1")
    clients = []
    try:
        resource.prlimit(front.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        running = wire.Client(front.port)
        running.send("GET /gate?id=short HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert running.head().status == 200
        assert running.reader.exactly(5) == b"first"
        kept = wire.Client(front.port)
        assert kept.ask("own.test").status == 204

        # More than fit: what is not accepted waits in the kernel.
        for _ in range(2 * DESCRIPTORS):
            client = wire.Client(front.port)
            client.send("GET / HTTP/1.1\r\nHost: own.test\r\n\r\n")
            clients.append(client)
        wait.until(lambda: descriptors(front.pid) >= DESCRIPTORS, what="the descriptors to be used up")

        # A loop that tries without end has no time to sleep; and half a second of CPU is far more than the waiting takes.
        before, slept = cpu(front.pid), sleeps(front.pid)
        wait.until(lambda: sleeps(front.pid) >= slept + 40, what="the loops to go to sleep")
        assert cpu(front.pid) - before < 0.5

        # A request that needs another descriptor is told so; one that needs none is served.
        refused = kept.ask("a.test", "/i")
        assert (refused.status, refused.error) == (503, "connection_limit_reached")
        assert kept.ask("own.test").status == 204
        origins.control("a", "open?id=short")
        assert running.reader.exactly(5) == b"later"
        # Its upstream connection is free now.
        assert kept.ask("a.test", "/i").body == b"a"

        for client in clients:
            client.close()
        clients.clear()
        assert wire.ask(front.port, "own.test").status == 204
        fresh = [wire.Client(front.port) for _ in range(8)]
        clients += fresh
        for client in fresh:
            assert client.ask("a.test", "/i").body == b"a"
        wait.until(lambda: descriptors(front.pid) < DESCRIPTORS - 20, what="the descriptors to come back")
        wait.until(lambda: any(one.get("cause") == "out_of_descriptors" for one in front.records()), what="the log")
    finally:
        for client in clients:
            client.close()
        front.stop()


def test_idle_connections_give_their_descriptors_to_a_request_that_needs_one(tmp_path):
    origins = Origins("a", "b")
    names = static({name: f"127.0.0.1:{port}" for name, port in origins.ports.items()})
    front = Tier("front", str(tmp_path), RULES % names, "--loops", "1")
    try:
        clients = [wire.Client(front.port) for _ in range(4)]
        for client in clients:
            client.send("GET /i HTTP/1.1\r\nHost: a.test\r\n\r\n")
        for client in clients:
            assert client.answer().body == b"a"
        taken = {int(number) for number in os.listdir(f"/proc/{front.pid}/fd")}
        first_free = next(number for number in range(len(taken) + 1) if number not in taken)
        resource.prlimit(front.pid, resource.RLIMIT_NOFILE, (first_free, first_free))
        # What idle connections to the other endpoint hold is closed, and is there at once.
        assert clients[0].ask("b.test", "/i").body == b"b"
        for client in clients:
            client.close()
    finally:
        front.stop()
        origins.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_a_full_disk_under_the_log_holds_nothing_up_and_tears_no_line(origins, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    namespace = ["unshare", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=64k none '{disk}'"
    if subprocess.run([*namespace, mount], capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    config = tmp_path / "front.yaml"
    config.write_text(rules(origins))
    errors = tmp_path / "errors"
    command = f"{mount} && exec '{tier.BERTH}' front --config '{config}' --listen 127.0.0.1:0"
    command += f" --access-log '{disk}/log' --log-format json"
    with open(errors, "wb") as out:
        berth = subprocess.Popen([*namespace, command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        port = int(wait.until(lambda: tier.LISTENING.search(errors.read_text()), what="it to listen").group(1))
        # Its own view of the disk.
        log = f"/proc/{berth.pid}/root{disk}/log"
        sent = 0
        with wire.Client(port) as client:

            def fill():
                nonlocal sent
                for _ in range(20):
                    assert client.ask("a.test", f"/i?{sent}-{'x' * 500}").body == b"a"
                    sent += 1
                return os.path.getsize(log) >= 64 * 1024

            wait.until(fill, what="the disk to be full")
            fill()
            with open(log, "rb") as file:
                first = file.read()
            os.truncate(log, 0)

            def logged():
                assert client.ask("a.test", "/i?last").body == b"a"
                with open(log, "rb") as file:
                    return b"/i?last" in file.read()

            wait.until(logged, what="the log to go on")
        with open(log, "rb") as file:
            lines = file.read().split(b"\n")
        # The line that the full disk tore ends before the next begins.
        whole = [line for line in lines if line.startswith(b"{")]
        assert whole and all(json.loads(line)["status"] == 200 for line in whole)
        assert len([line for line in lines if line and not line.startswith(b"{")]) <= 1
        assert all(json.loads(line)["status"] == 200 for line in first.split(b"\n")[:-1])
        berth.terminate()
        assert berth.wait(timeout=20) == 0
        assert "log_lines_dropped" in errors.read_text()
    finally:
        if berth.poll() is None:
            berth.kill()
            berth.wait()
