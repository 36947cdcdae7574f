"""TLS to containers and between tiers: who the endpoint has to be, and what each failure is called."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from harness import ports, process, wait, wire
from harness.authority import Authority, Server, self_signed
from harness.load import Load
from harness.nginx import Nginx
from harness.secure import SecureTier
from harness.tier import Tier, berth

HOST = "app.test.priv"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def rules(port, tls="{ ca: ca.pem }", target="app_1", more="", address="127.0.0.1"):
    return (
        f"rules:\n  - {{ name: app, host: {HOST}, to: 'https://{target}:{port}' }}\n"
        f"upstream_tls: {tls}\n{more}"
        f"names:\n  - static: {{ app_1: {address}, app_2: {address}, app.test.priv: {address} }}\n"
    )


def tier(stopping, tmp_path, text, *options):
    return stopping(Tier("local", str(tmp_path), text, *options))


def ask(port, path="/", method="GET", host=HOST, body=b"", fields=()):
    length = [f"Content-Length: {len(body)}"] if body else []
    return wire.ask(port, host, path, method=method, body=body, fields=[*length, *fields])


def status(port, path="/"):
    return ask(port, path).status


def said(one, *words):
    """A line of the log for operators with these texts."""
    return wait.until(
        lambda: next((line for line in one.said().split("\n") if all(word in line for word in words)), None),
        what=f"the log to have {words}: {one.said()}",
    )


# MARK: Success


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_requests_pass_and_sessions_are_resumed(authority, tmp_path, stopping, version):
    server = stopping(Server(authority.issue("app", "app_1"), version=version))
    local = tier(stopping, tmp_path, rules(server.port), "--loops", "1")
    first = ask(local.port, "/a?b")
    assert first.status == 200 and first.body == b"container GET /a?b 0"
    assert first.get("x-resumed") == "False" and first.get("x-seen-x-forwarded-proto") == "http"
    # The connection is kept, and the name was sent.
    assert ask(local.port, "/c").status == 200 and server.names == ["app_1"]
    server.use(authority.issue("app", "app_1"), version=version)
    posted = ask(local.port, "/d", "POST", body=b"x" * 100_000)
    assert posted.status == 200 and posted.body.endswith(b"/d 100000")
    records = wait.until(lambda: local.records() if len(local.records()) == 3 else None, what="records")
    assert records[0]["target"] == f"https://app_1:{server.port}"


def test_a_session_is_resumed_on_a_new_connection(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1")))
    local = tier(stopping, tmp_path, rules(server.port, more="timeouts: { idle_upstream: 0s }\n"), "--loops", "1")
    assert ask(local.port).get("x-resumed") == "False"
    assert ask(local.port).get("x-resumed") == "True"
    assert len(server.names) == 2


def test_an_address_is_verified_as_an_address(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "127.0.0.1")))
    local = tier(stopping, tmp_path, rules(server.port, target="127.0.0.1"))
    assert status(local.port) == 200
    # No server name is sent for an address (RFC 6066 §3).
    assert server.names == [None]
    other = stopping(Server(authority.issue("other", "app_1")))
    local = tier(stopping, tmp_path / "other", rules(other.port, "{ ca: ../ca.pem }", target="127.0.0.1"))
    assert status(local.port) == 502


def test_a_name_of_its_own(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "backend.internal")))
    local = tier(stopping, tmp_path, rules(server.port, "{ ca: ca.pem, server_name: backend.internal }"))
    assert status(local.port) == 200 and server.names == ["backend.internal"]


# MARK: Each failure has its cause


def expired(authority, tmp_path):
    return authority.issue("bad", "app_1", ends="20200102000000Z")


def other_name(authority, tmp_path):
    return authority.issue("bad", "app_9", "www.example")


def unknown(authority, tmp_path):
    return Authority(tmp_path, "stranger").issue("bad", "app_1")


def own(authority, tmp_path):
    return self_signed(tmp_path, "own", "app_1")


@pytest.mark.parametrize(
    "files, word, detail",
    [
        (expired, "certificate_expired", "the certificate expired on 2020-01-02T00:00:00Z"),
        (other_name, "name_mismatch", "the certificate is for app_9, www.example; wanted: app_1"),
        (unknown, "unknown_issuer", "its chain ends with one by CN=stranger"),
        (own, "self_signed", "signed by its own key"),
    ],
)
def test_a_certificate_that_is_not_accepted(authority, tmp_path, stopping, files, word, detail):
    server = stopping(Server(files(authority, tmp_path)))
    local = tier(stopping, tmp_path, rules(server.port))
    response = ask(local.port, method="POST", body=b"secret", fields=["Accept: application/json"])
    assert response.status == 502 and "tls_certificate_error" in response.get("proxy-status")
    assert json.loads(response.body)["error"] == "tls_certificate"
    record = wait.until(local.records, what="a record")[0]
    assert (record["cause"], record["detail"]) == ("tls_certificate", word)
    said(local, "a TLS handshake with an endpoint failed", f"cause={word}", detail)
    # Nothing of the request was sent.
    assert server.seen == []


@pytest.mark.parametrize("greeting", [b"", b"220 mail.test.priv ESMTP\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"])
def test_plain_endpoints_are_told_apart(authority, tmp_path, stopping, greeting):
    """Without TLS: an HTTP server, or one that sends first."""
    if greeting:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                client.sendall(greeting)
                held.append(client)

        held = []
        threading.Thread(target=serve, daemon=True).start()
    else:
        port = stopping(Server(None)).port
    local = tier(stopping, tmp_path, rules(port))
    response = ask(local.port)
    assert response.status == 502 and "tls_protocol_error" in response.get("proxy-status")
    said(local, "cause=not_tls", "the endpoint does not use TLS")
    if greeting:
        listener.close()


def test_an_endpoint_that_does_not_finish_the_handshake(authority, tmp_path, stopping):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    local = tier(stopping, tmp_path, rules(port, more="timeouts: { connect: 500ms }\n"))
    response = ask(local.port)
    assert response.status == 504
    record = wait.until(local.records, what="a record")[0]
    assert (record["cause"], record["detail"]) == ("connect_timeout", "tls_handshake")
    assert 0.4 < record["seconds"] < 5 if "seconds" in record else True
    listener.close()


def test_another_endpoint_serves_where_one_is_not_the_target(authority, tmp_path, stopping):
    good = stopping(Server(authority.issue("good", "app_1"), "good"))
    bad = stopping(Server(authority.issue("bad", "app_2"), "bad"))
    text = (
        f"rules:\n  - {{ name: app, host: {HOST}, to: 'https://app_1' }}\nupstream_tls: {{ ca: ca.pem }}\n"
        f"pools:\n  - name: app_1\n    endpoints: ['127.0.0.1:{bad.port}', '127.0.0.1:{good.port}']\n"
    )
    local = tier(stopping, tmp_path, text)
    for number in range(6):
        response = ask(local.port, method="POST", body=b"x")
        assert response.status == 200 and response.body.startswith(b"good"), number
    assert bad.seen == []


def test_the_same_endpoint_over_two_links_is_two(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1")))
    text = (
        f"rules:\n  - {{ name: tls, host: {HOST}, to: 'https://app_1:{server.port}', upstream_tls: {{ ca: ca.pem }} }}\n"
        f"  - {{ name: other, host: other.test.priv, to: 'https://app_1:{server.port}' }}\n"
        f"  - {{ name: plain, host: plain.test.priv, to: 'app_1:{server.port}' }}\nnames:\n  - static: {{ app_1: 127.0.0.1 }}\n"
    )
    local = tier(stopping, tmp_path, text, "--admin", f"unix:{tmp_path}/admin")
    for _ in range(3):
        assert status(local.port) == 200
        assert ask(local.port, host="other.test.priv").status == 502
        assert ask(local.port, host="plain.test.priv").status in (400, 502)
    code, out, errors = berth("pools", "--admin", f"unix:{tmp_path}/admin")
    assert code == 0, errors
    assert out.decode().count("(https)") == 2


# MARK: Client certificates


def test_nginx_demands_a_client_certificate(authority, tmp_path, stopping):
    files = authority.issue("app", "app_1")
    authority.issue("front", "front.internal")
    port = ports.free()
    inside = (
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {files[0]}; ssl_certificate_key {files[1]};\n"
        f"ssl_client_certificate {authority.pem}; ssl_verify_client on;\n"
        "location / { return 200 \"$ssl_client_s_dn $ssl_protocol $ssl_server_name\"; } }"
    )
    stopping(Nginx(tmp_path / "nginx", inside, port))
    local = tier(stopping, tmp_path, rules(port, "{ ca: ca.pem, certificate: { cert: front.pem, key: front.key } }"))
    response = ask(local.port)
    assert response.status == 200 and re.fullmatch(rb"CN=front TLSv1.[23] app_1", response.body)
    without = tier(stopping, tmp_path / "without", rules(port, "{ ca: ../ca.pem }"))
    assert ask(without.port).status == 400


def test_an_endpoint_refuses_a_client_without_a_certificate(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1"), client_ca=authority.pem))
    local = tier(stopping, tmp_path, rules(server.port))
    response = ask(local.port)
    assert response.status == 502 and "tls_alert_received" in response.get("proxy-status")
    said(local, "cause=alert_certificate_required")


def test_openssl_is_an_endpoint(authority, tmp_path, stopping):
    files = authority.issue("app", "app_1")
    port = ports.free()

    class Program:
        def __init__(self):
            self.process = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", files[0], "-key", files[1], "-www"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

        def stop(self):
            process.end(self.process)

    stopping(Program())
    local = tier(stopping, tmp_path, rules(port))
    wait.until(lambda: status(local.port) == 200, what="openssl to respond")
    assert b"TLSv1.3" in ask(local.port).body


# MARK: Two tiers


def test_between_tiers_the_name_that_the_rule_chose_is_verified(authority, tmp_path, stopping):
    container = stopping(Server(None))
    files = authority.issue("local", "host_01")
    local = stopping(
        SecureTier(
            "local", tmp_path / "local",
            f"rules:\n  - {{ name: all, to: 'web:{container.port}' }}\ntrusted_proxies: [127.0.0.0/8]\n"
            "names:\n  - static: { web: 127.0.0.1 }\n",
            f"{{ certificates: [{{ cert: '{files[0]}', key: '{files[1]}' }}], default: host_01 }}",
        )
    )  # fmt: skip
    front = stopping(
        Tier(
            "front", str(tmp_path / "front"),
            "rules:\n  - name: hosts\n    host: '~^[a-z]+_(?<host>[0-9]{2})\\.test\\.priv$'\n"
            f"    to: 'https://host_${{host}}:{local.secure_port}'\nupstream_tls: {{ ca: '{authority.pem}' }}\n"
            "names:\n  - static: { host_01: 127.0.0.1, host_02: 127.0.0.1 }\n",
        )
    )  # fmt: skip
    response = ask(front.port, host="shop_01.test.priv")
    assert response.status == 200 and response.get("x-seen-x-forwarded-proto") == "http"
    # The registry gives the address of another host: its certificate tells.
    seen = len(container.seen)
    assert ask(front.port, host="shop_02.test.priv").status == 502
    said(front, "cause=name_mismatch", "the certificate is for host_01; wanted: host_02")
    assert len(container.seen) == seen


# MARK: Checks


def test_checks_are_made_over_tls(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1")))
    text = (
        f"rules:\n  - {{ name: app, host: {HOST}, to: 'https://app_1' }}\nupstream_tls: {{ ca: ca.pem }}\n"
        f"pools:\n  - name: app_1\n    endpoints: ['127.0.0.1:{server.port}']\n"
        "    health: { path: /healthy, interval: 1s, timeout: 1s, fall: 1, rise: 1 }\n"
    )
    local = tier(stopping, tmp_path, text, "--admin", f"unix:{tmp_path}/admin")
    wait.until(lambda: ("GET", "/healthy", f"127.0.0.1:{server.port}") in server.seen, what="a check")
    assert status(local.port) == 200
    server.use(authority.issue("bad", "app_9"))
    said(local, "checks_failed", "detail=name_mismatch")
    code, out, _ = berth("pools", "why", "app_1", "--admin", f"unix:{tmp_path}/admin")
    assert code == 0 and b"over https" in out and b"name_mismatch" in out
    server.use(authority.issue("good", "app_1"))
    said(local, "checks_succeeded")
    wait.until(lambda: status(local.port) == 200, what="a response")


def test_a_deployment_probes_over_tls(authority, tmp_path, stopping):
    old = stopping(Server(authority.issue("old", "app_1"), "old"))
    new = stopping(Server(authority.issue("new", "app_1"), "new"))
    wrong = stopping(Server(authority.issue("wrong", "app_9"), "wrong"))
    text = (
        f"rules:\n  - {{ name: app, host: {HOST}, to: 'https://app_1' }}\nupstream_tls: {{ ca: ca.pem }}\n"
        f"pools:\n  - name: app_1\n    endpoints: ['127.0.0.1:{old.port}']\n"
    )
    local = tier(stopping, tmp_path, text, "--admin", f"unix:{tmp_path}/admin")
    assert ask(local.port).body.startswith(b"old")
    options = ["--health-path", "/", "--timeout", "3s", "--admin", f"unix:{tmp_path}/admin"]
    code, out, errors = berth("deploy", "app_1", "--to", f"127.0.0.1:{wrong.port}", *options)
    assert code == 1 and "name mismatch" in errors
    assert ask(local.port).body.startswith(b"old")
    code, out, errors = berth("deploy", "app_1", "--to", f"127.0.0.1:{new.port}", *options)
    assert code == 0, errors
    assert ask(local.port).body.startswith(b"new") and ("GET", "/", f"127.0.0.1:{new.port}") in new.seen


def test_an_operator_drains_an_endpoint_over_every_link(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1")))
    text = (
        f"rules:\n  - {{ name: app, host: {HOST}, to: 'https://app_1' }}\nupstream_tls: {{ ca: ca.pem }}\n"
        f"pools:\n  - name: app_1\n    endpoints: ['127.0.0.1:{server.port}']\n"
    )
    local = tier(stopping, tmp_path, text, "--admin", f"unix:{tmp_path}/admin")
    # Before a request has led there.
    code, _, errors = berth("pools", "drain", "app_1", f"127.0.0.1:{server.port}", "--admin", f"unix:{tmp_path}/admin")
    assert code == 0, errors
    assert status(local.port) == 503
    code, out, _ = berth("pools", "--admin", f"unix:{tmp_path}/admin")
    assert b"drain (set)" in out
    assert berth("pools", "up", "app_1", f"127.0.0.1:{server.port}", "--admin", f"unix:{tmp_path}/admin")[0] == 0
    assert status(local.port) == 200


# MARK: Files


@pytest.mark.parametrize(
    "tls, message",
    [
        ("{ ca: missing.pem }", r"local.yaml:3:21: upstream_tls: .*missing.pem: does not exist"),
        ("{ ca: broken.pem }", r"local.yaml:3:21: upstream_tls: .*broken.pem: is not a certificate"),
        ("{ certificate: { cert: app.pem, key: other.key } }", r"local.yaml:3:30: .*is not the key of the certificate"),
        ("{ certificate: { cert: old.pem, key: old.key } }", r"local.yaml:3:30: .*expired on 2020"),
    ],
)
def test_what_cannot_be_used_stops_the_start(authority, tmp_path, tls, message):
    (tmp_path / "broken.pem").write_text("broken")
    authority.issue("app", "app_1")
    authority.issue("other", "app_1")
    authority.issue("old", "app_1", ends="20200102000000Z")
    path = tmp_path / "local.yaml"
    path.write_text(rules(9, tls))
    code, _, errors = berth("local", "--config", str(path), "--listen", "127.0.0.1:0")
    assert code == 2 and re.search(message, errors), errors
    code, out, _ = berth("check", "--json", str(path))
    found = [one for one in json.loads(out) if "local.yaml" in one["file"] and one["line"] == 3]
    assert found and found[0]["code"] in ("bad_certificate", "unreadable")


def test_certificates_are_rotated_under_load(authority, tmp_path, stopping):
    server = stopping(Server(authority.issue("app", "app_1"), client_ca=authority.pem))
    authority.issue("front", "front.internal")
    text = rules(server.port, "{ ca: trusted.pem, certificate: { cert: front.pem, key: front.key } }")
    with open(authority.pem) as file:
        (tmp_path / "trusted.pem").write_text(file.read())
    local = tier(stopping, tmp_path, text, "--admin", f"unix:{tmp_path}/admin")
    serial = ask(local.port).get("x-client")
    with Load(lambda: status(local.port)) as load:
        load.more(50)
        authority.issue("front", "front.internal")
        wait.until(lambda: ask(local.port).get("x-client") != serial, what="the new certificate", seconds=30)
        load.more(50)
        # Another authority: both are trusted for a time.
        new = Authority(tmp_path, "new")
        with open(new.pem) as file:
            pem = file.read()
        (tmp_path / "both").write_text((tmp_path / "trusted.pem").read_text() + pem)
        os.replace(tmp_path / "both", tmp_path / "trusted.pem")
        wait.until(lambda: b"CN=new" in berth("certs", "--admin", f"unix:{tmp_path}/admin")[1], what="two authorities", seconds=30)
        server.use(new.issue("app", "app_1"), client_ca=authority.pem)
        load.more(50)
    assert load.bad == []
    # What cannot be read keeps the old in force.
    (tmp_path / "trusted.pem").write_text("broken")
    said(local, "upstream_tls not reloaded", "trusted.pem")
    assert status(local.port) == 200
    code, out, _ = berth("certs", "--admin", f"unix:{tmp_path}/admin")
    assert code == 1 and b"the old one is kept" in out and b"shown to endpoints" in out


def test_rules_that_are_reloaded_bring_other_files(authority, tmp_path, stopping):
    server = stopping(Server(Authority(tmp_path, "other").issue("app", "app_1")))
    local = tier(stopping, tmp_path, rules(server.port))
    assert status(local.port) == 502
    with open(local.config, "w") as file:
        file.write(rules(server.port, "{ ca: missing.pem }"))
    said(local, "rules not reloaded")
    said(local, "upstream_tls: ", "missing.pem: does not exist")
    with open(local.config, "w") as file:
        file.write(rules(server.port, "{ ca: other.pem }"))
    said(local, "rules reloaded")
    wait.until(lambda: status(local.port) == 200, what="the other authority")
    local.signal(signal.SIGHUP)
    said(local, "upstream_tls reloaded")
    assert status(local.port) == 200
