"""The dry run and live traffic agree, whatever the hostname."""

import collections
import concurrent.futures
import json
import os

import pytest

from harness import hostnames, wire
from harness.stack import SAAS, Origins, static
from harness.tier import Tier, berth

COUNT = int(os.environ.get("BERTH_E2E_HOSTS", 20_000))
SEED = int(os.environ["BERTH_E2E_SEED"])
# Requests that are under way on one connection.
DEPTH = 64

FRONT = f"""\
rules:
  - name: www
    host: 'www.test.priv'
    path: '/i/'
    to: 'host_01:9000'
  - name: old
    host: 'old.test.priv'
    redirect: 'https://new.test.priv${{uri}}'
    status: 308
  - name: closed
    host: '*.internal.test.priv'
    respond: {{ status: 403, body: 'closed' }}
  - name: direct
    host: '~^(.+)\\.direct\\.test\\.priv$'
    to: '$1:9000'
  - name: unanchored
    host: '~x[a-z]+\\.test\\.priv'
    respond: {{ status: 200, body: 'unanchored' }}
  - name: saas
    host: {SAAS}
    to: 'host_${{host}}:9000'
names:
  - static:
%s
"""

LOCAL = f"""\
rules:
  - name: saas
    host: {SAAS}
    to: '${{container}}_${{host}}:8080'
trusted_proxies: [127.0.0.0/8]
names:
  - static:
%s
"""


@pytest.fixture
def tiers(tmp_path):
    origins = Origins(*(f"container{c:03}_{h:02}" for h in (1, 2) for c in (1, 2)))
    running = [origins]
    try:
        names = {name: f"127.0.0.1:{port}" for name, port in origins.ports.items()}
        names["dead_01"] = "127.0.0.1:1"
        local = Tier("local", str(tmp_path), LOCAL % static(names))
        running.append(local)
        # Both hosts are one local tier here, as in the demo's rules; 03 is an address that is never connected to.
        hosts = {"host_01": f"127.0.0.1:{local.port}", "host_02": f"127.0.0.1:{local.port}", "host_03": "169.254.169.254"}
        front = Tier("front", str(tmp_path), FRONT % static(hosts))
        running.append(front)
        yield front, local, origins
    finally:
        for one in reversed(running):
            one.stop()


def dry_run(front, local, hosts):
    """What `berth test` says of each host."""
    urls = b"".join(b"http://%b/i/%d\n" % (host, n) for n, host in enumerate(hosts))
    code, out, errors = berth("test", "--front", front.config, "--local", local.config, "--json", input=urls, timeout=600)
    assert code == 1, errors
    reports = [json.loads(line) for line in out.split(b"\n") if line]
    assert len(reports) == len(hosts)
    return reports


def live(front, hosts, first, end):
    """The front tier's answers to hosts[first:end]: pipelined, and on from where the tier ended a connection."""
    answers = []
    while (done := first + len(answers)) < end:
        with wire.Client(front.port) as client:
            sent = done
            try:
                while (now := first + len(answers)) < end:
                    # Refill when half of them are answered: few, large writes.
                    if sent - now <= DEPTH // 2 and sent < end:
                        upto = min(now + DEPTH, end)
                        client.send(b"".join(request(n, hosts[n]) for n in range(sent, upto)))
                        sent = upto
                    answer = client.answer()
                    answers.append((answer.status, answer.body))
            except (wire.Closed, ConnectionError):
                # A connection without even one answer would make an endless loop.
                assert first + len(answers) > done, f"no answer to {hosts[done]!r}"
    return answers


def request(number, host):
    return b"GET /i/%d HTTP/1.1\r\nHost: %b\r\n\r\n" % (number, host)


def all_live(front, hosts, connections=4):
    """`live` for all hosts, on several connections at once."""
    edges = [len(hosts) * part // connections for part in range(connections + 1)]
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        parts = list(pool.map(lambda part: live(front, hosts, edges[part], edges[part + 1]), range(connections)))
    return [answer for part in parts for answer in part]


def records(tier):
    """The access log by the request's number. A request whose head could not be read has none."""
    found = {}
    for record in tier.records():
        _, slash, number = record["uri"].rpartition("/i/")
        if slash:
            found[int(number)] = record
    return found


def said(tiers):
    """Rule and cause of each tier on the way, in the words of the dry run."""
    return [(tier["rule"], tier["reason"]) for tier in tiers]


def seen(number, logs):
    """The same in the words of the access logs."""
    return [(log[number]["rule"], log[number]["cause"]) for log in logs if number in log]


def test_the_dry_run_and_live_traffic_agree_on_generated_hostnames(tiers):
    front, local, origins = tiers
    hosts = hostnames.generate(COUNT, SEED)
    reports = dry_run(front, local, hosts)
    answers = all_live(front, hosts)
    # The logs are written behind the answers: stopping the tiers writes their ends.
    front.stop()
    local.stop()
    logs = [records(front), records(local)]
    names = {f"127.0.0.1:{port}": name.encode() for name, port in origins.ports.items()}

    wrong = []
    tally = collections.Counter()
    for number, (host, report, (status, body)) in enumerate(zip(hosts, reports, answers)):
        tally[report["outcome"], status] += 1
        agreed = seen(number, logs) == said(report["tiers"])
        if number not in logs[0]:
            # The head itself was refused, before there was a target to log.
            agreed = [rule for rule, _ in said(report["tiers"])] == [None] and report["status"] == status == 400
        if report["outcome"] == "forwarded":
            endpoint = report["tiers"][-1]["endpoints"][0]
            # A dry run connects to nobody: that a container does not listen is only seen live.
            if endpoint in names:
                agreed = agreed and (status, body) == (200, names[endpoint])
            else:
                agreed = status == 502 and seen(number, logs)[-1] == ("saas", "connection_refused")
        else:
            agreed = agreed and status == report["status"]
        if not agreed:
            wrong.append((host, said(report["tiers"]), report["status"], status, seen(number, logs), body[:80]))
    print(dict(tally))
    assert not wrong, f"{len(wrong)} of {COUNT} differ, seed {SEED}: {wrong[:5]}"
    # The names were worth it: each outcome is there, and many of each.
    for outcome, least in (("forwarded", 0.2), ("refused", 0.2), ("responded", 0.02)):
        assert sum(count for (kind, _), count in tally.items() if kind == outcome) > least * COUNT
