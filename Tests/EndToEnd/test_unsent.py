"""A local tier that has sent a request nowhere tells a front that trusts it, and the front tries the next host."""

import collections
import os
import tempfile

import pytest

from harness import wait, wire
from harness.member import Member
from harness.tier import Tier, berth

MARK = "X-Berth-Unsent"
LOCAL = """\
rules:
  - { name: shop, host: shop.test, to: 'container' }
pools:
  - { name: container, endpoints: ['%s'], all_down: refuse, health: %s }
trusted_proxies: [127.0.0.0/8]
timeouts: { connect: 1s, upstream: 2s }
"""
FRONT = """\
rules:
  - { name: shop, host: shop.test, to: 'hosts' }
pools:
  - { name: hosts, endpoints: [%s], max_fails: 1, %s }
"""
CHECK = "{ path: /healthz, interval: 100ms, timeout: 100ms, rise: 1, fall: 1 }"
TRUST = "trusted_tier: true"


class Site:
    """A front and two hosts with a container each."""

    def __init__(self, folder, stopping, check="tcp", front=TRUST, addresses=()):
        self.members = [stopping(Member("a")), stopping(Member("b"))]
        addresses = [one or member.address for one, member in zip(addresses or (None, None), self.members)]
        self.locals = [
            stopping(Tier("local", os.path.join(folder, f"h{number}"), LOCAL % (address, check)))
            for number, address in enumerate(addresses)
        ]
        hosts = ", ".join(f"'127.0.0.1:{local.port}'" for local in self.locals)
        self.socket = os.path.join(folder, "a.sock")
        self.front = stopping(
            Tier("front", os.path.join(folder, "front"), FRONT % (hosts, front), "--admin", f"unix:{self.socket}", "--loops", "1")
        )

    def ask(self, count=10, method="POST", body=b"x" * 1000, tier=None):
        responses = []
        for number in range(count):
            fields = [f"X-Id: {method}-{number}", f"Content-Length: {len(body)}"]
            port = (tier or self.front).port
            responses.append(wire.ask(port, "shop.test", method=method, fields=fields, body=body))
            assert responses[-1].get(MARK) is None or tier, "no client sees it"
        return responses

    def seen(self):
        return collections.Counter({key: count for one in self.members for key, count in one.seen.items()})

    def transitions(self):
        code, out, err = berth("pools", "why", "hosts", "--admin", self.socket)
        assert code == 0, err
        return out.decode()


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_a_container_that_is_down_on_one_host_costs_no_request_of_any_method(folder, stopping, method):
    site = Site(folder, stopping, CHECK)
    site.members[0].healthy = False
    wait.until(lambda: wire.ask(site.locals[0].port, "shop.test").status == 503, what="the checks")
    # The local tier tells who it trusts.
    assert site.ask(1, tier=site.locals[0])[0].get(MARK) == "endpoints_down"
    responses = site.ask(10, method=method)
    assert {(one.status, one.body.decode().split(" ")[0]) for one in responses} == {(200, "b")}
    # What was sent to the first was sent before its checks failed.
    assert not site.members[0].seen and set(site.members[1].seen.values()) == {1}
    # The host is well: other containers of it are.
    assert "ago: from" not in site.transitions()
    # Where no other host is left, the client gets the last response.
    site.members[1].healthy = False
    wait.until(lambda: wire.ask(site.locals[1].port, "shop.test").status == 503, what="the checks")
    assert {(one.status, one.error) for one in site.ask(4, method=method)} == {(503, "destination_unavailable")}


def test_a_container_that_refuses_connections_is_no_end_either(folder, stopping):
    site = Site(folder, stopping, addresses=("127.0.0.1:1", None))
    assert {one.status for one in site.ask(10)} == {200}
    assert set(site.members[1].seen.values()) == {1}


def test_without_trust_a_request_ends_where_it_was_sent(folder, stopping):
    site = Site(folder, stopping, CHECK, front="retries: { attempts: 2 }")
    site.members[0].healthy = False
    wait.until(lambda: wire.ask(site.locals[0].port, "shop.test").status == 503, what="the checks")
    assert {one.status for one in site.ask(10)} == {200, 503}


def test_what_a_container_may_have_seen_is_never_sent_twice(folder, stopping):
    site = Site(folder, stopping)
    site.members[0].mode = "reset"
    assert {one.status for one in site.ask(10)} == {200, 502}
    assert set(site.seen().values()) == {1} and len(site.seen()) == 10


def test_a_container_cannot_set_the_mark(folder, stopping):
    site = Site(folder, stopping)
    site.members[0].mode = 503
    site.members[0].fields = [(MARK, "endpoints_down")]
    assert {one.status for one in site.ask(10)} == {200, 503}
    assert set(site.seen().values()) == {1} and len(site.seen()) == 10
    # Without a tier between, only trust decides.
    direct = stopping(
        Tier(
            "local", os.path.join(folder, "direct"),
            FRONT % (", ".join(f"'{one.address}'" for one in site.members), "retries: { attempts: 2 }"), "--loops", "1",
        )
    )  # fmt: skip
    before = sum(site.seen().values())
    responses = site.ask(10, tier=direct)
    assert {one.status for one in responses} == {200, 503} and not any(one.get(MARK) for one in responses)
    assert sum(site.seen().values()) == before + 10
