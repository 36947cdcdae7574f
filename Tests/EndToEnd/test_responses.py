"""What rules change in responses, with real tiers: fields, redirects, pages for errors."""

import os
import signal

import pytest

from harness import wait, wire
from harness.stack import Origins
from harness.tier import Tier, berth

FRONT = """\
trusted_proxies: []
rules:
  - name: hosts
    host: '~^(?<app>[a-z]+)\\.test\\.priv$'
    to: 'host:9000'
    response_headers: {{ set: {{ X-Front: '${{app}}' }} }}
names:
  - static: {{ host: '127.0.0.1:{port}' }}
"""

LOCAL = """\
trusted_proxies: [127.0.0.0/8]
error_pages:
  no_rule: nothing.html
  5xx: sorry.html
rules:
  - name: shop
    host: shop.test.priv
    to: 'shop'
    response_headers:
      - set: {{ X-Frame-Options: DENY }}
        remove: [X-Powered-By]
      - add: {{ Cache-Control: no-store }}
        statuses: [4xx]
    rewrite_location: default
    error_pages:
      404: {{ to: 'pages/i', intercept: true }}
      connect_timeout: {{ to: 'pages/i' }}
  - name: dead
    host: dead.test.priv
    to: 'dead'
  - name: broken
    host: broken.test.priv
    to: 'shop'
    error_pages:
      invalid_response: {{ to: 'pages/i', status: 503 }}
      502: {{ to: 'dead/x' }}
names:
  - static: {{ shop: '127.0.0.1:{shop}', pages: '127.0.0.1:{pages}', dead: '127.0.0.1:1' }}
"""


@pytest.fixture
def tiers(tmp_path):
    running = []
    try:
        origins = Origins("shop", "pages")
        running.append(origins)
        folder = tmp_path / "local"
        folder.mkdir()
        (folder / "sorry.html").write_text("<h1>sorry")
        (folder / "nothing.html").write_text("<h1>nothing here")
        local = Tier("local", str(folder), LOCAL.format(**origins.ports))
        running.append(local)
        front = Tier("front", str(tmp_path / "front"), FRONT.format(port=local.port))
        running.append(front)
        yield front, local, origins
    finally:
        for one in reversed(running):
            one.stop()


def test_containers_that_redirect_to_themselves_are_repaired(tiers):
    front, _, origins = tiers
    port = origins.ports["shop"]
    for url, expected in [
        (f"http://shop.test.priv:{port}/login?a=b", "/login?a=b"),
        (f"http://127.0.0.1:{port}/x", "/x"),
        (f"http://shop:{port}/x", "/x"),
        ("http://shop.test.priv/x", "http://shop.test.priv/x"),
        (f"https://shop.test.priv:{port}/x", f"https://shop.test.priv:{port}/x"),
        (f"http://shop:{port}//evil.example/", f"http://shop:{port}//evil.example/"),
        ("//evil.example/", "//evil.example/"),
    ]:
        answer = wire.ask(front.port, "shop.test.priv", f"/raw?status=302&Location={url}")
        assert (answer.status, answer.get("Location")) == (302, expected)
    answer = wire.ask(front.port, "shop.test.priv", f"/raw?Refresh=0;url=http://127.0.0.1:{port}/x")
    assert answer.get("Refresh") == "0;url=/x"


def test_fields_are_changed_at_each_tier(tiers):
    front, _, _ = tiers
    answer = wire.ask(front.port, "shop.test.priv", "/raw?X-Powered-By=php&X-Frame-Options=ALLOW&X-Other=1")
    assert answer.fields.all("X-Frame-Options") == ["DENY"]
    assert answer.get("X-Powered-By") is None and answer.get("X-Other") == "1"
    assert answer.get("X-Front") == "shop" and answer.get("Cache-Control") is None
    answer = wire.ask(front.port, "shop.test.priv", "/raw?status=403")
    assert answer.get("Cache-Control") == "no-store" and answer.body == b"raw"


def test_pages_come_from_files_and_are_read_again(tiers):
    front, local, _ = tiers
    answer = wire.ask(front.port, "dead.test.priv", "/")
    assert (answer.status, answer.body) == (502, b"<h1>sorry")
    assert answer.get("Content-Type") == "text/html; charset=utf-8"
    # The front tier forwards what the local one says of its error.
    assert "connection_refused" in answer.get("Proxy-Status")
    answer = wire.ask(front.port, "nothing.test.priv", "/")
    assert (answer.status, answer.body) == (404, b"<h1>nothing here")
    with open(os.path.join(os.path.dirname(local.config), "sorry.html"), "w") as file:
        file.write("<h1>very sorry")
    os.kill(local.pid, signal.SIGHUP)
    wait.until(
        lambda: wire.ask(front.port, "dead.test.priv", "/").body == b"<h1>very sorry",
        what="the new page",
    )


def test_pages_come_from_targets(tiers):
    front, local, origins = tiers
    answer = wire.ask(front.port, "shop.test.priv", "/raw?status=404")
    assert (answer.status, answer.body) == (404, b"pages")
    assert answer.get("X-Frame-Options") == "DENY" and answer.get("Cache-Control") == "no-store"
    head = wire.ask(front.port, "shop.test.priv", "/raw?status=404", method="HEAD")
    assert (head.status, head.get("Content-Length")) == (404, "5")
    # A status of its own, and the cause in the log.
    answer = wire.ask(front.port, "broken.test.priv", "/garbage", fields=["X-Request-ID: own-status"])
    assert (answer.status, answer.body) == (503, b"pages")
    record = local.record("own-status")
    assert (record["status"], record["cause"]) == (503, "invalid_response")
    # The target of the page is dead: Berth's own response.
    answer = wire.ask(front.port, "broken.test.priv", "/silent-close")
    assert answer.status == 502 and b"Berth, local tier" in answer.body
    # A fetched page is no request of a client.
    assert len([one for one in local.records() if one["request_id"] == "own-status"]) == 1


def test_the_dry_run_shows_the_changes(tiers):
    _, local, _ = tiers
    code, out, errors = berth("test", "--local", local.config, "http://shop.test.priv/")
    assert code == 0, errors
    for line in ["set X-Frame-Options: DENY", "remove x-powered-by", "rewrite own address"]:
        assert f"response  {line}\n".encode() in out
