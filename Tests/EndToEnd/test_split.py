"""Splits between targets by weight, field and cookie, changed under traffic, and targets that take over."""

import collections
import json
import os
import re
import tempfile
import threading
import time

import pytest

from harness import wait, wire
from harness.member import Member
from harness.tier import Tier, berth

RULES = """\
rules:
  - {{ name: all, to: 'shop', timeouts: {{ connect: 1s }} }}
pools:
  - name: shop
{pool}
  - {{ name: v1, endpoints: ['{one}'] }}
  - {{ name: v2, endpoints: ['{two}'] }}
"""
HOST = "shop.test"


class Site:
    """A tier, and the members that stand for the targets `v1` and `v2`."""

    def __init__(self, folder, members, *pool):
        self.members, self.pool = members, pool
        self.socket = os.path.join(folder, "admin.sock")
        self.tier = Tier("front", folder, self.rules(*pool), "--admin", f"unix:{self.socket}", "--loops", "2")

    def rules(self, *pool):
        one, two = (member.address for member in self.members)
        return RULES.format(pool="\n".join(f"    {line}" for line in pool), one=one, two=two)

    def reload(self, *pool):
        path = self.tier.config + ".new"
        with open(path, "w") as file:
            file.write(self.rules(*pool))
        os.replace(path, self.tier.config)

    def berth(self, *arguments):
        code, out, err = berth("pools", *arguments, "--admin", self.socket)
        assert code == 0, err
        return out.decode()

    def refused(self, *arguments, code=2):
        exit_code, _, err = berth("pools", *arguments, "--admin", self.socket)
        assert exit_code == code, err
        return err

    def ask(self, count=1, **options):
        """Responses on one connection: on one event loop."""
        with wire.Client(self.tier.port) as client:
            return [client.ask(HOST, **options) for _ in range(count)]

    def names(self, count=1, **options):
        return collections.Counter(name(one) for one in self.ask(count, **options))

    def stop(self):
        self.tier.stop()


def name(response):
    assert response.status == 200, response.status
    return response.body.decode().split(" ")[0]


def weights(one, two):
    return f"split: [{{ to: v1, weight: {one} }}, {{ to: v2, weight: {two} }}]"


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def members(stopping):
    return stopping(Member("one")), stopping(Member("two"))


@pytest.fixture
def site(folder, members, stopping):
    return lambda *pool: stopping(Site(folder, members, *pool))


class Traffic:
    """Clients that send one request after another, each on one connection for all of its life."""

    def __init__(self, port, clients=4):
        self.port = port
        self.seen = collections.deque(maxlen=200)
        self.count = 0
        self.problems = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self):
        try:
            with wire.Client(self.port) as client:
                while not self.ending.is_set():
                    response = client.ask(HOST)
                    self.seen.append(name(response))
                    self.count += 1
        except Exception as problem:
            self.problems.append(repr(problem))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def is_all(self, expected):
        """All of the last responses were of one target."""
        return len(self.seen) == self.seen.maxlen and set(self.seen) == {expected}

    def until_all(self, expected, since):
        """Waits until nothing else responds; prints how long it took for the first hundred in a row."""
        wait.until(lambda: self.is_all(expected), what=f"all requests to go to {expected}")
        print(f"200 in a row from {expected} {time.monotonic() - since:.2f} s after the change")


# Weights.


@pytest.mark.parametrize("one, two", [(90, 10), (1, 1), (0, 1), (3, 2)])
def test_requests_of_an_event_loop_are_split_exactly(one, two, site):
    counts = site(weights(one, two)).names(3 * (one + two))
    assert (counts["one"], counts["two"]) == (3 * one, 3 * two)


def test_a_reload_moves_all_requests_under_traffic(site, members):
    site = site(weights(90, 10))
    with Traffic(site.tier.port) as traffic:
        wait.until(lambda: traffic.count > 400, what="some traffic")
        share = traffic.seen.count("two") / len(traffic.seen)
        assert 0.05 <= share <= 0.15
        site.reload(weights(0, 100))
        traffic.until_all("two", time.monotonic())
        site.reload(weights(100, 0))
        traffic.until_all("one", time.monotonic())
    assert traffic.problems == []
    assert sum(member.requests for member in members) == traffic.count
    assert {record["status"] for record in site.tier.records()} == {200}


