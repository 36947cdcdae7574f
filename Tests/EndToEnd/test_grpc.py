"""gRPC through the tiers: the cases of its interoperability tests, with real clients and servers.

Messages are JSON and padding: the cases are about calls, streams, metadata and statuses, not about protobuf.
"""

import concurrent.futures
import json
import queue
import threading

import grpc
import pytest

from harness import wait
from harness.multiplexed import MultiplexedTier, Site
from harness.secure import NAME
from harness.stack import static

RULES = """\
rules:
  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: 'h2c://app:80'
"""
SERVICE = "test.Interop"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


def message(*sizes, status=None, padding=0, compressed=False):
    return json.dumps({"sizes": sizes, "status": status, "compressed": compressed}).encode() + b"\n" + bytes(padding)


def split(request):
    head, _, padding = request.partition(b"\n")
    return json.loads(head), padding


class Server(grpc.GenericRpcHandler):
    """A container that speaks gRPC without TLS."""

    def __init__(self):
        # A stream has begun; it is over, as the library has learned.
        self.begun, self.ended = threading.Event(), threading.Event()
        self.metadata = []
        self.executor = concurrent.futures.ThreadPoolExecutor(128)
        self.server = grpc.server(self.executor, options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, details):
        return {
            f"/{SERVICE}/Empty": grpc.unary_unary_rpc_method_handler(self.empty),
            f"/{SERVICE}/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            f"/{SERVICE}/Output": grpc.unary_stream_rpc_method_handler(self.output),
            f"/{SERVICE}/Input": grpc.stream_unary_rpc_method_handler(self.input),
            f"/{SERVICE}/Duplex": grpc.stream_stream_rpc_method_handler(self.duplex),
        }.get(details.method)

    def accept(self, context):
        metadata = dict(context.invocation_metadata())
        self.metadata.append(metadata)
        if INITIAL in metadata:
            context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
        if TRAILING in metadata:
            context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))

    @staticmethod
    def give_status(asked, context):
        if asked["status"]:
            code, details = asked["status"]
            context.set_code(next(one for one in grpc.StatusCode if one.value[0] == code))
            context.set_details(details)

    @staticmethod
    def give_compression(asked, context):
        if asked["compressed"]:
            context.set_compression(grpc.Compression.Gzip)

    def empty(self, request, context):
        self.accept(context)
        return b""

    def unary(self, request, context):
        self.accept(context)
        asked, _ = split(request)
        self.give_compression(asked, context)
        self.give_status(asked, context)
        return bytes(asked["sizes"][0])

    def output(self, request, context):
        self.accept(context)
        asked, _ = split(request)
        self.give_compression(asked, context)
        for size in asked["sizes"]:
            yield bytes(size)
        self.give_status(asked, context)

    def input(self, requests, context):
        context.add_callback(self.ended.set)
        self.begun.set()
        return str(sum(len(split(request)[1]) for request in requests)).encode()

    def duplex(self, requests, context):
        self.accept(context)
        context.add_callback(self.ended.set)
        self.begun.set()
        for request in requests:
            asked, _ = split(request)
            for size in asked["sizes"]:
                yield bytes(size)
            self.give_status(asked, context)

    def stop(self):
        self.server.stop(0).wait(10)
        self.executor.shutdown(wait=False, cancel_futures=True)


