"""What streams share, and what nothing of one may reach another by."""

import select
import socket
import threading
import time

import h2.config
import h2.connection
import h2.events
import pytest

from harness import frames, wait
from harness.frames import DataFrame, RstStreamFrame, WindowUpdateFrame, raw, ready
from harness.multiplexed import RULES, Site
from test_http2 import Echoes, extended, upload, websocket_frame

MIB = 1 << 20


class Interleaved:
    """Sends the heads of so many responses, and their ends some time later, as a server does whose frames have priorities."""

    def __init__(self, together):
        self.together = together
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        waiting = []
        while True:
            sock.sendall(connection.data_to_send())
            data = sock.recv(65536)
            if not data:
                return
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    waiting.append((event.stream_id, dict(event.headers)[":path"]))
            if len(waiting) < self.together:
                continue
            for stream, path in waiting:
                connection.send_headers(stream, [(":status", "200"), ("content-length", "0"), ("x-path", path)])
            for stream, _ in waiting:
                connection.end_stream(stream)
            waiting = []

    def stop(self):
        self.listener.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_heads_whose_ends_come_later_are_not_mixed_up(tmp_path, stopping, method):
    origin = stopping(Interleaved(8))
    site = Site(tmp_path, stopping, rules=RULES.replace("app:80", "h2c://app:80"), address=origin.address)
    with site.client() as client:
        streams = [client.request(f"/{n}", method) for n in range(8)]
        client.finish(*streams, seconds=10)
        assert [one.get("x-path") for one in streams] == [f"/{n}" for n in range(8)]


@pytest.mark.parametrize("end", ["reset", "close", "container"])
def test_a_websocket_that_has_ended_leaves_nothing_on_its_connection(tmp_path, stopping, end):
    echoes = stopping(Echoes())
    site = Site(tmp_path, stopping, address=echoes.address, more="timeouts: { keep_alive: 1s }\n")
    with site.client() as client:
        client.pump(lambda: client.peer, "SETTINGS")
        for n in range(3):
            stream = extended(client, f"/{n}")
            client.pump(lambda: len(stream.body) > 4, "the greeting")
            if end == "reset":
                client.send(RstStreamFrame(stream.number, error_code=frames.CANCEL))
            else:
                upload(client, stream, websocket_frame(b"\x03\xe8", opcode=8))
                if end == "close":
                    client.send(DataFrame(stream.number, flags=["END_STREAM"]))
                client.pump(lambda: stream.over, "the end")
                if end == "container":
                    client.send(DataFrame(stream.number, flags=["END_STREAM"]))
            wait.until(lambda: len(echoes.codes) == n + 1, what="the container to see the end")
        # It idles from now on.
        assert set(client.end(10)) == {frames.NO_ERROR}


@pytest.mark.parametrize("protocol", ["h2c", "HTTP", "websocket"])
def test_an_extended_connect_has_no_success_without_its_protocol(tmp_path, stopping, protocol):
    site = Site(tmp_path, stopping)
    with site.client() as client:
        client.pump(lambda: client.peer, "SETTINGS")
        stream = extended(client, "/i", protocol=protocol)
        client.pump(lambda: stream.status or stream.over, "the response")
        assert stream.status is None or stream.status >= 400
        assert client.ask("/i").status == 200


def test_an_extended_connect_has_no_length(tmp_path, stopping):
    site = Site(tmp_path, stopping)
    with site.client() as client:
        client.pump(lambda: client.peer, "SETTINGS")
        number = client.open()
        fields = [(":method", "CONNECT"), (":protocol", "websocket"), *client.pseudo("/echo", "POST")[1:], ("content-length", "5")]
        client.send(*client.head(number, fields, end=False), DataFrame(number, data=b"hello"))
        stream = client.streams[number]
        client.pump(lambda: stream.status or stream.over, "the response")
        assert stream.status is None or stream.status >= 400


def test_a_stream_that_is_not_read_ends_while_others_are_read(tmp_path, stopping):
    site = Site(tmp_path, stopping, more="timeouts: { downstream: 2s }\n")
    with site.client(credit=False, receive_buffer=16 << 10) as client:
        client.send(WindowUpdateFrame(0, window_increment=1 << 30))
        stalled = client.request(f"/download?bytes={MIB}")
        client.pump(lambda: len(stalled.body) == 65535, "its window to fill")
        # So much that the tier always has some to send.
        busy = client.request(f"/download?bytes={2000 * MIB}")
        client.grant(busy.number, 1 << 30)

        def reset():
            for _ in range(4):
                if not client.step():
                    client.fill(0.1)
            busy.taken()
            return stalled.reset is not None

        wait.until(reset, seconds=15, what="the stream to be reset")
        assert not busy.over


def test_a_client_that_neither_reads_nor_ends_its_head_is_left(tmp_path, stopping):
    site = Site(tmp_path, stopping, more="timeouts: { client_header: 1s, downstream: 2s }\n")
    with site.client(credit=False, receive_buffer=16 << 10) as client:
        client.send(WindowUpdateFrame(0, window_increment=1 << 30))
        stream = client.request(f"/download?bytes={1000 * MIB}")
        client.grant(stream.number, 1 << 30)
        client.pump(lambda: len(stream.body) > MIB, "the response to fill the buffers")
        client.send(raw(1, 0x01, client.next, b"\x82"))
        # It reads nothing from now on.
        assert ready(client.sock, 0, 20) & (select.POLLHUP | select.POLLERR), "the connection is held"


def test_a_client_that_is_not_there_any_longer_is_found_by_a_ping(tmp_path, stopping):
    # It never responds: a call of gRPC may be silent for as long as both sides live.
    origin = stopping(Interleaved(1000))
    site = Site(tmp_path, stopping, rules=RULES.replace("app:80", "h2c://app:80"), address=origin.address)
    with site.client() as lively, site.client() as dead:
        calls = [
            client.request("/call", "POST", fields=[("content-type", "application/grpc")], end=False) for client in (lively, dead)
        ]
        # The dead one reads nothing from now on.
        deadline = time.monotonic() + 80
        while not ready(dead.sock, select.POLLRDHUP, 0):
            assert time.monotonic() < deadline, "the connection is held"
            lively.fill(0.2)
            lively.drain()
        assert lively.pings == 1 and not lively.ended and not calls[0].over
        lively.drain()
        assert not lively.ended and not calls[0].over
