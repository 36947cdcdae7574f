"""Client certificates: who may connect, what containers learn, and that nothing opens by a mistake."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading

import pytest

from harness import clients, frames, secure, wait, wire
from harness.authority import Authority
from harness.clients import REFUSED
from harness.secure import SecureClient, SecureTier
from harness.stack import Origins
from harness.tier import BERTH, Tier, berth

RULES = """\
rules:
  - name: staff
    host: staff.test.priv
    client_certificates: {{ ca: {staff} }}
    to: app
  - name: admin
    host: wiki.test.priv
    path: /admin
    client_certificates: {{ ca: {staff} }}
    to: app
  - name: wiki
    host: wiki.test.priv
    to: app
  - name: partner
    host: partner.test.priv
    client_certificates: {{ ca: {partner}, required: false }}
    to: app
  - name: other-staff
    host: '~^(payroll|hr)\\.test\\.priv$'
    client_certificates: {{ ca: {staff} }}
    to: app
  - name: mixed-staff
    host: mixed.test.priv
    path: /staff
    client_certificates: {{ ca: {staff} }}
    to: app
  - name: mixed-partner
    host: mixed.test.priv
    client_certificates: {{ ca: {partner} }}
    to: app
  - name: public
    host: '*.test.priv'
    to: app
"""

SUBJECT, FINGERPRINT = "X-Client-Cert-Subject", "X-Client-Cert-Fingerprint"


class Site:
    def __init__(self, directory, stopping, listener="", rules=RULES, more="", **others):
        self.directory = str(directory)
        self.staff, self.partner = (Authority(directory, stem, days=2) for stem in ("staff", "partner"))
        self.alice = self.staff.client("alice", subject="/O=Example/CN=alice")
        self.bob = self.partner.client("bob")
        self.star = secure.certificate(directory, "star", "*.test.priv", "test.priv")
        self.origins = stopping(Origins("app"))
        self.names = f"names:\n  - static: {{ app: '127.0.0.1:{self.origins.ports['app']}' }}\n"
        self.rules = rules.format(staff=self.staff.pem, partner=self.partner.pem) + self.names + more
        self.tier = stopping(
            SecureTier(
                "front", directory, self.rules,
                f"{{ certificates: [{{ cert: '{self.star[0]}', key: '{self.star[1]}' }}], default: '*.test.priv'{listener} }}",
                "--log-level", "debug", **others,
            )
        )  # fmt: skip
        self.port = self.tier.secure_port

    def client(self, name, pair=None, version=None, using=None, session=None):
        return SecureClient(self.port, name=name, using=using or clients.context(pair, version), session=session)

    def multiplexed(self, name, pair=None, version=None):
        """A connection with HTTP/2."""
        return frames.Client(self.port, name=name, using=clients.context(pair, version, ("h2",)))

    def ask(self, name, pair=None, path="/echo", fields=(), version=None, host=None):
        with self.client(name, pair, version) as client:
            return client.ask(host or name, path, fields=list(fields))

    def write(self, text):
        """The rule file anew, in one step."""
        with open(self.tier.config) as file:
            listeners = file.read().partition("rules:")[0]
        with open(self.tier.config + ".new", "w") as file:
            file.write(listeners + text)
        os.replace(self.tier.config + ".new", self.tier.config)

    def reload(self):
        before = self.tier.said().count("rules reloaded") + self.tier.said().count("rules not reloaded")
        self.tier.signal(signal.SIGHUP)
        wait.until(
            lambda: self.tier.said().count("rules reloaded") + self.tier.said().count("rules not reloaded") > before,
            what="a reload",
        )


def fields(response):
    return wire.Fields(tuple(one) for one in json.loads(response.body)["fields"])


@pytest.fixture
def site(tmp_path, stopping):
    return Site(tmp_path, stopping)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For tests that break nothing."""
    started = []

    def stopping(thing):
        started.append(thing)
        return thing

    yield Site(tmp_path_factory.mktemp("clients"), stopping)
    for one in reversed(started):
        one.stop()


VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


# MARK: Who may connect


@VERSIONS
def test_a_client_with_a_certificate_of_the_ca_is_known_to_the_container(shared, version):
    response = shared.ask("staff.test.priv", shared.alice, version=version)
    assert response.status == 200
    assert fields(response).all(SUBJECT) == ["CN=alice,O=Example"]
    assert fields(response).all(FINGERPRINT) == [clients.fingerprint(shared.alice)]
    record = shared.tier.record(fields(response).get("X-Request-ID"))
    assert record["client_subject"] == "CN=alice,O=Example"


@VERSIONS
def test_a_client_without_a_certificate_is_refused_in_the_handshake(shared, version):
    before = shared.tier.causes().count("no_client_certificate")
    with pytest.raises(REFUSED) as error:
        shared.ask("staff.test.priv", version=version)
    assert version == ssl.TLSVersion.TLSv1_2 or "certificate required" in str(error.value).lower().replace("_", " ")
    wait.until(lambda: shared.tier.causes().count("no_client_certificate") > before, what="the cause")


