"""`berth why`: one request in both tiers, and who gets no answer."""

import json
import os

import pytest

from harness import wait, wire
from harness.admin import Admin
from harness.stack import host
from harness.tier import berth

WELL_KNOWN = "/.well-known/berth/request"


@pytest.fixture
def stack(make_stack, tmp_path):
    admin = os.path.join(str(tmp_path), "front.sock")
    made = make_stack(
        options=("--admin", f"unix:{admin}"),
        local_options=lambda folder: ("--admin", f"unix:{folder}/local.sock"),
    )
    made.admin = admin
    return made


def why(stack, *arguments, admin=None):
    code, said, errors = berth("why", *arguments, "--admin", admin or stack.admin)
    return code, said.decode(), errors


def report(stack, *arguments, admin=None):
    code, said, errors = why(stack, *arguments, "--json", admin=admin)
    assert code == 0, errors
    return json.loads(said)


def local_socket(stack, number):
    return os.path.join(stack.directory, f"h{number:02}", "local.sock")


def test_one_request_in_both_tiers(stack):
    response = stack.ask("/echo?a=1")
    request = response.get("X-Request-ID") or Admin(stack.admin).ask("GET", "/requests")["requests"][0]["id"]
    one = report(stack, request)
    assert [part["tier"] for part in one["tiers"]] == ["front", "local"]
    front, local = one["tiers"]
    assert front["rule"] == local["rule"] == "saas" and front["target"] == "/echo?a=1"
    assert front["captures"] == {"app": "wordpress", "container": "container001", "host": "01"}
    assert front["to"] == "host_01:9000" and local["to"] == "container001:8080"
    assert front["attempts"][0]["endpoint"] == f"127.0.0.1:{stack.locals[0].port}"
    assert local["attempts"][0]["endpoint"] == f"127.0.0.1:{stack.origins.ports['container001_01']}"
    assert {stage["stage"] for stage in front["stages"]} == {"connect", "first_byte", "body"}
    assert one["status"] == 200 and one["others"] == 0
    assert [step["matched"] for step in front["trace"]] == [True]
    # The local tier's own command tells of its own part.
    assert [part["tier"] for part in report(stack, request, admin=local_socket(stack, 1))["tiers"]] == ["local"]


def test_the_last_request_of_a_host(stack):
    for path in ("/a", "/b"):
        stack.ask(path)
    stack.ask("/c", container=2)
    assert report(stack, "--last", host())["target"] == "/b"
    assert report(stack, "--last", host().upper())["target"] == "/b"
    # Queries of the front tier are not requests that a local tier keeps.
    assert report(stack, "--last", host(), admin=local_socket(stack, 1))["target"] == "/b"
    code, _, errors = why(stack, "--last", "nobody.test.priv")
    assert code == 1 and "nobody.test.priv" in errors
    code, _, errors = why(stack, "0123")
    assert code == 1 and "0123" in errors


def test_a_request_that_runs(stack):
    fields = ["X-Request-ID: running", "Content-Length: 3"]
    with wire.Client(stack.port) as client:
        client.send(f"POST /echo HTTP/1.1\r\nHost: {host()}\r\n" + "\r\n".join(fields) + "\r\n\r\n")
        before = wait.until(
            lambda: (one := running(stack)) and len(one["tiers"]) == 2 and one, what="the request at both tiers"
        )
        assert [part["running"] for part in before["tiers"]] == ["first_byte"] * 2 and before["status"] == 0
        assert before["tiers"][1]["choice"]["endpoint"] == f"127.0.0.1:{stack.origins.ports['container001_01']}"
        assert report(stack, "--last", host())["id"] == "running"
        code, said, _ = why(stack, "running")
        assert code == 0 and "running for" in said and "waits for the response" in said
        later = report(stack, "running")
        assert later["duration_ms"] > before["duration_ms"]
        assert later["tiers"][0]["stages"][-1]["ms"] > before["tiers"][0]["stages"][-1]["ms"]
        client.send("abc")
        assert client.answer().status == 200
    ended = report(stack, "running")
    assert ended["status"] == 200 and "running" not in ended and ended["others"] == 0
    assert all("running" not in part for part in ended["tiers"])


def running(stack):
    """The report of the request `running`; None: it has not arrived."""
    code, said, _ = why(stack, "running", "--json")
    return json.loads(said) if code == 0 else None


def test_a_rule_that_sets_the_host(make_stack, tmp_path):
    admin = os.path.join(str(tmp_path), "front.sock")
    stack = make_stack(
        front="    host_header: 'other_${container}_${host}.test.priv'",
        options=("--admin", f"unix:{admin}"),
        local_options=lambda folder: ("--admin", f"unix:{folder}/local.sock"),
    )
    stack.admin = admin
    stack.ask("/i", fields=["X-Request-ID: one"])
    one = report(stack, "one")
    assert [part["host"] for part in one["tiers"]] == [host(), host(app="other")]


def test_failed_requests_are_kept_apart(stack):
    wire.ask(stack.port, "wordpress_dead_01.test.priv", fields=["X-Request-ID: dead-1"])
    with wire.Client(stack.port) as client:
        for number in range(300):
            client.ask("nothing.example" if number % 2 else host(), "/i")
    requests = Admin(stack.admin).ask("GET", "/requests?failed=1&limit=1000")["requests"]
    assert "dead-1" in [one["id"] for one in requests]
    assert {one["cause"] for one in requests if one["id"] != "dead-1"} == {"no_rule"}
    times = [one["time"] for one in requests]
    assert times == sorted(times, reverse=True)
    assert len(Admin(stack.admin).ask("GET", "/requests?limit=7")["requests"]) == 7


