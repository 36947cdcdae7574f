"""A container that speaks HTTP/2 with bad intent: once a connection has a request, it sends what a test chose."""

import itertools
import select
import socket
import threading
import time

from . import frames
from .abuse import FLOODS, headers, pieces
from .frames import LARGEST, PREFACE, SettingsFrame, raw


def response(*fields):
    """A field section that uses no table."""
    encoder = frames.hpack.Encoder()
    encoder.header_table_size = 0
    return encoder.encode(list(fields))


OK = response((":status", "200"))


def control(name):
    return lambda stream: pieces(FLOODS[name], 5_000_000, 500)


def resets(stream):
    """Of this stream, again and again."""
    yield from pieces(raw(3, 0, stream, bytes([0, 0, 0, 2])), 5_000_000, 500)


def refusals(stream):
    """The stream may be tried again: so may all that follow."""
    yield raw(3, 0, stream, bytes([0, 0, 0, 7]))


def goaway(stream):
    """Nothing has been processed."""
    yield raw(7, 0, 0, bytes(8))


def interim(stream):
    """103 without end."""
    yield from pieces(raw(1, 0x04, stream, response((":status", "103"), ("link", "</a.css>"))), 5_000_000, 100)


def empty_data(stream):
    yield headers(stream, OK, end=False)
    yield from pieces(raw(0, 0, stream), 5_000_000, 500)


def padding(stream):
    yield headers(stream, OK, end=False)
    yield from pieces(raw(0, 0x08, stream, b"\xff" + bytes(255)), 500_000, 20)


def continuation(size):
    piece = b"" if size == 0 else b"\x00\x01a\x7f\xfa\x7e" + b"v" * (size - 6)

    def drive(stream):
        yield raw(1, 0, stream, OK)
        yield from pieces(raw(9, 0, stream, piece), 1_000_000, 100 if size == 0 else 1)

    return drive


def hpack_bomb(stream):
    """4 KB in the table, then 15,000 references of a byte each, on this stream as often as it goes."""
    encoder = frames.hpack.Encoder()
    yield headers(stream, encoder.encode([(":status", "103"), ("x-large", "v" * 3900)]), end=False)
    yield from pieces(headers(stream, encoder.encode([(":status", "103")]) + b"\xbe" * 15000, end=False), 20_000, 10)


def more_than_the_window(stream):
    yield headers(stream, OK, end=False)
    yield from pieces(raw(0, 0, stream, bytes(16384)), 100_000, 1)


def window_too_large(stream):
    yield from pieces(raw(8, 0, stream, LARGEST.to_bytes(4, "big")), 1_000_000, 100)


def push(stream):
    yield from pieces(lambda n: raw(5, 4, stream, (2 * n + 2).to_bytes(4, "big") + OK), 1_000_000, 100)


def data_without_a_head(stream):
    yield from pieces(raw(0, 0, stream, b"x" * 100), 1_000_000, 100)


def heads_without_end(stream):
    """A final head after the final head."""
    yield from pieces(headers(stream, OK, end=False), 1_000_000, 100)


def frames_of_idle_streams(stream):
    yield from pieces(lambda n: raw(3, 0, stream + 1000 + 2 * n, bytes(4)), 1_000_000, 100)


def garbage(stream):
    yield bytes(range(256)) * 64


def silence(stream):
    """Neither reads nor sends any more."""
    return None


DRIVERS = {
    **{f"flood_of_{name}": control(name) for name in FLOODS if name != "goaway"},
    "resets": resets,
    "refusals": refusals,
    "goaway": goaway,
    "interim": interim,
    "empty_data": empty_data,
    "padding": padding,
    "empty_continuation": continuation(0),
    "large_continuation": continuation(16384),
    "hpack_bomb": hpack_bomb,
    "more_than_the_window": more_than_the_window,
    "window_too_large": window_too_large,
    "push": push,
    "data_without_a_head": data_without_a_head,
    "heads_without_end": heads_without_end,
    "frames_of_idle_streams": frames_of_idle_streams,
    "garbage": garbage,
    "silence": silence,
}


class HostileContainer:
    """`driver`: the name of one of `DRIVERS`.

    `tls`: a context of a server.
    """

    def __init__(self, driver, tls=None, address="127.0.0.1"):
        self.driver, self.tls = driver, tls
        self.connections, self.requests, self.sent = 0, 0, 0
        # Of what connections do: they end when it changes.
        self.generation = 0
        self.stopped = threading.Event()
        self.listener = socket.create_server((address, 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.address = f"{address}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, driver):
        """Another driver, on connections of its own."""
        self.driver = driver
        self.generation += 1

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(10)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self._abuse(sock)
        except OSError:
            pass
        finally:
            sock.close()

    def _abuse(self, sock):
        received, generation = b"", self.generation
        while len(received) < len(PREFACE):
            if not (data := sock.recv(1 << 16)):
                return
            received += data
        received = received[len(PREFACE) :]
        sock.sendall(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100}).serialize() + raw(4, 1, 0))
        while True:
            while len(received) >= 9 and len(received) >= 9 + (size := int.from_bytes(received[:3], "big")):
                kind, stream = received[3], int.from_bytes(received[5:9], "big") & LARGEST
                received = received[9 + size :]
                if kind == 1:
                    self.requests += 1
                    if (parts := DRIVERS[self.driver](stream)) is None:
                        while self._goes_on(generation):
                            self.stopped.wait(0.05)
                        return
                    if not self._send(sock, parts, generation):
                        return
            while not sock.pending() if self.tls else True:
                if not self._goes_on(generation):
                    return
                if frames.ready(sock, select.POLLIN, 0.05):
                    break
            if not (data := sock.recv(1 << 16)):
                return
            received += data

    def _goes_on(self, generation):
        return generation == self.generation and not self.stopped.is_set()

    def _send(self, sock, parts, generation):
        """Until all is sent, or nothing has been taken for some seconds. What arrives meanwhile is not looked at."""
        sock.setblocking(False)
        deadline = time.monotonic() + 20
        for part in itertools.chain(parts, [b""]):
            at = 0
            while at < len(part):
                events = frames.ready(sock, select.POLLIN | select.POLLOUT, 2)
                if not events or time.monotonic() > deadline or not self._goes_on(generation):
                    return False
                try:
                    if events & ~select.POLLOUT and not sock.recv(1 << 16):
                        return False
                except BlockingIOError:
                    pass
                except frames.ssl.SSLError as error:
                    if error.errno not in (frames.ssl.SSL_ERROR_WANT_READ, frames.ssl.SSL_ERROR_WANT_WRITE):
                        return False
                try:
                    size = sock.send(part[at : at + (1 << 16)])
                    at, self.sent = at + size, self.sent + size
                except BlockingIOError:
                    pass
                except frames.ssl.SSLError as error:
                    if error.errno not in (frames.ssl.SSL_ERROR_WANT_READ, frames.ssl.SSL_ERROR_WANT_WRITE):
                        return False
        sock.settimeout(10)
        return True

    def stop(self):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
