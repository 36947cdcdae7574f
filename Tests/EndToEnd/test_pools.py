"""Pools: who gets a request, when it is sent again, and what happens to endpoints that fail."""

import collections
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import wait, wire
from harness.member import Member
from harness.tier import Tier

RULES = """\
rules:
  - { name: all, to: 'pool', timeouts: { connect: 1s, upstream: 1s } }
pools:
  - name: pool
    endpoints:
%s
%s
"""
HOST = "pool.test"


def rules(members, *lines):
    listed = "\n".join(f"      - {{ address: '{member.address}'{more} }}" for member, more in members)
    return RULES % (listed, "\n".join(f"    {line}" for line in lines))


@pytest.fixture
def pair(stopping):
    return stopping(Member("a")), stopping(Member("b"))


def start(tmp_path, stopping, members, *lines, options=("--loops", "1")):
    members = [member if isinstance(member, tuple) else (member, "") for member in members]
    return stopping(Tier("local", tmp_path, rules(members, *lines), *options))


def ask(tier, count, method="GET", path="/", fields=(), body=b""):
    """Responses on one connection, or as many as it takes."""
    responses = []
    for number in range(count):
        with wire.Client(tier.port) as client:
            more = [f"Content-Length: {len(body)}"] if body or method in ("POST", "PUT") else []
            responses.append(
                client.ask(HOST, path, method=method, fields=[*fields, *more, f"X-Id: {method}-{number}"], body=body)
            )
    return responses


def names(responses):
    return [response.body.decode().split(" ")[0] for response in responses]


# What fails after the request was sent.


@pytest.mark.parametrize(
    "mode, condition", [(503, "503"), ("reset", "empty_response"), ("junk", "junk_response"), ("hang", "response_timeout")]
)
def test_an_idempotent_request_goes_elsewhere_and_a_post_is_never_seen_twice(mode, condition, pair, tmp_path, stopping):
    bad, good = pair
    bad.mode = mode
    tier = start(tmp_path, stopping, pair, f"retry_on: [{condition}]", "max_fails: 0")
    count = 4 if mode == "hang" else 20
    assert {response.status for response in ask(tier, count)} == {200}
    assert bad.requests > 0
    posts = ask(tier, count, method="POST", body=b"x")
    assert {response.status for response in posts} == {200, {503: 503, "hang": 504}.get(mode, 502)}
    seen = bad.seen + good.seen
    assert {seen[f"POST-{number}"] for number in range(count)} == {1}


def test_without_a_condition_nothing_is_sent_twice(pair, tmp_path, stopping):
    pair[0].mode = "reset"
    tier = start(tmp_path, stopping, pair, "max_fails: 0")
    statuses = [response.status for response in ask(tier, 10)]
    assert statuses.count(502) == 5
    assert set((pair[0].seen + pair[1].seen).values()) == {1}


def test_a_body_that_is_held_is_sent_again_byte_by_byte_and_a_larger_one_is_not(pair, tmp_path, stopping):
    pair[0].mode = "reset"
    tier = start(tmp_path, stopping, pair, "retry_on: [empty_response]", "retries: { body: 100KiB }", "max_fails: 0")
    body = bytes(range(256)) * 256
    for response in ask(tier, 6, method="PUT", body=body):
        assert response.status == 200
        assert response.body.decode().split(" ")[1] == hashlib.sha256(body).hexdigest()
    assert pair[0].requests > 0
    statuses = {response.status for response in ask(tier, 6, method="PUT", body=body * 4)}
    assert statuses == {200, 502}


def test_where_all_fail_the_client_gets_the_last_response(pair, tmp_path, stopping):
    pair[0].mode = pair[1].mode = 503
    tier = start(tmp_path, stopping, pair, "retry_on: [503]", "max_fails: 0")
    response = ask(tier, 1)[0]
    assert response.status == 503 and response.body.startswith((b"a ", b"b "))
    assert pair[0].requests == pair[1].requests == 1


def test_retries_stay_within_their_budget(stopping, tmp_path):
    members = [stopping(Member(name, mode="slow", delay=0.5)) for name in "abcd"]
    for member in members:
        member.mode = "hang"
    tier = start(tmp_path, stopping, members, "retry_on: [response_timeout]", "retries: { budget: 20 }", "max_fails: 0")
    with ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(lambda _: ask(tier, 1)[0].status, range(30)))
    assert set(statuses) == {504}
    retried = sum(member.requests for member in members) - 30
    # A fifth of thirty at a time, in each of the rounds of at most three.
    assert 3 <= retried <= 3 * 6, retried


# Health.


def test_an_endpoint_that_fails_often_is_left_out_and_comes_back(pair, tmp_path, stopping):
    bad, good = pair
    bad.mode = "reset"
    tier = start(tmp_path, stopping, pair, "max_fails: 2", "fail_timeout: 1s")
    statuses = [response.status for response in ask(tier, 20)]
    assert statuses.count(502) == 2
    bad.mode = "well"
    wait.until(lambda: "a" in names(ask(tier, 1)), what="the endpoint to come back")
    assert {response.status for response in ask(tier, 10)} == {200}
    assert "health" in tier.said()


