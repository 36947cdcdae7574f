"""Endpoints that speak HTTP/2: what clients see, and what goes over shared connections."""

import asyncio
import os
import socket
import subprocess
import threading
import time

import pytest
import websockets

from harness import nginx, ports, process, secure, wait, wire
from harness.h2origin import H2Origin
from harness.multiplexed import MultiplexedTier
from harness.stack import Origins
from harness.tier import Tier

HOST = "app.test.priv"
UPGRADE = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]  # fmt: skip

RULES = """\
%s
rules:
  - name: app
    host: app.test.priv
    to: '%s'
"""


def tier(directory, target, *options, more=""):
    return Tier("front", str(directory), RULES % (more, target), *options)


def h2_site(directory, stopping, more="", **settings):
    """(tier, origin)"""
    origin = stopping(H2Origin(**settings))
    return stopping(tier(directory, f"h2c://127.0.0.1:{origin.port}", "--loops", "1", more=more)), origin


@pytest.fixture
def site(tmp_path, stopping):
    """Makes them, with their settings."""
    return lambda **settings: h2_site(tmp_path, stopping, **settings)


def post(port, path, body, fields=()):
    return wire.ask(port, HOST, path, method="POST", body=body, fields=[f"Content-Length: {len(body)}", *fields])


# MARK: Messages


def test_messages_pass_both_ways(site):
    front, origin = site()
    response = wire.ask(front.port, HOST)
    assert (response.status, response.body) == (200, b"hello")
    assert (response.get("x-method"), response.get("x-authority")) == ("GET", HOST)
    body = os.urandom(1 << 20)
    assert post(front.port, "/", body).body == body
    assert wire.ask(front.port, HOST, "/", method="HEAD").status == 200
    assert origin.connections == 1


def test_trailers_pass_in_chunks(site):
    front, _ = site()
    with wire.Client(front.port) as client:
        response = client.ask(HOST, "/trailers")
        assert response.body == b"some" and response.trailers.get("x-sum") == "4"


