"""HTTP/2 at the listeners: what clients and containers see."""

import asyncio
import json
import os
import signal
import socket
import threading

import pytest
import websockets

from harness import content, frames, wait, wire
from harness.frames import DataFrame, HeadersFrame, PingFrame, RstStreamFrame, WindowUpdateFrame
from harness.multiplexed import RULES, MultiplexedTier, Site
from harness.secure import NAME
from harness.stack import static
from harness.tier import Tier

MIB = 1 << 20


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For tests that break nothing."""
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("http2"), stopping)
    for one in reversed(started):
        one.stop()


@pytest.fixture(params=["clear", "secure"])
def client(shared, request):
    with shared.client(request.param) as client:
        yield client


def seen(stream):
    """What the echo of the origin received."""
    assert stream.status == 200, (stream.status, stream.body)
    said = json.loads(stream.body)
    said["fields"] = wire.Fields(map(tuple, said["fields"]))
    return said


class Listening:
    """A container of the test's own: a function serves each connection."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock):
        try:
            self.serve(sock, wire.Reader(sock))
        except (OSError, wire.Closed):
            pass
        finally:
            sock.close()

    def stop(self):
        self.listener.close()


# MARK: Messages


def test_a_request_reaches_the_container_as_http11(client):
    said = seen(client.ask("/echo?a=1", fields=[("x-one", "1"), ("accept", "*/*")]))
    assert (said["method"], said["target"], said["version"], said["framing"]) == ("GET", "/echo?a=1", "HTTP/1.1", "none")
    fields = said["fields"]
    assert fields.all("Host") == [NAME] and fields.get("X-One") == "1"
    assert fields.get("X-Forwarded-Proto") == client.scheme and fields.get("X-Forwarded-Host") == NAME
    assert fields.get("X-Forwarded-For") in ("127.0.0.1", client.sock.getsockname()[0])
    assert not [name for name, _ in fields if name.startswith(":") or name.lower() in ("transfer-encoding", "upgrade", "te")]


def test_responses_have_lower_case_names_and_no_fields_of_a_connection(client):
    stream = client.ask("/x/raw?Keep-Alive=timeout%3D5&X-One=1&Proxy-Connection=close&Connection=X-Two&X-Two=2&Upgrade=h2c")
    assert stream.status == 200 and stream.get("x-one") == "1" and stream.body == b"raw"
    names = [name for name, _ in stream.fields]
    assert names == [name.lower() for name in names]
    assert not {"connection", "keep-alive", "proxy-connection", "x-two", "upgrade", "transfer-encoding"} & set(names)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_other_methods(client, method):
    said = seen(client.ask("/echo", method, body=b"hello"))
    assert (said["method"], said["bytes"]) == (method, 5)


def test_head_and_statuses_without_a_body_end_with_their_head(client):
    stream = client.ask("/download?bytes=1000", "HEAD")
    assert stream.status == 200 and stream.body == b"" and stream.get("content-length") == "1000" and stream.pieces == 0
    for code in ("204", "304"):
        stream = client.ask(f"/status?code={code}")
        assert stream.status == int(code) and stream.body == b"" and stream.get("content-length") is None
        assert stream.pieces == 0 and stream.get("etag") == '"1"'
    assert client.ask("/status?code=404").status == 404


def test_a_body_with_and_without_a_length(client):
    body = os.urandom(100_000)
    said = seen(client.ask("/echo", "POST", fields=[("content-length", "100000")], body=body))
    assert (said["framing"], said["bytes"]) == ("length", 100_000)
    said = seen(client.ask("/echo", "POST", body=body))
    assert (said["framing"], said["bytes"]) == ("chunked", 100_000)
    # The end of the stream is in the head: no body, and for a method that has one a length of 0 or none.
    assert seen(client.ask("/echo", "POST"))["bytes"] == 0


