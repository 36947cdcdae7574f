"""What becomes of header fields on the way."""

import json

from harness.stack import host
from harness.wire import Fields


def received(answer):
    return Fields(map(tuple, json.loads(answer.body)["fields"]))


def test_the_edge_says_who_the_client_is_and_the_local_tier_appends(stack):
    fields = received(stack.ask("/"))
    assert fields.get("X-Forwarded-For").replace(" ", "") == "127.0.0.1,127.0.0.1"
    assert fields.all("X-Forwarded-Proto") == ["http"]
    assert fields.all("X-Forwarded-Host") == [host()]
    # The port of Host: none is the default of the scheme.
    assert fields.all("X-Forwarded-Port") == ["80"]


def test_what_a_client_says_of_itself_is_not_believed(stack):
    lies = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 1"]
    answer = stack.ask("/", fields=lies)
    assert "6.6.6.6" not in str(received(answer)) and "evil.example" not in str(received(answer))
    assert received(answer).all("X-Forwarded-Proto") == ["http"]


def test_a_trusted_downstreams_word_is_kept(make_stack):
    stack = make_stack(front="trusted_proxies: [127.0.0.1/32]")
    fields = received(stack.ask("/", fields=["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"]))
    assert fields.get("X-Forwarded-For").replace(" ", "") == "192.0.2.7,127.0.0.1,127.0.0.1"
    assert fields.all("X-Forwarded-Proto") == ["https"]


def test_a_request_has_one_id_at_both_tiers_and_in_both_logs(stack):
    request_id = received(stack.ask("/")).get("X-Request-ID")
    assert request_id
    for tier in (stack.front, stack.locals[0]):
        assert tier.record(request_id)["rule"] == "saas"


def test_both_tiers_sign_via(stack):
    via = ",".join(received(stack.ask("/")).all("Via"))
    assert len(via.split(",")) == 2
    assert via.count("1.1 ") == 2


def test_hop_by_hop_fields_end_here(stack):
    fields = ["Connection: X-Private, keep-alive", "X-Private: 1", "Keep-Alive: timeout=5", "TE: trailers",
              "Proxy-Connection: keep-alive", "X-Public: 2"]  # fmt: skip
    seen = received(stack.ask("/", fields=fields))
    for gone in ("X-Private", "Keep-Alive", "Proxy-Connection"):
        assert seen.all(gone) == [], gone
    assert seen.get("X-Public") == "2"


def test_other_fields_arrive_in_their_order_and_spelling(stack):
    sent = [(f"X-Field-{n}", f"value {n} \xfc") for n in range(50)]
    seen = received(stack.ask("/", fields=[f"{name}: {value}" for name, value in sent]))
    assert [pair for pair in seen if pair[0].startswith("X-Field-")] == sent


def test_the_access_log_names_rule_captures_target_and_endpoint(stack):
    request_id = received(stack.ask("/log?me=1", 2, 1)).get("X-Request-ID")
    front, local = stack.front.record(request_id), stack.locals[0].record(request_id)
    assert front["captures"] == local["captures"] == {"app": "wordpress", "container": "container002", "host": "01"}
    assert (front["tier"], local["tier"]) == ("front", "local")
    assert (front["status"], front["uri"], front["host"]) == (200, "/log?me=1", host(2))
    assert front["endpoint"] == f"127.0.0.1:{stack.locals[0].port}"
    assert local["endpoint"] == f"127.0.0.1:{stack.origins.ports['container002_01']}"
    assert local["cause"] is None
