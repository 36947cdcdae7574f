"""Ordinary requests through both tiers."""

import http.client
import json
import subprocess

from harness.stack import host
from harness.wire import Client


def curl(*arguments, input=None):
    result = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "60", *arguments], input=input, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


def test_the_hostname_finds_its_container_on_its_host(stack):
    for number in (1, 2):
        for container in (1, 2):
            answer = stack.ask("/", container, number)
            assert answer.status == 200
            assert json.loads(answer.body)["container"] == f"container{container:03}_{number:02}"


def test_host_and_target_arrive_as_they_were_sent(stack):
    target = "/a%2Fb/./c//d?x=%20&y=1;2"
    seen = json.loads(stack.ask(target).body)
    assert seen["target"] == target
    assert [value for name, value in seen["fields"] if name.lower() == "host"] == [host()]


def test_curl_keeps_one_connection(stack):
    url = f"http://127.0.0.1:{stack.port}/i"
    out = curl("-H", f"Host: {host()}", "-w", " %{num_connects}\n", url, url, url).decode().splitlines()
    assert out == ["container001_01 1", "container001_01 0", "container001_01 0"]


def test_pythons_client_keeps_one_connection_for_all_methods(stack):
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    socket = None
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        body = b"body of " + method.encode() if method != "GET" else None
        connection.request(method, "/x", body=body, headers={"Host": host()})
        seen = json.loads(connection.getresponse().read())
        assert (seen["method"], seen["bytes"]) == (method, len(body or b""))
        assert socket in (None, connection.sock)
        socket = connection.sock
    connection.close()


def test_head_has_the_fields_of_get_and_no_body(stack):
    with stack.client() as client:
        answer = client.ask(host(), "/download?bytes=12345", method="HEAD")
        assert (answer.status, answer.get("Content-Length")) == (200, "12345")
        # The connection is still in step.
        assert client.ask(host(), "/i").body == b"container001_01"
    out = curl("--head", "-H", f"Host: {host()}", f"http://127.0.0.1:{stack.port}/download?bytes=77")
    assert b"content-length: 77" in out.lower()


def test_204_and_304_have_no_body(stack):
    with stack.client() as client:
        for code in (204, 304):
            answer = client.ask(host(), f"/status?code={code}")
            assert answer.status == code
            assert answer.get("ETag") == '"1"'
        assert client.ask(host(), "/i").body == b"container001_01"


def test_http_1_0_gets_a_plain_answer_that_ends_with_the_connection(stack):
    with stack.client() as client:
        answer = client.ask(host(), "/download?bytes=3000&chunked=1", version="HTTP/1.0")
        assert answer.status == 200
        assert answer.get("Transfer-Encoding") is None
        assert len(answer.body) == 3000
        assert client.ended()


def test_http_1_0_may_ask_to_keep_the_connection(stack):
    with stack.client() as client:
        for _ in range(2):
            answer = client.ask(host(), "/i", version="HTTP/1.0", fields=["Connection: keep-alive"])
            assert answer.body == b"container001_01"
            assert answer.get("Connection").lower() == "keep-alive"


def test_connection_close_is_kept(stack):
    with stack.client() as client:
        answer = client.ask(host(), "/i", fields=["Connection: close"])
        assert answer.get("Connection").lower() == "close"
        assert client.ended()


def test_an_answer_without_length_ends_and_the_downstream_stays_in_step(stack):
    with stack.client() as client:
        assert client.ask(host(), "/until-close").body == b"until the end"
    with stack.client() as client:
        assert client.ask(host(), "/http10").body == b"an old answer"


def test_early_hints_pass_and_the_answer_follows(stack):
    answer = stack.ask("/hints")
    assert [one.status for one in answer.interim] == [103]
    assert answer.interim[0].get("Link") == "</style.css>; rel=preload"
    assert answer.body == b"after the hints"


def test_a_thousand_pipelined_requests_are_answered_in_order(stack):
    names = [(1 + n % 2, 1 + n // 2 % 2) for n in range(1000)]
    requests = b"".join(
        f"GET /echo/{n} HTTP/1.1\r\nHost: {host(*name)}\r\n\r\n".encode() for n, name in enumerate(names)
    )
    with stack.client() as client:
        client.send(requests)
        for n, (container, number) in enumerate(names):
            answer = client.answer()
            assert answer.status == 200, n
            seen = json.loads(answer.body)
            assert (seen["target"], seen["container"]) == (f"/echo/{n}", f"container{container:03}_{number:02}")


def test_a_stale_upstream_connection_is_retried_invisibly(stack):
    # One client connection stays on one event loop, so that the second request meets the first one's upstream
    # connection: the origin closes it exactly when that request arrives.
    with stack.client() as client:
        for _ in range(5):
            assert client.ask(host(), "/stale").body == b"once"
            before = stack.origins.counts("container001_01")["connections"]
            answer = client.ask(host(), "/i")
            assert (answer.status, answer.body) == (200, b"container001_01")
            assert stack.origins.counts("container001_01")["connections"] > before


def test_a_post_is_not_sent_twice(stack):
    with stack.client() as client:
        assert client.ask(host(), "/stale").body == b"once"
        answer = client.ask(host(), "/i", method="POST", fields=["Content-Length: 4"], body=b"once")
        assert answer.status == 502


def test_upstream_connections_are_kept_between_clients(stack):
    stack.ask("/i", 2, 2)
    before = stack.origins.counts("container002_02")["connections"]
    with Client(stack.port) as client:
        for _ in range(50):
            assert client.ask(host(2, 2), "/i").status == 200
    # One for the client's loop at each tier at most, and one for asking.
    assert stack.origins.counts("container002_02")["connections"] - before <= 2