def test_ten_mebibytes_up_and_down(client):
    size = 10 * MIB
    said = seen(client.ask("/echo", "POST", body=content.blocks(size)))
    assert (said["bytes"], said["sha256"]) == (size, content.checksum(size))
    for query in ("", "&chunked"):
        stream = client.ask(f"/download?bytes={size}{query}")
        assert len(stream.body) == size and stream.body == b"".join(content.blocks(size))


def test_a_hundred_streams_at_once(client, shared):
    gate = f"hundred-{client.scheme}"
    waiting = [client.request(f"/gate?id={gate}") for _ in range(100)]
    client.pump(lambda: all(stream.body == b"first" for stream in waiting), "the first half of each")
    # Others are served between them only if there is room: 100 is the least that a server should allow (RFC 9113, 6.5.2).
    shared.open(gate)
    client.finish(*waiting)
    assert {stream.body for stream in waiting} == {b"firstlater"}


def test_a_thousand_requests_on_one_connection(client):
    for first in range(0, 1000, 50):
        streams = [client.request("/i", fields=[("x-number", str(first + n))]) for n in range(50)]
        client.finish(*streams)
        assert {(one.status, one.body) for one in streams} == {(200, b"app")}
    assert client.goaways == []


def test_trailers_of_a_request(client):
    said = seen(client.ask("/echo", "POST", fields=[("te", "trailers"), ("trailer", "x-sum")], body=b"hello", trailers=[("x-sum", "42")]))
    assert (said["framing"], said["bytes"]) == ("chunked", 5)
    assert ["x-sum", "42"] in [[name.lower(), value] for name, value in said["trailers"]]
    # With a length the container cannot have trailers: the body is whole all the same.
    said = seen(client.ask("/echo", "POST", fields=[("content-length", "5")], body=b"hello", trailers=[("x-sum", "42")]))
    assert said["bytes"] == 5


def test_trailers_of_a_response(client):
    stream = client.ask("/trailers", fields=[("te", "trailers")])
    assert stream.body == b"hello world" and stream.trailers == [("x-checksum", "42")]


def test_early_hints_and_their_response(client):
    stream = client.ask("/hints")
    assert [(code, fields.get("link")) for code, fields in stream.interim] == [(103, "</style.css>; rel=preload")]
    assert (stream.status, stream.body) == (200, b"after the hints")


def test_a_client_that_waits_for_100_gets_it_from_the_container(client):
    stream = client.request("/echo", "POST", fields=[("expect", "100-continue"), ("content-length", "5")], end=False)
    client.pump(lambda: stream.interim or stream.over, "100")
    assert [code for code, _ in stream.interim] == [100]
    client.send_body(stream.number, b"hello")
    assert seen(client.finish(stream))["bytes"] == 5
    stream = client.request("/refuse-body", "POST", fields=[("expect", "100-continue"), ("content-length", "5")], end=False)
    client.pump(lambda: stream.status, "the refusal")
    assert stream.status == 417 and stream.interim == []
    assert client.ask("/i").status == 200


