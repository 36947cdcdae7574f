"""Name sources that mean no good: a DNS server, values in etcd, a container engine. Nobody but the name concerned is
concerned, what is said is what is documented, and memory stays bounded."""

import os
import threading

import pytest

from harness import etcd as etcds
from harness import ports, wait
from harness.hostile_dns import HostileDNS
from harness.hostile_engine import LIST, LOOKS, HostileEngine
from harness.tier import Tier
from harness.wire import Client, ask

MIB = 1 << 20


@pytest.fixture
def origin(greeters):
    """The port of two containers: the right one at 127.0.7.1, and 127.0.7.2, where nobody is to be sent."""
    return greeters


class Others:
    """Asks for names that nothing is wrong with, again and again, on one connection each; all have to be served."""

    def __init__(self, tier, *hosts):
        self.tier = tier
        self.served = {host: 0 for host in hosts}
        self.bad = []
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(host,)) for host in hosts]

    def _ask(self, host):
        with Client(self.tier.port) as client:
            while not self.ends.is_set():
                answer = client.ask(host)
                if answer.status == 200 and answer.body == b"127.0.7.1":
                    self.served[host] += 1
                else:
                    self.bad.append((host, answer.status, answer.error, answer.body[:40]))
                self.ends.wait(0.01)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        try:
            wait.until(lambda: self.bad or min(self.served.values()) > 10, what="answers")
        finally:
            self.ends.set()
            for thread in self.threads:
                thread.join()
        assert self.bad == []


DNS_RULES = """
rules:
  - {{ name: own, host: '~^(?<name>[a-z0-9]+)\\.own$', to: '${{name}}.test:{own}' }}
  - {{ name: narrow, host: '~^(?<name>[a-z0-9]+)\\.narrow$', to: '${{name}}.test:{origin}', endpoint_networks: [127.0.0.0/8] }}
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}.test:{origin}' }}
names:
  - static: {{ static.test: 127.0.7.1 }}
  - dns: {{ servers: ['127.0.0.1:{dns}'], search: [], timeout: 150ms, attempts: 1, negative_ttl: 1s }}
timeouts: {{ resolve: 3s }}
"""

SERVED = (200, None)
UNKNOWN = (503, "destination_unavailable")
UNSURE = (502, "dns_error")
SILENT = (504, "dns_timeout")
PROHIBITED = (502, "destination_ip_prohibited")

# What the server does → what the client is told.
HOSTILE = {
    "none": UNKNOWN,
    "truncated": UNSURE,
    "overtcp": SERVED,
    "short": UNSURE,
    "counts": UNSURE,
    "cnameloop": UNKNOWN,
    "selfalias": UNKNOWN,
    "pointerloop": UNSURE,
    "pointerpair": UNSURE,
    "wrongid": SILENT,
    "wrongquestion": SILENT,
    "poison": SERVED,
    "linklocal": PROHIBITED,
    "mapped": PROHIBITED,
    "multicast": PROHIBITED,
    "unspecified": PROHIBITED,
    "badlength": UNKNOWN,
    "refused": UNSURE,
    "servfail": UNSURE,
    "silence": SILENT,
}


@pytest.fixture
def dns(tmp_path, origin, stopping):
    """A server and a tier that asks it, and listens on a port that the rules know, too."""
    server = stopping(HostileDNS(ports.free()))
    own = ports.free()
    rules = DNS_RULES.format(origin=origin, dns=server.port, own=own)
    tier = stopping(Tier("local", tmp_path, rules, "--listen", f"127.0.0.1:{own}"))
    tier.dns = server
    return tier


def test_a_hostile_dns_server_concerns_the_name_alone_that_it_was_asked_for(dns):
    with Others(dns, "static.web", "good.web", "good2.web"):
        told = {}
        for word in HOSTILE:
            answer = ask(dns.port, f"{word}.web")
            told[word] = (answer.status, answer.error)
            if answer.status == 200:
                assert answer.body == b"127.0.7.1", word
        assert told == HOSTILE
        # The tier's own address, and one outside of the rule's networks.
        for host in ("loopback.own", "oversized.narrow"):
            answer = ask(dns.port, host)
            assert (answer.status, answer.error) == PROHIBITED, host
        # Whether anything of these is an answer may be judged either way; nobody else may suffer.
        for word in ("garbage", "empty", "giant", "aliaspoison"):
            assert ask(dns.port, f"{word}.web").status in (200, 502, 503, 504), word
    # What was said about other names was not believed, however long it was to last.
    assert ask(dns.port, "good.web").body == b"127.0.7.1"
    assert ask(dns.port, "static.web").body == b"127.0.7.1"
    assert dns.process.poll() is None


