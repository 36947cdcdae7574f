"""nginx and Caddy with the snippets of docs/tls.md, before both tiers: what a container receives, and what passes."""

import json
import ssl

import pytest

from harness import content, pages, wire
from harness.stack import Origins
from harness.terminator import NAME, CaddyTerminator, NginxTerminator, Secure
from harness.tier import REPO, Tier, berth

TERMINATORS = [
    NginxTerminator,
    pytest.param(
        CaddyTerminator,
        marks=pytest.mark.skipif(not CaddyTerminator.PROGRAM, reason="needs caddy: scripts/install-packages test"),
    ),
]


def trusted(tier):
    """The line of docs/tls.md that tells a tier whom to believe."""
    for _, language, text in pages.blocks("docs/tls.md"):
        if language == "yaml" and text.startswith(f"# rules/{tier}.yaml"):
            return text + "\n"
    raise AssertionError(tier)


def rules(tier, *names):
    with open(f"{REPO}/rules/hyphens/{tier}.yaml") as file:
        text = file.read()
    text = "\n".join(line for line in text.split("\n") if not line.startswith("trusted_proxies"))
    # The front tier of the page is another machine.
    return text.split("names:")[0] + trusted(tier).replace("10.0.0.1/32", "127.0.0.1/32") + "names:\n  - static: " + names[0] + "\n"


@pytest.fixture(params=TERMINATORS)
def site(request, tmp_path, stopping):
    """A terminator before a front tier, a local tier and an origin."""
    origins = stopping(Origins("container001"))
    local = stopping(
        Tier("local", str(tmp_path), rules("local", f"{{ container001_01: '127.0.0.1:{origins.ports['container001']}' }}"))
    )
    front = stopping(Tier("front", str(tmp_path), rules("front", f"{{ host_01: '127.0.0.1:{local.port}' }}")))
    site = stopping(request.param(tmp_path / "terminator", front.port))
    site.origins = origins
    site.front, site.local = front, local
    return site


# What an untrusted client claims: values that nobody else sends.
CLAIMS = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example", "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9", "X-Forwarded-Port": "4321", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Scheme": "gopher",
    "X-Forwarded-Server": "evil.example", "X-Forwarded-Ssl": "evil", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
    "X-URL-Scheme": "gopher", "X-HTTP-Host-Override": "evil.example", "Front-End-Https": "evil", "True-Client-IP": "203.0.113.9",
    "X-Client-IP": "203.0.113.9", "Client-IP": "203.0.113.9", "X-Cluster-Client-IP": "203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9", "Fastly-Client-IP": "203.0.113.9", "X-Client-Cert-Subject": "CN=evil",
    "X-Client-Cert-Fingerprint": "0" * 64, "Client-Cert": ":ZXZpbA==:",
}  # fmt: skip


def test_a_container_receives_the_client_and_https(site):
    with Secure(site) as client:
        answer = client.ask(NAME, "/shop?a=b", fields=[f"{name}: {value}" for name, value in CLAIMS.items()])
    assert answer.status == 200
    seen = json.loads(answer.body)
    fields = wire.Fields(tuple(one) for one in seen["fields"])
    assert seen["target"] == "/shop?a=b"
    assert fields.all("Host") == [NAME]
    assert ", ".join(fields.all("X-Forwarded-For")) == "127.0.0.9, 127.0.0.1, 127.0.0.1"
    assert fields.all("X-Forwarded-Proto") == ["https"]
    assert fields.all("X-Forwarded-Host") == [NAME]
    assert fields.all("X-Real-IP") == ["127.0.0.9"]
    assert fields.all("X-Forwarded-Port") in ([], ["443"])
    # Nothing of what the client claimed has passed.
    assert [one for one in fields if one[1] in CLAIMS.values()] == []
    for tier in (site.front, site.local):
        assert tier.record(fields.get("X-Request-ID"))["client"] == "127.0.0.9"


def test_a_large_upload_and_a_large_download_pass(site):
    size = 20 << 20
    with Secure(site) as client:
        client.send(f"POST /up HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\n\r\n")
        for piece in content.blocks(size):
            client.send(piece)
        seen = json.loads(client.answer().body)
        assert (seen["bytes"], seen["sha256"]) == (size, content.checksum(size))
        answer = client.ask(NAME, f"/download?bytes={size}")
        assert len(answer.body) == size


def test_the_first_event_of_a_stream_arrives_before_the_second_is_sent(site):
    with Secure(site) as client:
        client.send(f"GET /gate?id=sse HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
        assert client.head().status == 200
        assert client.reader.exactly(5) == b"first"
        site.origins.control("container001", "open?id=sse")
        assert client.reader.exactly(5) == b"later"


def test_a_websocket_passes(site):
    with Secure(site) as client:
        client.send(
            f"GET /websocket HTTP/1.1\r\nHost: {NAME}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert client.answer().status == 101
        client.send(b"\x81\x82\x00\x00\x00\x00hi")
        assert client.reader.exactly(4) == b"\x81\x02hi"


def test_plain_http_is_redirected(site):
    answer = wire.ask(site.plain_port, NAME, "/a?b")
    assert answer.status in (301, 308)
    assert answer.get("Location").split("?")[0].endswith("/a") and answer.get("Location").startswith(f"https://{NAME}")


def test_openssl_does_not_accept_a_wildcard_certificate_for_a_name_with_underscores(site):
    with pytest.raises(ssl.SSLCertVerificationError, match="[Hh]ostname mismatch"):
        Secure(site, "wordpress_container001_01.test.priv")


def test_the_dry_run_shows_the_same_for_an_https_url(site):
    code, out, errors = berth(
        "test", "--front", site.front.config, "--local", site.local.config, "--client", "127.0.0.9", "--json", f"https://{NAME}/"
    )
    assert code == 0, errors
    fields = {one["name"]: one["value"] for one in json.loads(out)["received"]["headers"]}
    assert fields["X-Forwarded-For"] == "127.0.0.9, 127.0.0.1, 127.0.0.1"
    assert fields["X-Forwarded-Proto"] == "https"
