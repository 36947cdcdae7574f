"""HTTP/2 with bad intent: each connection is ended or held, the tier does not grow, and others are served all the while."""

import os
import random as chance
import select
import socket
import time

import pytest

from harness import abuse, frames, wait
from harness.abuse import FLOODS, MADE_RESETS, begin, headers, pieces, request_block
from harness.bystander import Bystander
from harness.frames import (
    ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, LARGEST, PREFACE, PROTOCOL_ERROR, STREAM_CLOSED,
    COMPRESSION_ERROR, CANCEL, DataFrame, PingFrame, SettingsFrame, WindowUpdateFrame, raw,
)  # fmt: skip
from harness.multiplexed import Site

COUNT = int(os.environ.get("BERTH_E2E_FRAMES", "100000"))
MIB = 1 << 20
TIMEOUTS = "timeouts: { client_header: 1s, downstream: 2s }\n"
# Floods take the processors, and what they leave is measured.
pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For all floods: what one leaves behind, the next would show."""
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("abuse"), stopping)
    for one in reversed(started):
        one.stop()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """Its clients have a second for a head, and two for what follows."""
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("impatient"), stopping, more=TIMEOUTS)
    for one in reversed(started):
        one.stop()


def ended_for(client, *codes):
    """The tier has said why it ends the connection."""
    client.end(10)
    assert client.goaways, "the connection ended without GOAWAY"
    assert client.goaways[-1][1] in codes, f"GOAWAY {client.goaways}"


# MARK: Floods


def test_rapid_reset(shared):
    """CVE-2023-44487."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        block = request_block(client)
        before = shared.origins.counts("app")["requests"]
        reset = CANCEL.to_bytes(4, "big")
        all_sent = client.flood(pieces(lambda n: headers(2 * n + 1, block) + raw(3, 0, 2 * n + 1, reset), COUNT, 50))
        assert not all_sent, "a hundred thousand resets are no reason to end"
        ended_for(client, ENHANCE_YOUR_CALM)
        seen = shared.origins.counts("app")["requests"] - before
        print(f"the container received {seen} requests")
        assert seen < 5000


@pytest.mark.parametrize("made", MADE_RESETS)
def test_resets_that_the_server_is_made_to_send(shared, made):
    """CVE-2025-8671, MadeYouReset."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        block = request_block(client)
        before = shared.origins.counts("app")["requests"]
        all_sent = client.flood(pieces(lambda n: made(2 * n + 1, block), COUNT, 50))
        assert not all_sent, "a hundred thousand resets are no reason to end"
        # Where the mistake may be one of the connection (RFC 9113, 5.4), the first ends it.
        ended_for(client, ENHANCE_YOUR_CALM, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR)
        assert shared.origins.counts("app")["requests"] - before < 5000


def test_requests_that_are_malformed_without_end(shared):
    with Bystander(shared), shared.client() as client:
        begin(client)
        bad = frames.hpack.Encoder()
        bad.header_table_size = 0
        block = bad.encode([*client.pseudo(), ("Upper", "case")])
        assert not client.flood(pieces(lambda n: headers(2 * n + 1, block), COUNT, 50))
        ended_for(client, ENHANCE_YOUR_CALM, PROTOCOL_ERROR)


def test_bodies_longer_than_they_said_without_end(shared):
    with Bystander(shared), shared.client() as client:
        begin(client)
        encoder = frames.hpack.Encoder()
        encoder.header_table_size = 0
        block = encoder.encode([*client.pseudo("/hang", "POST"), ("content-length", "1")])
        before = shared.origins.counts("app")["requests"]
        assert not client.flood(pieces(lambda n: headers(2 * n + 1, block, end=False) + raw(0, 0, 2 * n + 1, b"too long"), COUNT, 50))
        ended_for(client, ENHANCE_YOUR_CALM, PROTOCOL_ERROR)
        assert shared.origins.counts("app")["requests"] - before < 5000


# What costs no more than reading it may go on: nothing is sent in return, and nothing is kept.
MAY_GO_ON = {"ping_ack", "unknown_frames", "unknown_frames_of_a_stream", "goaway", "settings_ack"}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_of_control_frames(shared, name):
    with Bystander(shared), shared.client() as client:
        begin(client)
        all_sent = client.flood(pieces(FLOODS[name], 5 * COUNT, 500))
        if name == "goaway" or name in MAY_GO_ON and not client.ended:
            return
        assert not all_sent, "half a million frames are no reason to end"
        # A client that announces its own end is believed.
        ended_for(client, *((frames.NO_ERROR,) if name == "goaway" else ()), ENHANCE_YOUR_CALM, PROTOCOL_ERROR)


@pytest.mark.parametrize("name", ["settings", "ping"])
def test_floods_whose_replies_are_not_read(shared, name):
    """What the replies wait in is bounded: the tier stops reading, or ends the connection."""
    with Bystander(shared), shared.client(receive_buffer=4096) as client:
        # What is sent after the end may be read and thrown away for a while.
        if client.flood(pieces(FLOODS[name], 50 * COUNT, 500), reads=False):
            ended_for(client, ENHANCE_YOUR_CALM)


def test_windows_that_open_by_one(shared):
    """CVE-2019-9511: a response in DATA frames of one byte."""
    with Bystander(shared), shared.client(settings=frames.settings(initial_window_size=0), credit=False) as client:
        begin(client)
        stream = client.request(f"/download?bytes={COUNT}")
        client.pump(lambda: stream.status, "the head")
        client.flood(pieces(raw(8, 0, stream.number, b"\0\0\0\1"), COUNT, 500))
        client.pump(lambda: client.ended or stream.body, "a part of the body")


def test_empty_data_without_end(shared):
    """CVE-2019-9518."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        number = client.open()
        client.send(*client.head(number, client.pseudo("/echo", "POST"), end=False))
        assert not client.flood(pieces(raw(0, 0, number), 5 * COUNT, 500)), "half a million empty frames are no reason to end"
        ended_for(client, ENHANCE_YOUR_CALM)