class Pipe:
    """Requests, one by one."""

    def __init__(self, *requests):
        self.queue = queue.Queue()
        for request in requests:
            self.add(request)

    def add(self, request):
        self.queue.put(request)

    def close(self):
        self.queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self.queue.get()
        if request is None:
            raise StopIteration
        return request

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Calls:
    """A client on a channel of its own."""

    def __init__(self, tier, kind, service=SERVICE):
        options = [("grpc.default_authority", NAME), ("grpc.enable_retries", 0)]
        if kind == "clear":
            self.channel = grpc.insecure_channel(f"127.0.0.3:{tier.clear_port}", options)
        else:
            with open(tier.certificate, "rb") as file:
                credentials = grpc.ssl_channel_credentials(file.read())
            self.channel = grpc.secure_channel(f"127.0.0.2:{tier.secure_port}", credentials, [*options, ("grpc.ssl_target_name_override", NAME)])
        self.empty = self.channel.unary_unary(f"/{service}/Empty")
        self.unary = self.channel.unary_unary(f"/{service}/Unary")
        self.output = self.channel.unary_stream(f"/{service}/Output")
        self.input = self.channel.stream_unary(f"/{service}/Input")
        self.duplex = self.channel.stream_stream(f"/{service}/Duplex")
        self.missing = self.channel.unary_unary(f"/{service}/Missing")

    def stop(self):
        self.channel.close()


class Interop:
    """Clients, one tier or two, and a container."""

    def __init__(self, directory, kind, tiers, started=None):
        self.started = [] if started is None else started
        self.server = self.stopping(Server())
        self.site = Site(directory, self.stopping, rules=RULES, address=self.server.address, verb="local" if tiers == 2 else "front",
                         more="trusted_proxies: [127.0.0.0/8]\n" if tiers == 2 else "")  # fmt: skip
        self.tier = self.site.tier
        if tiers == 2:
            rules = RULES + "names:\n  - static:\n" + static({"app": f"127.0.0.3:{self.site.tier.clear_port}"}) + "\n"
            self.tier = self.stopping(MultiplexedTier("front", directory / "front", rules, self.site.certificate))
        self.kind = kind
        self.calls = self.stopping(Calls(self.tier, kind))

    def stopping(self, thing):
        self.started.append(thing)
        return thing

    def stop(self):
        for one in reversed(self.started):
            one.stop()


@pytest.fixture(scope="module", params=[("clear", 1), ("secure", 1), ("clear", 2), ("secure", 2)], ids=lambda p: f"{p[0]}-{p[1]}")
def interop(tmp_path_factory, request):
    interop = Interop(tmp_path_factory.mktemp("grpc"), *request.param)
    yield interop
    interop.stop()


@pytest.fixture
def calls(interop):
    return interop.calls


TIMEOUT = 20


def test_empty_unary(calls):
    assert calls.empty(b"", timeout=TIMEOUT) == b""


def test_large_unary(calls):
    assert len(calls.unary(message(314159, padding=271828), timeout=TIMEOUT)) == 314159


def test_unary_of_megabytes(calls):
    assert len(calls.unary(message(3 << 20, padding=3 << 20), timeout=TIMEOUT)) == 3 << 20


def test_client_streaming(calls):
    sizes = (27182, 8, 1828, 45904)
    assert calls.input((message(padding=size) for size in sizes), timeout=TIMEOUT) == b"74922"


def test_server_streaming(calls):
    sizes = (31415, 9, 2653, 58979)
    assert tuple(map(len, calls.output(message(*sizes), timeout=TIMEOUT))) == sizes


def test_server_streaming_of_many(calls):
    assert sum(map(len, calls.output(message(*[1000] * 5000), timeout=60))) == 5_000_000


def test_ping_pong(calls):
    with Pipe() as pipe:
        responses = calls.duplex(pipe, timeout=TIMEOUT)
        for response, request in zip((31415, 9, 2653, 58979), (27182, 8, 1828, 45904)):
            pipe.add(message(response, padding=request))
            assert len(next(responses)) == response
    assert list(responses) == [] and responses.code() is grpc.StatusCode.OK


def test_ping_pong_of_many(calls):
    with Pipe() as pipe:
        responses = calls.duplex(pipe, timeout=60)
        for size in range(1000):
            pipe.add(message(size, padding=size))
            assert len(next(responses)) == size


def test_empty_stream(calls):
    with Pipe() as pipe:
        responses = calls.duplex(pipe, timeout=TIMEOUT)
        pipe.close()
        assert list(responses) == [] and responses.code() is grpc.StatusCode.OK