@pytest.mark.parametrize(
    "kind, cause",
    [
        ("stranger", "unknown_client_ca"), ("self-signed", "unknown_client_ca"), ("expired", "client_certificate_expired"),
        ("server", "client_certificate_purpose"), ("renamed", "unknown_client_ca"),
    ],
)  # fmt: skip
def test_an_invalid_certificate_fails_the_handshake_whether_one_is_required_or_not(site, tmp_path, kind, cause):
    other = tmp_path / "other"
    other.mkdir()
    for host in ["staff.test.priv", "partner.test.priv", "mixed.test.priv", "wiki.test.priv"]:
        authority = site.partner if host == "partner.test.priv" else site.staff
        pair = {
            "stranger": lambda: Authority(other, "stranger").client("alice"),
            "self-signed": lambda: secure.certificate(other, "self", "alice"),
            "expired": lambda: authority.client("expired", days=-1),
            "server": lambda: authority.client("server", usage="serverAuth"),
            # Another key under the CA's own name.
            "renamed": lambda: Authority(other, authority.stem).client("alice"),
        }[kind]()
        count = len(site.tier.causes())
        with pytest.raises(REFUSED):
            site.ask(host, pair)
        wait.until(lambda: len(site.tier.causes()) > count, what="the log")
        assert site.tier.causes()[count:] == [cause], host


def test_a_certificate_without_any_usage_is_one_for_clients(shared):
    assert shared.ask("staff.test.priv", shared.staff.client("plain", usage=None)).status == 200


def test_intermediate_cas_come_from_the_client_or_from_the_file(site):
    between = site.staff.intermediate("between")
    pair = between.client("carol", chain=True)
    assert site.ask("staff.test.priv", pair).status == 200
    bare = between.client("dave")
    with pytest.raises(REFUSED):
        site.ask("staff.test.priv", bare)
    # A file with the intermediate CA alone trusts what that has issued, and nothing else of the root.
    shutil.copy(between.pem, site.staff.pem + ".new")
    os.replace(site.staff.pem + ".new", site.staff.pem)
    wait.until(lambda: "client CAs reloaded" in site.tier.said(), what="the reload of the CAs")
    assert site.ask("staff.test.priv", bare).status == 200
    with pytest.raises(REFUSED):
        site.ask("staff.test.priv", site.alice)


def test_a_requested_certificate_is_passed_on_and_its_absence_is_not_an_error(shared):
    assert fields(shared.ask("partner.test.priv")).all(SUBJECT) == []
    assert fields(shared.ask("partner.test.priv", shared.bob)).all(SUBJECT) == ["CN=bob"]


def test_a_path_that_needs_a_certificate_is_checked_at_the_request(shared):
    refused = shared.ask("wiki.test.priv", path="/admin/users")
    assert (refused.status, refused.error) == (403, "http_request_denied")
    assert shared.ask("wiki.test.priv", path="/admin/../admin/x").status == 403
    open_ = shared.ask("wiki.test.priv")
    assert open_.status == 200
    # Not even a client that is known: the rule does not ask who it is.
    assert fields(shared.ask("wiki.test.priv", shared.alice)).all(SUBJECT) == []
    with shared.client("wiki.test.priv", shared.alice) as client:
        assert client.ask("wiki.test.priv", "/admin/echo").status != 403


def test_two_cas_of_one_host_are_told_apart_at_the_request(shared):
    for path, pair, status in [
        ("/staff/echo", shared.alice, 200), ("/staff/echo", shared.bob, 403), ("/echo", shared.bob, 200),
        ("/echo", shared.alice, 403), ("/echo", None, 403), ("/staff/echo", None, 403),
    ]:  # fmt: skip
        response = shared.ask("mixed.test.priv", pair, path=path)
        assert (response.status == 403) == (status == 403), (path, pair, response.status)
        if response.status == 200:
            assert fields(response).all(SUBJECT) == ["CN=bob" if pair is shared.bob else "CN=alice,O=Example"]


def test_the_names_of_the_cas_are_sent_to_the_client(shared):
    text = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", "-servername", "mixed.test.priv"],
        input="", capture_output=True, text=True, timeout=20,
    ).stdout  # fmt: skip
    assert re.search(r"Acceptable client certificate CA names\nCN ?= ?partner\nCN ?= ?staff\n", text), text
    none = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", "-servername", "www.test.priv"],
        input="", capture_output=True, text=True, timeout=20,
    ).stdout  # fmt: skip
    assert "No client certificate CA names sent" in none


def test_curl_shows_its_certificate(shared):
    base = ["curl", "-sS", "--cacert", shared.star[0], "--resolve", f"staff.test.priv:{shared.port}:127.0.0.1"]
    url = f"https://staff.test.priv:{shared.port}/echo"
    done = subprocess.run([*base, "--cert", shared.alice[0], "--key", shared.alice[1], url], capture_output=True, timeout=20)
    assert done.returncode == 0 and b"CN=alice,O=Example" in done.stdout, done.stderr
    done = subprocess.run(
        [*base, "--http2", "-w", "%{http_version}", "--cert", shared.alice[0], "--key", shared.alice[1], url],
        capture_output=True, timeout=20,
    )  # fmt: skip
    assert done.returncode == 0 and b"CN=alice,O=Example" in done.stdout and done.stdout.endswith(b"2"), done.stderr
    bare = subprocess.run([*base, url], capture_output=True, timeout=20)
    assert bare.returncode == 56 and b"certificate required" in bare.stderr, bare.stderr


