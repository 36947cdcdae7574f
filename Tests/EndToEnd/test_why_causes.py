"""`berth why` for one request of each cause in docs/errors.md, through two tiers."""

import json
import os
import re
import resource
import socket
import threading

import hyperframe.frame
import pytest

from harness import clients, secure, wait, wire
from harness.admin import Admin
from harness.authority import Authority, Server, self_signed
from harness.h2origin import H2Origin
from harness.secure import SecureClient, SecureTier
from harness.stack import Origins
from harness.tier import REPO, Tier, berth

# Causes that no request can be made to have here, with the reason.
NOT_PRODUCED = {
    "internal_error": "an error in Berth itself: nothing is known that causes it",
    "connect_failed": "an error of connecting that has no word of its own: loopback has none",
}

FRONT = """\
rules:
  - name: staff
    host: staff.why
    client_certificates: {{ ca: {ca} }}
    to: a:{a}
  - name: open
    host: open.why
    to: a:{a}
  - name: unroutable
    host: unroutable.front.why
    to: nowhere:80
  - name: tiers
    host: '~^[a-z0-9.-]+\\.(?<tier>[abcd])\\.why$'
    to: '${{tier}}'
timeouts: {{ client_header: 1s, downstream: 1s }}
limits: {{ body: 1MiB }}
names:
  - static: {{ a: '127.0.0.1:{a}', b: '127.0.0.1:{b}', c: '127.0.0.1:{c}', d: '127.0.0.1:{d}', nowhere: 127.255.255.255 }}
"""

LOCAL = """\
rules:
  - {{ name: small, host: small.a.why, to: 'app', max_body: 1KiB }}
  - {{ name: unsafe-target, host: '~^unsafe-target(?<rest>[a-z]*)\\.a\\.why$', to: '${{rest}}' }}
  - {{ name: unsafe-header, host: header.a.why, path: '~^/(?<value>[^/]*)$', set_headers: {{ X-Value: '$value' }}, to: app }}
  - {{ name: unsafe-path, host: path.a.why, rewrite_path: {{ match: '^/x(.*)$', with: '/$1' }}, to: app }}
  - {{ name: unsafe-redirect, host: redirect.a.why, redirect: '${{uri}}' }}
  - {{ name: limit, host: '~^(?:[a-z0-9]+)+[bc]\\.limit\\.a\\.why$', backtracking: allowed, to: app }}
  - {{ name: slow, host: slow.a.why, timeouts: {{ upstream: 500ms }}, to: app }}
  - {{ name: metadata, host: metadata.a.why, to: metadata }}
  - {{ name: loop, host: loop.a.why, to: front }}
  - {{ name: silent-tls, host: silent.a.why, timeouts: {{ connect: 500ms }}, to: 'https://silent' }}
  - {{ name: plain-tls, host: plain.a.why, to: 'https://greeter' }}
  - {{ name: own-tls, host: own.a.why, to: 'https://own' }}
  - {{ name: strict-tls, host: strict.a.why, to: 'https://strict' }}
  - {{ name: h2, host: h2.a.why, to: 'h2c://h2' }}
  - {{ name: away, host: away.a.why, to: 'h2c://away' }}
  - {{ name: pools, host: '~^(?<pool>[a-z]+)-pool\\.a\\.why$', to: '${{pool}}-pool' }}
  - {{ name: names, host: '~^(?<name>[a-z]+)\\.[abcd]\\.why$', to: '$name' }}
pools:
  - {{ name: full-pool, endpoints: ['{app}'], max_requests: 1 }}
  - {{ name: queue-pool, endpoints: ['{app}'], max_requests: 1, queue: {{ size: 4, timeout: 300ms }} }}
  - {{ name: down-pool, endpoints: ['{app}'], all_down: refuse }}
  - {{ name: drain-pool, endpoints: ['{app}'] }}
upstream_tls: {{ ca: {ca} }}
timeouts: {{ drain: 300ms, resolve: 700ms }}
trusted_proxies: [127.0.0.0/8]
names:
  - static: {static}
{sources}
"""


