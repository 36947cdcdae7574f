"""Starting and stopping pinned processes."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time

from .errors import BenchError

# Seconds until a server must listen: thousands of patterns are compiled before.
START_TIMEOUT = 60


def prepare():
    """Everything started from here may open as many files as the system allows; returns how many. From here on
    an asked-for end (SIGTERM) also stops all that was started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpus_of(text):
    """`0-1,3` → {0, 1, 3}."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def pinned(cpus, command):
    return ["taskset", "--cpu-list", cpus, *command]


class Process:
    """A server on 127.0.0.1:port, pinned, its output in a log."""

    def __init__(self, name, command, cpus, port, directory):
        self.name = name
        self.log_path = os.path.join(directory, f"{name}.log")
        self.log = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            pinned(cpus, command), stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.pid = self.process.pid
        self._wait_for(port)

    def _wait_for(self, port):
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                self.log.close()
                raise BenchError(f"{self.name} ended at once: {self._tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise BenchError(f"{self.name} does not listen on {port}: {self._tail()}") from None
                time.sleep(0.02)

    def _tail(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()[-2000:].strip()

    @property
    def alive(self):
        return self.process.poll() is None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