def test_a_command_moves_all_requests_under_traffic(site, members):
    site = site(weights(90, 10))
    assert site.berth("split", "shop") == "shop is split: v1 90, v2 10\n"
    with Traffic(site.tier.port) as traffic:
        wait.until(lambda: traffic.count > 400, what="some traffic")
        said = site.berth("split", "shop", "v2=100", "v1=0")
        assert said == "shop is split: v1 0, v2 100 (set; the rule file has 90, 10)\n"
        traffic.until_all("two", time.monotonic())
        # A reload that leaves the split alone leaves the weights alone.
        site.reload(weights(90, 10), "failover: v1")
        wait.until(lambda: "rules reloaded" in site.tier.said(), what="the reload")
        before = traffic.count
        wait.until(lambda: traffic.count > before + 400, what="more traffic")
        assert traffic.is_all("two")
        site.berth("split", "shop", "--reset")
        wait.until(lambda: "one" in traffic.seen, what="the weights of the rule file")
    assert traffic.problems == []
    assert sum(member.requests for member in members) == traffic.count
    report = json.loads(site.berth("--json", "shop"))
    assert report["splits"] == [
        {
            "name": "shop",
            "pool": "shop",
            "set_by_operator": False,
            "parts": [{"to": "v1", "weight": 90, "written": 90}, {"to": "v2", "weight": 10, "written": 10}],
        }
    ]
    assert "shop is split: v1 90, v2 10" in site.berth()


def test_a_command_that_cannot_be_carried_out_changes_nothing(site):
    site = site(weights(1, 1))
    assert "did you mean 'v1'?" in site.refused("split", "shop", "v11=1", code=1)
    assert "all weights of 'shop' would be 0" in site.refused("split", "shop", "v1=0", "v2=0")
    assert "from 0 to 65535" in site.refused("split", "shop", "v1=70000")
    assert "'shap' is not split: did you mean 'shop'?" in site.refused("split", "shap", "v1=1", code=1)
    assert site.names(4) == {"one": 2, "two": 2}


# Fields, cookies and clients that stay.


def test_fields_and_cookies_come_before_weights(site):
    site = site(
        "split:",
        "  - { to: v1, weight: 1 }",
        "  - { to: v2, header: X-Canary, value: 'yes' }",
        "  - { to: v2, cookie: canary }",
    )
    assert site.names(3) == {"one": 3}
    assert site.names(3, fields=["X-Canary: yes"]) == {"two": 3}
    assert site.names(3, fields=["X-Canary: no"]) == {"one": 3}
    assert site.names(3, fields=["Cookie: a=b; canary=1"]) == {"two": 3}


def token(response):
    match = re.match(r"part=([0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax$", response.get("Set-Cookie") or "")
    return match and match.group(1)


def test_a_client_stays_with_its_part_until_that_gets_no_requests(site):
    sticky = "sticky: { cookie: part }"
    site = site(weights(1, 1), sticky)
    tokens = {name(one): token(one) for one in site.ask(2)}
    assert set(tokens) == {"one", "two"} and all(tokens.values())

    def of(part):
        return site.names(20, fields=[f"Cookie: part={tokens[part]}"])

    assert of("one") == {"one": 20} and of("two") == {"two": 20}
    site.reload(weights(1, 99), sticky)
    wait.until(lambda: site.names(20)["two"] >= 19, what="the new weights")
    assert of("one") == {"one": 20}
    site.berth("split", "shop", "v1=0")
    moved = site.ask(fields=[f"Cookie: part={tokens['one']}"])[0]
    assert name(moved) == "two" and token(moved) == tokens["two"]
    forged = site.ask(fields=[f"Cookie: part={'0' * 32}"])[0]
    assert token(forged) == tokens["two"]


