"""A container engine's API on a Unix socket that does what it is told: well, or any of the things below."""

import json
import os
import socket
import threading

GOOD = "good"
# Each is a way to answer.
LIST = ("list-hangs", "list-status", "list-garbage", "list-shape", "list-chunks", "list-dies", "list-huge", "list-head")
EVENTS = ("events-die", "events-half", "events-endless", "events-garbage", "events-chunks", "events-flood")
LOOKS = ("look-hangs", "look-garbage", "look-dies", "look-huge")

PIECE = b"x" * (1 << 16)


def answer(body, status="200 OK"):
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status.encode(),
        len(body),
        body,
    )


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


class HostileEngine:
    def __init__(self, path, port):
        """`port`: what every container exposes."""
        self.path = path
        self.port = port
        self.mode = GOOD
        self.containers = {}
        self.labels = {}
        self.lock = threading.Lock()
        self.open = set()
        self.listed = 0
        # How often it has misbehaved since it was told to.
        self.tricks = 0
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def run(self, name, address, labels=None):
        """A container starts; who listens to the events is told."""
        identity = f"{len(self.containers) + 10:064x}"
        self.containers[identity] = (name, address)
        self.labels[identity] = labels or {}
        self.tell({"Type": "container", "Action": "start", "Actor": {"ID": identity}})

    def tell(self, event):
        with self.lock:
            streams = [one for one in self.open if one.streams]
        for stream in streams:
            try:
                stream.sendall(chunk(json.dumps(event).encode() + b"\n"))
            except OSError:
                pass

    def turn(self, mode):
        """Behaves otherwise from now on; what is open ends."""
        self.mode = mode
        self.tricks = 0
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.close()
        self.turn(GOOD)

    # Connections

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(fileno=sock.detach())
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            stream = connection.makefile("rb")
            while line := stream.readline():
                while stream.readline() not in (b"\r\n", b""):
                    pass
                if self._answer(connection, stream, line.split()[1].decode()) is False:
                    return
        except (OSError, ValueError, IndexError):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()

    def _answer(self, connection, stream, path):
        if path.startswith("/events"):
            return self._events(connection, stream)
        if path == "/containers/json":
            self.listed += 1
            return self._list(connection, stream)
        return self._look(connection, stream, path.split("/")[2])

    def _list(self, connection, stream):
        mode, send = self.mode, connection.sendall
        ids = [{"Id": identity} for identity in self.containers]
        self.tricks += mode in LIST
        if mode == "list-hangs":
            stream.read(1)
        elif mode == "list-head":
            # A head that never ends.
            send(b"HTTP/1.1 200 OK\r\n")
            while True:
                send(b"X-More: " + PIECE + b"\r\n")
        elif mode == "list-status":
            send(answer(b'{"message": "no"}', "500 No"))
        elif mode == "list-garbage":
            send(answer(b'[{"Id": "' + b"[" * 100_000))
        elif mode == "list-shape":
            send(answer(b'{"Id": [1, 2, {"Id": null}]}'))
        elif mode == "list-chunks":
            send(CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n")
        elif mode == "list-dies":
            send(answer(json.dumps(ids).encode())[:-5])
            return False
        elif mode == "list-huge":
            more = [{"Id": f"{number:064x}"} for number in range(1 << 20, (1 << 20) + 30_000)]
            send(answer(json.dumps(ids + more).encode()))
        else:
            send(answer(json.dumps(ids).encode()))

    def _look(self, connection, stream, identity):
        mode, send = self.mode, connection.sendall
        if identity not in self.containers:
            return send(answer(b'{"message": "no such container"}', "404 Not Found"))
        name, address = self.containers[identity]
        self.tricks += mode in LOOKS
        inspect = {
            "Id": identity,
            "Name": "/" + name,
            "State": {"Running": True, "Paused": False, "StartedAt": "2026-01-01T00:00:00Z"},
            "Config": {"Labels": self.labels.get(identity, {}), "ExposedPorts": {f"{self.port}/tcp": {}}},
            "NetworkSettings": {"Networks": {"n": {"IPAddress": address}}},
        }
        if mode == "look-hangs":
            stream.read(1)
        elif mode == "look-garbage":
            send(answer(b'{"Id": 17, "State": ' + b"[" * 100_000))
        elif mode == "look-dies":
            send(answer(json.dumps(inspect).encode())[:-9])
            return False
        elif mode == "look-huge":
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                send(PIECE)
        else:
            send(answer(json.dumps(inspect).encode()))

    def _events(self, connection, stream):
        mode, send = self.mode, connection.sendall
        self.tricks += mode in EVENTS
        # Before the head, which lets the other side ask for the list: what starts from then on is told.
        connection.streams = not mode.startswith("events-")
        send(CHUNKED)
        event = b'{"Type": "container", "Action": "start", "Actor": {"ID": "%064x"}}\n' % 7
        if mode == "events-die":
            return False
        if mode == "events-half":
            send(chunk(event[: len(event) // 2]))
            # Long enough to be read as what it is: the half of one.
            threading.Event().wait(0.1)
            return False
        if mode == "events-endless":
            while True:
                send(chunk(PIECE))
        if mode == "events-garbage":
            send(chunk(b"\n\n{}\nnull\n[[\n\xff\xfe\n" + b"[" * 100_000 + b"\n" + event.replace(b"start", b"\xff")))
        if mode == "events-chunks":
            send(b"-5\r\nx\r\n")
        if mode == "events-flood":
            for number in range(20_000):
                send(chunk(event.replace(b"0007", b"%04x" % number)))
        connection.streams = True
        stream.read(1)
        return False


class Connection(socket.socket):
    # Whether events go there.
    streams = False
