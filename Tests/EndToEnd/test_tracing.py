"""Traces of both tiers at an independent receiver, and a collector that is not there."""

import json
import socket

import pytest

from harness import otlp, ports, wait, wire
from harness.stack import host

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SERVER, CLIENT = 2, 3


@pytest.fixture
def receiver(tmp_path, stopping):
    if not otlp.folder():
        pytest.skip("oteltap cannot be had")
    return stopping(otlp.Receiver(tmp_path))


def tracing(url, **more):
    return f"tracing: {json.dumps({'endpoint': url} | more)}"


@pytest.fixture
def traced(make_stack, monkeypatch):
    """Makes a stack whose tiers have this line."""

    def make(line):
        from harness import stack

        monkeypatch.setattr(stack, "LOCAL", stack.LOCAL + line.replace("%", "%%") + "\n")
        return make_stack(front=line)

    return make


def attributes(span):
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def of(receiver, request, count):
    """The spans of the trace that the request with this id is in."""

    def find():
        spans = receiver.objects()
        trace = next((one["traceId"] for one in spans if attributes(one).get("berth.request_id") == request), None)
        found = [one for one in spans if one["traceId"] == trace]
        return found if len(found) >= count else None

    return wait.until(find, what=f"{count} spans of {request}: {receiver.text()}")


def by_parent(spans):
    """The spans from the first to the last, each the parent of the next."""
    chain, parent = [], ""
    while nexts := [one for one in spans if one["parentSpanId"] == parent]:
        assert len(nexts) == 1, spans
        chain.append(nexts[0])
        parent = nexts[0]["spanId"]
    return chain


def test_both_tiers_are_one_trace(receiver, traced):
    stack = traced(tracing(receiver.url, sample="100%"))
    assert stack.ask("/echo?secret=1", fields=["X-Request-ID: good"]).status == 200
    chain = by_parent(of(receiver, "good", 4))
    assert [one["kind"] for one in chain] == [SERVER, CLIENT, SERVER, CLIENT]
    front, out, local, last = map(attributes, chain)
    assert (front["berth.tier"], local["berth.tier"]) == ("front", "local")
    assert front["berth.rule"] == "saas" and front["http.response.status_code"] == "200"
    assert front["http.request.method"] == "GET" and front["url.path"] == "/echo" and front["url.scheme"] == "http"
    assert front["server.address"] == host() and front["network.protocol.version"] == "1.1"
    assert (out["server.address"], out["server.port"]) == ("127.0.0.1", str(stack.locals[0].port))
    assert last["server.port"] == str(stack.origins.ports["container001_01"])
    assert front["berth.request_id"] == local["berth.request_id"] == "good"
    assert chain[0]["name"] == "GET saas" and not chain[0].get("status")
    for before, after in zip(chain, chain[1:]):
        # Clocks of one machine; each tier reads it once a round of its loop.
        assert int(before["startTimeUnixNano"]) <= int(after["startTimeUnixNano"]) + 50_000_000
        assert int(after["startTimeUnixNano"]) <= int(after["endTimeUnixNano"])
    # The container sees the last span as its parent, and the access log names the trace.
    seen = json.loads(stack.ask("/echo", fields=["X-Request-ID: seen"]).body)
    parent = dict(seen["fields"])["traceparent"].split("-")
    spans = by_parent(of(receiver, "seen", 4))
    assert parent == ["00", spans[3]["traceId"], spans[3]["spanId"], "01"]
    assert stack.front.record("seen")["trace_id"] == stack.locals[0].record("seen")["trace_id"] == parent[1]


def test_a_failure_is_an_error_with_its_cause(receiver, traced):
    stack = traced(tracing(receiver.url, sample=1))
    response = wire.ask(stack.port, "wordpress_dead_01.test.priv", fields=["X-Request-ID: dead"])
    assert response.status == 502
    chain = by_parent(of(receiver, "dead", 4))
    errors = [attributes(one).get("error.type") for one in chain]
    assert errors == ["502", "502", "connection_refused", "connection_refused"]
    assert [one["status"]["code"] for one in chain] == [2, 2, 2, 2]


def test_only_trusted_peers_continue_a_trace(receiver, traced):
    line = tracing(receiver.url, sample="0%")
    stack = traced(line)
    fields = [f"traceparent: 00-{TRACE}-{SPAN}-01", "tracestate: a=1"]
    # A client of the front tier, which trusts nobody.
    seen = dict(json.loads(stack.ask("/echo", fields=fields).body)["fields"])
    assert TRACE not in seen["traceparent"] and seen["traceparent"].endswith("-00") and "tracestate" not in seen
    # The local tier trusts its peers.
    response = wire.ask(stack.locals[0].port, host(), "/echo", fields=[*fields, "X-Request-ID: trusted"])
    seen = dict(json.loads(response.body)["fields"])
    assert seen["traceparent"].startswith(f"00-{TRACE}-") and seen["tracestate"] == "a=1"
    spans = of(receiver, "trusted", 2)
    assert {one["traceId"] for one in spans} == {TRACE}
    assert any(one["parentSpanId"] == SPAN and one["kind"] == SERVER for one in spans)


@pytest.mark.parametrize("stalls", [False, True])
def test_a_collector_that_is_down_or_stalls_delays_nothing(traced, stalls):
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        port = stalled.getsockname()[1] if stalls else ports.free()
        stack = traced(tracing(f"http://127.0.0.1:{port}/v1/traces", sample="100%"))
        with stack.client() as client:
            for _ in range(500):
                assert client.ask(host(), "/i").body == b"container001_01"
        wait.until(lambda: "the collector does not take spans" in stack.front.said(), what="the log")
        # What still waits at the end is lost as well.
        stack.front.signal()
        assert stack.front.wait() == 0
        last = [line for line in stack.front.said().splitlines() if "spans were dropped" in line]
        assert len(last) == 1 and "requests=500" in last[0], last


def test_without_tracing_the_fields_pass(stack):
    fields = ["traceparent: anything", "tracestate: a=1", "X-Request-ID: untraced"]
    seen = dict(json.loads(stack.ask("/echo", fields=fields).body)["fields"])
    assert seen["traceparent"] == "anything" and seen["tracestate"] == "a=1"
    assert "trace_id" not in stack.front.record("untraced")
