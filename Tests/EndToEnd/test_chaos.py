"""Everything at once, for a while: reloads, killed origins, resets, floods, slow readers, no descriptors. What is left then?

BERTH_E2E_CHAOS gives the seconds; `make long` takes ten minutes.
"""

import gc
import os
import random
import resource
import socket
import struct
import threading
import time

import pytest

from harness import wait, wire
from harness.stack import Origins, static
from harness.tier import Tier

pytestmark = pytest.mark.serial

SECONDS = float(os.environ.get("BERTH_E2E_CHAOS", 8))
DESCRIPTORS = 256

RULES = """\
rules:
%s
  - name: own
    host: own.test
    respond: {status: 204}
  - name: forward
    host: '~^(?<name>[a-z]+)\\.test$'
    to: '${name}'
limits: {connections: 4096}
timeouts: {client_header: 2s, upstream: 2s, downstream: 2s, connect: 500ms}
names:
  - static:
%s
"""


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Chaos:
    def __init__(self, tmp_path, stopping, seed):
        self.random = random.Random(seed)
        self.stable, self.mortal = stopping(Origins("a")), Origins("b")
        stopping(self)
        self.version = 0
        self.front = stopping(Tier("front", str(tmp_path), self.rules(), "--loops", "2"))
        self.over = threading.Event()
        self.problems = []
        self.served = 0
        self.lock = threading.Lock()

    def stop(self):
        self.mortal.stop()

    def rules(self):
        extra = "\n".join(
            f"  - {{name: extra{self.version}x{n}, host: e{self.version}x{n}.test, respond: {{status: 204}}}}" for n in range(20)
        )
        ports = {"a": self.stable.ports["a"], "b": self.mortal.ports["b"]}
        return RULES % (extra, static({name: f"127.0.0.1:{port}" for name, port in ports.items()}))

    # Each is one kind of trouble, done again and again.

    def reload(self, random):
        self.version += 1
        with open(self.front.config + ".new", "w") as file:
            file.write(self.rules())
        os.rename(self.front.config + ".new", self.front.config)
        time.sleep(0.3)

    def kill_origin(self, random):
        self.mortal.process.kill()
        self.mortal.process.wait()
        time.sleep(0.2)
        self.mortal = Origins("b")
        time.sleep(0.5)

    def flood(self, random):
        """Connections that send nothing, half a head, or nonsense."""
        sockets = []
        try:
            for _ in range(300):
                one = socket.create_connection(("127.0.0.1", self.front.port), timeout=5)
                sockets.append(one)
                what = random.randrange(3)
                if what:
                    one.sendall([b"GET / HT", b"\x00\xff\r\n\r\n"][what - 1])
        finally:
            for one in sockets:
                if random.random() < 0.5:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()

    def shortage(self, random):
        """For a moment there are fewer descriptors than are needed."""
        few = min(descriptors(self.front.pid) + 2, DESCRIPTORS)
        resource.prlimit(self.front.pid, resource.RLIMIT_NOFILE, (few, DESCRIPTORS))
        time.sleep(0.3)
        resource.prlimit(self.front.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        time.sleep(1)

    def reset(self, random):
        """Goes away at any moment of a response, or of an upload."""
        with wire.Client(self.front.port) as client:
            if random.random() < 0.5:
                client.send(f"GET /download?bytes=3000000 HTTP/1.1\r\nHost: {random.choice('ab')}.test\r\n\r\n")
                client.sock.recv(random.randrange(1, 100_000))
            else:
                client.send("POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n" + "x" * random.randrange(100_000))
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def read_slowly(self, random):
        with wire.Client(self.front.port) as client:
            client.send("GET /download?bytes=30000000 HTTP/1.1\r\nHost: a.test\r\n\r\n")
            for _ in range(10):
                client.sock.recv(1000)
                time.sleep(0.1)

    def ask(self, random):
        """A request that must be served, or refused in words: nothing is broken off."""
        with wire.Client(self.front.port) as client:
            for _ in range(20):
                name = random.choice("aab")
                answer = client.ask(f"{name}.test", "/i")
                if answer.status == 200:
                    assert answer.body == name.encode()
                    with self.lock:
                        self.served += 1
                else:
                    assert answer.status in (502, 503, 504), answer.status
                    break

    def again(self, what, random):
        while not self.over.is_set():
            try:
                what(random)
            except Exception as problem:
                if what != self.ask and isinstance(problem, (OSError, wire.Closed)):
                    # Who misbehaves may be broken off.
                    continue
                self.problems.append(f"{what.__name__}: {problem!r}")
                return


def test_after_everything_at_once_nothing_is_left(tmp_path, stopping):
    chaos = Chaos(tmp_path, stopping, int(os.environ["BERTH_E2E_SEED"]))
    front = chaos.front
    resource.prlimit(front.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    kinds = [chaos.reload, chaos.kill_origin, chaos.flood, chaos.shortage, chaos.reset, chaos.reset, chaos.read_slowly]
    kinds += [chaos.ask] * 4
    threads = [
        threading.Thread(target=chaos.again, args=(kind, random.Random(chaos.random.random())), daemon=True) for kind in kinds
    ]
    for thread in threads:
        thread.start()
    memory = []
    for _ in range(8):
        chaos.over.wait(SECONDS / 8)
        memory.append(front.memory())
    chaos.over.set()
    for thread in threads:
        thread.join(timeout=30)
    gc.collect()
    assert not chaos.problems
    assert front.process.poll() is None, front.said()
    assert chaos.served > 0
    # All that clients had is given back; what stays are listeners, watches, and idle upstream connections.
    wait.until(lambda: descriptors(front.pid) < 60, seconds=40, what="the descriptors to come back")
    with wire.Client(front.port) as client:
        for _ in range(50):
            assert client.ask("a.test", "/i").body == b"a"
    # The first quarter warms up; from there on memory is flat.
    assert max(memory[4:]) < max(memory[:4]) + (24 << 20), memory
    assert front.memory() < max(memory[:4]) + (24 << 20), memory
