"""The web server in place of a container: it says what it received, and misbehaves on demand.

Run as a program it serves one port per name and prints them as JSON:

    python3 origin.py container001_01 container002_01
"""

import json
import os
import socket
import sys
import threading
from urllib.parse import parse_qs, urlsplit

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import behaviours, wire


class Request:
    def __init__(self, lines, reader):
        self.method, self.target, self.version = lines[0].decode("latin-1").split(" ")
        self.fields = wire.Fields(map(wire.field, lines[1:]))
        self.trailers = wire.Fields()
        self.reader = reader
        self.taken = False
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}

    @property
    def framing(self):
        if self.fields.all("Transfer-Encoding"):
            return "chunked"
        return "length" if self.fields.all("Content-Length") else "none"

    def body(self):
        """The body, piece by piece, once."""
        if self.taken:
            return
        self.taken = True
        if self.framing == "chunked":
            yield from self.reader.chunks(self.trailers)
        elif self.framing == "length":
            yield from self.reader.pieces(int(self.fields.get("Content-Length")))

    @property
    def keeps(self):
        connection = (self.fields.get("Connection") or "").lower()
        return "close" not in connection and self.version == "HTTP/1.1"


class Origin:
    """One container: its name, and what has happened to it."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.requests = 0
        self.connections = 0
        # id → an event that lets an answer go on.
        self.gates = {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def gate(self, name):
        with self.lock:
            return self.gates.setdefault(name, threading.Event())

    def serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections += 1
        reader = wire.Reader(sock)
        try:
            while (lines := reader.head()) is not None:
                request = Request(lines, reader)
                if not request.path.startswith("/control/"):
                    with self.lock:
                        self.requests += 1
                behave = behaviours.find(request.path)
                # A behaviour that ends the connection returns False.
                if behave(self, request, sock) is False or not request.keeps:
                    break
                for _ in request.body():
                    pass
        except (wire.Closed, OSError):
            pass
        finally:
            sock.close()


def main(names):
    origins = {name: Origin(name) for name in names}
    print(json.dumps({name: origin.port for name, origin in origins.items()}), flush=True)
    # Standard input ends when the tests do, however they end.
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(sys.argv[1:])