# MARK: Two policies


def test_a_host_with_another_policy_is_misdirected_on_a_connection_that_has_served(shared):
    with shared.client("staff.test.priv", shared.alice) as client:
        assert client.ask("staff.test.priv", "/echo").status == 200
        for host in ["www.test.priv", "partner.test.priv", "wiki.test.priv", "mixed.test.priv"]:
            response = client.ask(host, "/echo")
            assert (response.status, response.error) == (421, "http_request_error"), host
        # The connection goes on, also for a host with the same policy.
        assert client.ask("payroll.test.priv", "/echo").status == 200
        assert client.ask("STAFF.test.priv:443", "/echo").status == 200
    with shared.client("www.test.priv") as client:
        assert client.ask("www.test.priv", "/echo").status == 200
        assert client.ask("staff.test.priv", "/echo").status == 421
        assert client.ask("wiki.test.priv", "/echo").status == 421
        assert client.ask("shop.test.priv", "/echo").status == 200


def test_a_fresh_connection_with_another_name_than_its_host_is_not_sent_into_a_loop(shared):
    for name, host in [("www.test.priv", "staff.test.priv"), ("staff.test.priv", "www.test.priv"), (None, "staff.test.priv")]:
        for _ in range(3):
            response = shared.ask(name, shared.alice, host=host)
            assert response.status == 400, (name, host)
    record = shared.tier.record(response.get("X-Request-ID")) if response.get("X-Request-ID") else None
    assert record is None or record["cause"] == "server_name_mismatch"


def test_a_client_without_a_name_gets_the_policy_of_the_listener(tmp_path, stopping):
    site = Site(tmp_path, stopping)
    with SecureClient(site.port, name=None, using=clients.context()) as client:
        assert client.ask("www.test.priv", "/echo").status == 200
        assert client.ask("staff.test.priv", "/echo").status == 421
    with SecureClient(site.port, name=None, using=clients.context()) as client:
        assert client.ask("staff.test.priv", "/echo").status == 400


def test_the_policy_of_a_listener_is_that_of_each_rule_without_one(tmp_path, stopping):
    authority = Authority(tmp_path, "all")
    site = Site(tmp_path, stopping, listener=f", client_certificates: {{ ca: '{authority.pem}' }}")
    carol = authority.client("carol")
    assert fields(site.ask("www.test.priv", carol)).all(SUBJECT) == ["CN=carol"]
    for name in ["www.test.priv", "nobody.elsewhere.example", None]:
        with pytest.raises(REFUSED):
            site.ask(name, host="www.test.priv")
    assert site.ask("staff.test.priv", site.alice).status == 200
    with pytest.raises(REFUSED):
        site.ask("staff.test.priv", carol)
    with pytest.raises(REFUSED):
        site.ask("www.test.priv", site.alice)


@VERSIONS
def test_no_session_crosses_policies(shared, version):
    """A client that resumes would not be verified again."""
    open_, known = clients.context(version=version), clients.context(shared.alice, version)
    with shared.client("www.test.priv", using=open_) as client:
        assert client.ask("www.test.priv", "/echo").status == 200
        session = client.sock.session
    with shared.client("www.test.priv", using=open_, session=session) as client:
        assert client.sock.session_reused and client.ask("www.test.priv", "/echo").status == 200
    for name in ["staff.test.priv", "partner.test.priv", "wiki.test.priv", "mixed.test.priv"]:
        try:
            with shared.client(name, using=open_, session=session) as client:
                assert not client.sock.session_reused, name
                response = client.ask(name, "/echo")
                assert name != "staff.test.priv" and SUBJECT.encode() not in response.body
        except REFUSED:
            assert name in ("staff.test.priv", "mixed.test.priv")
    with shared.client("staff.test.priv", using=known) as client:
        assert client.ask("staff.test.priv", "/echo").status == 200
        session = client.sock.session
    if session:
        for name in ["staff.test.priv", "payroll.test.priv", "www.test.priv", "partner.test.priv"]:
            try:
                with shared.client(name, using=known, session=session) as client:
                    assert not client.sock.session_reused, name
            except REFUSED:
                assert name == "partner.test.priv"


def test_openssl_resumes_no_session_of_a_client_with_a_certificate(shared, tmp_path):
    saved = str(tmp_path / "session")
    base = ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", "-cert", shared.alice[0], "-key", shared.alice[1]]
    for name in ["staff.test.priv", "wiki.test.priv"]:
        for version in ["-tls1_2", "-tls1_3"]:
            first = subprocess.run(
                [*base, version, "-servername", name, "-sess_out", saved], input=f"GET /echo HTTP/1.0\r\nHost: {name}\r\n\r\n",
                capture_output=True, text=True, timeout=20,
            )  # fmt: skip
            assert "Reused" not in first.stdout
            if not os.path.exists(saved):
                continue
            second = subprocess.run(
                [*base, version, "-servername", name, "-sess_in", saved], input="", capture_output=True, text=True, timeout=20
            )
            assert "Reused" not in second.stdout and "New, TLS" in second.stdout
            os.remove(saved)