def test_client_compressed_unary(calls):
    response = calls.unary(message(50_000, padding=50_000), timeout=TIMEOUT, compression=grpc.Compression.Gzip)
    assert len(response) == 50_000


def test_server_compressed_unary(calls):
    assert len(calls.unary(message(314159, padding=271828, compressed=True), timeout=TIMEOUT)) == 314159


def test_client_compressed_streaming(calls):
    requests = [message(padding=size) for size in (27182, 45904)]
    assert calls.input(iter(requests), timeout=TIMEOUT, compression=grpc.Compression.Gzip) == b"73086"


def test_server_compressed_streaming(calls):
    responses = calls.output(message(31415, 92653, compressed=True), timeout=TIMEOUT)
    assert tuple(map(len, responses)) == (31415, 92653)


def test_cancel_after_begin(interop):
    interop.server.begun.clear()
    interop.server.ended.clear()
    with Pipe() as pipe:
        future = interop.calls.input.future(pipe)
        assert interop.server.begun.wait(TIMEOUT)
        future.cancel()
        assert future.cancelled() and future.code() is grpc.StatusCode.CANCELLED
        assert interop.server.ended.wait(TIMEOUT), "the container was not told"


def test_cancel_after_first_response(interop):
    interop.server.ended.clear()
    with Pipe(message(31415, padding=27182)) as pipe:
        responses = interop.calls.duplex(pipe)
        assert len(next(responses)) == 31415
        responses.cancel()
        with pytest.raises(grpc.RpcError) as error:
            next(responses)
        assert error.value.code() is grpc.StatusCode.CANCELLED
        assert interop.server.ended.wait(TIMEOUT), "the container was not told"


def test_timeout_on_sleeping_server(interop):
    interop.server.ended.clear()
    with Pipe(message(padding=27182)) as pipe:
        responses = interop.calls.duplex(pipe, timeout=0.3)
        with pytest.raises(grpc.RpcError) as error:
            next(responses)
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert interop.server.ended.wait(TIMEOUT), "the container was not told"


def test_custom_metadata(interop):
    value, binary = "test_initial_metadata_value", b"\x0a\x0b\x0a\x0b\x0a\x0b\x00\xff"
    metadata = ((INITIAL, value), (TRAILING, binary))
    _, call = interop.calls.unary.with_call(message(1), metadata=metadata, timeout=TIMEOUT)
    assert dict(call.initial_metadata())[INITIAL] == value and dict(call.trailing_metadata())[TRAILING] == binary
    with Pipe(message(1)) as pipe:
        responses = interop.calls.duplex(pipe, metadata=metadata, timeout=TIMEOUT)
        assert len(next(responses)) == 1
    assert list(responses) == []
    assert dict(responses.initial_metadata())[INITIAL] == value and dict(responses.trailing_metadata())[TRAILING] == binary
    seen = interop.server.metadata[-1]
    assert seen["x-forwarded-host"] == NAME and seen["x-forwarded-proto"] == ("http" if interop.kind == "clear" else "https")