class Away:
    """An endpoint of HTTP/2 that ends each connection before it has read a request."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            try:
                sock.sendall(hyperframe.frame.SettingsFrame(0).serialize())
                received = b""
                # A request has come when there is a frame of HEADERS (type 1) after the preface.
                while not any(kind == 1 for kind in self.kinds(received[24:])):
                    if not (data := sock.recv(65536)):
                        return
                    received += data
                sock.sendall(hyperframe.frame.GoAwayFrame(0, last_stream_id=0, error_code=0).serialize())
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except OSError:
                pass

    @staticmethod
    def kinds(data):
        while len(data) >= 9:
            yield data[3]
            data = data[9 + int.from_bytes(data[:3], "big") :]

    def stop(self):
        self.listener.close()


class Datagrams:
    """A DNS server that says nothing, or that every query has failed."""

    def __init__(self, fails):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.fails = fails
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(65536)
                if not data:
                    return
                if self.fails:
                    # SERVFAIL.
                    self.socket.sendto(data[:2] + b"\x81\x82" + data[4:6] + bytes(6) + data[12:], peer)
            except OSError:
                return

    def stop(self):
        self.socket.close()


class Site:
    def __init__(self, directory, stopping):
        self.directory = str(directory)
        authority = Authority(directory)
        staff = self.staff = Authority(directory, "staff")
        self.origins = stopping(Origins("app"))
        app = f"127.0.0.1:{self.origins.ports['app']}"
        silent = socket.create_server(("127.0.0.1", 0))
        stopping(Closing(silent))
        own = stopping(Server(self_signed(directory, "own", "own")))
        strict = stopping(Server(authority.issue("strict", "strict"), client_ca=staff.pem))
        h2, away = stopping(H2Origin()), stopping(Away())
        upgrader, greeter = stopping(Upgrader()), stopping(Greeter())
        static = {
            "app": app, "dead": "127.0.0.1:1", "metadata": "169.254.169.254:80", "upgrader": f"127.0.0.1:{upgrader.port}",
            "greeter": f"127.0.0.1:{greeter.port}",
            "silent": f"127.0.0.1:{silent.getsockname()[1]}", "own": f"127.0.0.1:{own.port}",
            "strict": f"127.0.0.1:{strict.port}", "h2": f"127.0.0.1:{h2.port}", "away": f"127.0.0.1:{away.port}",
        }  # fmt: skip
        self.stopping, self.app, self.authority = stopping, app, authority
        # The front tier's port has to be known to the rule that leads back to it.
        self.relay = stopping(Relay())
        self.a = self.local("a", static | {"front": f"127.0.0.1:{self.relay.port}"})
        self.b = self.local("b", {}, dns=stopping(Datagrams(fails=False)).port)
        self.c = self.local("c", {}, dns=stopping(Datagrams(fails=True)).port)
        self.d = self.local("d", {"app": app}, "--loops", "1")
        star = secure.certificate(directory, "star", "*.why")
        self.front = stopping(
            SecureTier(
                "front", directory,
                FRONT.format(ca=staff.pem, a=self.a.port, b=self.b.port, c=self.c.port, d=self.d.port),
                f"{{ certificates: [{{ cert: '{star[0]}', key: '{star[1]}' }}], default: '*.why' }}",
                "--admin", f"unix:{self.socket('front')}",
            )
        )  # fmt: skip
        self.port = self.front.port
        self.relay.target = self.front.port

    def socket(self, name):
        return os.path.join(self.directory, f"{name}.sock")

    def local(self, name, static, *options, dns=None):
        sources = f"  - dns: {{ servers: ['127.0.0.1:{dns}'] }}\n" if dns else ""
        rules = LOCAL.format(app=self.app, ca=self.authority.pem, static=json.dumps(static), sources=sources)
        folder = os.path.join(self.directory, name)
        return self.stopping(Tier("local", folder, rules, "--admin", f"unix:{self.socket(name)}", *options))

    def ask(self, host, path="/i", fields=(), **options):
        """The response, with an id of its own; None where there was none."""
        return wire.ask(self.port, host, path, fields=list(fields), **options)

    def raw(self, text):
        with wire.Client(self.port) as client:
            client.send(text)
            return client.answer()

    def admin(self, name="a"):
        return Admin(self.socket(name))

    def hang(self, host):
        """A request that stays at its endpoint; the connection."""
        client = wire.Client(self.port)
        client.send(f"GET /hang HTTP/1.1\r\nHost: {host}\r\n\r\n")
        return client


class Closing:
    def __init__(self, one):
        self.one = one

    def stop(self):
        self.one.close()


class Greeter:
    """Speaks first, and something else."""

    greeting = b"SSH-2.0-none\r\n"
    waits = False

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                with sock:
                    if self.waits:
                        wire.Reader(sock).head()
                    sock.sendall(self.greeting)
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(65536):
                        pass
            except OSError:
                return

    def stop(self):
        self.listener.close()


class Upgrader(Greeter):
    """Switches to a protocol that nobody offered."""

    greeting = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    waits = True


class Relay:
    """Passes connections on to a port that is known only later."""

    def __init__(self):
        self.target = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for one, other in [(near, far), (far, near)]:
                threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


# MARK: One request of each cause. Each returns the request's id.


def of(response):
    return response.get("X-Request-ID")


PRODUCERS = {}


def cause(function):
    PRODUCERS[function.__name__] = function
    return function


def simple(name, make):
    PRODUCERS[name] = make


simple("malformed_request", lambda site: of(site.raw("GET / HTTP/1.1\r\nHost : app.a.why\r\n\r\n")))
simple("method_not_allowed", lambda site: of(site.raw("TRACE / HTTP/1.1\r\nHost: app.a.why\r\n\r\n")))
simple(
    "not_implemented",
    lambda site: of(site.raw("POST / HTTP/1.1\r\nHost: app.a.why\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
)
simple("version_not_supported", lambda site: of(site.raw("GET / HTTP/3.0\r\nHost: app.a.why\r\n\r\n")))
simple("request_timeout", lambda site: of(site.raw("GET / HTTP/1.1\r\nHost: app.a.why\r\n")))
simple(
    "body_too_large",
    lambda site: of(site.ask("small.a.why", method="POST", fields=["Content-Length: 2000"], body=b"x" * 2000)),
)
simple("expectation_failed", lambda site: of(site.ask("app.a.why", fields=["Expect: a-miracle"])))
simple("uri_too_long", lambda site: of(site.ask("app.a.why", "/" + "x" * 9000)))
simple("head_too_large", lambda site: of(site.ask("app.a.why", fields=["X-Large: " + "x" * 40_000])))
simple("no_rule", lambda site: of(site.ask("none.of.these.a.why")))
simple("unsafe_target", lambda site: of(site.ask("unsafe-target.a.why")))
simple("unsafe_header", lambda site: of(site.ask("header.a.why", "/a%0ab")))
simple("unsafe_path", lambda site: of(site.ask("path.a.why", "/x..")))
simple("unsafe_redirect", lambda site: of(site.ask("redirect.a.why", "//evil.example/x")))
simple("malformed_path", lambda site: of(site.ask("header.a.why", "/%zz")))
simple("match_limit", lambda site: of(site.ask("a" * 60 + ".limit.a.why")))
simple("unknown_target", lambda site: of(site.ask("nobody.a.why")))
simple("name_timeout", lambda site: of(site.ask("nobody.b.why")))
simple("name_error", lambda site: of(site.ask("nobody.c.why")))
simple("prohibited_address", lambda site: of(site.ask("metadata.a.why")))
simple("loop_detected", lambda site: of(site.ask("loop.a.why")))
simple("client_certificate_required", lambda site: of(site.ask("staff.why")))
simple("connection_refused", lambda site: of(site.ask("dead.a.why")))
simple("connection_reset", lambda site: of(site.ask("app.a.why", "/reset")))
simple("connect_timeout", lambda site: of(site.ask("silent.a.why")))
simple("unroutable", lambda site: of(site.ask("unroutable.front.why")))
simple("tls_failed", lambda site: of(site.ask("plain.a.why")))
simple("tls_certificate", lambda site: of(site.ask("own.a.why")))
simple("tls_alert", lambda site: of(site.ask("strict.a.why")))
simple("invalid_response", lambda site: of(site.ask("app.a.why", "/garbage")))
simple("response_head_too_large", lambda site: of(site.ask("app.a.why", "/large-head?bytes=100000")))
simple("upstream_timeout", lambda site: of(site.ask("slow.a.why", "/hang")))
simple("upgrade_failed", lambda site: of(site.ask("upgrader.a.why")))
simple("gone_away", lambda site: of(site.ask("away.a.why")))
simple("stream_refused", lambda site: of(site.ask("h2.a.why", "/reset/7")))
simple("stream_reset", lambda site: of(site.ask("h2.a.why", "/reset/2")))


@cause
def downstream_closed(site):
    with site.hang("app.a.why") as client:
        client.send(b"")
        wait.until(lambda: site.admin().in_flight("app") > 0, what="the request to arrive")
    return last(site, "app.a.why", "downstream_closed")


@cause
def downstream_stalled(site):
    with wire.Client(site.port) as client:
        client.send("GET /download?bytes=200000000 HTTP/1.1\r\nHost: app.a.why\r\nX-Request-ID: stalled\r\n\r\n")
        wait.until(lambda: ended(site, "stalled"), what="the front tier to give up")
    return "stalled"


@cause
def response_incomplete(site):
    with wire.Client(site.port) as client, pytest.raises((wire.Closed, ConnectionResetError)):
        client.ask("app.a.why", "/short", fields=["X-Request-ID: incomplete"])
    wait.until(lambda: ended(site, "incomplete"), what="the request to end")
    return "incomplete"


@cause
def misdirected_request(site):
    using = clients.context(None)
    with SecureClient(site.front.secure_port, name="open.why", using=using) as client:
        assert client.ask("open.why", "/i").status in (200, 404)
        return of(client.ask("staff.why", "/i"))


@cause
def server_name_mismatch(site):
    with SecureClient(site.front.secure_port, name="open.why", using=clients.context(None)) as client:
        return of(client.ask("staff.why", "/i"))


@cause
def draining(site):
    with site.hang("drain-pool.a.why") as client:
        wait.until(lambda: site.admin().in_flight("drain-pool") > 0, what="the request to arrive")
        site.admin().set_state("drain-pool", site.app, "drain")
        return of(client.answer())


@cause
def target_limit(site):
    with site.hang("full-pool.a.why"):
        wait.until(lambda: site.admin().in_flight("full-pool") > 0, what="the request to arrive")
        return of(site.ask("full-pool.a.why"))


@cause
def queue_timeout(site):
    with site.hang("queue-pool.a.why"):
        wait.until(lambda: site.admin().in_flight("queue-pool") > 0, what="the request to arrive")
        return of(site.ask("queue-pool.a.why"))


@cause
def endpoints_down(site):
    site.admin().set_state("down-pool", site.app, "down")
    return of(site.ask("down-pool.a.why"))


@cause
def target_paused(site):
    site.admin().pause("paused", 0.2)
    return of(site.ask("paused.a.why"))


@cause
def target_stopped(site):
    site.admin().ask("POST", "/pools/stopped/stop", {"message": "back soon"})
    return of(site.ask("stopped.a.why"))


@cause
def out_of_descriptors(site):
    # The front tier has a connection to the local tier that it can use again, and the local tier none to its container.
    with wire.Client(site.port) as client:
        assert client.ask("nobody.d.why").status == 503
        usual = resource.prlimit(site.d.pid, resource.RLIMIT_NOFILE)
        # Numbers below the limit that are free would still be given out.
        highest = max(int(one) for one in os.listdir(f"/proc/{site.d.pid}/fd"))
        taken = set(int(one) for one in os.listdir(f"/proc/{site.d.pid}/fd"))
        limit = next(number for number in range(highest + 2) if number not in taken)
        try:
            resource.prlimit(site.d.pid, resource.RLIMIT_NOFILE, (limit, usual[1]))
            return of(client.ask("app.d.why"))
        finally:
            resource.prlimit(site.d.pid, resource.RLIMIT_NOFILE, usual)


def ended(site, name):
    return any(one["id"] == name for one in site.admin("front").ask("GET", "/requests?failed=1")["requests"])


def last(site, host, word):
    """The last failed request of a host with this cause."""

    def find():
        requests = site.admin("front").ask("GET", "/requests?failed=1&limit=1000")["requests"]
        return next((one["id"] for one in requests if one["host"] == host and one.get("cause") == word), None)

    return wait.until(find, what=f"a request with {word}")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    started = []

    def stopping(one):
        started.append(one)
        return one

    try:
        yield Site(tmp_path_factory.mktemp("causes"), stopping)
    finally:
        for one in reversed(started):
            one.stop()


def documented():
    with open(os.path.join(REPO, "docs/errors.md")) as file:
        return set(re.findall(r"^\| `([a-z_]+)` \| \d", file.read(), re.MULTILINE))


def test_each_documented_cause_is_produced_or_has_a_reason():
    assert not set(PRODUCERS) & set(NOT_PRODUCED)
    assert set(PRODUCERS) | set(NOT_PRODUCED) == documented()


@pytest.mark.parametrize("word", sorted(PRODUCERS))
def test_why(site, word):
    request = PRODUCERS[word](site)
    assert request, "the response has no id"

    def answer():
        code, said, errors = berth("why", request, "--admin", site.socket("front"), "--json")
        assert code == 0, errors
        return json.loads(said)

    # The local tier may find the end of a request later than the front tier.
    report = wait.until(lambda: (now := answer()) and "missing" not in now and now, what="the answer of both tiers")
    assert report["id"] == request and "missing" not in report, report
    causes = [part.get("cause") for part in report["tiers"]]
    assert word in causes, report
    part = report["tiers"][causes.index(word)]
    assert part["message"] and part["help"] and part["side"]
    code, said, errors = berth("why", request, "--admin", site.socket("front"))
    assert code == 0, errors
    lines = said.decode().split("\n")
    assert any(line.startswith(f"{word}: ") for line in lines) and part["help"] in said.decode(), said
    for one in report["tiers"]:
        assert f"{one['tier']} tier" in lines