# MARK: HTTP/2


@VERSIONS
def test_http2_tells_the_container_who_the_client_is(shared, version):
    forged = [(name.lower(), "CN=root") for name in SPOOFED]
    with shared.multiplexed("staff.test.priv", shared.alice, version) as client:
        for _ in range(2):
            seen = fields(client.ask("/echo", fields=forged))
            assert seen.all(SUBJECT) == ["CN=alice,O=Example"] and seen.all(FINGERPRINT) == [clients.fingerprint(shared.alice)]
            assert "CN=root" not in [value for _, value in seen]
        # Trailers are no other way.
        stream = client.ask("/echo", "POST", body=b"a", trailers=[(SUBJECT.lower(), "CN=root")])
        assert stream.status == 200 and b"CN=root" not in stream.body
    with shared.multiplexed("partner.test.priv") as client:
        seen = fields(client.ask("/echo", fields=forged))
        assert seen.all(SUBJECT) == [] and "CN=root" not in [value for _, value in seen]
    with pytest.raises((*REFUSED, wire.Closed)), shared.multiplexed("staff.test.priv") as client:
        client.ask("/echo")


def test_http2_connections_serve_no_host_with_another_policy(shared):
    """What browsers do: they take one connection for all hosts of its certificate (RFC 9113, 9.1.1)."""
    others = ["www.test.priv", "partner.test.priv", "wiki.test.priv", "mixed.test.priv"]
    with shared.multiplexed("staff.test.priv", shared.alice) as client:
        assert client.ask("/echo").status == 200
        # All at once: each stream is decided for itself.
        refused = [client.request("/echo", authority=host) for host in others]
        refused.append(client.request("/echo", "POST", body=b"x" * 100_000, authority="www.test.priv"))
        served = [client.request("/echo", authority=host) for host in ["payroll.test.priv", "STAFF.test.priv:443", "staff.test.priv"]]
        client.finish(*refused, *served)
        assert [(one.status, one.error) for one in refused] == [(421, "http_request_error")] * 5
        assert [fields(one).all(SUBJECT) for one in served] == [["CN=alice,O=Example"]] * 3
        # The connection goes on.
        assert client.ask("/echo").status == 200 and not client.goaways
    # The same over a connection of its own: the way out of 421.
    with shared.multiplexed("partner.test.priv", shared.bob) as client:
        assert fields(client.ask("/echo")).all(SUBJECT) == ["CN=bob"]
    with shared.multiplexed("www.test.priv") as client:
        for host, status in [("www", 200), ("staff", 421), ("wiki", 421), ("shop", 200), ("staff", 421)]:
            stream = client.ask("/echo", authority=f"{host}.test.priv")
            assert (stream.status, SUBJECT.encode() in stream.body) == (status, False), host


def test_http2_does_not_send_a_fresh_connection_into_a_loop(shared):
    for name, host in [("www.test.priv", "staff.test.priv"), ("staff.test.priv", "www.test.priv"), (None, "staff.test.priv")]:
        with shared.multiplexed(name, shared.alice) as client:
            assert [client.ask("/echo", authority=host).status for _ in range(2)] == [400, 400], (name, host)


def test_http2_checks_a_path_that_needs_a_certificate_at_each_request(shared):
    for pair, statuses in [(None, [200, 403, 200]), (shared.alice, [200, 404, 200])]:
        with shared.multiplexed("wiki.test.priv", pair) as client:
            streams = [client.request(path) for path in ["/echo", "/admin/users", "/echo"]]
            client.finish(*streams)
            for stream, status in zip(streams, statuses):
                assert (stream.status == 403) == (status == 403), (stream.status, stream.body)
            assert [fields(one).all(SUBJECT) for one in (streams[0], streams[2])] == [[], []]


def test_a_ca_that_is_removed_ends_what_clients_may_do_on_open_http2_connections(site):
    other = Authority(site.directory, "other")
    with site.multiplexed("staff.test.priv", site.alice) as client:
        assert client.ask("/echo").status == 200
        count = site.tier.said().count("client CAs reloaded")
        shutil.copy(other.pem, site.staff.pem + ".new")
        os.replace(site.staff.pem + ".new", site.staff.pem)
        wait.until(lambda: site.tier.said().count("client CAs reloaded") > count, what="the reload")
        assert client.ask("/echo").status == 403
    with site.multiplexed("staff.test.priv", other.client("carol")) as client:
        assert fields(client.ask("/echo")).all(SUBJECT) == ["CN=carol"]


# MARK: Who the client is

SPOOFED = [
    "X-Client-Cert-Subject", "x-client-cert-subject", "X_Client_Cert_Subject", "X-Client_Cert-Subject", "X.Client.Cert.Subject",
    "X-Client-Cert-Fingerprint", "X_CLIENT_CERT_FINGERPRINT", "X-Client-Cert-Anything", "Client-Cert", "Client_Cert",
    "Client-Cert-Chain", "X-Client-Cert",
]  # fmt: skip