def test_a_dns_server_that_gives_thousands_of_addresses_for_thousands_of_names_fills_no_memory(dns):
    assert ask(dns.port, "oversized.narrow").status == 502
    dns.reset_peak()
    before = dns.memory()
    with Others(dns, "static.web", "good.web"):
        told = []

        def names(first):
            with Client(dns.port) as client:
                told.extend(client.ask(f"oversized{number}.narrow").error for number in range(first, first + 150))

        threads = [threading.Thread(target=names, args=(200 * turn,)) for turn in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told.count("destination_ip_prohibited") > 500, told
    grown = dns.memory("VmHWM") - before
    print(f"600 names of 4,000 addresses: {grown / MIB:.0f} MiB more")
    assert grown < 64 * MIB


ETCD_RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}' }}
names:
  - static: {{ static: '127.0.7.1:{origin}' }}
  - etcd: {{ endpoints: ['{etcd}'], prefix: /berth/hosts/ }}
"""
PREFIX = "/berth/hosts/"


def hostile_values(origin):
    """Names and values that say nothing."""
    good = '{"address": "127.0.7.2:%d"}' % origin
    values = {
        "text": "nonsense",
        "empty": "",
        "half": good[:-4],
        "huge": '{"address": "127.0.7.2:%d", "meta": {"x": "%s"}}' % (origin, "x" * (MIB - 200)),
        "nested": "[" * 30_000,
        "deep": '{"address": "127.0.7.2:%d", "meta": %s%s}' % (origin, "[" * 20_000, "]" * 20_000),
        "number": "17",
        "null": "null",
        "none": "[]",
        "inner": "[[%s]]" % good,
        "wrong": '{"address": {"ip": "127.0.7.2"}}',
        "port": '{"address": "127.0.7.2", "port": 70000}',
        "float": '{"address": "127.0.7.2", "port": 1.5}',
        "weight": '{"address": "127.0.7.2:%d", "weight": -1}' % origin,
        "range": '{"address": "127.0.7.2:%d", "weight": 1e400}' % origin,
        "name": '{"address": "localhost:80"}',
        "many": "[%s]" % ",".join([good] * 300),
        "control": '{"address": "127.0.7.2\\u0000:80"}',
    }
    keys = ["UPPER", "a/b", "a b", "", "-", "..", "x" * 300, "\x00", "ü", "host_01\n", "a:80", "[::1]"]
    return values, {key: good for key in keys}


def stored(etcd):
    return int(etcd.ask("/v3/kv/range", key=etcds.text64(PREFIX), range_end=etcds.text64(PREFIX[:-1] + "0"), count_only=True)["count"])


@pytest.mark.skipif(not os.access(etcds.ETCD, os.X_OK), reason="needs etcd: scripts/install-packages test")
def test_hostile_values_in_etcd_are_passed_over_and_good_names_are_served(tmp_path, origin, stopping):
    etcd = stopping(etcds.Etcd(tmp_path))
    etcd.put(PREFIX + "good", {"address": f"127.0.7.1:{origin}"})
    rules = ETCD_RULES.format(origin=origin, etcd=etcd.url)
    tier = stopping(Tier("front", tmp_path / "first", rules))
    wait.until(lambda: ask(tier.port, "good.web").status == 200, what="the good name")
    before = tier.memory()
    values, keys = hostile_values(origin)
    with Others(tier, "static.web", "good.web"):
        for name, value in values.items():
            etcd.put(PREFIX + name, value)
        for key, value in keys.items():
            etcd.put(PREFIX + key, value)
        # A name that was good keeps what it was.
        etcd.put(PREFIX + "good", "nonsense now")
        # In all more than one answer may hold.
        for number in range(20):
            etcd.put(PREFIX + f"huge{number}", values["huge"])
        etcd.put(PREFIX + "last", {"address": f"127.0.7.1:{origin}"})
        wait.until(lambda: ask(tier.port, "last.web").status == 200, what="a good name behind all of them")
        for name in values:
            answer = ask(tier.port, f"{name}.web")
            assert (answer.status, answer.error) == UNKNOWN, name
    assert stored(etcd) > len(values) + 20
    # One that starts now has to read all of it.
    second = stopping(Tier("front", tmp_path / "second", rules))
    wait.until(lambda: ask(second.port, "last.web").status == 200, what="a tier that starts amid all of it")
    for name in values:
        answer = ask(second.port, f"{name}.web")
        assert (answer.status, answer.error) == UNKNOWN, name
    said = tier.said()
    assert f"{PREFIX}text" in said and f"{PREFIX}UPPER" in said and f"{PREFIX}huge" in said
    assert "name source down" not in said
    print(f"tier: {(tier.memory('VmHWM') - before) / MIB:.0f} MiB more; another from its start: "
          f"{second.memory('VmHWM') / MIB:.0f} MiB at its peak")  # fmt: skip
    assert tier.memory("VmHWM") - before < 128 * MIB
    assert second.memory("VmHWM") < 256 * MIB


ENGINE_RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}:{origin}' }}
names:
  - static: {{ static: '127.0.7.1:{origin}' }}
  - containers: {{ socket: {socket} }}
"""


