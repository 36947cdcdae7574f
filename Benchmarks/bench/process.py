"""Starting and stopping pinned processes."""

import os
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
        deadline = time.monotonic() + 15
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended at once:\n{self._tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise SystemExit(f"{self.name} does not listen on {port}:\n{self._tail()}") from None
                time.sleep(0.02)

    def _tail(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()[-2000:]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
