"""Waiting for something to become true, with a deadline."""

import socket
import time


def until(condition, seconds=15, what="the condition"):
    """Polls until the condition gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def within(seconds, condition, what):
    """Polls; prints how long it took, which may be so many seconds."""
    start = time.monotonic()
    until(condition, what=what)
    took = time.monotonic() - start
    print(f"{what}: {took * 1000:.0f} ms")
    assert took <= seconds, f"{what} took {took:.2f} s"


def accepts(path):
    """Whether somebody accepts at a UNIX socket: the file is there a little earlier."""
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(path) == 0


def accepted(path, what):
    """Until somebody accepts at a UNIX socket."""
    until(lambda: accepts(path), what=what)
