"""What drains ends within its time, and nothing looks whole that is not (docs/restart.md)."""

import asyncio
import http.client
import http.server
import os
import signal
import socket
import tempfile
import threading
import time

import pytest
import websockets

from harness import wait, wire
from harness.tier import Tier, berth

RULES = """\
rules: [{ name: all, to: pool }]
pools: [{ name: pool, endpoints: ['%s'] }]
timeouts: { drain: %s, drain_websocket: %s }
"""
HOST = "pool.test"


class Sockets:
    """An endpoint that says hello to WebSockets, and notes with which code each was closed."""

    def __init__(self):
        self.codes = []
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self.run, args=(started,), daemon=True).start()
        started.wait()

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(websockets.serve(self.serve, "127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    async def serve(self, socket, path):
        await socket.send("hello")
        try:
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosed:
            pass
        self.codes.append(socket.close_code)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        self.wfile.write(self.server.responses[self.path])
        # Until the other side has had enough.
        self.connection.recv(1)
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class Streams:
    """An endpoint whose responses have no end."""

    def __init__(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/%s\r\n%s\r\n\r\n"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.seen = []
        self.server.responses = {
            "/events": head % (b"event-stream", b"Transfer-Encoding: chunked") + b"9\r\ndata: a\n\n\r\n",
            "/half": head % (b"event-stream", b"Transfer-Encoding: chunked") + b"7\r\ndata: a\r\n",
            "/length": head % (b"plain", b"Content-Length: 1000") + b"so far",
            "/chunks": head % (b"plain", b"Transfer-Encoding: chunked") + b"6\r\nso far\r\n",
            "/nothing": b"",
        }
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class HalfFrame:
    """A WebSocket server that stops in the middle of a frame."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.ended = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connection, _ = self.listener.accept()
        wire.Reader(connection).head()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x82\x05ab"
        )
        self.received = connection.recv(100)
        self.ended.set()

    def stop(self):
        self.listener.close()


def start(tmp_path, stopping, endpoint, *options, drain="1h", websocket="1h"):
    return stopping(Tier("local", tmp_path, RULES % (endpoint.address, drain, websocket), *options))


async def until_closed(tier, begin):
    """Opens a WebSocket, does what ends it, and waits for its end: (code, seconds)."""
    async with websockets.connect(f"ws://{HOST}/", host="127.0.0.1", port=tier.port) as client:
        assert await client.recv() == "hello"
        await client.send("echo")
        assert await client.recv() == "echo"
        start = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(None, begin)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(client.recv(), 20)
        return client.close_code, time.monotonic() - start


def test_a_websocket_outlasts_the_requests_of_a_tier_that_ends_and_is_told(stopping, tmp_path):
    sockets = stopping(Sockets())
    tier = start(tmp_path, stopping, sockets, "--drain", "500ms", websocket="2s")
    code, seconds = asyncio.run(until_closed(tier, tier.signal))
    assert code == 1001 and seconds >= 2
    assert tier.wait() == 0
    wait.until(lambda: sockets.codes, what="the endpoint to be told, too")
    assert sockets.codes == [1001]
    assert [(one["status"], one["cause"]) for one in tier.records()] == [(101, "draining")]


def test_without_a_time_of_their_own_websockets_have_that_of_requests(stopping, tmp_path):
    sockets = stopping(Sockets())
    rules = RULES.replace(", drain_websocket: %s", "") % (sockets.address, "1h")
    tier = stopping(Tier("local", tmp_path, rules, "--drain", "1s"))
    assert asyncio.run(until_closed(tier, tier.signal))[0] == 1001
    assert tier.wait() == 0


def test_both_tiers_pass_it_on(stopping, tmp_path):
    sockets = stopping(Sockets())
    local = start(tmp_path / "local", stopping, sockets)
    rules = f"rules: [{{ name: all, to: '127.0.0.1:{local.port}' }}]\ntimeouts: {{ drain_websocket: 500ms }}\n"
    front = stopping(Tier("front", tmp_path / "front", rules, "--drain", "500ms"))
    assert asyncio.run(until_closed(front, front.signal))[0] == 1001
    wait.until(lambda: sockets.codes, what="the endpoint to be told, too")
    assert sockets.codes == [1001]
    # The tier at the endpoint only passed bytes.
    assert local.process.poll() is None


@pytest.mark.parametrize("how", ["drain", "down", "name"])
def test_a_websocket_of_an_endpoint_that_drains_is_told(how, stopping, tmp_path):
    sockets = stopping(Sockets())
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as folder:
        admin = os.path.join(folder, "admin.sock")
        tier = start(tmp_path, stopping, sockets, "--admin", f"unix:{admin}", websocket="1s")
        if how == "name":
            hosts = tmp_path / "hosts"
            hosts.write_text("127.0.0.1 pool\n")
            port = sockets.address.split(":")[1]
            rules = f"rules: [{{ name: all, to: 'pool:{port}' }}]\ntimeouts: {{ drain_websocket: 1s }}\n"
            rules += "names: [{ hosts_file: hosts }]\n"
            tier = stopping(Tier("local", tmp_path, rules))

        def begin():
            if how == "name":
                (tmp_path / "new").write_text("\n")
                return (tmp_path / "new").rename(hosts)
            code, _, errors = berth("pools", how, "pool", sockets.address, "--admin", admin)
            assert code == 0, errors

        code, seconds = asyncio.run(until_closed(tier, begin))
        assert code == 1001 and seconds >= 1
        wait.until(lambda: sockets.codes, what="the endpoint to be told, too")
        assert sockets.codes == [1001]
        assert tier.process.poll() is None


def test_in_the_middle_of_a_frame_the_client_sees_a_reset(stopping, tmp_path):
    endpoint = stopping(HalfFrame())
    tier = start(tmp_path, stopping, endpoint, "--drain", "500ms", websocket="500ms")
    with wire.Client(tier.port) as client:
        client.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert client.answer().status == 101
        assert client.reader.exactly(4) == b"\x82\x05ab"
        tier.signal()
        with pytest.raises(ConnectionResetError):
            client.reader.exactly(1)
    assert tier.wait() == 0
    assert endpoint.ended.wait(10)
    received = endpoint.received
    assert received[:2] == b"\x88\x82" and bytes(a ^ b for a, b in zip(received[6:], received[2:4])) == b"\x03\xe9"


def test_an_event_stream_ends_in_order(stopping, tmp_path):
    tier = start(tmp_path, stopping, stopping(Streams()), "--drain", "500ms")
    connection = http.client.HTTPConnection("127.0.0.1", tier.port, timeout=20)
    connection.request("GET", "/events", headers={"Host": HOST})
    response = connection.getresponse()
    assert response.read(9) == b"data: a\n\n"
    tier.signal()
    # An end without the last chunk would raise.
    assert response.read() == b""
    assert tier.wait() == 0
    assert [(one["status"], one["cause"]) for one in tier.records()] == [(200, "draining")]


@pytest.mark.parametrize("path", ["/half", "/length", "/chunks"])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_what_is_not_whole_is_reset(path, version, stopping, tmp_path):
    tier = start(tmp_path, stopping, stopping(Streams()), "--drain", "500ms")
    with wire.Client(tier.port) as client:
        client.send(f"GET {path} {version}\r\nHost: {HOST}\r\n\r\n")
        assert client.head().status == 200
        client.reader.exactly(6)
        tier.signal()
        with pytest.raises(ConnectionResetError):
            client.reader.exactly(1000)
    assert tier.wait() == 0


def test_a_request_without_a_response_gets_503(stopping, tmp_path):
    streams = stopping(Streams())
    tier = start(tmp_path, stopping, streams, "--drain", "500ms")
    with wire.Client(tier.port) as client:
        client.send(f"GET /nothing HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
        wait.until(lambda: streams.server.seen, what="the request to arrive")
        tier.signal(signal.SIGTERM)
        response = client.answer()
        assert response.status == 503 and response.get("Connection") == "close"
    assert tier.wait() == 0
    assert [one["cause"] for one in tier.records()] == ["draining"]
