"""A container that notes each byte, and reads it as strictly as RFC 9112 allows: what is not one whole request is a mistake."""

import re
import socket
import threading

from . import wire

LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (/[^\x00-\x20\x7f]*|\*) HTTP/1\.1\Z")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\Z")


class Malformed(Exception):
    pass


class Message:
    """One request."""

    def __init__(self, method, target, fields, framing):
        self.method, self.target, self.fields, self.framing = method, target, fields, framing
        self.body = b""
        self.trailers = wire.Fields()

    @property
    def line(self):
        return f"{self.method} {self.target} HTTP/1.1"


def fields_of(lines):
    fields = wire.Fields()
    for line in lines:
        match = FIELD.match(line)
        if not match:
            raise Malformed(f"a field line: {line!r}")
        fields.append(tuple(part.decode("latin-1") for part in match.groups()))
    return fields


def parse(data):
    """The first request and what follows it; None where more has to come."""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.split(b"\r\n")
    match = LINE.match(first)
    if not match:
        raise Malformed(f"a request line: {first!r}")
    fields = fields_of(lines)
    lengths, codings = fields.all("Content-Length"), fields.all("Transfer-Encoding")
    if len(fields.all("Host")) != 1 or len(lengths) + len(codings) > 1 or codings not in ([], ["chunked"]):
        raise Malformed(f"a head: {head!r}")
    if lengths and not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
        raise Malformed(f"a length: {lengths}")
    framing = "chunked" if codings else f"length {int(lengths[0])}" if lengths else "none"
    message = Message(*(part.decode("latin-1") for part in match.groups()), fields, framing)
    if lengths:
        size = int(lengths[0])
        if len(rest) < size:
            return None
        message.body, rest = rest[:size], rest[size:]
    while codings:
        size, found, after = rest.partition(b"\r\n")
        if not found:
            return None
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
            raise Malformed(f"a chunk: {size!r}")
        size = int(size, 16)
        if size == 0:
            # The trailers, up to an empty line.
            if after.startswith(b"\r\n"):
                rest = after[2:]
            else:
                section, found, rest = after.partition(b"\r\n\r\n")
                if not found:
                    return None
                message.trailers = fields_of(section.split(b"\r\n"))
            break
        if len(after) < size + 2:
            return None
        if after[size : size + 2] != b"\r\n":
            raise Malformed("the end of a chunk")
        message.body, rest = message.body + after[:size], after[size + 2 :]
    return message, rest


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.forget()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        with self.lock:
            # Whole requests; what is not one; bytes of requests that broke off.
            self.messages, self.mistakes, self.broken = [], [], []

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        data = b""
        try:
            while True:
                while (found := parse(data)) is not None:
                    message, data = found
                    with self.lock:
                        self.messages.append(message)
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (b"" if message.method == "HEAD" else b"ok"))
                more = sock.recv(1 << 16)
                if not more:
                    break
                if data == b"" and b"Expect: 100-continue\r\n" in more:
                    sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                data += more
        except Malformed as mistake:
            with self.lock:
                self.mistakes.append(f"{mistake} in {data!r}")
        except OSError:
            pass
        finally:
            if data:
                with self.lock:
                    self.broken.append(data)
            sock.close()

    def stop(self):
        self.listener.close()
