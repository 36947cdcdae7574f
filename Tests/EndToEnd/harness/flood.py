"""Requests for names that nobody knows, at a steady rate, from a process of its own.

    flood.py PORT COUNT RATE PATIENCE

Each request has a host of its own, `x17.web`. A client that has no response after PATIENCE seconds goes away. At the end
it prints how many got which status, as JSON; `0`: none.
"""

import collections
import json
import os
import selectors
import socket
import subprocess
import sys
import time


class Flood:
    """The process; `end` waits for it."""

    def __init__(self, port, count, rate=1667, patience=2.0):
        command = [sys.executable, os.path.abspath(__file__), str(port), str(count), str(rate), str(patience)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def runs(self):
        return self.process.poll() is None

    def end(self):
        said, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, said
        return {int(status): count for status, count in json.loads(said).items()}

    def stop(self):
        self.process.kill()
        self.process.wait()


class Clients:
    def __init__(self, port):
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.idle = []
        self.waiting = collections.deque()
        self.open = {}
        self.statuses = collections.Counter()
        self.number = 0

    def send(self, now):
        sock = self.idle.pop() if self.idle else None
        if sock is None:
            sock = socket.create_connection(("127.0.0.1", self.port))
            sock.setblocking(False)
            self.selector.register(sock, selectors.EVENT_READ)
        self.number += 1
        try:
            sock.send(b"GET / HTTP/1.1\r\nHost: x%d.web\r\n\r\n" % self.number)
        except OSError:
            self.close(sock)
            return
        self.open[sock] = now
        self.waiting.append((now, sock))

    def close(self, sock):
        self.open.pop(sock, None)
        self.selector.unregister(sock)
        sock.close()

    def read(self, seconds):
        for key, _ in self.selector.select(seconds):
            sock = key.fileobj
            try:
                data = sock.recv(65536)
            except OSError:
                data = b""
            if sock in self.open and data.startswith(b"HTTP/1.1 "):
                self.statuses[int(data[9:12])] += 1
                del self.open[sock]
                self.idle.append(sock)
            elif not data:
                if sock in self.idle:
                    self.idle.remove(sock)
                if sock in self.open:
                    self.statuses[0] += 1
                self.close(sock)

    def give_up(self, before):
        while self.waiting and self.waiting[0][0] < before:
            sent, sock = self.waiting.popleft()
            if self.open.get(sock) == sent:
                self.statuses[0] += 1
                self.close(sock)


def run(port, count, rate, patience):
    clients = Clients(port)
    start = time.monotonic()
    while clients.number < count or clients.open:
        now = time.monotonic()
        due = min(count, int((now - start) * rate))
        # Not all at once after a pause of the machine.
        for _ in range(min(due - clients.number, 50)):
            clients.send(now)
        clients.give_up(now - patience)
        clients.read(0.002)
    print(json.dumps(clients.statuses))


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