STATUSES = {
    "plain": (2, "test status message"),
    "special": (2, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"),
    "empty": (16, ""),
    "long": (7, "x" * 1000),
}


@pytest.mark.parametrize("code, details", STATUSES.values(), ids=STATUSES)
def test_status_code_and_message(calls, code, details):
    """With the special message: percent-encoded in `grpc-message`."""
    with pytest.raises(grpc.RpcError) as error:
        calls.unary(message(1, status=(code, details)), timeout=TIMEOUT)
    assert (error.value.code().value[0], error.value.details()) == (code, details)
    with Pipe(message(1, status=(code, details))) as pipe:
        responses = calls.duplex(pipe, timeout=TIMEOUT)
        assert len(next(responses)) == 1
    with pytest.raises(grpc.RpcError):
        list(responses)
    assert (responses.code().value[0], responses.details()) == (code, details)


def test_a_status_after_some_messages(calls):
    responses = calls.output(message(1, 2, 3, status=(13, "broken")), timeout=TIMEOUT)
    sizes = []
    with pytest.raises(grpc.RpcError):
        for response in responses:
            sizes.append(len(response))
    assert sizes == [1, 2, 3] and responses.code() is grpc.StatusCode.INTERNAL and responses.details() == "broken"


def test_unimplemented_method(calls):
    """A response of a head alone, which is its trailers too."""
    with pytest.raises(grpc.RpcError) as error:
        calls.missing(b"", timeout=TIMEOUT)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_unimplemented_service(interop):
    other = Calls(interop.tier, interop.kind, service="test.Other")
    try:
        with pytest.raises(grpc.RpcError) as error:
            other.empty(b"", timeout=TIMEOUT)
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    finally:
        other.stop()


def test_many_calls_at_once(calls):
    futures = [calls.unary.future(message(1000 + n, padding=5000), timeout=60) for n in range(300)]
    assert [len(future.result()) for future in futures] == [1000 + n for n in range(300)]


def test_streams_that_are_not_read_hold_up_no_call(interop):
    """Nor those of another client, which may share the connection to the container."""
    other = Calls(interop.tier, interop.kind)
    try:
        stalled = [other.output(message(*[1 << 20] * 5), timeout=60) for _ in range(60)]
        assert all(len(next(one)) == 1 << 20 for one in stalled)
        for calls in (interop.calls, other):
            for _ in range(20):
                assert calls.empty(b"", timeout=TIMEOUT) == b""
        assert [sum(map(len, one)) for one in stalled] == [4 << 20] * 60
    finally:
        other.stop()


def test_a_stream_that_rests_goes_on(calls):
    """Nothing is sent for a while in either direction; then the stream goes on."""
    with Pipe(message(1)) as pipe:
        responses = calls.duplex(pipe, timeout=TIMEOUT)
        assert len(next(responses)) == 1
        for _ in range(50):
            calls.empty(b"", timeout=TIMEOUT)
        pipe.add(message(2))
        assert len(next(responses)) == 2


# MARK: Failures


def test_a_container_that_is_away_is_unavailable(tmp_path, stopping):
    interop = stopping(Interop(tmp_path, "secure", 1))
    assert interop.calls.empty(b"", timeout=TIMEOUT) == b""
    with Pipe(message(1)) as pipe:
        responses = interop.calls.duplex(pipe, timeout=TIMEOUT)
        assert len(next(responses)) == 1
        interop.server.stop()
        with pytest.raises(grpc.RpcError) as error:
            next(responses)
        assert error.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)  # fmt: skip
    for call in (interop.calls.empty, interop.calls.missing):
        with pytest.raises(grpc.RpcError) as error:
            call(b"", timeout=TIMEOUT)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE, error.value


def test_a_host_without_a_rule_is_an_error_of_grpc(tmp_path, stopping):
    """A response of Berth itself is not one of gRPC: clients map its status (404 is UNIMPLEMENTED)."""
    interop = stopping(Interop(tmp_path, "clear", 1))
    options = [("grpc.default_authority", "www.example"), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(f"127.0.0.3:{interop.tier.clear_port}", options) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(f"/{SERVICE}/Empty")(b"", timeout=TIMEOUT)
        assert error.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE)


def test_calls_go_on_while_their_tier_ends(tmp_path, stopping):
    interop = stopping(Interop(tmp_path, "secure", 1))
    with Pipe(message(1)) as pipe:
        responses = interop.calls.duplex(pipe, timeout=TIMEOUT)
        assert len(next(responses)) == 1
        interop.tier.signal()
        wait.until(lambda: "stopping" in interop.tier.said(), what="the tier to stop")
        for size in range(20):
            pipe.add(message(size))
            assert len(next(responses)) == size
    assert list(responses) == [] and responses.code() is grpc.StatusCode.OK
    assert interop.tier.wait(20) == 0
