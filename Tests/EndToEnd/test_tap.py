"""What rules tap: heads and bodies in a log of its own, without secrets."""

import base64
import gzip
import http.server
import json
import os
import signal
import stat
import threading

import pytest

from harness import frames, wait, wire
from harness.tier import LISTENING, Tier, berth
from test_metrics import metrics_port, read

SECRET = "HIDDEN-5d1f0c"
RULES = """\
rules:
  - name: tapped
    host: tapped.test
    to: '127.0.0.1:%(port)d'
    tap: { bodies: 64, redact: [x-api-key], redact_query: [token] }
  - name: plain
    to: '127.0.0.1:%(port)d'
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def respond(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b"received %d" % len(body)
        if self.path.startswith("/large"):
            data = b"0123456789" * 100_000
        if self.path.startswith("/gzip"):
            data = gzip.compress(b"packed")
        self.send_response(200)
        self.send_header("Set-Cookie", f"session={SECRET}")
        self.send_header("Location", f"/next?token={SECRET}")
        if self.path.startswith("/gzip"):
            self.send_header("Content-Encoding", "gzip")
        if self.path.startswith("/chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"first ", b"second"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = respond


@pytest.fixture
def origin():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(tmp_path, origin, stopping):
    return stopping(Tier("front", tmp_path / "front", RULES % {"port": origin}, "--tap-log", str(tmp_path / "tap.log")))


def records(tmp_path, count=1):
    path = tmp_path / "tap.log"
    wait.until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count, what=f"{count} records")
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def fields(message):
    return {name.lower(): value for name, value in message["fields"]}


SECRETS = [f"Authorization: Bearer {SECRET}", f"Cookie: a={SECRET}", f"X-API-Key: {SECRET}", f"Referer: https://x/?token={SECRET}"]


def test_an_upload_and_a_download_are_recorded_without_secrets(tmp_path, front):
    answer = wire.ask(
        front.port, "tapped.test", f"/large?x=1&token={SECRET}", method="POST",
        fields=[*SECRETS, "X-Request-ID: up-1", "Content-Length: 10"], body="grün\n\x1b[2J".encode(),
    )  # fmt: skip
    assert answer.status == 200 and len(answer.body) == 1_000_000
    (record,) = records(tmp_path)
    assert stat.S_IMODE(os.stat(tmp_path / "tap.log").st_mode) == 0o600
    assert record["tier"] == "front" and record["rule"] == "tapped" and record["request_id"] == "up-1"
    assert record["status"] == 200 and record["error"] is False and record["cause"] is None
    request, response = record["request"], record["response"]
    assert request["method"] == "POST" and request["uri"] == "/large?x=1&token=[redacted]"
    assert request["protocol"] == "HTTP/1.1"
    seen = fields(request)
    for name in ("authorization", "cookie", "x-api-key"):
        assert seen[name] == "[redacted]"
    assert seen["referer"] == "https://x/?token=[redacted]" and seen["host"] == "tapped.test"
    assert request["body"] == "grün\n\x1b[2J" and request["body_bytes"] == 10 and not request["truncated"]
    assert response["status"] == 200 and fields(response)["set-cookie"] == "[redacted]"
    assert response["body"] == ("0123456789" * 7)[:64] and response["truncated"] and response["body_bytes"] == 1_000_000
    raw = (tmp_path / "tap.log").read_bytes()
    assert SECRET.encode() not in raw and b"\x1b" not in raw
    # The access log is not redacted: it has no fields but these.
    assert front.record("up-1")["rule"] == "tapped"


def test_chunked_bodies_and_codings_are_recorded_as_they_are(tmp_path, front):
    with wire.Client(front.port) as client:
        client.send("POST /chunked HTTP/1.1\r\nHost: tapped.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        client.send("4\r\ndefg\r\n0\r\n\r\n")
        assert client.answer().body == b"first second"
        assert client.ask("tapped.test", "/gzip").status == 200
        assert client.ask("other.test", "/").status == 200
    chunked, packed = records(tmp_path, 2)
    assert chunked["request"]["body"] == "abcdefg" and chunked["response"]["body"] == "first second"
    assert gzip.decompress(base64.b64decode(packed["response"]["body_base64"])) == b"packed"
    assert fields(packed["response"])["content-encoding"] == "gzip"
    front.stop()
    assert len(records(tmp_path)) == 2, "the other rule is not tapped"
    assert "tap_records=2" in front.said()


def test_requests_of_http2_are_recorded(tmp_path, origin, stopping):
    rules = "listeners: [{ address: '127.0.0.3:0', http2: true }]\n" + RULES % {"port": origin}
    front = stopping(Tier("front", tmp_path / "front", rules, "--tap-log", str(tmp_path / "tap.log")))
    (port,) = [int(line.split("127.0.0.3:")[1].split()[0]) for line in front.said().splitlines() if "127.0.0.3:" in line]
    body = b"x" * 100_000
    with frames.Client(port, "127.0.0.3") as client:
        stream = client.ask(
            f"/large?token={SECRET}", method="POST", authority="tapped.test", body=body,
            fields=[("authorization", SECRET), ("cookie", f"a={SECRET}"), ("cookie", "b=2"), ("x-plain", "seen")],
        )  # fmt: skip
        assert stream.status == 200 and len(stream.body) == 1_000_000
    (record,) = records(tmp_path)
    request = record["request"]
    assert request["protocol"] == "HTTP/2.0" and request["uri"] == "/large?token=[redacted]"
    assert fields(request)["x-plain"] == "seen" and fields(request)["cookie"] == "[redacted]"
    assert request["body"] == "x" * 64 and request["truncated"] and request["body_bytes"] == 100_000
    assert record["response"]["body_bytes"] == 1_000_000
    assert SECRET.encode() not in (tmp_path / "tap.log").read_bytes()


def test_a_failure_is_recorded_as_an_error(tmp_path, stopping):
    rules = "rules: [{ name: gone, to: '127.0.0.1:1', tap: { bodies: 1KiB } }]\n"
    front = stopping(Tier("front", tmp_path / "front", rules, "--tap-log", str(tmp_path / "tap.log")))
    assert wire.ask(front.port, "a.test", "/").status == 502
    (record,) = records(tmp_path)
    assert record["error"] is True and record["cause"] == "connection_refused"
    assert record["response"]["status"] == 502 and "the target" in record["response"]["body"]


def test_both_tiers_tap_the_same_requests(tmp_path, stopping):
    rules = "rules: [{ name: all, %s, tap: { sample: 10%% } }]\n"
    local = stopping(
        Tier("local", tmp_path / "local", rules % "respond: 200" + "trusted_proxies: [127.0.0.0/8]\n",
             "--tap-log", str(tmp_path / "local.tap"))
    )  # fmt: skip
    front = stopping(Tier("front", tmp_path / "front", rules % f"to: '127.0.0.1:{local.port}'", "--tap-log", str(tmp_path / "front.tap")))
    with wire.Client(front.port) as client:
        for _ in range(500):
            assert client.ask("a.test", "/").status == 200
    front.stop()
    local.stop()
    seen = [[json.loads(line)["request_id"] for line in (tmp_path / name).open()] for name in ("front.tap", "local.tap")]
    assert sorted(seen[0]) == sorted(seen[1]) and 10 < len(seen[0]) < 150


def test_a_tap_log_is_rotated_and_stays_private(tmp_path, stopping):
    log = tmp_path / "tap.log"
    log.touch(0o644)
    rules = "rules: [{ name: all, respond: { status: 200, body: ok }, tap: { bodies: 1KiB } }]\n"
    front = stopping(Tier("front", tmp_path / "front", rules, "--tap-log", str(log), "--tap-log-rotate", "16KiB,keep=900"))
    with wire.Client(front.port) as client:
        for number in range(500):
            assert client.ask("a.test", f"/{number}").status == 200
    front.signal(signal.SIGUSR1)
    front.stop()
    names = [name for name in os.listdir(tmp_path) if name.startswith("tap.log")]
    assert len(names) > 2
    uris = []
    for name in names:
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600
        uris += [json.loads(line)["request"]["uri"] for line in (tmp_path / name).open()]
    assert sorted(uris) == sorted(f"/{number}" for number in range(500))


def test_a_tap_log_that_nobody_reads_delays_nothing(tmp_path, stopping):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        rules = "rules: [{ name: all, respond: { status: 200, body: '%s' }, tap: { bodies: 16KiB } }]\n" % ("x" * 16_000)
        front = stopping(Tier("front", tmp_path / "front", rules, "--tap-log", str(pipe), "--metrics", "127.0.0.1:0"))
        with wire.Client(front.port) as client:
            for _ in range(3000):
                assert client.ask("a.test", "/").status == 200
        wait.until(lambda: "the tap log is not being read" in front.said(), what="the warning")
        metrics = read(metrics_port(front))
        skipped = metrics["berth_tap_skipped_total", frozenset()]
        assert skipped > 0 and metrics["berth_tap_records_total", frozenset()] + skipped == 3000
        front.signal()
        assert front.wait() == 0
        assert "tap_skipped=" in front.said()
    finally:
        os.close(reader)


def test_a_tap_without_a_log_is_told(tmp_path, stopping):
    rules = "rules: [{ name: all, respond: 200, tap: {} }]\n"
    front = stopping(Tier("front", tmp_path, rules))
    assert LISTENING.search(front.said())
    assert "front.yaml:1:" in front.said() and "--tap-log" in front.said()
    code, out, _ = berth("check", front.config)
    assert code == 0, out
    assert wire.ask(front.port, "a.test", "/").status == 200
