"""HTTP/2 frame by frame: a client that keeps to RFC 9113 until a test has it send something else."""

import select
import socket
import ssl
import time

import hpack
from hyperframe import frame as frames
from hyperframe.frame import (
    ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame,
)  # fmt: skip

from . import secure, wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL = 4, 5, 6, 7, 8
COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED = 9, 10, 11, 12, 13
LARGEST = (1 << 31) - 1
CODES = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
    "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
CONNECT_PROTOCOL = 8


def octets(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def raw(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame of any kind, with any length in its head."""
    length = len(payload) if length is None else length
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def ready(sock, events, seconds):
    """What has happened of `events` within that time; errors are always among it. Any number of descriptors."""
    poll = select.poll()
    poll.register(sock, events)
    return next((found for _, found in poll.poll(seconds * 1000)), 0)


class Stream:
    """One exchange, as far as it has come."""

    def __init__(self, number, window):
        self.number = number
        # What may be sent on it.
        self.window = window
        self.status = None
        self.fields = wire.Fields()
        self.interim = []
        self.parts = []
        self.trailers = wire.Fields()
        self.ended = False
        self.reset = None
        # Empty DATA frames without an end, and all DATA frames.
        self.pieces = 0
        self.owed = 0

    @property
    def body(self):
        if len(self.parts) > 1:
            self.parts = [b"".join(self.parts)]
        return self.parts[0] if self.parts else b""

    def taken(self):
        """The body so far, which then begins anew."""
        body, self.parts = self.body, []
        return body

    @property
    def over(self):
        return self.ended or self.reset is not None

    def get(self, name):
        return self.fields.get(name)

    error = wire.Response.error


class Client:
    """A connection. `settings` are sent with the preface; `credit`: whether what was read is granted again.

    `ca`, or a context in `using`: over TLS.
    """

    def __init__(self, port, address="127.0.0.1", ca=None, settings=None, credit=True, preface=True, timeout=30,
                 name=secure.NAME, receive_buffer=None, using=None):  # fmt: skip
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect((address, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = name
        if ca and not using:
            using = secure.context(ca, protocols=("h2",))
        self.scheme = "https" if using else "http"
        if using:
            self.sock = using.wrap_socket(self.sock, server_hostname=name)
            assert self.sock.selected_alpn_protocol() == "h2"
        self.timeout = timeout
        self.credit = credit
        self.owed = 0
        self.quarter = max((settings or {}).get(SettingsFrame.INITIAL_WINDOW_SIZE, 65535) // 4, 1)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder(max_header_list_size=1 << 24)
        self.buffer = bytearray()
        self.streams = {}
        self.next = 1
        self.peer = {}
        self.window, self.initial_window, self.largest_frame = 65535, 65535, 16384
        self.settled = False
        self.pongs = []
        self.pings = 0
        self.goaways = []
        self.ended = False
        self.block = None
        if preface:
            self.send(PREFACE + SettingsFrame(0, settings=settings or {}).serialize())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    # Sending

    def send(self, *parts):
        self.sock.sendall(b"".join(part.serialize() if isinstance(part, Frame) else part for part in parts))

    def pseudo(self, path="/", method="GET", authority=None, scheme=None):
        return [(":method", method), (":scheme", scheme or self.scheme), (":authority", authority or self.name), (":path", path)]

    def open(self):
        """The number of a new stream."""
        number, self.next = self.next, self.next + 2
        self.streams[number] = Stream(number, self.initial_window)
        return number

    def head(self, number, fields, end=True, huffman=True, **options):
        """The frames of a field section."""
        block = self.encoder.encode([tuple(map(octets, field)) for field in fields], huffman=huffman)
        size = self.largest_frame
        parts = [block[at : at + size] for at in range(0, len(block), size)] or [b""]
        sent = [HeadersFrame(number, data=parts[0], flags=["END_STREAM"] if end else [], **options)]
        sent += [ContinuationFrame(number, data=part) for part in parts[1:]]
        sent[-1].flags.add("END_HEADERS")
        return sent

    def request(self, path="/", method="GET", fields=(), body=None, trailers=None, end=True, authority=None):
        """Sends a request; returns its stream. Without `end` the body, if any, is to be continued."""
        number = self.open()
        last = end and body is None and trailers is None
        self.send(*self.head(number, [*self.pseudo(path, method, authority), *fields], last))
        if body is not None:
            self.send_body(number, body, end and trailers is None)
        if trailers is not None:
            self.send(*self.head(number, trailers))
        return self.streams[number]

    def send_body(self, number, body, end=True):
        """Sends as the windows allow; gives up when the stream is over."""
        stream = self.streams[number]
        for piece in [body] if isinstance(body, bytes) else body:
            at = 0
            while at < len(piece):
                self.pump(lambda: stream.over or self.goaways or min(self.window, stream.window) > 0, "a window to send")
                if stream.over:
                    return
                size = min(self.window, stream.window, self.largest_frame, len(piece) - at)
                self.window -= size
                stream.window -= size
                self.send(DataFrame(number, data=piece[at : at + size]))
                at += size
                self.drain()
        if end and not stream.over:
            self.send(DataFrame(number, flags=["END_STREAM"]))

    def ask(self, path="/", method="GET", **options):
        """A request and its whole response, which must not be reset."""
        return self.finish(self.request(path, method, **options))

    def finish(self, *streams, seconds=None):
        for stream in streams:
            self.pump(lambda stream=stream: stream.over, f"the end of stream {stream.number}", seconds)
            assert stream.ended, f"stream {stream.number} was reset: {stream.reset}"
        return streams[0]

    # Receiving

    def pump(self, until, what="something", seconds=None):
        """Reads frames until the condition is true; the end of the connection must not come before it."""
        deadline = time.monotonic() + (seconds or self.timeout)
        while not until():
            if self.ended:
                raise wire.Closed(f"before {what}; GOAWAY {self.goaways}")
            left = deadline - time.monotonic()
            assert left > 0, f"waited for {what}; GOAWAY {self.goaways}"
            if not self.step():
                self.fill(left)

    def drain(self):
        """Takes what has arrived, without waiting."""
        while self.step() or self.fill(0):
            pass

    def end(self, seconds=None):
        """Reads to the end of the connection: the codes of all GOAWAY frames."""
        self.pump(lambda: self.ended, "the end of the connection", seconds)
        return [code for _, code, _ in self.goaways]

    def fill(self, seconds):
        """Reads once, waiting that long. False: there was nothing."""
        if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            if not ready(self.sock, select.POLLIN, seconds):
                return False
        try:
            data = self.sock.recv(1 << 18)
        except (ConnectionResetError, ssl.SSLError):
            data = b""
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def step(self):
        """One frame out of the buffer. False: it has no whole one."""
        if len(self.buffer) < 9:
            return False
        frame, length = Frame.parse_frame_header(memoryview(bytes(self.buffer[:9])))
        if len(self.buffer) < 9 + length:
            return False
        frame.parse_body(memoryview(bytes(self.buffer[9 : 9 + length])))
        del self.buffer[: 9 + length]
        self.receive(frame)
        return True

    def receive(self, frame):
        stream = self.streams.get(frame.stream_id)
        if isinstance(frame, SettingsFrame):
            if "ACK" in frame.flags:
                self.settled = True
                return
            self.peer.update(frame.settings)
            if (size := frame.settings.get(SettingsFrame.INITIAL_WINDOW_SIZE)) is not None:
                for one in self.streams.values():
                    one.window += size - self.initial_window
                self.initial_window = size
            self.largest_frame = frame.settings.get(SettingsFrame.MAX_FRAME_SIZE, self.largest_frame)
            if (size := frame.settings.get(SettingsFrame.HEADER_TABLE_SIZE)) is not None:
                self.encoder.header_table_size = min(size, 4096)
            self.reply(SettingsFrame(0, flags=["ACK"]))
        elif isinstance(frame, PingFrame):
            if "ACK" in frame.flags:
                self.pongs.append(frame.opaque_data)
            else:
                self.pings += 1
                self.reply(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
        elif isinstance(frame, GoAwayFrame):
            self.goaways.append((frame.last_stream_id, frame.error_code, frame.additional_data))
        elif isinstance(frame, WindowUpdateFrame):
            if stream:
                stream.window += frame.window_increment
            elif frame.stream_id == 0:
                self.window += frame.window_increment
        elif isinstance(frame, (HeadersFrame, ContinuationFrame)):
            if isinstance(frame, HeadersFrame):
                self.block = (stream, b"", "END_STREAM" in frame.flags)
            owner, before, end = self.block
            self.block = (owner, before + frame.data, end)
            if "END_HEADERS" in frame.flags:
                self.section(*self.block)
        elif isinstance(frame, DataFrame) and stream:
            stream.parts.append(frame.data)
            stream.pieces += 1
            stream.ended = stream.ended or "END_STREAM" in frame.flags
            if self.credit:
                self.owe(self, 0, frame.flow_controlled_length)
                if not stream.over:
                    self.owe(stream, frame.stream_id, frame.flow_controlled_length)
        elif isinstance(frame, RstStreamFrame) and stream:
            stream.reset = frame.error_code

    def section(self, stream, block, end):
        fields = wire.Fields((n.decode("latin-1"), v.decode("latin-1")) for n, v in self.decoder.decode(block, raw=True))
        if stream is None:
            return
        status = fields.get(":status")
        plain = wire.Fields(pair for pair in fields if not pair[0].startswith(":"))
        if status is None:
            assert end, "trailers without an end"
            stream.trailers = fields
        elif status.startswith("1"):
            stream.interim.append((int(status), plain))
        else:
            assert stream.status is None, f"two heads: {fields}"
            stream.status, stream.fields = int(status), plain
        stream.ended = stream.ended or end

    def owe(self, one, number, size):
        """Grants again what was read, when it is a quarter of a window: after each frame, the frames become small."""
        one.owed += size
        if one.owed >= self.quarter:
            self.grant(number, one.owed)
            one.owed = 0

    def grant(self, number, size):
        self.reply(WindowUpdateFrame(number, window_increment=size))

    def reply(self, frame):
        """What the protocol demands: the other side may be gone."""
        try:
            self.send(frame)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    # Abuse

    def flood(self, pieces, seconds=20, reads=True):
        """Sends the pieces until the other side ends the connection, or has taken nothing for a second.

        Returns whether all were taken. What arrives meanwhile is read and counts, but nothing is sent in return.
        """
        self.reply = lambda frame: None
        self.sock.setblocking(False)
        deadline = time.monotonic() + seconds
        moved = time.monotonic()
        try:
            for piece in pieces:
                at = 0
                while at < len(piece):
                    now = time.monotonic()
                    if now > deadline or now - moved > 1:
                        return False
                    events = ready(self.sock, select.POLLOUT | (select.POLLIN if reads else 0), 0.1)
                    readable, writable = events & ~select.POLLOUT if reads else 0, events & ~select.POLLIN
                    if readable:
                        self.fill(0)
                        while self.step():
                            pass
                    if self.ended:
                        return False
                    if writable:
                        try:
                            at += self.sock.send(piece[at : at + (1 << 16)])
                            moved = time.monotonic()
                        except BlockingIOError:
                            pass
                        except (BrokenPipeError, ConnectionResetError):
                            while self.fill(0.1) and self.step():
                                pass
                            return False
            return True
        finally:
            try:
                self.sock.setblocking(True)
                self.sock.settimeout(self.timeout)
            except OSError:
                pass


def settings(**values):
    """SETTINGS by their names in RFC 9113, such as `initial_window_size=0`."""
    return {getattr(SettingsFrame, name.upper()): value for name, value in values.items()}


__all__ = ["Client", "Stream", "frames", "raw", "settings"]