def test_nobody_else_sets_the_fields(shared):
    forged = [f"{name}: CN=root" for name in SPOOFED]
    for name, pair, expected in [("www.test.priv", None, []), ("staff.test.priv", shared.alice, ["CN=alice,O=Example"])]:
        response = shared.ask(name, pair, fields=forged)
        seen = [(key.lower(), value) for key, value in fields(response) if "client" in key.lower() and "cert" in key.lower()]
        assert [value for key, value in seen if key == SUBJECT.lower()] == expected
        assert all(value != "CN=root" for _, value in seen), seen
    # Named as fields of the connection, they would be taken off behind the check.
    response = shared.ask("staff.test.priv", shared.alice, fields=[f"Connection: {SUBJECT}, {FINGERPRINT}, close"])
    assert fields(response).all(SUBJECT) == ["CN=alice,O=Example"]
    # Trailers are no other way.
    with shared.client("staff.test.priv", shared.alice) as client:
        client.send(
            f"POST /echo HTTP/1.1\r\nHost: staff.test.priv\r\nTransfer-Encoding: chunked\r\nTrailer: {SUBJECT}\r\n\r\n"
            f"1\r\na\r\n0\r\n{SUBJECT}: CN=root\r\n\r\n"
        )
        assert b"CN=root" not in client.answer().body