def test_a_client_that_chooses_an_id_again(stack):
    for path in ("/a", "/b"):
        stack.ask(path, fields=["X-Request-ID: chosen"])
    one = report(stack, "chosen")
    assert one["target"] == "/b" and one["others"] == 1


def test_hostile_text_is_escaped(stack):
    path = "/%1b[2J\u009b2J" + "x" * 300
    with wire.Client(stack.port) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: {host()}\r\nX-Request-ID: hostile\r\n\r\n".encode("latin-1", "replace"))
        client.answer()
    code, said, _ = why(stack, "hostile")
    assert code == 0
    assert all(character == "\n" or " " <= character <= "~" or character in "…\ufffd" for character in said), repr(said)


def query(port, request, *fields, path=WELL_KNOWN, method="OPTIONS"):
    return wire.ask(port, host(), path, method=method, fields=[f"X-Berth-Why: {request}", *fields])


def test_only_a_trusted_peer_that_forwards_for_nobody_gets_an_answer(stack):
    stack.ask("/i", fields=["X-Request-ID: secret"])
    local, hops = stack.locals[0].port, "Max-Forwards: 0"
    kind = "application/vnd.berth.request+json"
    answer = query(local, "secret", hops)
    assert answer.get("Content-Type") == kind and json.loads(answer.body)["part"]["tier"] == "local"
    assert json.loads(query(local, "unknown", hops).body) == {}
    # The front tier trusts nobody, and is asked by a client.
    assert query(stack.port, "secret", hops).get("Content-Type") != kind
    # … whom it passes on: it neither passes the field on, nor does the local tier believe what was forwarded.
    for hops in ("Max-Forwards: 1", "Max-Forwards: 2"):
        answer = query(stack.port, "secret", hops)
        assert answer.get("Content-Type") != kind and b"secret" not in answer.body
    # A trusted proxy that forwards for a client.
    for field in ("X-Forwarded-For: 10.0.0.1", "Via: 1.1 x", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1",
                  "X-Forwarded-Proto: https", "X-Client-IP: 10.0.0.1"):  # fmt: skip
        assert query(local, "secret", "Max-Forwards: 0", field).get("Content-Type") != kind, field
    assert query(local, "secret", "Max-Forwards: 0", "X-Berth-Why: secret").get("Content-Type") != kind
    # Any other request of this path goes where its host says.
    for method in ("GET", "POST", "OPTIONS"):
        fields = ["Content-Length: 0"] if method == "POST" else []
        seen = json.loads(wire.ask(stack.port, host(), WELL_KNOWN, method=method, fields=["X-Berth-Why: secret", *fields]).body)
        assert seen["target"] == WELL_KNOWN
        assert "x-berth-why" not in [name.lower() for name, _ in seen["fields"]]


def test_an_id_that_two_hosts_have_shows_neither_the_other(stack):
    same = ["X-Request-ID: same"]
    stack.ask("/i", fields=same)
    assert wire.ask(stack.port, host(9), fields=same).status >= 400
    first = report(stack, "--last", host())
    assert [part["status"] for part in first["tiers"]] == [200, 200] and "cause" not in first
    assert {part["host"] for part in first["tiers"]} == {host()}


def test_a_look_at_a_request_is_no_request_of_its_endpoint(stack):
    stack.ask("/i", fields=["X-Request-ID: one"])
    before = stack.origins.counts("container001_01")["requests"]
    for _ in range(3):
        assert len(report(stack, "one")["tiers"]) == 2
    assert stack.origins.counts("container001_01")["requests"] == before
    code, said, _ = berth("pools", "--json", "--admin", stack.admin)
    assert code == 0 and "requests_failed" not in said.decode()


def test_a_local_tier_that_gives_no_answer(make_stack, tmp_path):
    admin = os.path.join(str(tmp_path), "front.sock")
    stack = make_stack(options=("--admin", f"unix:{admin}"))
    stack.admin = admin
    stack.ask("/i", fields=["X-Request-ID: one"])
    one = report(stack, "one")
    assert len(one["tiers"]) == 1 and "trusted_proxies" in one["missing"]
    code, said, _ = why(stack, "one")
    assert code == 0 and "trusted_proxies" in said
    # A container that gets the query is not disturbed.
    stack.locals[0].stop()
    one = report(stack, "one")
    assert len(one["tiers"]) == 1 and one["missing"]


def test_rules_that_have_changed_since(stack):
    stack.ask("/i", fields=["X-Request-ID: before"])
    assert "trace_note" not in report(stack, "before")["tiers"][0]
    with open(stack.front.config) as file:
        text = file.read()
    with open(stack.front.config, "w") as file:
        file.write(text.replace("name: saas", "name: other"))
    wait.until(lambda: "rules reloaded" in stack.front.said(), what="the new rules")
    part = report(stack, "before")["tiers"][0]
    assert part["rule"] == "saas" and "location" not in part
    assert [step["rule"] for step in part["trace"]] == ["other"] and "changed" in part["trace_note"]


def test_without_a_socket_nothing_is_kept_and_nothing_answers(make_stack):
    stack = make_stack()
    stack.ask("/i", fields=["X-Request-ID: one"])
    assert query(stack.locals[0].port, "one", "Max-Forwards: 0").get("Content-Type") != "application/vnd.berth.request+json"
    code, _, errors = berth("why", "one", "--admin", os.path.join(stack.directory, "none.sock"))
    assert code == 2 and "--admin" in errors
