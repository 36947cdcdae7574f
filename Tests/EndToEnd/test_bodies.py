"""Bodies both ways, their framing and their ends."""

import hashlib
import json
import os
import subprocess

import pytest

from harness import content
from harness.stack import host
from harness.wire import Closed

LARGE = int(os.environ.get("BERTH_E2E_BYTES", 256 << 20))
# What a tier may grow by while a large body passes, bytes.
GROWTH = 20 << 20


def test_a_chunked_request_with_trailers_arrives_whole(stack):
    body = b"5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nX-Checksum: 42\r\nContent-Length: 5\r\n\r\n"
    with stack.client() as client:
        answer = client.ask(
            host(), "/", method="POST", fields=["Transfer-Encoding: chunked", "Trailer: X-Checksum"], body=body
        )
        seen = json.loads(answer.body)
        assert (seen["framing"], seen["bytes"]) == ("chunked", 12)
        assert seen["sha256"] == hashlib.sha256(b"hello, world").hexdigest()
        # A length has no place behind a body (RFC 9110 §6.5.1).
        assert seen["trailers"] == [["X-Checksum", "42"]]
        assert client.ask(host(), "/i").body == b"container001_01"


def test_a_chunked_answer_with_trailers_arrives_whole(stack):
    answer = stack.ask("/trailers")
    assert answer.body == b"hello world"
    assert answer.trailers == [("X-Checksum", "42")]


def test_chunks_split_anywhere_mean_the_same(stack):
    body = b"3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n"
    head = f"POST / HTTP/1.1\r\nHost: {host()}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with stack.client() as client:
        for byte in head + body:
            client.send(bytes([byte]))
        assert json.loads(client.answer().body)["sha256"] == hashlib.sha256(b"abc0123456789").hexdigest()


def test_curl_sends_its_body_after_100_continue(stack):
    body = os.urandom(2 << 20)
    out = subprocess.run(
        ["curl", "-sS", "-v", "--max-time", "60", "-H", f"Host: {host()}", "-H", "Expect: 100-continue",
         "--expect100-timeout", "30", "--data-binary", "@-", f"http://127.0.0.1:{stack.port}/"],
        input=body, capture_output=True,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr.decode()
    assert b"< HTTP/1.1 100 Continue" in out.stderr
    assert json.loads(out.stdout)["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_final_answer_to_expect_saves_the_body(stack):
    with stack.client() as client:
        answer = client.ask(
            host(), "/refuse-body", method="PUT", fields=["Expect: 100-continue", "Content-Length: 1000000"]
        )
        assert answer.status == 417
        assert answer.interim == []
        assert answer.body == b"no thanks"


def test_an_answer_before_the_bodys_end_arrives(stack):
    with stack.client() as client:
        client.send(f"POST /early HTTP/1.1\r\nHost: {host()}\r\nContent-Length: {64 << 20}\r\n\r\n" + "x" * 1000)
        answer = client.answer()
        assert (answer.status, answer.body) == (413, b"too much")


def test_a_body_that_the_client_breaks_off_reaches_nobody_as_whole(stack):
    with stack.client() as client:
        client.send(f"POST / HTTP/1.1\r\nHost: {host()}\r\nContent-Length: 100\r\n\r\nonly this")
    assert stack.ask("/i").body == b"container001_01"


def test_an_answer_that_breaks_off_is_not_passed_as_whole(stack):
    with stack.client() as client, pytest.raises(Closed):
        client.ask(host(), "/short")


def upload(stack, size):
    command = ["curl", "-sS", "--max-time", "1200", "-H", f"Host: {host()}", "-H", "Expect:", "-T", "-"]
    command += [f"http://127.0.0.1:{stack.port}/"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as curl:
        for piece in content.blocks(size):
            curl.stdin.write(piece)
        curl.stdin.close()
        seen = json.loads(curl.stdout.read())
    assert curl.returncode == 0
    return seen


def download(stack, size, suffix=""):
    command = ["curl", "-sS", "--max-time", "1200", "-H", f"Host: {host()}"]
    command += [f"http://127.0.0.1:{stack.port}/download?bytes={size}{suffix}"]
    digest, total = hashlib.sha256(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
        while piece := curl.stdout.read(1 << 20):
            digest.update(piece)
            total += len(piece)
    assert curl.returncode == 0
    return total, digest.hexdigest()


class Memory:
    """The growth of both tiers on the way, at its peak."""

    def __init__(self, stack):
        self.tiers = [stack.front, stack.locals[0]]

    def __enter__(self):
        self.before = [tier.memory() for tier in self.tiers]
        for tier in self.tiers:
            tier.reset_peak()

    def __exit__(self, kind, *_):
        if kind is None:
            growth = [tier.memory("VmHWM") - before for tier, before in zip(self.tiers, self.before)]
            assert max(growth) < GROWTH, f"the tiers grew by {growth} bytes"


@pytest.mark.serial
def test_a_large_upload_passes_in_constant_memory(stack):
    upload(stack, 1 << 20)
    with Memory(stack):
        seen = upload(stack, LARGE)
    assert (seen["bytes"], seen["sha256"]) == (LARGE, content.checksum(LARGE))


@pytest.mark.serial
def test_a_large_download_passes_in_constant_memory(stack):
    download(stack, 1 << 20)
    with Memory(stack):
        total, digest = download(stack, LARGE)
    assert (total, digest) == (LARGE, content.checksum(LARGE))


@pytest.mark.serial
def test_a_large_chunked_download_passes(stack):
    size = 100 << 20
    assert download(stack, size, "&chunked=1") == (size, content.checksum(size))


@pytest.mark.serial
def test_a_slow_reader_stops_the_fast_writer(stack):
    """256 MiB are asked for and not read: the tiers must not collect them."""
    with Memory(stack), stack.client() as client:
        client.send(f"GET /download?bytes={256 << 20} HTTP/1.1\r\nHost: {host()}\r\n\r\n")
        client.head()
        # Other exchanges go on meanwhile, through the same tiers.
        for _ in range(200):
            assert stack.ask("/i").body == b"container001_01"
