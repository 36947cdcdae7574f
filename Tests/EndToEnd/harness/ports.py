"""Ports of loopback that nobody else uses, for programs that cannot choose one themselves."""

import os
import socket

# Below the ports that the kernel gives to connections; each worker of pytest-xdist has a stretch of its own.
FIRST, STRETCH = 12_000, 2_000
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw8").removeprefix("gw")
_start = FIRST + STRETCH * (int(_worker) % 9)
_next = os.getpid() % STRETCH


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM
    ) as udp:
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free():
    """A port that is free for UDP and TCP, and that no later call returns soon."""
    global _next
    for _ in range(STRETCH):
        port = _start + _next
        _next = (_next + 1) % STRETCH
        if _is_free(port):
            return port
    raise AssertionError(f"no port is free from {_start} on")


def several(count):
    return [free() for _ in range(count)]
