"""One probe in the whole system: local tiers check their containers and publish what they find; fronts believe it."""

import json
import os
import tempfile
import time

import pytest

from harness import etcd as etcds
from harness import ports, stack, wait, wire
from harness.fleet import Fleet
from harness.tier import Tier, berth

pytestmark = pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")

FRONTS, HOSTS = 3, 4
# Of each host.
CONTAINERS = int(os.environ.get("BERTH_E2E_CONTAINERS", 5))
PREFIX = "/berth/containers/"

# Both tiers have the same pool, each with a query of its own: a check shows who makes it.
CHECKS = "health: { path: '/health?%s', interval: 500ms, timeout: 400ms, rise: 1, fall: 2 }"
FRONT = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: '${{container}}_${{host}}'
pools:
  - match: '~^container'
    all_down: refuse
    {CHECKS}
names:
  - etcd: {{ endpoints: ['%s'], prefix: {PREFIX} }}
"""
LOCAL = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: '${{container}}:%d'
pools:
  - match: '~^container'
    all_down: refuse
    {CHECKS}
trusted_proxies: [127.0.0.0/8]
names:
  - hosts_file: hosts
"""


class Site:
    """etcd, three fronts, four hosts with a local tier each, and their containers."""

    def __init__(self, folder, stopping):
        self.folder = folder
        self.etcd = stopping(etcds.Etcd(folder))
        self.fleet = stopping(Fleet(self.address(h, c) for h in range(1, HOSTS + 1) for c in range(1, CONTAINERS + 1)))
        self.locals = [stopping(self.local(host)) for host in range(1, HOSTS + 1)]
        self.fronts = [stopping(self.front(number)) for number in range(1, FRONTS + 1)]

    @staticmethod
    def address(host, container):
        return f"127.77.{host}.{container}"

    def local(self, host):
        folder = os.path.join(self.folder, f"h{host:02}")
        os.makedirs(folder)
        with open(os.path.join(folder, "hosts"), "w") as file:
            for container in range(1, CONTAINERS + 1):
                file.write(f"{self.address(host, container)} container{container:03}\n")
        listen = f"127.0.0.1:{ports.free()}"
        return Tier(
            "local", folder, LOCAL % (self.fleet.port, f"h{host:02}"), "--loops", "2", "--advertise", listen,
            "--publish", f"etcd={self.etcd.url}{PREFIX}{{name}}_{host:02}", listen=listen,
        )  # fmt: skip

    def front(self, number):
        folder = os.path.join(self.folder, f"f{number}")
        os.makedirs(folder)
        return Tier(
            "front", folder, FRONT % (f"f{number}", self.etcd.url), "--loops", "2", "--admin", f"unix:{folder}/a.sock"
        )

    def entry(self, host, container):
        return json.loads(self.etcd.get(f"{PREFIX}container{container:03}_{host:02}") or "{}")

    def ask(self, front, host, container, **options):
        return wire.ask(self.fronts[front].port, stack.host(container, host), **options)

    def member(self, front, host, container):
        socket = os.path.join(self.folder, f"f{front + 1}", "a.sock")
        code, out, err = berth("pools", "--json", f"container{container:03}_{host:02}", "--admin", socket)
        assert code == 0, err
        return json.loads(out)["targets"][0]["members"][0]

    def checks(self):
        """address → {who checks it: how often}"""
        return {address: counts["checks"] for address, counts in self.fleet.counts().items()}


@pytest.fixture
def folder():
    """A short path: a UNIX socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="berth-", dir="/tmp") as path:
        yield path


@pytest.fixture
def site(folder, stopping):
    return Site(folder, stopping)


@pytest.mark.serial
def test_each_container_has_one_prober_whatever_the_number_of_tiers(site):
    # Nobody has sent a request: the containers are checked for what is published of them.
    wait.until(
        lambda: all(site.entry(h, c).get("health") == "up" for h in range(1, HOSTS + 1) for c in range(1, CONTAINERS + 1)),
        seconds=60, what="all entries",
    )  # fmt: skip
    everybody = [(h, c) for h in range(1, HOSTS + 1) for c in range(1, CONTAINERS + 1)]
    for front in range(FRONTS):
        for host, container in everybody:
            response = wait.until(lambda: (r := site.ask(front, host, container)).status == 200 and r, what="the names")
            assert response.body.decode() == site.address(host, container)
    start, before = time.monotonic(), site.checks()
    wait.until(
        lambda: min(sum(checks.values()) for checks in site.checks().values())
        >= 6 + max(sum(checks.values()) for checks in before.values()),
        seconds=120, what="six more checks of each",
    )  # fmt: skip
    after, seconds = site.checks(), time.monotonic() - start
    probers = {address: set(checks) for address, checks in after.items()}
    rates = [sum(after[one].values()) - sum(before[one].values()) for one in after]
    print(
        f"{FRONTS} fronts, {HOSTS} hosts, {len(after)} containers: {sum(rates)} checks in {seconds:.1f} s, "
        f"at most {max(len(ones) for ones in probers.values())} prober each, {min(rates)} to {max(rates)} checks each"
    )
    for host, container in everybody:
        assert probers[site.address(host, container)] == {f"h{host:02}"}
    # At least 0.45 s apart.
    assert max(rates) <= seconds / 0.45 + 2
    # Nor do fronts check the hosts.
    for local in site.locals:
        assert not [one for one in local.records() if "berth-check" in json.dumps(one)]


def test_a_container_that_is_down_is_refused_by_all_fronts_without_a_hop_and_its_host_stays_well(site):
    wait.until(lambda: all(site.ask(front, 1, 1).status == 200 for front in range(FRONTS)), what="the names")
    wait.until(lambda: site.entry(1, 1).get("health") == "up", what="the entry")
    identity = site.entry(1, 1)["meta"]["instance"]
    site.fleet.set(site.address(1, 1), 500)
    wait.until(lambda: site.entry(1, 1)["health"] == "down", what="the entry to say so")
    # The status alone does not tell who refuses: the local tier does, too.
    wait.until(
        lambda: all(site.member(front, 1, 1)["state"] == "down" for front in range(FRONTS)), what="the fronts to believe it"
    )
    # The entry, the endpoint and its neighbours are the same.
    assert site.entry(1, 1)["meta"]["instance"] == identity
    for front in range(FRONTS):
        response = site.ask(front, 1, 1, path="/believed", method="POST", fields=["Content-Length: 1"], body=b"x")
        assert (response.status, response.error, response.get("Retry-After")) == (503, "destination_unavailable", "5")
        member = site.member(front, 1, 1)
        assert (member["state"], member["cause"], member["published_health"]) == ("down", "published", "down")
        assert member["transitions"] == [] and "check" not in member
        assert site.ask(front, 1, 2, path="/neighbour").status == 200 and site.ask(front, 2, 1).status == 200
        assert site.member(front, 1, 2)["state"] == "up"
    # The front itself has refused it.
    wait.until(
        lambda: json.dumps(site.locals[0].records()).count("/neighbour") == FRONTS, what="the log to have what came later"
    )
    assert "/believed" not in json.dumps(site.locals[0].records())
    for front in site.fronts:
        wait.until(lambda: "cause=published" in front.said() and "to=down" in front.said(), what="the log to say so")

    site.fleet.set(site.address(1, 1), 200)
    wait.until(lambda: all(site.ask(front, 1, 1).status == 200 for front in range(FRONTS)), what="the container again")
    assert site.entry(1, 1)["health"] == "up"
    code, out, _ = berth("names", "get", "--config", site.fronts[0].config, "container001_01")
    assert code == 0 and "health up" in out.decode()
