"""A tier that terminates TLS itself: what clients and containers see."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness import content, secure, wait, wire
from harness.secure import NAME, Begun, Cutter, SecureClient, SecureTier
from harness.stack import Origins
from harness.tier import BERTH, Tier, berth

RULES = """\
rules:
  - name: scheme
    host: scheme.test.priv
    redirect: '${scheme}://www.test.priv/seen'
  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: app
"""


def pair(files):
    return f"{{ cert: '{files[0]}', key: '{files[1]}' }}"


class Site:
    def __init__(self, directory, stopping, hsts="", rules=RULES, options=(), default=""):
        self.directory = str(directory)
        self.origins = stopping(Origins("app"))
        self.star = secure.certificate(directory, "star", "*.test.priv", "test.priv")
        self.other = secure.certificate(directory, "other", "other.test.priv", "127.0.0.1")
        self.tier = stopping(
            SecureTier(
                "front", directory, rules + f"names:\n  - static: {{ app: '127.0.0.1:{self.origins.ports['app']}' }}\n",
                f"{{ certificates: [{pair(self.star)}, {pair(self.other)}]{hsts}{default} }}", *options,
            )
        )  # fmt: skip
        self.port = self.tier.secure_port

    def client(self, **options):
        return SecureClient(self.port, self.star[0], **options)


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

    yield Site(tmp_path_factory.mktemp("tls"), stopping, hsts=", hsts: { max_age: 8760h }")
    for one in reversed(started):
        one.stop()


# MARK: Clients

GO = """\
package main
import ("crypto/tls"; "crypto/x509"; "fmt"; "io"; "net"; "net/http"; "os"; "context")
func main() {
    pem, _ := os.ReadFile(os.Args[1])
    pool := x509.NewCertPool(); pool.AppendCertsFromPEM(pem)
    dial := func(c context.Context, n, a string) (net.Conn, error) { return net.Dial("tcp", "127.0.0.1:" + os.Args[2]) }
    client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: dial, ForceAttemptHTTP2: true}}
    response, err := client.Get("https://www.test.priv/echo")
    if err != nil { fmt.Println(err); os.Exit(1) }
    body, _ := io.ReadAll(response.Body)
    fmt.Println(response.Proto, string(body))
}
"""


def curl(*options):
    def command(site, port):
        return ["curl", "-sS", "--cacert", site.star[0], "--resolve", f"{NAME}:{port}:127.0.0.1", *options, f"https://{NAME}:{port}/echo"]

    return command


def openssl(*options):
    def command(site, port):
        line = f"(printf 'GET /echo HTTP/1.0\\r\\nHost: {NAME}\\r\\n\\r\\n'; sleep 20) | openssl s_client -connect 127.0.0.1:{port}" \
            f" -servername {NAME} -CAfile {site.star[0]} -verify_return_error -quiet {' '.join(options)} & client=$!; wait $client"  # fmt: skip
        return ["timeout", "15", "sh", "-c", line.replace("; sleep 20", "; sleep 1")]

    return command


def gnutls(site, port):
    line = f"(printf 'GET /echo HTTP/1.0\\r\\nHost: {NAME}\\r\\n\\r\\n'; sleep 1) | gnutls-cli --x509cafile {site.star[0]}" \
        f" --sni-hostname {NAME} --verify-hostname {NAME} -p {port} 127.0.0.1"  # fmt: skip
    return ["timeout", "15", "sh", "-c", line]


def go(site, port):
    source = os.path.join(site.directory, "client.go")
    program = os.path.join(site.directory, "client")
    if not os.path.exists(program):
        with open(source, "w") as file:
            file.write(GO)
        subprocess.run(["go", "build", "-o", program, source], check=True, env=os.environ | {"GOCACHE": site.directory, "GO111MODULE": "off"})
    return [program, site.star[0], str(port)]


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


CLIENTS = [
    pytest.param(curl(), id="curl"),
    pytest.param(curl("--tls-max", "1.2"), id="curl-tls12"),
    pytest.param(curl("--http1.0"), id="curl-http10"),
    pytest.param(curl("--no-alpn"), id="curl-no-alpn"),
    pytest.param(openssl(), id="openssl"),
    pytest.param(openssl("-tls1_2"), id="openssl-tls12"),
    pytest.param(openssl("-tls1_3 -groups P-384"), id="openssl-retry"),
    pytest.param(gnutls, id="gnutls", marks=needs("gnutls-cli")),
    pytest.param(go, id="go", marks=needs("go")),
]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_verifies_the_certificate_and_gets_its_response(shared, client):
    result = subprocess.run(client(shared, shared.port), capture_output=True, timeout=60)
    said = result.stdout + result.stderr
    assert b"X-Forwarded-Proto" in said and b"https" in said, said


@pytest.mark.parametrize("client", [one for one in CLIENTS if "http10" not in one.id])
@pytest.mark.parametrize("cut", ["first byte", "header", "record of 1", "record of 50", "bytes"])
def test_a_hello_of_any_client_may_be_cut(shared, stopping, client, cut):
    parts = {
        "first byte": lambda hello: [hello[:1], hello[1:]],
        "header": lambda hello: [hello[:7], hello[7:120], hello[120:]],
        "record of 1": lambda hello: [secure.records(hello, 1)],
        "record of 50": lambda hello: [secure.records(hello, 50)],
        "bytes": lambda hello: [hello[at : at + 1] for at in range(len(hello))],
    }[cut]
    cutter = stopping(Cutter(shared.port, parts))
    result = subprocess.run(client(shared, cutter.port), capture_output=True, timeout=60)
    said = result.stdout + result.stderr
    assert b"X-Forwarded-Proto" in said and b"https" in said, said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_hello_cut_at_every_byte_gets_its_certificate(shared, version):
    begun = Begun(shared.port, version=version)
    count = len(begun.hello)
    begun.close()
    assert count > 150
    for cut in range(1, count):
        begun = Begun(shared.port, version=version)
        begun.sock.sendall(begun.hello[:cut])
        begun.sock.sendall(begun.hello[cut:])
        assert begun.finish() == secure.fingerprint(shared.star[0]), cut
        begun.close()


def test_each_name_gets_its_certificate_and_others_are_refused(shared):
    for name, files in (("a.test.priv", shared.star), ("test.priv", shared.star), ("other.test.priv", shared.other)):
        with SecureClient(shared.port, files[0], name=name) as client:
            assert client.certificate == secure.fingerprint(files[0])
            assert client.ask(name, "/echo").status in (200, 404)
    # An address as name: Python sends none, and there is no default.
    for name in ("a.b.test.priv", "elsewhere.example", None):
        with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"):
            unverified = secure.context()
            unverified.check_hostname = False
            SecureClient(shared.port, name=name, using=unverified)
    shared.tier.cause("unknown_name")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_name_that_chose_the_certificate_is_confirmed(shared, version):
    """RFC 6066, section 3: an empty extension."""
    for name, confirmed in ((["-servername", NAME], True), (["-noservername"], False)):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", version, "-tlsextdebug", *name]
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20).stdout
        assert (b'TLS server extension "server name" (id=0), len=0' in said) == confirmed


def test_a_default_is_for_other_names_and_for_none(tmp_path, stopping):
    site = Site(tmp_path, stopping, default=", default: other.test.priv")
    for name in ("elsewhere.example", None):
        with SecureClient(site.port, name=name) as client:
            assert client.certificate == secure.fingerprint(site.other[0])


def test_other_protocols_alone_are_refused_and_the_log_says_so(shared):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        shared.client(protocols=("h3", "spdy/3"))
    shared.tier.cause("no_application_protocol")
    with shared.client(protocols=("spdy/3", "http/1.1")) as client:
        assert client.sock.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed(shared, version):
    context = secure.context(shared.star[0], version)
    with shared.client(using=context) as client:
        assert client.ask(NAME, "/echo").status == 200 and not client.sock.session_reused
        session = client.sock.session
    with shared.client(using=context, session=session) as client:
        assert client.sock.session_reused and client.ask(NAME, "/echo").status == 200
        # In TLS 1.3 with a new ticket: clients use each but once (RFC 8446, C.4).
        assert (client.sock.session.id != session.id) == (version is ssl.TLSVersion.TLSv1_3)


# MARK: What containers and clients see


def test_a_container_receives_https(shared):
    with shared.client() as client:
        seen = json.loads(client.ask(NAME, "/echo?a=b", fields=["X-Forwarded-Proto: http", "X-Forwarded-Port: 1"]).body)
    fields = wire.Fields(tuple(one) for one in seen["fields"])
    assert fields.all("X-Forwarded-Proto") == ["https"] and fields.all("X-Forwarded-Port") == ["443"]
    assert fields.all("X-Forwarded-For") == ["127.0.0.1"] and seen["target"] == "/echo?a=b"
    plain = wire.Fields(tuple(one) for one in json.loads(wire.ask(shared.tier.port, NAME, "/echo").body)["fields"])
    assert plain.all("X-Forwarded-Proto") == ["http"]


def test_the_scheme_is_that_of_each_connection(shared):
    for _ in range(3):
        with shared.client(name="scheme.test.priv") as client:
            assert client.ask("scheme.test.priv").get("Location") == "https://www.test.priv/seen"
        assert wire.ask(shared.tier.port, "scheme.test.priv").get("Location") == "http://www.test.priv/seen"


def test_a_local_tier_behind_a_trusted_front_sees_https(tmp_path, stopping):
    origins = stopping(Origins("app"))
    local = stopping(
        Tier("local", str(tmp_path / "local"), RULES.replace("/seen", "/local")
             + f"trusted_proxies: [127.0.0.1/32]\nnames:\n  - static: {{ app: '127.0.0.1:{origins.ports['app']}' }}\n")
    )  # fmt: skip
    star = secure.certificate(tmp_path, "star", "*.test.priv")
    rules = f"rules:\n  - {{ name: all, host: '~.+', to: host }}\nnames:\n  - static: {{ host: '127.0.0.1:{local.port}' }}\n"
    front = stopping(SecureTier("front", tmp_path / "front", rules, f"{{ certificates: [{pair(star)}] }}"))
    with SecureClient(front.secure_port, star[0]) as client:
        fields = wire.Fields(tuple(one) for one in json.loads(client.ask(NAME, "/echo").body)["fields"])
        assert fields.all("X-Forwarded-Proto") == ["https"]
    with SecureClient(front.secure_port, star[0], name="scheme.test.priv") as client:
        assert client.ask("scheme.test.priv").get("Location") == "https://www.test.priv/local"
    assert wire.ask(front.port, "scheme.test.priv").get("Location") == "http://www.test.priv/local"


def test_plain_http_is_redirected_to_the_same_host_path_and_query(shared):
    def ask(host, path, method="GET", **options):
        with socket.create_connection(("127.0.0.2", shared.tier.redirect_port), timeout=10) as sock:
            client = wire.Client.__new__(wire.Client)
            client.sock, client.reader = sock, wire.Reader(sock)
            return client.ask(host, path, method, **options)

    port = shared.port
    for host, path, location in (
        (NAME, "/", f"https://{NAME}:{port}/"),
        (NAME, "/a/b%20c?d=e&f=//g", f"https://{NAME}:{port}/a/b%20c?d=e&f=//g"),
        (f"{NAME}:8080", "//evil.example/", f"https://{NAME}:{port}//evil.example/"),
        ("WWW.Test.Priv.", "/x", f"https://{NAME}:{port}/x"),
        ("anything.example", "/", f"https://anything.example:{port}/"),
        ("[::1]:80", "/", f"https://[::1]:{port}/"),
        (NAME, f"http://{NAME}/absolute?q", f"https://{NAME}:{port}/absolute?q"),
    ):
        answer = ask(host, path)
        assert (answer.status, answer.get("Location")) == (301, location)
        assert answer.get("Strict-Transport-Security") is None
    answer = ask(NAME, "/form", "POST", fields=["Content-Length: 3"], body=b"a=b")
    assert (answer.status, answer.get("Location")) == (308, f"https://{NAME}:{port}/form")
    assert ask("evil.example/@www.test.priv", "/").status == 400
    assert ask("", "/", version="HTTP/1.0").status == 400


def test_hsts_is_in_each_response_over_tls_alone(shared):
    with shared.client() as client:
        assert client.ask(NAME, "/echo").fields.all("Strict-Transport-Security") == ["max-age=31536000"]
        assert client.ask("scheme.test.priv").fields.all("Strict-Transport-Security") == ["max-age=31536000"]
        assert client.ask("nobody.example").fields.all("Strict-Transport-Security") == ["max-age=31536000"]
    assert wire.ask(shared.tier.port, NAME, "/echo").get("Strict-Transport-Security") is None


def test_large_bodies_pass(shared):
    size = 20 << 20
    with shared.client() as client:
        client.send(f"POST /up HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\n\r\n")
        for piece in content.blocks(size):
            client.send(piece)
        seen = json.loads(client.answer().body)
        assert (seen["bytes"], seen["sha256"]) == (size, content.checksum(size))
        assert len(client.ask(NAME, f"/download?bytes={size}").body) == size
        assert client.ask(NAME, "/echo").status == 200


def test_pipelined_requests_get_their_responses_in_order(shared):
    with shared.client() as client:
        client.send("".join(f"GET /echo?{n} HTTP/1.1\r\nHost: {NAME}\r\n\r\n" for n in range(100)))
        for n in range(100):
            assert json.loads(client.answer().body)["target"] == f"/echo?{n}"


def test_events_and_websockets_pass(shared):
    with shared.client() as client:
        client.send(f"GET /gate?id=sse HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
        assert client.head().status == 200 and client.reader.exactly(5) == b"first"
        shared.origins.control("app", "open?id=sse")
        assert client.reader.exactly(5) == b"later"
    with shared.client() as client:
        client.send(
            f"GET /websocket HTTP/1.1\r\nHost: {NAME}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert client.answer().status == 101
        client.send(b"\x81\x82\x00\x00\x00\x00hi")
        assert client.reader.exactly(4) == b"\x81\x02hi"


def test_the_end_is_said_by_both_sides(shared):
    with shared.client() as client:
        client.send(f"GET /echo HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n")
        assert client.answer().status == 200
        # Python raises on an end without close_notify.
        assert client.sock.recv(1) == b""
    with shared.client() as client:
        client.send(f"GET /echo HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
        assert client.answer().status == 200
        client.end()


def test_a_body_that_is_cut_off_without_close_notify_is_not_whole(site):
    with site.client() as client:
        client.send(f"POST /up HTTP/1.1\r\nHost: {NAME}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        client.sock.shutdown(socket.SHUT_RDWR)
    wait.until(lambda: [one for one in site.tier.records() if one["uri"] == "/up"], what="the record")
    assert [one["status"] for one in site.tier.records() if one["uri"] == "/up"] in ([499], [400])


# MARK: What is not a handshake


def test_plain_http_at_the_port_of_tls_gets_a_sentence(shared):
    answer = wire.ask(shared.port, NAME)
    assert answer.status == 400 and b"https" in answer.body.lower()
    shared.tier.cause("plain_http")


def test_garbage_and_a_cut_handshake_are_in_the_log(shared):
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as sock:
        sock.sendall(bytes(range(64)))
        assert sock.recv(100) == b""
    begun = Begun(shared.port)
    begun.sock.sendall(begun.hello[:100])
    begun.close()
    shared.tier.cause("not_tls")
    shared.tier.cause("cut_off")
    with pytest.raises(ssl.SSLError):
        SecureClient(shared.port, ca=shared.other[0])
    shared.tier.cause("client_alert")
    with shared.client() as client:
        assert client.ask(NAME, "/echo").status == 200


def test_a_stalled_handshake_ends_after_its_time(tmp_path, stopping):
    site = Site(tmp_path, stopping, rules=RULES + "timeouts: { client_header: 1s }\n")
    begun = Begun(site.port)
    begun.sock.sendall(begun.hello[:100])
    start = time.monotonic()
    assert begun.sock.recv(100) == b""
    assert 0.5 < time.monotonic() - start < 5
    site.tier.cause("handshake_timeout")


def test_handshakes_count_as_connections(tmp_path, stopping):
    site = Site(tmp_path, stopping, rules=RULES + "limits: { connections: 20 }\n")
    begun = [Begun(site.port) for _ in range(20)]
    for one in begun:
        one.sock.sendall(one.hello[:50])
    with pytest.raises((ssl.SSLError, ConnectionError, wire.Closed)):
        for _ in range(3):
            site.client(timeout=5).ask(NAME, "/echo")
    for one in begun:
        one.close()
    wait.until(lambda: served(site), what="room for another connection")


def served(site):
    try:
        with site.client(timeout=5) as client:
            return client.ask(NAME, "/echo").status == 200
    except (OSError, wire.Closed):
        return False


def test_a_handshake_under_way_is_served_by_a_tier_that_ends(site):
    begun = Begun(site.port)
    begun.sock.sendall(begun.hello[:100])
    wait.until(lambda: secure.received(begun.sock), what="the hello to arrive")
    site.tier.signal(signal.SIGTERM)
    wait.until(lambda: "stopping" in site.tier.said(), what="the tier to stop")
    begun.sock.sendall(begun.hello[100:])
    begun.finish()
    answer = begun.ask("/echo")
    assert answer.startswith(b"HTTP/1.1 200") and b"Connection: close" in answer
    begun.close()
    assert site.tier.wait() == 0


# MARK: Two kinds of keys, and the end of certificates


def test_clients_get_the_kind_of_key_that_they_accept(tmp_path, stopping):
    ec, rsa = secure.certificate(tmp_path, "ec", "*.test.priv"), secure.certificate(tmp_path, "rsa", "*.test.priv", key="rsa:2048")
    origins = stopping(Origins("app"))
    names = f"names:\n  - static: {{ app: '127.0.0.1:{origins.ports['app']}' }}\n"
    tier = stopping(SecureTier("front", tmp_path, RULES + names, f"{{ certificates: [{pair(ec)}, {pair(rsa)}] }}"))
    for algorithms, files in (("ECDSA+SHA256", ec), ("RSA-PSS+SHA256:RSA+SHA256", rsa)):
        for version in ("-tls1_2", "-tls1_3"):
            command = ["openssl", "s_client", "-connect", f"127.0.0.1:{tier.secure_port}", "-servername", NAME, version,
                       "-sigalgs", algorithms, "-CAfile", files[0], "-verify_return_error"]  # fmt: skip
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
            assert b"Verify return code: 0 (ok)" in result.stdout, (algorithms, version, result.stdout[-2000:], result.stderr)
    status, out, _ = berth("certs", tier.config, "--json")
    shown = json.loads(out)["listeners"][0]["certificates"]
    assert status == 0 and [one["shadowed"] for one in shown] == [[], []]


def test_a_certificate_that_expires_soon_is_in_the_log(site):
    pattern = re.compile(rf".*warning.*certificate={re.escape(site.star[0])} days_left=[12] .*a certificate expires soon")
    wait.until(lambda: pattern.search(site.tier.said()), what=f"the log: {site.tier.said()}")


# MARK: Start and reload


def certificates(text):
    return f"listeners:\n  - {{ address: '127.0.0.1:0', tls: {{ certificates: {text} }} }}\n"


def test_certificates_that_cannot_be_used_stop_the_start(tmp_path):
    good = secure.certificate(tmp_path, "good", "*.test.priv")
    other = secure.certificate(tmp_path, "other", "other.test.priv")
    empty, garbage = tmp_path / "empty", tmp_path / "garbage"
    empty.write_text("")
    garbage.write_text("garbage\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    for cert, key, part in (
        ("missing.pem", good[1], "missing.pem"), (good[0], "missing.key", "missing.key"), (empty, good[1], "empty"),
        (good[0], empty, "empty"), (garbage, good[1], "garbage"), (good[0], garbage, "garbage"), (good[0], other[1], "other.key"),
        (good[1], good[1], "good.key"), (folder, good[1], "folder"),
    ):  # fmt: skip
        config = tmp_path / "front.yaml"
        config.write_text(certificates(f"[{{ cert: '{cert}', key: '{key}' }}]") + "rules:\n  - { name: all, host: '~.+', to: app }\n")
        code, _, said = berth("front", "--config", str(config), "--access-log", "off")
        assert code == 2 and part in said and "listening" not in said, said
    config.write_text(certificates(f"'{folder}'") + "rules:\n  - { name: all, host: '~.+', to: app }\n")
    code, _, said = berth("front", "--config", str(config), "--access-log", "off")
    assert code == 2 and "folder" in said, said


def test_new_files_are_served_and_bad_ones_keep_the_old(site):
    def shown(name=NAME):
        context = secure.context()
        with SecureClient(site.port, name=name, using=context) as client:
            return client.certificate

    old = shown()
    secure.certificate(site.directory, "star", "*.test.priv", "test.priv")
    wait.until(lambda: shown() == secure.fingerprint(site.star[0]) != old, what="the new certificate")
    new = shown()
    shutil.copy(site.star[1], site.star[1] + ".kept")
    with open(site.star[1], "w") as file:
        file.write("garbage\n")
    wait.until(lambda: "star.key" in site.tier.said().split("certificates reloaded")[-1] or "not reloaded" in site.tier.said(),
               what="the log to name the key")  # fmt: skip
    assert shown() == new
    site.tier.signal(signal.SIGHUP)
    wait.until(lambda: "rules reloaded" in site.tier.said(), what="the reload")
    assert shown() == new and shown("other.test.priv") == secure.fingerprint(site.other[0])
    os.replace(site.star[1] + ".kept", site.star[1])
    secure.certificate(site.directory, "star", "*.test.priv", "test.priv")
    wait.until(lambda: shown() == secure.fingerprint(site.star[0]) != new, what="the third certificate")


def test_a_session_does_not_outlive_its_certificate(site):
    context = secure.context()
    with SecureClient(site.port, using=context) as client:
        client.ask(NAME, "/echo")
        session, old = client.sock.session, client.certificate
    secure.certificate(site.directory, "star", "*.test.priv", "test.priv")

    def renewed():
        with SecureClient(site.port, using=secure.context()) as client:
            return client.certificate != old

    wait.until(renewed, what="the new certificate")
    with SecureClient(site.port, using=context, session=session) as client:
        assert not client.sock.session_reused and client.ask(NAME, "/echo").status == 200


def test_rules_name_other_certificates_without_a_restart(site):
    third = secure.certificate(site.directory, "third", "third.example", "*.test.priv")
    with open(site.tier.config) as file:
        text = file.read()
    with open(site.tier.config, "w") as file:
        file.write(text.replace(pair(site.star), pair(third)))

    def shown():
        with SecureClient(site.port, using=secure.context()) as client:
            return client.certificate

    wait.until(lambda: shown() == secure.fingerprint(third[0]), what="the third certificate")
    with open(site.tier.config, "w") as file:
        file.write(text.replace(star_path := site.star[0], star_path + ".missing"))
    # The file may be read once before all of it has been written.
    wait.until(lambda: ".missing" in site.tier.said(), what="the reload to fail")
    assert shown() == secure.fingerprint(third[0])


def test_a_thousand_handshakes_under_way_finish_while_certificates_rotate(site):
    count = int(os.environ.get("BERTH_E2E_HANDSHAKES", "1000"))
    known = {secure.fingerprint(site.star[0])}
    begun = [Begun(site.port, version=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[n % 2]) for n in range(count)]
    # A third have sent a part of their hello, a third all of it, a third nothing.
    for n, one in enumerate(begun):
        one.sent = (0, 200, len(one.hello))[n % 3]
        one.sock.sendall(one.hello[: one.sent])
    failures, shown, stop = [], set(), threading.Event()

    def finish(part):
        for one in part:
            try:
                one.sock.sendall(one.hello[one.sent :])
                shown.add(one.finish())
                if not one.ask("/echo").startswith(b"HTTP/1.1 200"):
                    failures.append("response")
            except Exception as error:  # noqa: BLE001
                failures.append(repr(error))
            one.close()

    def fresh():
        while not stop.is_set():
            try:
                with SecureClient(site.port, using=secure.context()) as client:
                    shown.add(client.certificate)
            except Exception as error:  # noqa: BLE001
                failures.append(repr(error))

    threads = [threading.Thread(target=finish, args=(begun[n::4],)) for n in range(4)] + [threading.Thread(target=fresh)]
    for n in range(5):
        secure.certificate(site.directory, "star", "*.test.priv", "test.priv")
        known.add(secure.fingerprint(site.star[0]))
        wait.until(lambda n=n: site.tier.said().count("certificates reloaded") > n, what="the rotation")
        if n == 0:
            for thread in threads:
                thread.start()
    for thread in threads[:4]:
        thread.join(120)
    stop.set()
    threads[4].join(30)
    assert failures == [] and shown <= known and len(shown) > 1, (failures[:5], len(failures))


# MARK: The command line


def test_a_certificate_on_the_command_line_is_enough(tmp_path, stopping):
    origins = stopping(Origins("app"))
    star = secure.certificate(tmp_path, "star", "*.test.priv")
    rules = f"rules:\n  - {{ name: all, host: '~.+', to: app }}\nnames:\n  - static: {{ app: '127.0.0.1:{origins.ports['app']}' }}\n"
    for verb in ("front", "local"):
        tier = stopping(
            Tier(verb, str(tmp_path / verb), rules, "--tls-cert", star[0], "--tls-key", star[1], "--tls-listen", "127.0.0.1:0")
        )
        port = int(wait.until(lambda tier=tier: secure.SECURE.search(tier.said()), what="TLS").group(1))
        with SecureClient(port, star[0]) as client:
            assert client.ask(NAME, "/echo").status == 200
    for options, part in (
        (["--tls-key", star[1]], "--tls-cert"), (["--tls-listen", "127.0.0.1:0"], "--tls-cert"),
        (["--tls-cert", star[0], "--tls-key", star[0]], "star.pem"), (["--tls-cert", star[0], "--tls-listen", "x"], "--tls-listen"),
    ):  # fmt: skip
        result = subprocess.run(
            [BERTH, "front", "--config", str(tmp_path / "front" / "front.yaml"), *options], capture_output=True, timeout=30
        )
        assert result.returncode == 2 and part in result.stderr.decode(), result.stderr


def test_the_end_of_a_tier_counts_its_handshakes(site):
    with site.client() as client:
        assert client.ask(NAME, "/echo").status == 200
    site.tier.signal(signal.SIGTERM)
    assert site.tier.wait() == 0
    said = site.tier.said()
    assert re.search(r"tls_handshakes=1.*stopped", said) and "tls_failed=0" in said
