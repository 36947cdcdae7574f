"""Every failure has its status and its cause."""

import json
import socket
import threading
import time

import pytest

from harness import wire
from harness.stack import host


def refused(answer, status, *tokens):
    assert answer.status == status
    assert answer.error in tokens, answer.get("Proxy-Status")
    assert answer.get("X-Request-ID")


def test_a_host_that_no_rule_matches_is_404(stack):
    for name in ("nothing.example", "wordpress_container001_01.test.priv.evil.example", "x" + host() + "x"):
        refused(wire.ask(stack.port, name), 404, "destination_not_found")


def test_a_container_that_nobody_knows_is_503(stack):
    refused(wire.ask(stack.port, "wordpress_nosuch_01.test.priv"), 503, "destination_unavailable")


def test_a_host_that_nobody_knows_is_503(stack):
    refused(wire.ask(stack.port, "wordpress_container001_77.test.priv"), 503, "destination_unavailable")


def test_a_container_that_does_not_listen_is_502(stack):
    refused(wire.ask(stack.port, "wordpress_dead_01.test.priv"), 502, "connection_refused")


def test_a_host_that_does_not_listen_is_502(stack):
    refused(wire.ask(stack.port, "wordpress_container001_03.test.priv"), 502, "connection_refused")


@pytest.mark.parametrize(
    "path, tokens",
    [
        ("/garbage", ["http_protocol_error"]),
        ("/two-lengths", ["http_protocol_error"]),
        ("/reset", ["connection_terminated"]),
        ("/silent-close", ["connection_terminated", "http_response_incomplete"]),
        ("/large-head?bytes=100000", ["http_response_header_section_size", "http_response_header_size"]),
    ],
)
def test_an_answer_that_is_none_is_502(stack, path, tokens):
    refused(stack.ask(path), 502, *tokens)
    # What one container did, the next request does not feel.
    assert stack.ask("/i").body == b"container001_01"


def test_the_answer_says_that_it_is_berth_and_shows_no_inner_address(stack):
    for accept, kind in (("application/json", "application/json"), ("text/html", "text/html")):
        answer = wire.ask(stack.port, "wordpress_dead_01.test.priv", fields=[f"Accept: {accept}"])
        assert answer.get("Content-Type").startswith(kind)
        assert b"127.0.0.1" not in answer.body and "127.0.0.1" not in str(answer.fields)
        assert b"erth" in answer.body
        assert answer.get("X-Request-ID").encode() in answer.body
        if kind == "application/json":
            assert json.loads(answer.body)["tier"] == "local"


def test_the_log_names_the_cause(stack):
    answer = wire.ask(stack.port, "wordpress_container001_77.test.priv")
    record = stack.front.record(answer.get("X-Request-ID"))
    assert (record["status"], record["cause"], record["rule"]) == (503, "unknown_target", "saas")


def raw(stack, text):
    with stack.client() as client:
        client.send(text)
        answer = client.answer()
        return answer, client.ended()


@pytest.mark.parametrize(
    "text",
    [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost : {host()}\r\n\r\n",
        f"GET  / HTTP/1.1\r\nHost: {host()}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {host()}\r\nX: a\r\n folded\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {host()}\r\nX: a\0b\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {host()}\r\nX: a\rb\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {host()}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {host()}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        f"POST / HTTP/1.1\r\nHost: {host()}\r\nContent-Length: +5\r\n\r\nhello",
        f"POST / HTTP/1.0\r\nHost: {host()}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@test.priv\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    ],
)
def test_a_malformed_request_is_400_and_ends_the_connection(stack, text):
    answer, ended = raw(stack, text)
    assert answer.status == 400
    assert answer.error == "http_request_error"
    assert ended


def test_a_long_target_is_414(stack):
    answer, _ = raw(stack, f"GET /{'x' * 9000} HTTP/1.1\r\nHost: {host()}\r\n\r\n")
    refused(answer, 414, "http_request_error")


@pytest.mark.parametrize("extra", [["X-Large: " + "x" * 40_000], [f"X-{n}: 1" for n in range(120)]])
def test_a_large_head_is_431(stack, extra):
    answer, _ = raw(stack, "\r\n".join(["GET / HTTP/1.1", f"Host: {host()}", *extra]) + "\r\n\r\n")
    refused(answer, 431, "http_request_error")


def test_a_body_over_the_limit_is_413(make_stack):
    stack = make_stack(front="limits: { body: 1KiB }")
    assert stack.ask("/", method="POST", fields=["Content-Length: 1024"], body=b"x" * 1024).status == 200
    refused(stack.ask("/", method="POST", fields=["Content-Length: 1025"]), 413, "http_request_error")
    chunks = b"400\r\n" + b"x" * 1024 + b"\r\n1\r\nx\r\n0\r\n\r\n"
    refused(stack.ask("/", method="POST", fields=["Transfer-Encoding: chunked"], body=chunks), 413, "http_request_error")


def test_a_container_that_does_not_answer_is_504(make_stack):
    stack = make_stack(front="timeouts: { upstream: 500ms }")
    begin = time.monotonic()
    refused(stack.ask("/hang"), 504, "http_response_timeout")
    assert time.monotonic() - begin < 10


def test_an_answer_that_stops_in_the_middle_is_broken_off(make_stack):
    stack = make_stack(front="timeouts: { upstream: 500ms }")
    with stack.client() as client, pytest.raises(wire.Closed):
        client.ask(host(), "/stall")


def test_a_head_that_does_not_come_is_408(make_stack):
    stack = make_stack(front="timeouts: { client_header: 500ms }")
    answer, ended = raw(stack, "GET / HTTP/1.1\r\nHost: a")
    refused(answer, 408, "http_request_error")
    assert ended


def relay(listener, port_of):
    """Passes connections on to a port that is known only later."""

    def copy(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", port_of[0]))
            threading.Thread(target=copy, args=(near, far), daemon=True).start()
            threading.Thread(target=copy, args=(far, near), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def test_a_loop_is_508(make_stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = []
        relay(listener, port)
        stack = make_stack(more_names={"host_09": f"127.0.0.1:{listener.getsockname()[1]}"})
        port.append(stack.port)
        refused(stack.ask("/", number=9), 508, "proxy_loop_detected")
        listener.shutdown(socket.SHUT_RDWR)


def test_berth_does_not_connect_to_itself_or_to_the_cloud_metadata(make_stack):
    names = {"host_07": "169.254.169.254:80", "host_08": "0.0.0.0:80"}
    stack = make_stack(more_names=names)
    for number in (7, 8):
        refused(stack.ask("/", number=number), 502, "destination_ip_prohibited")
