"""gRPC to containers whose connections end, that die, and that are silent."""

import concurrent.futures
import threading
import time

import grpc
import pytest

from harness.multiplexed import MultiplexedTier, Site
from harness.secure import NAME
from harness.stack import static

RULES = """\
rules:
  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: 'h2c://app:80'
"""


class Server(grpc.GenericRpcHandler):
    """Returns what it receives. `options`: of the server."""

    def __init__(self, *options):
        self.calls = 0
        self.lock = threading.Lock()
        self.server = grpc.server(
            concurrent.futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0), *options]
        )
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, details):
        return {
            "/test.Echo/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/test.Echo/Duplex": grpc.stream_stream_rpc_method_handler(self.duplex),
        }.get(details.method)

    def unary(self, request, _):
        with self.lock:
            self.calls += 1
        return request

    def duplex(self, requests, _):
        yield from requests

    def stop(self):
        self.server.stop(0).wait(5)


class Stack:
    """A client, one tier or two, and a server."""

    def __init__(self, directory, stopping, tiers, *options, more=""):
        self.server = stopping(Server(*options))
        self.tier = Site(directory, stopping, rules=RULES, address=self.server.address,
                         verb="local" if tiers == 2 else "front",
                         more=more + ("trusted_proxies: [127.0.0.0/8]\n" if tiers == 2 else "")).tier  # fmt: skip
        if tiers == 2:
            rules = RULES + more + "names:\n  - static:\n" + static({"app": f"127.0.0.3:{self.tier.clear_port}"}) + "\n"
            self.tier = stopping(
                MultiplexedTier("front", directory / "front", rules, (self.tier.certificate, self.tier.certificate[:-3] + "key"))
            )

    def channel(self):
        options = [("grpc.default_authority", NAME), ("grpc.enable_retries", 0)]
        return grpc.insecure_channel(f"127.0.0.3:{self.tier.clear_port}", options)


@pytest.mark.parametrize("tiers", [1, 2])
def test_a_server_with_a_maximum_age_fails_no_call(tmp_path, stopping, tiers):
    age = [("grpc.max_connection_age_ms", 1000), ("grpc.max_connection_age_grace_ms", 3000)]
    stack = Stack(tmp_path, stopping, tiers, *age)
    end = time.monotonic() + 6
    done, failed = [], []

    def run(number):
        with stack.channel() as channel:
            unary = channel.unary_unary("/test.Echo/Unary")
            count = 0
            while time.monotonic() < end:
                text = f"{number} {count}".encode()
                try:
                    assert unary(text, timeout=20) == text
                    count += 1
                except grpc.RpcError as error:
                    failed.append((error.code(), error.details()))
            done.append(count)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sum(done) == stack.server.calls > 100


def test_streams_go_on_while_connections_grow_old(tmp_path, stopping):
    """The grace is longer than the streams are."""
    stack = Stack(tmp_path, stopping, 2, ("grpc.max_connection_age_ms", 500))
    with stack.channel() as channel:
        duplex = channel.stream_stream("/test.Echo/Duplex")
        calls = []
        for round in range(4):
            sent = threading.Event()

            def messages(sent=sent):
                yield b"first"
                sent.wait(20)
                yield b"last"

            call = duplex(messages(), timeout=30)
            assert next(call) == b"first"
            calls.append((call, sent))
            time.sleep(0.6)
        for call, sent in calls:
            sent.set()
            assert list(call) == [b"last"]


@pytest.mark.parametrize("tiers", [1, 2])
def test_a_silent_stream_outlives_the_timeouts(tmp_path, stopping, tiers):
    stack = Stack(tmp_path, stopping, tiers, more="timeouts: { upstream: 1s, downstream: 1s }\n")
    with stack.channel() as channel:
        goes_on = threading.Event()

        def messages():
            yield b"first"
            goes_on.wait(20)
            yield b"last"

        call = channel.stream_stream("/test.Echo/Duplex")(messages(), timeout=30)
        assert next(call) == b"first"
        time.sleep(4)
        goes_on.set()
        assert list(call) == [b"last"]