def test_data_of_nothing_but_padding(shared):
    """As before, but the windows bound it: those of a client that is granted nothing for padding end."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        number = client.open()
        client.send(*client.head(number, client.pseudo("/echo", "POST"), end=False))
        client.flood(pieces(raw(0, 0x08, number, b"\xff" + bytes(255)), COUNT, 20), seconds=10)


@pytest.mark.parametrize("size", [0, 1, 16384])
def test_continuation_without_end(shared, size):
    """CVE-2024-24549 and others."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        number = client.open()
        client.send(raw(1, 0x01, number, client.encoder.encode(client.pseudo())))
        # Literals of a name and a value without indexing, of the whole size of a frame.
        piece = b"" if size == 0 else b"\x00" if size == 1 else b"\x00\x01a\x7f\xfa\x7e" + b"v" * (size - 6)
        frame = raw(9, 0, number, piece)
        assert not client.flood(pieces(frame, 5 * COUNT if size < 2 else COUNT // 20, 100 if size < 2 else 1))
        ended_for(client, ENHANCE_YOUR_CALM, PROTOCOL_ERROR, COMPRESSION_ERROR)


def test_references_to_one_large_field(shared):
    """An HPACK bomb: 4 KB in the table, then 16,000 references of a byte each, on many streams that are not read."""
    with Bystander(shared), shared.client(settings=frames.settings(initial_window_size=0)) as client:
        begin(client)
        encoder = client.encoder
        first = client.request("/i", fields=[("x-large", "v" * 3900)])
        client.pump(lambda: first.status or first.over, "the first response")
        # The last field that was added to the table has the index 62.
        block = encoder.encode(client.pseudo("/i")) + b"\xbe" * 15000

        def bomb(n):
            return headers(first.number + 2 + 2 * n, block)

        client.flood(pieces(bomb, 2000, 10))
        heads = [one for one in client.streams.values() if one.status == 200]
        assert heads in ([], [first])
    with shared.client() as client:
        begin(client)
        client.ask("/i", fields=[("x-large", "v" * 3900)])
        stream = client.streams[client.open()]
        client.send(headers(stream.number, client.encoder.encode(client.pseudo("/i")) + b"\xbe" * 15000))
        # It is too large: the client learns that from a status or a code.
        client.pump(lambda: stream.status or stream.over or client.goaways, "the refusal")
        assert stream.status == 431 or stream.reset is not None or client.goaways


def test_table_sizes_that_change_without_end(shared):
    with Bystander(shared), shared.client() as client:
        begin(client)
        number = client.open()
        # Updates of the table's size (RFC 7541, 6.3): only at the beginning of a block, and at most two.
        client.send(headers(number, (b"\x20" + b"\x3f\xe1\x1f") * 4000 + client.encoder.encode(client.pseudo("/i"))))
        stream = client.streams[number]
        client.pump(lambda: stream.over or client.goaways or client.ended, "an end")


# MARK: Limits


@pytest.mark.parametrize(
    "fields, status",
    [
        ([(f"x-{n}", "v" * 1000) for n in range(60)], 431),
        ([("x-large", "v" * 60_000)], 431),
        ([(f"x-{n}", "") for n in range(150)], 431),
        ([("cookie", "a=1")] * 150, 431),
    ],
    ids=["many", "one", "small", "crumbs"],
)
def test_heads_that_are_too_large(shared, fields, status):
    with shared.client() as client:
        begin(client)
        held = client.request("/gate?id=large")
        stream = client.request("/i", fields=fields)
        client.pump(lambda: stream.status or stream.over, "the refusal")
        assert stream.status == status or stream.reset is not None
        # The table of both sides is still the same.
        for _ in range(5):
            assert client.ask("/i", fields=[one for one in fields[:3] if len(one[1]) < 2000]).body == b"app"
        shared.open("large")
        assert client.finish(held).body == b"firstlater"


def test_a_target_that_is_too_long(shared):
    with shared.client() as client:
        stream = client.request("/" + "x" * 9000)
        client.pump(lambda: stream.status or stream.over, "the refusal")
        assert stream.status == 414
        assert client.ask("/i").body == b"app"


def test_more_streams_than_allowed_end_the_connection(shared):
    """RFC 9113 §5.1.2: a client that has acknowledged the limit breaks the protocol."""
    with Bystander(shared), shared.client() as client:
        begin(client)
        most = client.peer[SettingsFrame.MAX_CONCURRENT_STREAMS]
        assert 100 <= most <= 1000
        held = [client.request("/gate?id=most") for _ in range(most)]
        client.pump(lambda: all(one.body for one in held), "all that are allowed")
        client.request("/i")
        ended_for(client, PROTOCOL_ERROR)
        shared.open("most")


def test_more_streams_than_allowed_without_end(shared):
    with Bystander(shared), shared.client() as client:
        begin(client)
        block = request_block(client)
        before = shared.origins.counts("app")["requests"]
        assert not client.flood(pieces(lambda n: headers(2 * n + 1, block), COUNT, 50))
        ended_for(client, ENHANCE_YOUR_CALM, PROTOCOL_ERROR)
        assert shared.origins.counts("app")["requests"] - before <= client.peer[SettingsFrame.MAX_CONCURRENT_STREAMS] + 50


def test_responses_that_nobody_reads(shared):
    """Streams without a window: each holds a bounded part of its response."""
    with Bystander(shared):
        clients = []
        try:
            for _ in range(5):
                client = shared.client(settings=frames.settings(initial_window_size=0))
                clients.append(client)
                begin(client)
                streams = [client.request(f"/download?bytes={20 * MIB}") for _ in range(100)]
                client.pump(lambda: all(one.status for one in streams), "the heads")
                assert all(one.body == b"" for one in streams)
        finally:
            for client in clients:
                client.close()


def test_responses_that_nobody_reads_end_after_their_time(impatient):
    with Bystander(impatient), impatient.client(settings=frames.settings(initial_window_size=0), credit=False) as client:
        begin(client)
        streams = [client.request(f"/download?bytes={20 * MIB}") for _ in range(50)]
        client.pump(lambda: client.ended or all(one.over for one in streams), "the end of all", seconds=15)
        assert client.ended or all(one.reset is not None for one in streams)


def test_connections_that_nobody_reads(shared):
    """The windows are open, the sockets are not read."""
    with Bystander(shared):
        clients = []
        try:
            for _ in range(20):
                client = shared.client(settings=frames.settings(initial_window_size=LARGEST), receive_buffer=4096)
                clients.append(client)
                client.send(WindowUpdateFrame(0, window_increment=LARGEST - 65535))
                for _ in range(50):
                    client.request(f"/download?bytes={20 * MIB}")
            wait.until(lambda: shared.origins.counts("app")["requests"] >= 1000, what="the requests")
        finally:
            for client in clients:
                client.close()


def test_idle_connections_are_cheap(shared):
    """A thousand, of which each has had a response."""
    with Bystander(shared, growth=48):
        clients = []
        try:
            for _ in range(1000):
                clients.append(shared.client())
                clients[-1].ask("/i")
        finally:
            for client in clients:
                client.close()


def test_uploads_that_stall_at_the_container(shared):
    """All windows are used up: what the tier holds is bounded."""
    with Bystander(shared):
        clients = []
        try:
            for n in range(5):
                client = shared.client()
                clients.append(client)
                begin(client)
                client.drain()
                streams = [client.request("/deaf?id=uploads", "POST", end=False) for _ in range(100)]
                for stream in streams:
                    while (size := min(client.window, stream.window, 16384)) > 0:
                        client.window, stream.window = client.window - size, stream.window - size
                        client.send(DataFrame(stream.number, data=bytes(size)))
                        client.drain()
                assert not client.ended, client.goaways
        finally:
            for client in clients:
                client.close()
            shared.open("uploads")


# MARK: Frames that end a connection


def open_request(client, method="POST"):
    number = client.open()
    client.send(*client.head(number, client.pseudo("/echo", method), end=method == "GET"))
    return number


MISTAKES = {
    "data_on_the_connection": (lambda c: c.send(raw(0, 0, 0, b"x")), PROTOCOL_ERROR),
    "data_on_an_idle_stream": (lambda c: c.send(raw(0, 0, 99, b"x")), PROTOCOL_ERROR),
    "reset_of_an_idle_stream": (lambda c: c.send(raw(3, 0, 99, bytes(4))), PROTOCOL_ERROR),
    "window_of_an_idle_stream": (lambda c: c.send(raw(8, 0, 99, b"\0\0\0\1")), PROTOCOL_ERROR),
    "head_on_the_connection": (lambda c: c.send(headers(0, request_block(c))), PROTOCOL_ERROR),
    "a_stream_of_the_servers": (lambda c: c.send(headers(2, request_block(c))), PROTOCOL_ERROR),
    "continuation_of_nothing": (lambda c: c.send(raw(9, 4, 1, b"")), PROTOCOL_ERROR),
    "a_frame_within_a_head": (lambda c: c.send(raw(1, 0, 1, request_block(c)), raw(6, 0, 0, bytes(8))), PROTOCOL_ERROR),
    "continuation_of_another": (lambda c: c.send(raw(1, 0, 1, request_block(c)), raw(9, 4, 3, b"")), PROTOCOL_ERROR),
    "push": (lambda c: c.send(raw(5, 4, 1, b"\0\0\0\2")), PROTOCOL_ERROR),
    "settings_of_a_stream": (lambda c: c.send(raw(4, 0, 1, b"")), PROTOCOL_ERROR),
    "settings_of_a_wrong_size": (lambda c: c.send(raw(4, 0, 0, bytes(5))), FRAME_SIZE_ERROR),
    "settings_ack_with_a_payload": (lambda c: c.send(raw(4, 1, 0, bytes(6))), FRAME_SIZE_ERROR),
    "push_is_2": (lambda c: c.send(raw(4, 0, 0, b"\0\2\0\0\0\2")), PROTOCOL_ERROR),
    "initial_window_too_large": (lambda c: c.send(raw(4, 0, 0, b"\0\4\xff\xff\xff\xff")), FLOW_CONTROL_ERROR),
    "frame_size_too_small": (lambda c: c.send(raw(4, 0, 0, b"\0\5\0\0\0\1")), PROTOCOL_ERROR),
    "frame_size_too_large": (lambda c: c.send(raw(4, 0, 0, b"\0\5\xff\xff\xff\xff")), PROTOCOL_ERROR),
    "ping_of_a_wrong_size": (lambda c: c.send(raw(6, 0, 0, bytes(7))), FRAME_SIZE_ERROR),
    "ping_of_a_stream": (lambda c: c.send(raw(6, 0, 1, bytes(8))), PROTOCOL_ERROR),
    "goaway_of_a_stream": (lambda c: c.send(raw(7, 0, 1, bytes(8))), PROTOCOL_ERROR),
    "reset_of_a_wrong_size": (lambda c: c.send(raw(3, 0, open_request(c), bytes(3))), FRAME_SIZE_ERROR),
    "window_of_a_wrong_size": (lambda c: c.send(raw(8, 0, 0, bytes(3))), FRAME_SIZE_ERROR),
    "window_of_nothing": (lambda c: c.send(raw(8, 0, 0, bytes(4))), PROTOCOL_ERROR),
    "window_too_large": (lambda c: c.send(raw(8, 0, 0, LARGEST.to_bytes(4, "big"))), FLOW_CONTROL_ERROR),
    "a_frame_too_large": (lambda c: c.send(raw(0, 0, open_request(c), bytes(MIB + 1))), FRAME_SIZE_ERROR),
    "a_frame_of_16_mib": (lambda c: c.send(raw(1, 4, 1, b"x" * 100, length=(1 << 24) - 1)), FRAME_SIZE_ERROR),
    "padding_longer_than_the_frame": (lambda c: c.send(raw(0, 8, open_request(c), b"\x05abc")), PROTOCOL_ERROR),
    "an_index_of_nothing": (lambda c: c.send(headers(1, b"\x80")), COMPRESSION_ERROR),
    "an_index_beyond_the_table": (lambda c: c.send(headers(1, b"\xfe\xff\xff\xff\x07")), COMPRESSION_ERROR),
    "an_integer_without_end": (lambda c: c.send(headers(1, b"\xff" * 200)), COMPRESSION_ERROR),
    "a_table_too_large": (lambda c: c.send(headers(1, b"\x3f\xe1\xff\xff\x7f" + request_block(c))), COMPRESSION_ERROR),
    "a_string_beyond_its_block": (lambda c: c.send(headers(1, b"\x00\x7f\xff\xff")), COMPRESSION_ERROR),
    "bad_huffman": (lambda c: c.send(headers(1, b"\x00\x81\xff\x81\xff")), COMPRESSION_ERROR),
    "numbers_that_go_back": (lambda c: c.send(headers(5, request_block(c)), headers(3, request_block(c))), PROTOCOL_ERROR),
    "garbage": (lambda c: c.send(bytes(range(1, 200))), None),
    "more_than_the_window": (lambda c: overrun(c), FLOW_CONTROL_ERROR),
}


def overrun(client):
    """A body that pays no attention to windows, to a container that reads nothing."""
    number = client.open()
    client.send(*client.head(number, client.pseudo("/deaf?id=overrun", "POST"), end=False))
    client.flood(pieces(raw(0, 0, number, bytes(16384)), 4096, 1))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_frame_that_ends_the_connection(shared, name):
    mistake, code = MISTAKES[name]
    with Bystander(shared, warm=1), shared.client() as client:
        begin(client)
        try:
            mistake(client)
        except (BrokenPipeError, ConnectionResetError):
            pass
        if name == "more_than_the_window":
            # That of a stream may be a mistake of the stream alone.
            client.flood([PingFrame(0, opaque_data=bytes(8)).serialize()])
            assert client.ended or client.goaways or client.streams[1].reset == FLOW_CONTROL_ERROR or client.streams[1].over
            shared.open("overrun")
            return
        codes = client.end(10)
        assert codes, "no GOAWAY"
        assert code is None or codes[-1] in (code, PROTOCOL_ERROR, STREAM_CLOSED), codes


# MARK: What is not HTTP/2, and what stalls


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/9.1\r\n\r\n", PREFACE[:-2] + b"XX" + bytes(100), PREFACE + b"\r\n\r\n" + b"garbage" * 100, bytes(64), b"\x16\x03\x01\x02\x00" + bytes(600)],
    ids=["a_line", "almost", "garbage", "zeros", "a_tls_hello"],
)  # fmt: skip
def test_what_is_not_http2_is_ended(shared, sent):
    with Bystander(shared, warm=1), shared.client(preface=False) as client:
        client.send(sent)
        wait.until(lambda: closed(client.sock), what="the end")


def closed(sock):
    try:
        while frames.ready(sock, select.POLLIN, 0):
            if not sock.recv(1 << 16):
                return True
    except ConnectionResetError:
        return True
    return False


@pytest.mark.parametrize("kind", ["clear", "secure"])
@pytest.mark.parametrize("sent", [b"", PREFACE[:10], PREFACE, PREFACE + bytes(5)], ids=["nothing", "a_part", "no_settings", "a_part_of_settings"])
def test_a_preface_that_stalls_ends_after_its_time(impatient, kind, sent):
    with impatient.client(kind, preface=False) as client:
        # An acknowledgement would be a frame other than SETTINGS, and no silence.
        client.reply = lambda frame: None
        start = time.monotonic()
        client.send(sent)
        client.pump(lambda: client.ended, "the end", seconds=10)
        assert 0.5 < time.monotonic() - start < 6


@pytest.mark.parametrize("dribbles", [False, True], ids=["silent", "slow"])
def test_a_head_that_stalls_ends_after_its_time(impatient, dribbles):
    with Bystander(impatient), impatient.client() as client:
        begin(client)
        start = time.monotonic()
        number = client.open()
        client.send(raw(1, 0x01, number, client.encoder.encode(client.pseudo())))
        while not client.ended and not client.goaways and time.monotonic() - start < 8:
            if dribbles:
                client.reply(frames.frames.ContinuationFrame(number, data=b"\x00\x01a\x01b"))
            client.fill(0.1)
            client.step()
        assert client.ended or client.goaways, "it goes on"
        assert time.monotonic() - start > 0.5


def test_a_body_that_stalls_ends_after_its_time(impatient):
    with Bystander(impatient), impatient.client() as client:
        stream = client.request("/echo", "POST", body=b"x" * 100, end=False)
        client.pump(lambda: stream.status or stream.over, "the end", seconds=10)
        assert stream.status == 408 or stream.reset is not None
        assert client.ask("/i").body == b"app"


def test_a_thousand_connections_that_stall_in_the_preface(impatient):
    with Bystander(impatient):
        socks = []
        try:
            for n in range(1000):
                sock = socket.create_connection(("127.0.0.3", impatient.tier.clear_port), timeout=10)
                socks.append(sock)
                sock.sendall(PREFACE[: n % 24])
            wait.until(lambda: all(closed(sock) for sock in socks), seconds=20, what="the end of all")
        finally:
            for sock in socks:
                sock.close()


# MARK: Chance


def some_frame(random, client):
    """A frame of which each part may be wrong, often of a request that is nearly right."""
    number = random.choice((0, 1, 1, 3, 5, 7, 2, 99, LARGEST, random.randrange(1 << 31)))
    choice = random.random()
    if choice < 0.35:
        method, path = random.choice((("GET", "/i"), ("POST", "/echo"), ("HEAD", "/download?bytes=100000"), ("GET", "/gate?id=never")))
        fields = [*client.pseudo(path, method), *random.choices([("te", "trailers"), ("expect", "100-continue"), ("cookie", "a=1"),
                  ("content-length", "5"), ("x", "y" * random.randrange(3000)), ("X", "1"), ("connection", "x")], k=random.randrange(4))]  # fmt: skip
        random.shuffle(fields) if random.random() < 0.1 else None
        payload = bytearray(client.encoder.encode(fields))
        if random.random() < 0.3:
            payload[random.randrange(len(payload))] = random.randrange(256)
        return raw(1, random.choice((0x05, 0x04, 0x01, 0x00, 0x2D, random.randrange(256))), number, bytes(payload))
    if choice < 0.6:
        return raw(0, random.choice((0, 1, 8, 9)), number, random.randbytes(random.choice((0, 1, 5, 200, 16384))))
    if choice < 0.75:
        values = {random.randrange(10): random.choice((0, 1, 2, 100, 16384, 65535, LARGEST, 0xFFFFFFFF)) for _ in range(random.randrange(4))}
        return raw(4, 0, 0, b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in values.items()))
    if choice < 0.9:
        kind, payload = random.choice(((8, random.choice((0, 1, 65535, LARGEST)).to_bytes(4, "big")), (3, random.randbytes(4)), (6, bytes(8)),
                                       (2, random.randbytes(5)), (7, random.randbytes(8)), (9, b"\x82"), (5, random.randbytes(9))))  # fmt: skip
        return raw(kind, random.choice((0, 1, 4)), number, payload)
    return raw(random.randrange(256), random.randrange(256), number, random.randbytes(random.randrange(300)), random.choice((None, None, random.randrange(1 << 24))))


@pytest.mark.parametrize("part", range(4))
def test_frames_at_random(shared, part):
    """BERTH_E2E_SEED repeats them."""
    with Bystander(shared):
        for number in range(int(os.environ.get("BERTH_E2E_RANDOM", "100"))):
            random = chance.Random(f"{os.environ['BERTH_E2E_SEED']}-{part}-{number}")
            with shared.client("secure" if number % 4 == 3 else "clear") as client:
                begin(client)
                sent = b"".join(some_frame(random, client) for _ in range(random.randrange(1, 40)))
                client.reply = lambda frame: None
                try:
                    at = 0
                    while at < len(sent) and not client.ended:
                        size = random.choice((1, 9, 100, 5000, 100_000))
                        client.send(sent[at : at + size])
                        at += size
                        client.drain()
                except (OSError, frames.hpack.HPACKError):
                    pass