def test_early_hints_pass(site):
    front, _ = site()
    with wire.Client(front.port) as client:
        client.send(f"GET /early HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert client.head().status == 103
        assert client.answer().body == b"late"


def test_nghttpd_serves_files(tmp_path, stopping):
    (tmp_path / "page.txt").write_text("a page")
    port = ports.free()

    class Server:
        process = subprocess.Popen(["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", str(tmp_path), str(port)])

        def stop(self):
            process.end(self.process)

    stopping(Server())
    wait.until(lambda: reachable(port), what="nghttpd to listen")
    front = stopping(tier(tmp_path / "front", f"h2c://127.0.0.1:{port}"))
    response = wire.ask(front.port, HOST, "/page.txt")
    assert (response.status, response.body) == (200, b"a page")
    assert wire.ask(front.port, HOST, "/missing").status == 404


def reachable(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def test_an_endpoint_of_http1_is_told_apart(tmp_path, stopping):
    origins = stopping(Origins("app"))
    front = stopping(tier(tmp_path, f"h2c://127.0.0.1:{origins.ports['app']}"))
    assert wire.ask(front.port, HOST).status == 502
    assert wait.until(front.records, what="a record")[-1]["cause"] in ("invalid_response", "connection_reset")


# MARK: What an endpoint refuses


class Load:
    """POSTs from several threads, each with an id of its own."""

    def __init__(self, port, threads, each):
        self.statuses = {}
        self.port = port
        self.each = each
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(threads)]

    def run(self, number):
        with wire.Client(self.port) as client:
            for index in range(self.each):
                name = f"{number}-{index}"
                response = client.ask(
                    HOST, "/", method="POST", body=name.encode(), fields=[f"Content-Length: {len(name)}", f"X-Id: {name}"]
                )
                self.statuses[name] = response.status if response.body == name.encode() else -1

    def finish(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(60)
        return self.statuses


@pytest.mark.parametrize("every", [1, 3, 20])
def test_connections_that_end_after_some_requests_lose_none(site, every):
    front, origin = site(goaway_every=every)
    statuses = Load(front.port, 6, 40).finish()
    assert len(statuses) == 240 and set(statuses.values()) == {200}
    assert set(origin.ids.values()) == {1} and len(origin.ids) == 240
    assert origin.connections >= 240 / (every + 6)


def test_nginx_ends_connections_after_some_requests(tmp_path, stopping):
    port = ports.free()
    text = (
        f"server {{ listen 127.0.0.1:{port} http2; keepalive_requests 7; "
        "location / { proxy_pass http://127.0.0.1:%d; } }" % stopping(Origins("app")).ports["app"]
    )
    stopping(nginx.Nginx(tmp_path, text, port))
    front = stopping(tier(tmp_path / "front", f"h2c://127.0.0.1:{port}", "--loops", "1"))

    def run():
        with wire.Client(front.port) as client:
            for _ in range(50):
                statuses.append(client.ask(HOST, "/", method="POST", fields=["Content-Length: 4"], body=b"body").status)

    statuses = []
    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [200] * 300


@pytest.mark.parametrize("code, cause", [(7, "stream_refused"), (8, "stream_reset"), (2, "stream_reset")])
def test_streams_that_are_reset(site, code, cause):
    front, origin = site()
    response = post(front.port, f"/reset/{code}", b"x")
    assert response.status == (503 if code == 7 else 502)
    assert wait.until(front.records, what="a record")[-1]["cause"] == cause
    assert wire.ask(front.port, HOST).status == 200
    assert origin.requests[f"/reset/{code}"] == (5 if code == 7 else 1)


def test_an_endpoint_that_dies(site):
    front, _ = site()
    assert post(front.port, "/die", b"x").status == 502
    with wire.Client(front.port) as client, pytest.raises((wire.Closed, OSError)):
        client.ask(HOST, "/half")
    assert wire.ask(front.port, HOST).status == 200


def test_a_dead_peer_is_found_by_a_ping(site):
    front, origin = site(more="timeouts: { upstream: 60s }")
    start = time.monotonic()
    response = post(front.port, "/frozen", b"x")
    assert response.status == 502 and 13 < time.monotonic() - start < 30
    assert wait.until(front.records, what="a record")[-1]["detail"] == "no_pong"
    assert wire.ask(front.port, HOST).status == 200


# MARK: Flow control


def test_a_slow_reader_stops_its_own_stream_and_no_other(site):
    front, origin = site()
    size = 64 << 20
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        slow.connect(("127.0.0.1", front.port))
        slow.sendall(f"GET /big/{size} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        wait.until(lambda: origin.sent > 0, what="the response to begin")
        sent = -1
        while sent != origin.sent:
            sent = origin.sent
            time.sleep(0.3)
        # Its window, and what kernels hold.
        assert sent < 8 << 20
        for _ in range(20):
            assert wire.ask(front.port, HOST).status == 200
        assert wire.ask(front.port, HOST, f"/big/{4 << 20}").body == bytes(4 << 20)
        assert origin.connections == 1
        left = size
        slow.settimeout(20)
        while left > -200:
            data = slow.recv(1 << 20)
            left -= len(data)
            if left <= 0:
                break
    assert origin.connections == 1


def test_an_upload_that_is_not_read_stops_itself_and_no_other(site):
    front, origin = site()
    with socket.create_connection(("127.0.0.1", front.port)) as slow:
        slow.sendall(f"POST /stall-upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {64 << 20}\r\n\r\n".encode())
        slow.setblocking(False)
        accepted = 0
        quiet = time.monotonic()
        while time.monotonic() - quiet < 1:
            try:
                accepted += slow.send(bytes(65536))
                quiet = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        assert origin.received <= 65_535 and accepted < 16 << 20
        for _ in range(10):
            assert post(front.port, "/", b"other").body == b"other"
        assert origin.connections == 1


# MARK: Clients that leave


def test_a_client_that_leaves_resets_its_stream(site):
    front, origin = site()
    with wire.Client(front.port) as client:
        client.send(f"GET /stall HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        wait.until(lambda: origin.requests["/stall"], what="the request")
    wait.until(lambda: origin.resets == [8], what="the stream to be reset")
    assert origin.connections == 1 and origin.ended == 0


# MARK: TLS


@pytest.mark.parametrize("protocols", [("h2", "http/1.1"), ("http/1.1",)])
def test_endpoints_with_tls_choose_the_protocol(tmp_path, stopping, protocols):
    pair = secure.certificate(tmp_path, "app", "127.0.0.1")
    if "h2" in protocols:
        origin = stopping(H2Origin(tls=pair, protocols=protocols))
        port = origin.port
    else:
        origin = None
        port = stopping(HTTPSServer(pair)).port
    front = stopping(
        tier(tmp_path / "front", f"https://127.0.0.1:{port}", "--loops", "1", more=f"upstream_tls: {{ ca: {pair[0]} }}")
    )
    for _ in range(5):
        assert wire.ask(front.port, HOST).body == b"hello"
    if origin:
        assert origin.connections == 1


def https_site(directory, stopping, more=""):
    """(tier, origin) whose protocol is agreed on."""
    pair = secure.certificate(directory, "app", "127.0.0.1")
    origin = stopping(H2Origin(tls=pair, protocols=("h2", "http/1.1")))
    more = f"upstream_tls: {{ ca: '{pair[0]}'{more} }}"
    return stopping(tier(directory / "front", f"https://127.0.0.1:{origin.port}", "--loops", "1", more=more)), origin


@pytest.mark.parametrize("is_secure", [False, True], ids=["h2c", "https"])
def test_a_response_in_very_small_frames_arrives_whole_where_the_connection_ends_with_it(tmp_path, stopping, is_secure):
    front, _ = https_site(tmp_path, stopping) if is_secure else h2_site(tmp_path, stopping)
    expected = b"".join(number.to_bytes(4, "big") for number in range(8000))
    for _ in range(5):
        response = wire.ask(front.port, HOST, "/crumbs/8000")
        assert response.status == 200 and response.body == expected


def test_http2_can_be_switched_off(tmp_path, stopping):
    front, _ = https_site(tmp_path, stopping, ", http2: false")
    assert wire.ask(front.port, HOST).body == b"old"


def test_an_endpoint_with_tls_may_demand_http1(tmp_path, stopping):
    front, _ = https_site(tmp_path, stopping)
    assert wire.ask(front.port, HOST).body == b"hello"
    assert wire.ask(front.port, HOST, "/reset/13").body == b"old"
    assert wire.ask(front.port, HOST).body == b"old"


def test_websocket_to_an_endpoint_with_tls_goes_over_http1(tmp_path, stopping):
    front, origin = https_site(tmp_path, stopping)
    for _ in range(3):
        assert wire.ask(front.port, HOST, "/", fields=UPGRADE).body == b"old"
        assert wire.ask(front.port, HOST).body == b"hello"
    assert not origin.requests["/reset/13"]


class HTTPSServer:
    """HTTP/1.1 over TLS."""

    def __init__(self, pair):
        import http.server
        import ssl

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.set_alpn_protocols(["http/1.1"])
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# MARK: Checks


def test_checks_speak_http2(tmp_path, stopping):
    origin = stopping(H2Origin())
    rules = f"""\
rules:
  - name: app
    host: app.test.priv
    to: 'h2c://pool'
pools:
  - name: pool
    endpoints: ['127.0.0.1:{origin.port}']
    health: {{ path: /healthz, interval: 200ms }}
"""
    front = stopping(Tier("front", str(tmp_path), rules))
    assert wire.ask(front.port, HOST).status == 200
    wait.until(lambda: origin.requests["/healthz"] > 3, what="checks")
    assert wire.ask(front.port, HOST).status == 200


# MARK: WebSocket


LOCAL = """\
rules:
  - name: app
    host: app.test.priv
    to: '%s'
trusted_proxies: [127.0.0.0/8]
"""


def converse(port, count=5, size=100_000):
    """Messages over WebSockets of a front tier."""

    async def run():
        clients = [await websockets.connect(f"ws://{HOST}/", host="127.0.0.1", port=port) for _ in range(count)]
        for number, client in enumerate(clients):
            await client.send(f"{number}" * size)
        for number, client in enumerate(clients):
            assert await asyncio.wait_for(client.recv(), 20) == f"{number}" * size
            await client.close()

    asyncio.run(asyncio.wait_for(run(), 60))


class Echo:
    """A container that returns what a WebSocket brings."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def echo(socket, *_):
            async for message in socket:
                await socket.send(message)

        async def serve():
            server = await websockets.serve(echo, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        def run():
            self.loop.run_until_complete(serve())
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(10)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.mark.parametrize("scheme", ["h2c", "https"])
def test_websocket_goes_over_http2_between_tiers(tmp_path, stopping, scheme):
    echo = stopping(Echo())
    pair = secure.certificate(tmp_path, "local", "local.test.priv")
    local = stopping(MultiplexedTier("local", tmp_path / "local", LOCAL % f"127.0.0.1:{echo.port}", pair))
    target = f"h2c://127.0.0.3:{local.clear_port}" if scheme == "h2c" else f"https://127.0.0.2:{local.secure_port}"
    front = stopping(tier(tmp_path / "front", target, "--loops", "1",
                          more=f"upstream_tls: {{ ca: '{pair[0]}', server_name: local.test.priv }}"))  # fmt: skip
    converse(front.port)
    local.signal()
    local.wait()
    # One connection has carried all of them.
    assert "connections=1 " in local.said()


def test_websocket_to_an_endpoint_that_has_it_in_http1_alone(tmp_path, stopping):
    front, _ = h2_site(tmp_path, stopping)
    response = wire.ask(front.port, HOST, "/", fields=UPGRADE)
    assert response.status == 502
    assert wait.until(front.records, what="a record")[-1]["cause"] == "upgrade_failed"
    assert wire.ask(front.port, HOST).status == 200


def test_websocket_where_the_endpoint_speaks_no_http2(tmp_path, stopping):
    echo = stopping(Echo())
    front = stopping(tier(tmp_path, f"h2c://127.0.0.1:{echo.port}"))
    start = time.monotonic()
    response = wire.ask(front.port, HOST, "/", fields=UPGRADE)
    assert response.status == 502 and time.monotonic() - start < 3