def test_checks_take_an_endpoint_out_and_bring_it_back(pair, tmp_path, stopping):
    sick, well = pair
    tier = start(tmp_path, stopping, pair, "health: { path: /healthz, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }")
    assert set(names(ask(tier, 4))) == {"a", "b"}
    sick.healthy = False
    wait.until(lambda: set(names(ask(tier, 4))) == {"b"}, what="checks to take the endpoint out")
    sick.healthy = True
    wait.until(lambda: set(names(ask(tier, 4))) == {"a", "b"}, what="checks to bring it back")
    assert all("/healthz" not in record["uri"] for record in tier.records())


def test_with_all_down_requests_are_refused_or_tried(pair, tmp_path, stopping):
    for member in pair:
        member.healthy = False
    check = "health: { path: /healthz, interval: 200ms, timeout: 200ms, fall: 1 }"
    tier = start(tmp_path / "refuse", stopping, pair, check, "all_down: refuse")
    response = wait.until(
        lambda: next((one for one in ask(tier, 1) if one.status == 503), None), what="all to be down"
    )
    assert response.get("Retry-After") == "5"
    assert "error=destination_unavailable" in response.get("Proxy-Status")
    assert tier.record(response.get("X-Request-ID"))["cause"] == "endpoints_down"
    tier = start(tmp_path / "try", stopping, pair, check)
    wait.until(lambda: "down" in tier.said(), what="all to be down")
    assert {response.status for response in ask(tier, 4)} == {200}


# Who gets a request.


def test_backups_come_last_and_those_that_are_down_never(stopping, tmp_path):
    first, down, backup = (stopping(Member(name)) for name in ("first", "down", "backup"))
    tier = start(tmp_path, stopping, [first, (down, ", down: true"), (backup, ", backup: true")])
    assert set(names(ask(tier, 6))) == {"first"}
    first.stop()
    assert set(names(ask(tier, 6))) == {"backup"}
    assert down.requests == 0


def test_an_endpoint_has_no_more_requests_than_it_may(pair, tmp_path, stopping):
    small, large = pair
    small.mode = large.mode = "slow"
    tier = start(tmp_path, stopping, [(small, ", max_conns: 1"), (large, ", max_conns: 3")], options=("--loops", "2"))
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: ask(tier, 1)[0], range(8)))
    counts = collections.Counter(response.status for response in responses)
    assert counts == {200: 4, 503: 4}
    assert collections.Counter(names([one for one in responses if one.status == 200])) == {"a": 1, "b": 3}


def test_the_one_with_the_fewest_requests_is_next_over_all_loops(pair, tmp_path, stopping):
    slow, quick = pair
    # Until it is released.
    slow.mode, slow.delay = "slow", 30
    tier = start(tmp_path, stopping, pair, "balance: least_conn", options=("--loops", "2"))
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(ask, tier, 1)
        wait.until(lambda: slow.requests + quick.requests >= 1, what="the first request")
        try:
            others = names(ask(tier, 20)) if slow.requests else None
        finally:
            slow.released.set()
        waiting.result()
    if others is not None:
        assert others.count("a") == 0


# Clients that stay with an endpoint.


def token(response):
    match = re.match(r"berth=([0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax$", response.get("Set-Cookie") or "")
    return match and match.group(1)


def test_a_client_stays_with_its_endpoint_as_long_as_that_works(pair, tmp_path, stopping):
    tier = start(tmp_path, stopping, pair, "sticky: { cookie: berth }", options=("--loops", "2"))
    first = ask(tier, 1)[0]
    cookie = token(first)
    assert cookie
    bound = ask(tier, 10, fields=[f"Cookie: a=b; berth={cookie}"])
    assert set(names(bound)) == set(names([first]))
    assert all(response.get("Set-Cookie") is None for response in bound)
    # A forged one names nothing.
    forged = ask(tier, 6, fields=[f"Cookie: berth={'0' * 32}"])
    assert set(names(forged)) == {"a", "b"} and all(map(token, forged))
    {"a": pair[0], "b": pair[1]}[names([first])[0]].stop()
    moved = ask(tier, 3, fields=[f"Cookie: berth={cookie}"])
    assert {response.status for response in moved} == {200}
    assert all(token(response) not in (None, cookie) for response in moved)


def test_an_endpoint_that_drains_serves_only_those_that_are_bound_to_it(pair, tmp_path, stopping):
    (tmp_path / "secret").write_text("one secret for all tiers\n")
    sticky = "sticky: { cookie: berth, secret_file: secret }"
    tier = start(tmp_path, stopping, pair, sticky)
    cookies = {names([one])[0]: token(one) for one in ask(tier, 4)}
    tier.signal(15)
    tier.wait()
    tier = start(tmp_path, stopping, [(pair[0], ", drain: true"), pair[1]], sticky)
    assert set(names(ask(tier, 6))) == {"b"}
    assert set(names(ask(tier, 6, fields=[f"Cookie: berth={cookies['a']}"]))) == {"a"}