def test_an_error_page_may_come_from_a_target_that_is_split(tmp_path, members, stopping):
    one, two = members
    page = "  - { name: lost, host: lost.test, to: 'none', error_pages: { 503: { to: 'shop/sorry' } } }"
    rules = RULES.format(pool=f"    {weights(1, 1)}", one=one.address, two=two.address)
    tier = stopping(Tier("front", tmp_path, rules.replace("rules:", f"rules:\n{page}"), "--loops", "1"))
    pages = [wire.ask(tier.port, "lost.test") for _ in range(4)]
    assert {page.status for page in pages} == {503}
    assert collections.Counter(page.body.decode().split(" ")[0] for page in pages) == {"one": 2, "two": 2}


# Failover.

FAILOVER = """\
rules:
  - { name: shop, host: shop.test, to: 'shop', timeouts: { connect: 1s } }
  - { name: apps, host: '~^(?<app>[a-z_]+)\\.test$', to: '${app}' }
pools:
  - name: shop
    endpoints: ['PRIMARY']
    failover: spare
  - match: '~^(?<app>[a-z]+)_blue$'
    failover: '${app}_green'
  - { name: spare, endpoints: ['SPARE'] }
  - { name: app_green, endpoints: ['SPARE'] }
"""


def test_another_target_takes_over_while_the_endpoints_of_a_target_are_down(members, tmp_path, stopping):
    primary, spare = members
    rules = FAILOVER.replace("PRIMARY", primary.address).replace("SPARE", spare.address)
    tier = stopping(Tier("front", tmp_path, rules, "--loops", "1"))

    def ask(method="GET", body=b""):
        length = [f"Content-Length: {len(body)}"] if method == "POST" else []
        return wire.ask(tier.port, HOST, method=method, fields=length, body=body)

    with Traffic(tier.port) as traffic:
        wait.until(lambda: traffic.count > 100, what="some traffic")
        assert set(traffic.seen) == {"one"}
        # Connections that idle close with it: what was under way there fails, and is no part of this.
        traffic.ending.set()
    assert traffic.problems == []
    primary.stop()
    assert [name(ask()) for _ in range(5)] == ["two"] * 5
    assert name(ask("POST", b"x")) == "two"
    posts = wait.until(lambda: [one for one in tier.records() if one["method"] == "POST"], what="the access log")
    assert (posts[0]["target"], posts[0]["used_target"], posts[0]["endpoint"]) == ("shop", "spare", spare.address)
    again = stopping(Member("again", port=primary.port))
    wait.until(lambda: name(ask()) == "again", what="the primary to serve again")
    wait.until(lambda: "used_target" not in tier.records()[-1], what="the access log")
    assert again.requests > 0


def test_a_name_that_nothing_knows_is_left_for_the_target_that_takes_over(members, tmp_path, stopping):
    primary, spare = members
    rules = FAILOVER.replace("PRIMARY", primary.address).replace("SPARE", spare.address)
    tier = stopping(Tier("front", tmp_path, rules))
    assert name(wire.ask(tier.port, "app_blue.test")) == "two"
    record = wait.until(tier.records, what="the access log")[-1]
    assert (record["target"], record["used_target"]) == ("app_blue", "app_green")
    assert wire.ask(tier.port, "other_blue.test").status == 503
    with open(tier.config, "a") as file:
        file.write(f"  - {{ name: app_blue, endpoints: ['{primary.address}'] }}\n")
    wait.until(lambda: name(wire.ask(tier.port, "app_blue.test")) == "one", what="the name to be known")


def test_a_target_that_is_stopped_is_not_left(members, tmp_path, stopping, folder):
    primary, spare = members
    rules = FAILOVER.replace("PRIMARY", primary.address).replace("SPARE", spare.address)
    socket = os.path.join(folder, "admin.sock")
    tier = stopping(Tier("front", tmp_path, rules, "--admin", f"unix:{socket}"))
    assert berth("stop", "shop", "--admin", socket)[0] == 0
    assert wire.ask(tier.port, HOST).status == 503
    assert berth("resume", "shop", "--admin", socket)[0] == 0
    assert name(wire.ask(tier.port, HOST)) == "one"