@pytest.fixture
def engine(tmp_path, origin, stopping):
    engine = stopping(HostileEngine(str(tmp_path / "engine.sock"), origin))
    engine.run("good", "127.0.7.1")
    engine.run("other", "127.0.7.1")
    return engine


@pytest.fixture
def beside(engine, tmp_path, origin, stopping):
    """A tier that follows the engine, and knows its containers."""
    tier = stopping(Tier("local", tmp_path, ENGINE_RULES.format(origin=origin, socket=engine.path)))
    wait.until(lambda: ask(tier.port, "good.web").status == 200, what="the engine's containers")
    return tier


def recovered(engine, tier, name):
    """A container that starts now is served soon."""
    engine.turn("good")
    engine.run(name, "127.0.7.1")
    wait.until(lambda: ask(tier.port, f"{name}.web").status == 200, what=f"{name} to be served")


@pytest.mark.parametrize("mode", LIST + ("events-die", "events-half", "events-endless", "events-chunks"))
def test_an_engine_that_fails_is_said_to_be_down_and_what_it_said_before_is_served(engine, beside, mode):
    before = beside.memory()
    beside.reset_peak()
    with Others(beside, "static.web", "good.web", "other.web"):
        engine.turn(mode)
        # Once more: the first time has failed.
        wait.until(lambda: engine.tricks > (mode != "list-huge"), what="the engine to be asked again")
        wait.until(lambda: "name source down" in beside.said(), what="the log to say that it is down")
        recovered(engine, beside, "new")
    wait.until(lambda: "name source up again" in beside.said(), what="the log to say that it is up")
    grown = beside.memory("VmHWM") - before
    print(f"{mode}: {grown / MIB:.0f} MiB more")
    assert grown < 96 * MIB
    assert beside.process.poll() is None


@pytest.mark.parametrize("mode", LOOKS + ("events-garbage", "events-flood"))
def test_an_engine_that_says_nonsense_of_containers_harms_none_that_are_known(engine, beside, mode):
    before = beside.memory()
    beside.reset_peak()
    with Others(beside, "static.web", "good.web", "other.web"):
        engine.turn(mode)
        # Both containers are looked at; a look that breaks off is made twice, and after one that hangs all is anew.
        times = {"look-dies": 4, "look-hangs": 4, "look-garbage": 2, "look-huge": 2}.get(mode, 1)
        wait.until(lambda: engine.tricks >= times, what="the engine to be asked")
        if mode in LOOKS and mode != "look-hangs":
            wait.until(lambda: "entry passed over" in beside.said(), what="the log to say so")
        recovered(engine, beside, "new")
    grown = beside.memory("VmHWM") - before
    print(f"{mode}: {grown / MIB:.0f} MiB more")
    assert grown < 96 * MIB
    assert beside.process.poll() is None
