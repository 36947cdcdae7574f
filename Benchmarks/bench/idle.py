"""What an idle connection costs: memory before, with all open, after one request each, and when all have left."""

import socket
import time

from . import load
from .errors import BenchError
from .measure import Line, say
from .shapes import BY_NAME, IDLE_CONNECTIONS

# Requests under way at once while each connection has its one.
AT_ONCE = 64
# Seconds that a peer gets to give back what it no longer needs.
REST = 2.0
SMALL = BY_NAME["small"]


def measure(settings, origin, names):
    """All rounds; a fresh process of every peer in each."""
    result = {name: [] for name in names}
    failed = {}
    for number in range(settings.idle_rounds):
        for name in names:
            if name in failed:
                continue
            line = Line.start(settings, name, origin)
            try:
                if line.failure:
                    raise BenchError(line.failure)
                figures = _one(line)
                result[name].append(figures)
                say(
                    f"idle {number + 1}/{settings.idle_rounds} {name}: {figures['fresh'] / 1024:.2f} KiB a connection, "
                    f"{figures['used'] / 1024:.2f} after a request each"
                )
            except (BenchError, OSError) as problem:
                failed[name] = str(problem)
                say(f"idle {name}: {problem}")
            finally:
                line.stop()
    return {
        "connections": IDLE_CONNECTIONS,
        "rounds": {name: of for name, of in result.items() if name not in failed},
        "failed": failed,
    }


def _one(line):
    for _ in range(20):
        load.check(line.port, SMALL)
    time.sleep(REST)
    before = line.memory()
    connections = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            connections.append(socket.create_connection(("127.0.0.1", line.port), timeout=20))
        # A connection that the peer has not accepted yet costs it nothing: the last one's answer shows it has all.
        time.sleep(REST)
        fresh = line.memory()
        for start in range(0, IDLE_CONNECTIONS, AT_ONCE):
            some = connections[start : start + AT_ONCE]
            for connection in some:
                connection.sendall(_REQUEST)
            for connection in some:
                _receive(connection)
        time.sleep(REST)
        used = line.memory()
        cpu = line.cpu()
        time.sleep(1)
        cpu = line.cpu() - cpu
        # Still there: the first and the last answer again.
        for connection in (connections[0], connections[-1]):
            connection.sendall(_REQUEST)
            _receive(connection)
    finally:
        for connection in connections:
            connection.close()
    time.sleep(REST)
    return {
        "before": before,
        "fresh": (fresh - before) / IDLE_CONNECTIONS,
        "used": (used - before) / IDLE_CONNECTIONS,
        "left": line.memory() - before,
        "cpu": cpu.total,
    }


_REQUEST = f"GET /100 HTTP/1.1\r\nHost: {load.HOST}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode()


def _receive(connection):
    """One whole answer: 200, and 100 bytes behind its head."""
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + SMALL.body:
        some = connection.recv(4096)
        if not some:
            raise BenchError("an idle connection was closed")
        got += some
    if not got.startswith(b"HTTP/1.1 200 "):
        raise BenchError(f"an idle connection's answer: {got[:60]!r}")