def test_crumbs_of_a_cookie_are_one_field(client):
    said = seen(client.ask("/echo", fields=[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3; d=4")]))
    assert said["fields"].all("Cookie") == ["a=1; b=2; c=3; d=4"]


def test_a_response_without_a_length_ends_with_its_stream(client):
    for path, body in (("/until-close", b"until the end"), ("/http10", b"an old answer")):
        stream = client.ask(path)
        assert (stream.status, stream.body, stream.get("content-length")) == (200, body, None)
    assert client.ask("/i").status == 200


def test_an_early_response_is_whole(client):
    for path, status in (("/early", 413), ("/early-kept", 403)):
        stream = client.request(path, "POST", body=b"x" * 1000, end=False)
        client.pump(lambda stream=stream: stream.ended or stream.reset is not None, "the early response")
        # RFC 9113, 8.1: a server may ask for no more of the body, with NO_ERROR and after the whole response.
        assert stream.ended and (stream.status, stream.reset) in [(status, None), (status, 0)]
        client.send(RstStreamFrame(stream.number, error_code=frames.CANCEL))
        assert client.ask("/i").body == b"app"


def test_an_upload_after_an_early_response_is_stopped(client):
    for more in (b"x", b""):
        stream = client.request("/early-kept", "POST", body=b"x", end=False)
        client.pump(lambda stream=stream: stream.ended, "the early response")
        if more:
            client.send_body(stream.number, more, end=False)
        # Also where nothing more comes.
        client.pump(lambda stream=stream: stream.reset is not None, "the reset")
        assert stream.reset == frames.NO_ERROR
    assert client.ask("/i").body == b"app" and client.goaways == []


@pytest.mark.parametrize("kind", ["clear", "secure"])
def test_what_breaks_the_rules_after_an_early_response_is_an_error(shared, kind):
    # A padding that is longer than the frame (RFC 9113, 6.1).
    codes = []
    for _ in range(5):
        with shared.client(kind) as client:
            stream = client.request("/early-kept", "POST", body=b"x", end=False)
            client.pump(lambda stream=stream: stream.ended, "the early response")
            client.send(b"\0\0\x02\0\x08" + stream.number.to_bytes(4) + b"\x09x")
            client.pump(lambda stream=stream: client.goaways or stream.reset is not None, "the error")
            codes += [code for _, code, _ in client.goaways]
        if frames.PROTOCOL_ERROR in codes:
            break
    # Seldom the stream is reset before: a tick of the tier does that.
    assert frames.PROTOCOL_ERROR in codes


# MARK: Failures


def test_a_response_that_breaks_off_is_reset_and_not_ended(client):
    stream = client.request("/short")
    client.pump(lambda: stream.over, "the reset")
    assert stream.reset in (frames.INTERNAL_ERROR, frames.CANCEL) and not stream.ended and stream.body in (b"so far", b"")
    for path in ("/garbage", "/two-lengths", "/reset", "/silent-close"):
        stream = client.ask(path)
        assert stream.status == 502 and stream.error and stream.get("connection") is None
    assert client.ask("/i").status == 200 and client.goaways == []


def test_an_unknown_host_gets_the_usual_response(client):
    stream = client.ask("/", authority="www.example")
    assert stream.status == 404 or stream.status == 421
    assert client.ask("/i").status == 200


def test_a_client_that_resets_its_stream_cancels_the_request(tmp_path, stopping):
    closed, begun = threading.Event(), threading.Event()

    def hold(sock, reader):
        assert reader.head()
        begun.set()
        assert sock.recv(1) == b""
        closed.set()

    site = Site(tmp_path, stopping, address=stopping(Listening(hold)).address)
    with site.client() as client:
        stream = client.request("/held")
        assert begun.wait(10)
        client.send(RstStreamFrame(stream.number, error_code=frames.CANCEL))
        assert closed.wait(10), "the container's connection stays open"
        wait.until(lambda: [one for one in site.tier.records() if one["uri"] == "/held"], what="the record")
        (record,) = [one for one in site.tier.records() if one["uri"] == "/held"]
        assert record["status"] == 499
        # The connection goes on.
        client.send(PingFrame(0, opaque_data=b"12345678"))
        client.pump(lambda: client.pongs, "PING")


def test_a_client_that_leaves_cancels_all_its_requests(tmp_path, stopping):
    lock, open_ones, most = threading.Lock(), set(), []

    def hold(sock, reader):
        assert reader.head()
        with lock:
            open_ones.add(sock)
            most.append(len(open_ones))
        sock.recv(1)
        with lock:
            open_ones.discard(sock)

    site = Site(tmp_path, stopping, address=stopping(Listening(hold)).address)
    with site.client() as client:
        for _ in range(50):
            client.request("/held")
        wait.until(lambda: len(most) == 50, what="50 requests")
    wait.until(lambda: not open_ones, what="the end of all")


def test_a_body_that_is_cut_off_does_not_look_whole(tmp_path, stopping):
    begun, results = [], []

    def read(sock, reader):
        assert reader.head()
        begun.append(sock)
        try:
            while size := int(reader.line(), 16):
                reader.exactly(size + 2)
            results.append("whole")
        except (wire.Closed, OSError, ValueError):
            results.append("cut off")

    site = Site(tmp_path, stopping, address=stopping(Listening(read)).address)
    with site.client() as client:
        stream = client.request("/up", "POST", body=b"x" * 1000, end=False)
        # Reset at once, it would not be sent on at all.
        wait.until(lambda: begun, what="the request")
        client.send(RstStreamFrame(stream.number, error_code=frames.CANCEL))
        wait.until(lambda: results, what="the end of the body")
        client.request("/up", "POST", body=b"x" * 1000, end=False)
        client.drain()
        wait.until(lambda: len(begun) == 2, what="the second request")
    wait.until(lambda: len(results) == 2, what="the end of the second body")
    assert results == ["cut off", "cut off"]


# MARK: Connections


def test_ping_is_returned(client):
    for data in (b"12345678", b"\0" * 8):
        client.send(PingFrame(0, opaque_data=data))
    client.pump(lambda: len(client.pongs) == 2, "PING")
    assert client.pongs == [b"12345678", b"\0" * 8]


def test_the_settings_that_a_client_may_rely_on(client):
    client.pump(lambda: client.settled and client.peer, "SETTINGS")
    Settings = frames.SettingsFrame
    assert client.peer.get(Settings.MAX_CONCURRENT_STREAMS, 0) >= 100
    assert client.peer.get(Settings.ENABLE_PUSH, 0) == 0
    assert client.peer.get(frames.CONNECT_PROTOCOL) == 1
    assert client.peer.get(Settings.MAX_HEADER_LIST_SIZE, 0) >= 16384
    assert client.peer.get(Settings.MAX_FRAME_SIZE, 16384) <= 1 << 20


def test_padding_and_priorities_change_nothing(client):
    number = client.open()
    block = client.encoder.encode([*client.pseudo("/echo", "POST"), ("x-one", "1")])
    client.send(
        HeadersFrame(number, data=block, flags=["END_HEADERS", "PADDED", "PRIORITY"], pad_length=200, depends_on=0, stream_weight=99),
        frames.frames.PriorityFrame(number, depends_on=0, stream_weight=3),
        DataFrame(number, data=b"hello", flags=["PADDED"], pad_length=255),
        DataFrame(number, data=b"", flags=["PADDED"], pad_length=255),
        # A frame of a kind that nobody knows, and PRIORITY_UPDATE (RFC 9218).
        frames.raw(0xBE, 0xFF, number, b"unknown"),
        frames.raw(0x10, 0, 0, number.to_bytes(4, "big") + b"u=1"),
        DataFrame(number, data=b" world", flags=["PADDED", "END_STREAM"], pad_length=0),
    )
    said = seen(client.finish(client.streams[number]))
    assert said["bytes"] == 11 and said["fields"].get("x-one") == "1"
    # Padding counts for the windows: much of it must not use them up.
    for _ in range(300):
        number = client.open()
        client.send(*client.head(number, client.pseudo("/i", "POST"), end=False))
        client.send(DataFrame(number, data=b"", flags=["PADDED", "END_STREAM"], pad_length=255))
        client.window -= 256
        assert client.finish(client.streams[number]).body == b"app"
    client.drain()
    assert client.window > 0, "padding is not granted again"


def test_a_client_without_a_dynamic_table(shared):
    with shared.client(settings=frames.settings(header_table_size=0)) as client:
        client.decoder.max_allowed_table_size = 0
        for _ in range(20):
            assert client.ask("/i").body == b"app"


def test_windows_of_one_byte_and_ones_that_open_later(shared):
    with shared.client(settings=frames.settings(initial_window_size=1)) as client:
        stream = client.ask("/download?bytes=300")
        assert len(stream.body) == 300 and stream.pieces >= 300
    with shared.client(settings=frames.settings(initial_window_size=0)) as client:
        streams = [client.request("/download?bytes=30000") for _ in range(5)]
        client.pump(lambda: all(one.status for one in streams), "the heads")
        client.drain()
        assert all(one.body == b"" for one in streams)
        # SETTINGS change the windows of streams that are open (RFC 9113, 6.9.2).
        client.send(frames.SettingsFrame(0, settings=frames.settings(initial_window_size=20000)))
        client.pump(lambda: all(len(one.body) >= 20000 for one in streams), "the first bytes")
        client.finish(*streams)
        assert all(len(one.body) == 30000 for one in streams)


def test_a_stream_that_is_not_read_holds_up_no_other(shared):
    with shared.client(credit=False, settings=frames.settings(initial_window_size=65535)) as client:
        client.send(WindowUpdateFrame(0, window_increment=1 << 30))
        stalled = [client.request(f"/download?bytes={10 * MIB}") for _ in range(10)]
        client.pump(lambda: all(len(one.body) == 65535 for one in stalled), "the windows to fill")
        for _ in range(50):
            assert client.ask("/i").body == b"app"
        assert all(len(one.body) == 65535 for one in stalled)
        for one in stalled:
            client.grant(one.number, 20 * MIB)
        client.finish(*stalled)
        assert all(len(one.body) == 10 * MIB for one in stalled)


def test_a_container_that_does_not_read_holds_up_one_stream(shared):
    with shared.client() as client:
        client.drain()
        stream = client.request("/deaf?id=deaf", "POST", end=False)
        sent = 0
        while True:
            try:
                client.pump(lambda: min(client.window, stream.window) >= 16384 or stream.over, "the window", seconds=2)
            except AssertionError:
                break
            size = 16384
            client.send(DataFrame(stream.number, data=b"x" * size))
            client.window, stream.window, sent = client.window - size, stream.window - size, sent + size
            assert sent < 64 * MIB, "nothing stops the upload"
        assert client.window > 0, "the stream has used up the window of the connection"
        for _ in range(20):
            assert seen(client.ask("/echo", "POST", body=b"hello"))["bytes"] == 5
        shared.open("deaf")
        client.send(RstStreamFrame(stream.number, error_code=frames.CANCEL))


def test_an_idle_connection_is_ended_with_goaway(tmp_path, stopping):
    site = Site(tmp_path, stopping, more="timeouts: { keep_alive: 1s }\n")
    with site.client() as client:
        assert client.ask("/i").status == 200
        codes = client.end(10)
        assert codes and set(codes) == {frames.NO_ERROR} and client.goaways[-1][0] == 1


def test_a_tier_that_ends_announces_it_and_finishes_what_runs(tmp_path, stopping):
    site = Site(tmp_path, stopping)
    with site.client("secure") as client:
        slow = client.request("/gate?id=drain")
        upload = client.request("/echo", "POST", body=b"x" * 1000, end=False)
        client.pump(lambda: slow.body, "the first half")
        site.tier.signal(signal.SIGTERM)
        client.pump(lambda: client.goaways, "GOAWAY")
        # First a warning: no stream that is under way is cut (RFC 9113, 6.8).
        assert client.goaways[0][:2] == (frames.LARGEST, frames.NO_ERROR)
        late = client.request("/i")
        client.pump(lambda: len(client.goaways) > 1, "the second GOAWAY")
        last, code, _ = client.goaways[-1]
        assert code == frames.NO_ERROR and last >= upload.number
        if late.number <= last:
            client.finish(late)
            assert late.body == b"app"
        client.send_body(upload.number, b"y" * 1000)
        assert seen(client.finish(upload))["bytes"] == 2000
        site.open("drain")
        assert client.finish(slow).body == b"firstlater"
        client.end(10)
    assert site.tier.wait() == 0


def test_an_idle_connection_does_not_hold_up_the_end(tmp_path, stopping):
    site = Site(tmp_path, stopping)
    with site.client() as client:
        assert client.ask("/i").status == 200
        site.tier.signal(signal.SIGTERM)
        codes = client.end(10)
        assert codes and set(codes) == {frames.NO_ERROR}
    assert site.tier.wait(10) == 0


# MARK: ALPN


def test_alpn_chooses(shared):
    for offered, chosen in ((("h2", "http/1.1"), "h2"), (("http/1.1", "h2"), "h2"), (("http/1.1",), "http/1.1"), ((), None)):
        with shared.plain(protocols=offered) as client:
            assert client.sock.selected_alpn_protocol() == chosen, offered
            if chosen != "h2":
                assert client.ask(NAME, "/i").body == b"app"


def test_http2_can_be_off(tmp_path, stopping):
    site = Site(tmp_path, stopping, tls=", http2: false")
    with site.plain(protocols=("h2", "http/1.1")) as client:
        assert client.sock.selected_alpn_protocol() == "http/1.1"
        assert client.ask(NAME, "/i").body == b"app"


# MARK: The access log, and two tiers


def test_the_access_log_has_the_protocol_and_the_bytes(client, shared):
    path = f"/echo?log={client.scheme}"
    stream = client.ask(path, "POST", body=b"x" * 1234)
    wait.until(lambda: [one for one in shared.tier.records() if one["uri"] == path], what="the record")
    (record,) = [one for one in shared.tier.records() if one["uri"] == path]
    assert (record["protocol"], record["status"], record["method"], record["host"]) == ("HTTP/2.0", 200, "POST", NAME)
    assert (record["bytes_in"], record["bytes_out"]) == (1234, len(stream.body))


def test_through_two_tiers(tmp_path, stopping):
    local = Site(tmp_path, stopping, more="trusted_proxies: [127.0.0.0/8]\n", verb="local")
    rules = RULES + "names:\n  - static:\n" + static({"app": f"127.0.0.1:{local.tier.port}"}) + "\n"
    front = stopping(MultiplexedTier("front", tmp_path / "front", rules, local.certificate))
    for kind in ("clear", "secure"):
        with front.client(kind) as client:
            said = seen(client.ask("/echo", "POST", body=b"x" * 100_000, trailers=[("x-sum", "1")]))
            assert said["bytes"] == 100_000 and said["fields"].get("X-Forwarded-Proto") == client.scheme
            assert ["x-sum", "1"] in [[name.lower(), value] for name, value in said["trailers"]]
            stream = client.ask("/trailers")
            assert stream.body == b"hello world" and stream.trailers == [("x-checksum", "42")]


# MARK: WebSocket (RFC 8441)


class Echoes:
    """A real server of WebSockets: says hello, then echoes; notes the code of each end."""

    def __init__(self):
        self.codes = []
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(websockets.serve(self._serve, "127.0.0.1", 0, max_size=None))
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    async def _serve(self, socket, path):
        await socket.send(f"hello {path}")
        try:
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosed:
            pass
        self.codes.append(socket.close_code)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


def websocket_frame(payload, opcode=1):
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xff" + size.to_bytes(8, "big")
    # The mask is 0: the payload as it is.
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload


def extended(client, path="/chat", protocol="websocket"):
    number = client.open()
    fields = [
        (":method", "CONNECT"), (":protocol", protocol), (":scheme", client.scheme), (":path", path), (":authority", client.name),
        ("sec-websocket-version", "13"), ("origin", f"{client.scheme}://{client.name}"),
    ]  # fmt: skip
    client.send(*client.head(number, fields, end=False))
    return client.streams[number]


def upload(client, stream, data):
    client.send_body(stream.number, data, end=False)


@pytest.mark.parametrize("kind", ["clear", "secure"])
def test_websockets_over_streams(tmp_path, stopping, kind):
    echoes = stopping(Echoes())
    site = Site(tmp_path, stopping, address=echoes.address)
    with site.client(kind) as client:
        client.pump(lambda: client.peer, "SETTINGS")
        sockets = [extended(client, f"/chat/{n}") for n in range(10)]
        for n, stream in enumerate(sockets):
            hello = f"hello /chat/{n}".encode()
            client.pump(lambda: len(stream.body) >= len(hello) + 2, "the greeting")
            assert stream.status == 200 and stream.body == bytes([0x81, len(hello)]) + hello
            assert stream.get("sec-websocket-accept") is None and stream.get("upgrade") is None and stream.get("connection") is None
            stream.taken()
        for stream in sockets:
            upload(client, stream, websocket_frame(b"ping"))
        for stream in sockets:
            client.pump(lambda: len(stream.body) >= 6, "the echo")
            assert stream.body == b"\x81\x04ping"
            stream.taken()
        first = sockets[0]
        large = os.urandom(3 * MIB)
        upload(client, first, websocket_frame(large, opcode=2))
        client.pump(lambda: len(first.body) >= len(large) + 10, "the large echo")
        assert first.body[10:] == large
        # The close of RFC 6455, then the end of the stream.
        upload(client, first, websocket_frame(b"\x03\xe8", opcode=8))
        client.send(DataFrame(first.number, flags=["END_STREAM"]))
        client.finish(first)
        assert first.body.endswith(b"\x88\x02\x03\xe8")
        wait.until(lambda: echoes.codes == [1000], what="the container to see the close")
        # Without a close: the container sees an end that is not clean.
        client.send(RstStreamFrame(sockets[1].number, error_code=frames.CANCEL))
        wait.until(lambda: echoes.codes == [1000, 1006], what="the container to see the reset")
    wait.until(lambda: len(echoes.codes) == 10, what="the end of all")


def test_a_container_without_websockets_refuses_in_its_own_words(client):
    client.pump(lambda: client.peer, "SETTINGS")
    stream = extended(client, "/status?code=403")
    client.pump(lambda: stream.status, "the response")
    assert stream.status == 403
    stream = extended(client, "/i", protocol="chat")
    client.pump(lambda: stream.status or stream.over, "the response")
    assert stream.reset == frames.PROTOCOL_ERROR or 400 <= stream.status < 600
    assert client.ask("/i").status == 200


def test_connect_without_a_protocol_is_refused(client):
    number = client.open()
    client.send(*client.head(number, [(":method", "CONNECT"), (":authority", f"{NAME}:443")], end=False))
    stream = client.streams[number]
    client.pump(lambda: stream.status or stream.over, "the refusal")
    assert stream.reset is not None or stream.status in (400, 405, 501)
    assert client.ask("/i").status == 200


# MARK: First bytes

OTHERS = [
    b"GET /\r\n\r\n", b"GET / HTTP/1.1\nHost: h\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("first", OTHERS)
def test_what_is_neither_version_of_http_is_refused_in_words(shared, first):
    with socket.create_connection(("127.0.0.3", shared.tier.clear_port), timeout=10) as sock:
        sock.sendall(first)
        assert sock.recv(100).startswith(b"HTTP/1.1 400")
    with shared.plain() as client:
        client.sock.sendall(first)
        assert client.sock.recv(100).startswith(b"HTTP/1.1 400")


def test_a_wrong_preface_is_refused_in_frames(shared):
    with socket.create_connection(("127.0.0.3", shared.tier.clear_port), timeout=10) as sock:
        sock.sendall(b"INVALID CONNECTION PREFACE\r\n\r\n")
        said = b"".join(wire.Reader(sock).rest())
    goaway = frames.GoAwayFrame(0, last_stream_id=0, error_code=frames.PROTOCOL_ERROR).serialize()
    assert said == frames.SettingsFrame(0).serialize() + goaway
    with shared.plain() as client:
        client.sock.sendall(b"INVALID CONNECTION PREFACE\r\n\r\n")
        assert client.sock.recv(100).startswith(b"HTTP/1.1 400")


def test_a_listener_without_http2_names_the_preface(tmp_path, stopping):
    origins_rules = RULES + "names:\n  - static: { app: '127.0.0.1:1' }\n"
    tier = stopping(Tier("front", str(tmp_path), origins_rules))
    with socket.create_connection(("127.0.0.1", tier.port), timeout=10) as sock:
        sock.sendall(frames.PREFACE + frames.SettingsFrame(0).serialize())
        assert sock.recv(100).startswith(b"HTTP/1.1 400")
