"""HTTP/1.1 read from a socket as bytes: shared by the origin and by the tests' raw client."""

import socket


class Closed(Exception):
    """The other side ended the connection where more was due."""


class Reader:
    """A socket with a buffer in front of it."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        # The connection ended with a reset.
        self.was_reset = False

    def more(self):
        data = self.sock.recv(1 << 18)
        self.buffer += data
        return bool(data)

    def head(self):
        """Lines of a head up to the empty line; None when the connection ended before its first byte."""
        while b"\r\n\r\n" not in self.buffer:
            try:
                more = self.more()
            except ConnectionResetError:
                more, self.was_reset = False, True
            if not more:
                if self.buffer:
                    raise Closed(self.buffer)
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head.split(b"\r\n")

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.more():
                raise Closed(self.buffer)
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def pieces(self, size):
        while size > 0:
            if not self.buffer and not self.more():
                raise Closed(size)
            piece, self.buffer = self.buffer[:size], self.buffer[size:]
            size -= len(piece)
            yield piece

    def exactly(self, size):
        return b"".join(self.pieces(size))

    def chunks(self, trailers):
        """The pieces of a chunked body; trailer fields are added to the list `trailers`."""
        while size := int(self.line().split(b";")[0], 16):
            yield from self.pieces(size)
            if self.line() != b"":
                raise Closed("chunk without its end")
        while line := self.line():
            trailers.append(field(line))

    def rest(self):
        while self.buffer or self.more():
            piece, self.buffer = self.buffer, b""
            yield piece


def field(line):
    name, _, value = line.decode("latin-1").partition(":")
    return name, value.strip(" \t")


class Fields(list):
    """(name, value) pairs in the order they came."""

    def all(self, name):
        return [value for key, value in self if key.lower() == name.lower()]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]


class Response:
    def __init__(self, status, reason, version, fields):
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
        self.body = b""
        self.trailers = Fields()
        # 1xx answers that came before.
        self.interim = []

    def get(self, name):
        return self.fields.get(name)

    @property
    def error(self):
        """The error token of Proxy-Status (RFC 9209), of the last proxy that named one."""
        for part in reversed((self.get("Proxy-Status") or "").replace(",", ";").split(";")):
            key, _, value = part.strip().partition("=")
            if key == "error":
                return value
        return None


class Client:
    """A raw connection: sends what it is told, byte by byte, and reads answers."""

    def __init__(self, port, timeout=30):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def head(self):
        """The next answer's head."""
        lines = self.reader.head()
        if lines is None:
            raise Closed("Reset" if self.reader.was_reset else "no answer")
        version, status, *reason = lines[0].decode("latin-1").split(" ", 2)
        return Response(int(status), " ".join(reason), version, Fields(map(field, lines[1:])))

    def answer(self, method="GET"):
        """The next final answer, with its body."""
        interim = []
        while (response := self.head()).status < 200 and response.status != 101:
            interim.append(response)
        response.interim = interim
        if response.status in (101, 204, 304) or method == "HEAD":
            return response
        if (response.get("Transfer-Encoding") or "").lower() == "chunked":
            response.body = b"".join(self.reader.chunks(response.trailers))
        elif (length := response.get("Content-Length")) is not None:
            response.body = self.reader.exactly(int(length))
        else:
            response.body = b"".join(self.reader.rest())
        return response

    def ask(self, host, path="/", method="GET", fields=(), body=b"", version="HTTP/1.1"):
        lines = [f"{method} {path} {version}", f"Host: {host}", *fields]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return self.answer(method)

    def ended(self):
        """Whether the other side has closed, waiting for it if need be."""
        try:
            return not self.reader.buffer and not self.reader.more()
        except ConnectionResetError:
            return True


def ask(port, host, path="/", **options):
    """One request on a connection of its own."""
    with Client(port) as client:
        return client.ask(host, path, **options)
