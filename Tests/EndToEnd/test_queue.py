"""Requests wait for a place at their target: `max_requests` and `queue` of a pool."""

import hashlib
import http.server
import json
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import wait, wire
from harness.tier import Tier, berth

RULES = """\
rules: [{ name: all, to: pool }]
pools:
  - name: pool
    endpoints: ['%s']
%s
"""
HOST = "pool.test"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        gate = self.server.gate
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with gate.lock:
            gate.running += 1
            gate.most = max(gate.most, gate.running)
            gate.paths.append(self.path)
        gate.go.acquire(timeout=30)
        with gate.lock:
            gate.running -= 1
        text = hashlib.sha256(body).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Gate:
    """An endpoint whose requests wait until they may go; counts how many it has at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = self.most = 0
        self.paths = []
        self.go = threading.Semaphore(0)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.gate = self
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.go.release(1000)
        self.server.shutdown()
        self.server.server_close()


class Site:
    """A tier with one endpoint, and a control socket."""

    def __init__(self, folder, gate, *lines):
        self.admin = os.path.join(folder, "admin.sock")
        rules = RULES % (gate.address, "\n".join(f"    {line}" for line in lines))
        self.tier = Tier("local", folder, rules, "--admin", f"unix:{self.admin}", "--loops", "2")

    def ask(self, path="/", **options):
        return wire.ask(self.tier.port, HOST, path, **options)

    def places(self):
        code, out, errors = berth("pools", "--json", "pool", "--admin", self.admin)
        assert code == 0, errors
        places = json.loads(out)["targets"][0].get("places") or {}
        return places.get("requests", 0), places.get("waiting", 0)

    def stop(self):
        self.tier.stop()


@pytest.fixture
def gate(stopping):
    return stopping(Gate())


@pytest.fixture
def site(gate, stopping):
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as folder:
        yield lambda *lines: stopping(Site(folder, gate, *lines))


def test_never_more_requests_run_than_may_and_the_others_wait(site, gate):
    site = site("max_requests: 3", "queue: { size: 20, timeout: 30s }")
    with ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(site.ask, f"/{number}") for number in range(12)]
        wait.until(lambda: site.places() == (3, 9), what="nine requests to wait")
        code, out, _ = berth("pools", "why", "pool", "--admin", site.admin)
        assert code == 0 and "It has 3 requests in flight of at most 3, and 9 of at most 20 wait" in out.decode()
        assert gate.running == 3
        gate.go.release(12)
        assert {one.result().status for one in answers} == {200}
    assert gate.most == 3
    wait.until(lambda: site.places() == (0, 0), what="nothing to be left")


def test_one_too_many_is_refused_and_one_that_waits_too_long(site, gate):
    site = site("max_requests: 1", "queue: { size: 1, timeout: 1s }")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(site.ask)
        wait.until(lambda: gate.running == 1, what="the first request")
        second = pool.submit(site.ask)
        wait.until(lambda: site.places() == (1, 1), what="the second one to wait")
        third = site.ask()
        assert third.status == 503 and third.get("Retry-After") == "5"
        late = second.result()
        assert late.status == 503 and late.get("Retry-After") == "5"
        causes = [site.tier.record(one.get("X-Request-ID"))["cause"] for one in (third, late)]
        assert causes == ["target_limit", "queue_timeout"]
        gate.go.release()
        assert first.result().status == 200


def test_a_client_that_leaves_gives_its_position_up(site, gate):
    site = site("max_requests: 1", "queue: { size: 5, timeout: 30s }")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(site.ask, "/first")
        wait.until(lambda: gate.running == 1, what="the first request")
        with wire.Client(site.tier.port) as leaving:
            leaving.send(f"GET /left HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
            wait.until(lambda: site.places() == (1, 1), what="the second one to wait")
            last = pool.submit(site.ask, "/last")
            wait.until(lambda: site.places() == (1, 2), what="the third one to wait")
        wait.until(lambda: site.places() == (1, 1), what="the second one to have left")
        gate.go.release(2)
        assert first.result().status == last.result().status == 200
    assert gate.paths == ["/first", "/last"]


def test_a_body_waits_with_its_request_and_arrives_whole(site, gate):
    site = site("max_requests: 1", "queue: { size: 5, timeout: 30s }")
    body = os.urandom(8 << 20)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(site.ask)
        wait.until(lambda: gate.running == 1, what="the first request")
        fields = [f"Content-Length: {len(body)}"]
        upload = pool.submit(site.ask, method="POST", fields=fields, body=body)
        wait.until(lambda: site.places() == (1, 1), what="the upload to wait")
        assert site.tier.memory() < 512 << 20
        gate.go.release(2)
        assert first.result().status == 200
        assert upload.result().body.decode() == hashlib.sha256(body).hexdigest()


def test_max_conns_makes_requests_wait_too(site, gate):
    site = site("max_conns: 2", "queue: {}")
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(site.ask) for _ in range(6)]
        wait.until(lambda: site.places()[1] == 4, what="four requests to wait")
        gate.go.release(6)
        assert {one.result().status for one in answers} == {200}
    assert gate.most == 2


def test_under_load_with_clients_that_leave_nothing_is_left(site, gate):
    site = site("max_requests: 4", "queue: { size: 50, timeout: 30s }")
    gate.go.release(100_000)

    def work(number):
        statuses = set()
        for turn in range(25):
            if (number + turn) % 5 == 0:
                with wire.Client(site.tier.port) as client:
                    client.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
            else:
                statuses.add(site.ask().status)
        return statuses

    with ThreadPoolExecutor(16) as pool:
        assert set().union(*pool.map(work, range(16))) == {200}
    assert gate.most <= 4 + 16
    wait.until(lambda: site.places() == (0, 0), what="nothing to be left")