def test_keep_headers_does_not_let_them_pass(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("keep_headers: [X-Client-Cert-Subject]\nrules:\n  - { name: a, host: a.b, to: '127.0.0.1:1' }\n")
    code, out, err = berth("check", str(rules))
    assert code == 2 and b"X-Client-Cert-Subject" in out


def test_a_subject_cannot_break_out_of_its_field(shared):
    pair = shared.staff.client("eve", subject="/O=\u4e2d\u6587;\"<x>/CN=eve,O=Example \u00e9#")
    (value,) = fields(shared.ask("staff.test.priv", pair)).all(SUBJECT)
    assert value.isascii() and value.isprintable(), value
    assert value == 'CN=eve\\,O=Example \\C3\\A9#,O=\\E4\\B8\\AD\\E6\\96\\87\\;\\"\\<x\\>', value


def test_the_fields_pass_two_tiers_and_only_from_the_front_tier(tmp_path, stopping):
    local_origin = stopping(Origins("app"))
    local_rules = f"""\
trusted_proxies: [127.0.0.1/32]
rules:
  - name: staff
    host: staff.test.priv
    client_certificates: {{ ca: staff.pem }}
    to: '127.0.0.1:{local_origin.ports["app"]}'
  - name: all
    host: '*.test.priv'
    to: '127.0.0.1:{local_origin.ports["app"]}'
"""
    staff = Authority(tmp_path / "local" if not os.makedirs(tmp_path / "local") else "", "staff")
    local = stopping(Tier("local", str(tmp_path / "local"), local_rules))
    star = secure.certificate(tmp_path, "star", "*.test.priv")
    front = stopping(
        SecureTier(
            "front", tmp_path,
            f"rules:\n  - name: staff\n    host: staff.test.priv\n    client_certificates: {{ ca: '{staff.pem}' }}\n"
            f"    to: '127.0.0.1:{local.port}'\n  - name: all\n    host: '*.test.priv'\n    to: '127.0.0.1:{local.port}'\n",
            f"{{ certificates: [{{ cert: '{star[0]}', key: '{star[1]}' }}] }}",
        )
    )  # fmt: skip
    alice = staff.client("alice")
    forged = [f"{name}: CN=root" for name in SPOOFED]
    with SecureClient(front.secure_port, name="staff.test.priv", using=clients.context(alice)) as client:
        response = client.ask("staff.test.priv", "/echo", fields=forged)
    assert fields(response).all(SUBJECT) == ["CN=alice"] and fields(response).all(FINGERPRINT) == [clients.fingerprint(alice)]
    assert b"CN=root" not in response.body
    with SecureClient(front.secure_port, name="www.test.priv", using=clients.context()) as client:
        assert b"CN=root" not in client.ask("www.test.priv", "/echo", fields=forged).body
    # The local tier believes the front tier, and nobody who states nothing.
    assert wire.ask(local.port, "staff.test.priv", "/echo").status == 403
    good = f"{FINGERPRINT}: {'0' * 64}"
    assert wire.ask(local.port, "staff.test.priv", "/echo", fields=[good]).status == 200
    for bad in [f"{FINGERPRINT}: yes", f"{FINGERPRINT}:", f"X_Client_Cert_Fingerprint: {'0' * 64}"]:
        assert wire.ask(local.port, "staff.test.priv", "/echo", fields=[bad]).status == 403, bad
    assert wire.ask(local.port, "staff.test.priv", "/echo", fields=[good, good]).status == 403


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_tiers_with_tls_between_them_pass_on_who_the_client_is(tmp_path, stopping, protocol):
    """The front tier has one connection, under the name of its target, for the hosts of all clients."""
    origin = stopping(Origins("app"))
    app = f"127.0.0.1:{origin.ports['app']}"
    staff, tiers = Authority(tmp_path, "staff"), Authority(tmp_path, "tiers")
    alice, front_pair = staff.client("alice"), tiers.client("front")
    host, star = secure.certificate(tmp_path, "host", "host_01"), secure.certificate(tmp_path, "star", "*.test.priv")
    policy = f"    client_certificates: {{ ca: '{staff.pem}' }}\n"
    (tmp_path / "local").mkdir()
    local = stopping(
        SecureTier(
            "local", tmp_path / "local",
            f"trusted_proxies: [127.0.0.1/32]\nrules:\n  - name: staff\n    host: staff.test.priv\n    to: '{app}'\n{policy}"
            f"  - name: all\n    host: '*.test.priv'\n    to: '{app}'\n",
            f"{{ certificates: [{{ cert: '{host[0]}', key: '{host[1]}' }}], default: host_01,"
            f" client_certificates: {{ ca: '{tiers.pem}' }} }}",
        )
    )  # fmt: skip
    to = f"    to: 'https://host_01:{local.secure_port}'\n"
    front = stopping(
        SecureTier(
            "front", tmp_path,
            f"rules:\n  - name: staff\n    host: staff.test.priv\n{policy}{to}  - name: open\n    host: '*.test.priv'\n{to}"
            f"upstream_tls: {{ ca: '{host[0]}', certificate: {{ cert: '{front_pair[0]}', key: '{front_pair[1]}' }},"
            f" http2: {'true' if protocol == 'h2' else 'false'} }}\n"
            "names:\n  - static: { host_01: 127.0.0.1 }\n",
            f"{{ certificates: [{{ cert: '{star[0]}', key: '{star[1]}' }}] }}",
        )
    )  # fmt: skip
    forged = [(name.lower(), "CN=root") for name in SPOOFED]
    for _ in range(3):
        with frames.Client(front.secure_port, name="staff.test.priv", using=clients.context(alice, protocols=("h2",))) as client:
            seen = fields(client.ask("/echo", fields=forged))
            assert seen.all(SUBJECT) == ["CN=alice"] and seen.all(FINGERPRINT) == [clients.fingerprint(alice)]
        with frames.Client(front.secure_port, name="www.test.priv", using=clients.context(protocols=("h2",))) as client:
            seen = fields(client.ask("/echo", fields=forged))
            assert seen.all(SUBJECT) == [] and "CN=root" not in [value for _, value in seen]
            assert client.ask("/echo", authority="staff.test.priv").status == 421
    # Who has no certificate of the tiers is nobody to the local tier.
    with pytest.raises(REFUSED):
        with SecureClient(local.secure_port, name="host_01", using=clients.context(alice)) as client:
            client.ask("staff.test.priv", "/echo")


def test_a_plain_listener_refuses_what_needs_a_certificate(shared):
    for path in ["/echo", "/"]:
        response = wire.ask(shared.tier.port, "staff.test.priv", path, fields=[f"{FINGERPRINT}: {'0' * 64}"])
        assert (response.status, response.error) == (403, "http_request_denied")
    assert wire.ask(shared.tier.port, "wiki.test.priv", "/admin").status == 403
    assert wire.ask(shared.tier.port, "wiki.test.priv", "/echo").status == 200
    assert wire.ask(shared.tier.port, "partner.test.priv", "/echo").status == 200


# MARK: Files

BROKEN = {
    "absent": lambda path: os.remove(path),
    "empty": lambda path: open(path, "w").close(),
    "garbage": lambda path: open(path, "wb").write(os.urandom(4096)),
    "a folder": lambda path: (os.remove(path), os.mkdir(path)),
    "cut off": lambda path: open(path, "r+").truncate(200),
    "a damaged block": lambda path: open(path, "w").write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    "a key": lambda path: shutil.copy(path[:-4] + ".key", path),
    "a certificate and its key": lambda path: open(path, "a").write(open(path[:-4] + ".key").read()),
    "no CA": lambda path: shutil.copy(path[:-4] + "-alice.pem", path),
    "a link to nowhere": lambda path: (os.remove(path), os.symlink("/nonexistent/ca.pem", path)),
}


@pytest.mark.parametrize("where", ["rule", "listener"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_tier_does_not_start_without_the_cas(tmp_path, kind, where):
    authority = Authority(tmp_path, "staff")
    authority.client("alice")
    star = secure.certificate(tmp_path, "star", "*.test.priv")
    policy = "client_certificates: { ca: staff.pem, required: false }"
    rules = tmp_path / "front.yaml"
    rules.write_text(
        f"listeners:\n  - address: '127.0.0.1:0'\n    tls:\n      certificates: [{{ cert: {star[0]}, key: {star[1]} }}]\n"
        + (f"      {policy}\n" if where == "listener" else "")
        + "rules:\n  - name: a\n    host: a.test.priv\n    to: '127.0.0.1:1'\n"
        + (f"    {policy}\n" if where == "rule" else "")
    )
    assert berth("check", str(rules))[0] == 0
    BROKEN[kind](authority.pem)
    done = subprocess.run([BERTH, "front", "--config", str(rules), "--listen", "127.0.0.1:0"], capture_output=True, timeout=20)
    assert done.returncode != 0 and b"staff.pem" in done.stderr and b"listening" not in done.stderr, done.stderr
    code, out, _ = berth("check", str(rules))
    assert (code == 2 or b"warning" in out) and b"staff.pem" in out
    code, out, _ = berth("certs", str(rules))
    assert code == 1 and b"staff.pem" in out


@pytest.mark.parametrize("value", ["", " {}", " { ca: }", " { ca: '' }", " { required: true }", " true", " { ca: a.pem, require: true }", " { ca: a.pem, required: yes please }", " { ca: a.pem, required: }", " [a.pem]"])  # fmt: skip
@pytest.mark.parametrize("where", ["rule", "listener"])
def test_a_mistake_in_the_rules_is_never_no_policy(tmp_path, value, where):
    star = secure.certificate(tmp_path, "star", "*.test.priv")
    Authority(tmp_path, "a")
    rules = tmp_path / "front.yaml"
    policy = f"client_certificates:{value}\n"
    rules.write_text(
        f"listeners:\n  - address: '127.0.0.1:0'\n    tls:\n      certificates: [{{ cert: {star[0]}, key: {star[1]} }}]\n"
        + (f"      {policy}" if where == "listener" else "")
        + "rules:\n  - name: a\n    host: a.test.priv\n    to: '127.0.0.1:1'\n"
        + (f"    {policy}" if where == "rule" else "")
    )
    code, out, _ = berth("check", str(rules))
    assert code == 2 and b"front.yaml:" in out, out


@pytest.mark.parametrize("kind", BROKEN)
def test_a_running_tier_keeps_the_cas_where_their_file_breaks(site, kind):
    BROKEN[kind](site.staff.pem)
    wait.until(lambda: "client CAs not reloaded: the ones before stay in force" in site.tier.said(), what="the log")
    assert site.ask("staff.test.priv", site.alice).status == 200
    for pair in [None, site.bob]:
        with pytest.raises(REFUSED):
            site.ask("staff.test.priv", pair)
    # Also a reload of the rules finds the file broken, and opens nothing.
    site.reload()
    assert site.ask("staff.test.priv", site.alice).status == 200
    with pytest.raises(REFUSED):
        site.ask("staff.test.priv")


def test_rules_that_name_a_file_without_cas_do_not_come_into_force(site):
    site.write(site.rules.replace(site.partner.pem, site.partner.pem + ".missing").replace("name: public", "name: renamed"))
    site.reload()
    wait.until(lambda: "rules not reloaded: the ones before stay in force" in site.tier.said(), what="the log")
    assert "partner.pem.missing" in site.tier.said()
    with pytest.raises(REFUSED):
        site.ask("partner.test.priv", site.alice)


def test_rules_name_other_cas_without_a_restart(site):
    other = Authority(site.directory, "other")
    carol = other.client("carol")
    with site.client("staff.test.priv", site.alice) as client:
        assert client.ask("staff.test.priv", "/echo").status == 200
        site.write(site.rules.replace(site.staff.pem, other.pem))
        site.reload()
        # The connection was made under the policy before: another one helps a client that has the certificate.
        wait.until(lambda: client.ask("staff.test.priv", "/echo").status == 421, what="the new rules")
    assert site.ask("staff.test.priv", carol).status == 200
    with pytest.raises(REFUSED):
        site.ask("staff.test.priv", site.alice)
    # And the new file is watched.
    third = Authority(site.directory, "third")
    shutil.copy(third.pem, other.pem + ".new")
    os.replace(other.pem + ".new", other.pem)
    dave = third.client("dave")

    def passes():
        try:
            return site.ask("staff.test.priv", dave).status == 200
        except REFUSED:
            return False

    wait.until(passes, what="the third CA")


def test_a_ca_that_is_removed_ends_what_its_clients_may_do_on_open_connections(site):
    other = Authority(site.directory, "other")
    with site.client("staff.test.priv", site.alice) as client:
        assert client.ask("staff.test.priv", "/echo").status == 200
        with open(site.staff.pem) as old, open(other.pem) as new:
            both, alone = old.read() + new.read(), open(other.pem).read()
        for text, status in [(both, 200), (alone, 403)]:
            with open(site.staff.pem + ".new", "w") as file:
                file.write(text)
            count = site.tier.said().count("client CAs reloaded")
            os.replace(site.staff.pem + ".new", site.staff.pem)
            wait.until(lambda: site.tier.said().count("client CAs reloaded") > count, what="the reload")
            assert client.ask("staff.test.priv", "/echo").status == status


def test_cas_rotate_under_load(site):
    """Clients of the old CA and of the new one pass while both are in the file; nobody else ever does."""
    new = Authority(site.directory, "new")
    carol = new.client("carol")
    stranger = Authority(site.directory, "stranger").client("mallory")
    with open(site.staff.pem) as old, open(new.pem) as file:
        old, both = old.read(), ""
        both = old + file.read()
    stop, wrong, passed = threading.Event(), [], {"alice": 0, "carol": 0}

    def knock(name, pair):
        while not stop.is_set():
            try:
                status = site.ask("staff.test.priv", pair).status
            except REFUSED:
                status = None
            if name in passed and status == 200:
                passed[name] += 1
            elif name == "alice" or status is not None:
                wrong.append((name, status))

    threads = [
        threading.Thread(target=knock, args=one)
        for one in [("alice", site.alice), ("carol", carol), ("nobody", None), ("mallory", stranger), ("bob", site.bob)]
    ]
    for thread in threads:
        thread.start()
    try:
        for text in [both[: len(both) - 300], "", both]:
            # Written in place, as by a tool that knows no better.
            with open(site.staff.pem, "w") as file:
                file.write(text)
            wait.until(lambda: True)
        wait.until(lambda: passed["carol"] > 20 and passed["alice"] > 20, what="both CAs to be in force")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong, wrong[:5]


# MARK: Tools


def test_certs_lists_the_cas(shared):
    code, out, _ = berth("certs", shared.tier.config)
    for name in [b"partner", b"staff"]:
        assert re.search(rb"(?m)^clients +- .* CN=%s +\S+/%s\.pem +authority; expires soon$" % (name, name), out), out
    assert code == 0
    report = json.loads(berth("certs", shared.tier.config, "--json")[1])
    assert [one["ca"] for one in report["clients"]] == [shared.partner.pem, shared.staff.pem]
    found = [authority for one in report["clients"] for authority in one["authorities"]]
    assert [one["name"] for one in found] == ["CN=partner", "CN=staff"]
    assert all(one["state"] == "expires_soon" for one in found)


def test_test_says_what_a_client_has_to_show(shared):
    config = shared.tier.config
    code, out, _ = berth("test", "--front", config, "https://staff.test.priv/echo")
    assert code == 0 and f"client certificate  required, of a CA in {shared.staff.pem}".encode() in out, out
    assert b"X-Client-Cert-Subject: CN=any client" in out
    code, out, _ = berth("test", "--front", config, "https://wiki.test.priv/echo")
    assert code == 0 and b"client certificate  requested" in out and b"X-Client-Cert" not in out
    code, out, _ = berth("test", "--front", config, "http://staff.test.priv/")
    assert code == 1 and b"client_certificate_required" in out
    code, out, _ = berth("test", "--front", config, "https://a.b.test.priv/")
    assert b"`*.test.priv` stands for one label" in out
    report = json.loads(berth("test", "--front", config, "--json", "https://mixed.test.priv/")[1])
    assert report["certificate"]["client_certificate"] == {"ca": sorted([shared.partner.pem, shared.staff.pem]), "required": False}


def test_check_finds_hosts_of_one_certificate_with_different_policies(shared):
    code, out, _ = berth("check", shared.tier.config)
    assert b"mixed_client_certificates" in out and b"`*.test.priv`" in out and b"staff.test.priv" in out, out


# MARK: Names, and listeners that change


def test_a_certificate_needs_one_of_the_names(tmp_path, stopping):
    rules = RULES.replace("{{ ca: {staff} }}", "{{ ca: {staff}, names: ['CN=alice,O=Example', '*.staff.example'] }}", 1)
    site = Site(tmp_path, stopping, rules=rules)
    named = site.staff.client("laptop", names=("DNS:laptop.staff.example",))
    other = site.staff.client("carol", names=("DNS:staff.example", "DNS:a.b.staff.example"))
    for pair, status in ((site.alice, 200), (named, 200), (other, 403)):
        assert site.ask("staff.test.priv", pair).status == status
    # Rules without names accept each certificate of the CA.
    assert site.ask("payroll.test.priv", other).status == 200
    record = wait.until(lambda: [one for one in site.tier.records() if one["status"] == 403], what="the record")[0]
    assert (record["cause"], record["detail"]) == ("client_certificate_required", "other_name")


def status(site, pair):
    try:
        return site.ask("www.test.priv", pair).status
    except REFUSED:
        return None


def test_the_policy_of_a_listener_changes_without_a_restart(tmp_path, stopping):
    site = Site(tmp_path, stopping)
    assert site.ask("www.test.priv").status == 200
    with site.client("www.test.priv") as old:
        assert old.ask("www.test.priv", "/echo").status == 200

        def change(policy):
            with open(site.tier.config) as file:
                listeners, _, rules = file.read().partition("rules:")
            listeners = re.sub(r", client_certificates: \{[^}]*\}", "", listeners)
            listeners = listeners.replace(", default:", f"{policy}, default:")
            with open(site.tier.config + ".new", "w") as file:
                file.write(listeners + "rules:" + rules)
            os.replace(site.tier.config + ".new", site.tier.config)
            site.reload()

        change(f", client_certificates: {{ ca: '{site.partner.pem}' }}")
        # Also on a connection that was made before: its client needs another one.
        wait.until(lambda: old.ask("www.test.priv", "/echo").status == 421, what="the policy")
        with pytest.raises(REFUSED):
            site.ask("www.test.priv")
        assert site.ask("www.test.priv", site.bob).status == 200
        assert site.ask("staff.test.priv", site.alice).status == 200
        # A file that cannot be used changes nothing.
        change(", client_certificates: { ca: 'missing.pem' }")
        assert "rules not reloaded" in site.tier.said()
        with pytest.raises(REFUSED):
            site.ask("www.test.priv")
        change(f", client_certificates: {{ ca: '{site.staff.pem}', required: false }}")
        wait.until(lambda: status(site, site.alice) == 200, what="another policy")
        assert site.ask("www.test.priv").status == 200
        change("")
        wait.until(lambda: old.ask("www.test.priv", "/echo").status == 200, what="the end of the policy")
    assert "listeners have changed" not in site.tier.said()
