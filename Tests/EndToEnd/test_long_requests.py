"""Long polls, server-sent events and tunnels through both tiers, with the timeouts of docs/long-requests.md."""

import pytest

from harness import pages, wire
from harness.stack import Origins, host
from harness.tier import Tier

# Shorter than the default, so that a test does not take minutes.
SHORT = "timeouts: { upstream: 1s }\n"


def rules():
    """The rules of the page, for both tiers."""
    return next(text for _, language, text in pages.blocks("docs/long-requests.md") if language == "yaml") + "\n"


@pytest.fixture
def site(tmp_path, stopping):
    origins = stopping(Origins("container001"))
    names = "names:\n  - static: { host_01: '127.0.0.1:%d' }\n"
    local = stopping(Tier("local", str(tmp_path), rules() + SHORT + names % origins.ports["container001"]))
    front = stopping(Tier("front", str(tmp_path), rules() + SHORT + names % local.port))
    front.origins = origins
    return front


def hangs(site):
    """A request to the same container under another rule, which ends after a second."""
    answer = wire.ask(site.port, host(), "/hang")
    assert (answer.status, answer.error) == (504, "http_response_timeout")


def test_a_long_poll_outlasts_the_timeout_of_the_tiers_where_its_rule_says_so(site):
    with wire.Client(site.port) as client:
        client.send(f"GET /events/poll?id=poll HTTP/1.1\r\nHost: {host()}\r\n\r\n")
        hangs(site)
        hangs(site)
        site.origins.control("container001", "open?id=poll")
        answer = client.answer()
        assert (answer.status, answer.body) == (200, b"news")


def test_a_stream_of_events_may_be_silent_for_longer_than_the_timeout(site):
    with wire.Client(site.port) as client:
        client.send(f"GET /events/stream?id=sse HTTP/1.1\r\nHost: {host()}\r\n\r\n")
        response = client.head()
        assert (response.status, response.get("Content-Type")) == (200, "text/event-stream")
        body = b""
        chunks = client.reader.chunks(wire.Fields())
        while b"data: 1\n\n" not in body:
            body += next(chunks)
        hangs(site)
        hangs(site)
        site.origins.control("container001", "open?id=sse")
        assert body + b"".join(chunks) == b"data: 1\n\ndata: 2\n\n"
