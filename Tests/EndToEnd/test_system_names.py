"""The system's resolver is down, hangs, is late, or has other names: what the names in use become, and what the log says."""

import os
import shutil
import threading

import pytest

from harness import wait
from harness.load import Load
from harness.nss import Nss
from harness.tier import Tier
from harness.wire import Client, ask

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace needs root"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc: scripts/install-packages test"),
]

RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}:{origin}' }}
names:
  - system: {{ ttl: 1s, negative_ttl: 1s, timeout: 500ms, {more} }}
timeouts: {{ resolve: 3s }}
"""


@pytest.fixture
def nss(tmp_path):
    nss = Nss(tmp_path)
    nss.serve(a="127.0.7.1", b="127.0.7.1", c="127.0.7.1")
    return nss


@pytest.fixture
def start(nss, tmp_path, greeters, stopping):
    def start(more="threads: 2"):
        rules = RULES.format(origin=greeters, more=more)
        tier = stopping(Tier("front", tmp_path, rules, within=nss.command, environment=nss.environment))
        for name in "abc":
            assert ask(tier.port, f"{name}.web").status == 200, name
        return tier

    return start


class Use:
    """Names in use: each is asked for again and again, on a connection of its own."""

    def __init__(self, tier, *names):
        self.clients = [Client(tier.port) for _ in names]
        self.loads = [
            Load(lambda client=client, name=name: client.ask(f"{name}.web").status, pause=0.02)
            for client, name in zip(self.clients, names)
        ]

    def __enter__(self):
        for load in self.loads:
            load.__enter__()
        return self

    def __exit__(self, *_):
        for load in self.loads:
            load.__exit__()
        for client in self.clients:
            client.close()
        assert [load.bad for load in self.loads] == [[] for _ in self.loads]
        assert min(load.good for load in self.loads) > 10


DOWN, UP = "name source down", "name source up again"


def pause(seconds):
    """A source is down for a while: several times the life of an answer."""
    threading.Event().wait(seconds)


@pytest.mark.parametrize("mood", ["none", "unavail", "again", "hang"])
def test_a_resolver_that_is_down_takes_no_name_and_is_logged_once(nss, start, mood):
    tier = start()
    with Use(tier, "a", "b"):
        nss.turn(mood)
        wait.until(lambda: DOWN in tier.said(), what="the log to say that it is down")
        pause(3)
        # One that was not in use for more than its life.
        for _ in range(3):
            assert ask(tier.port, "c.web").status == 200
        nss.turn("up")
        wait.until(lambda: UP in tier.said(), what="the log to say that it is up")
    assert tier.said().count(DOWN) == 1 and tier.said().count(UP) == 1, tier.said()


def test_a_name_is_gone_if_others_still_resolve(nss, start):
    tier = start()
    with Use(tier, "b", "c"):
        nss.serve(b="127.0.7.1", c="127.0.7.1")
        wait.until(lambda: ask(tier.port, "a.web").status == 503, what="the name to be gone")
        nss.serve(a="127.0.7.1", b="127.0.7.1", c="127.0.7.1")
        wait.until(lambda: ask(tier.port, "a.web").status == 200, what="the name to be back")
    assert DOWN not in tier.said()


def test_a_witness_decides_where_only_some_of_several_directories_are_down(nss, start):
    nss.serve(a="127.0.7.1", b="127.0.7.1", c="127.0.7.1", witness="127.0.7.1")
    tier = start("witness: witness")
    with Use(tier, "a", "b"):
        # As if `a` and the witness came from another server than `b`.
        nss.serve(b="127.0.7.1")
        wait.until(lambda: DOWN in tier.said(), what="the log to say that it is down")
        pause(3)
    assert "its witness witness" in tier.said()
    nss.serve(b="127.0.7.1", witness="127.0.7.1")
    wait.until(lambda: ask(tier.port, "a.web").status == 503, what="the name to be gone")


def test_a_lookup_that_is_too_late_is_used_when_it_comes(nss, start):
    tier = start()
    nss.serve(a="127.0.7.1", b="127.0.7.1", c="127.0.7.1", new="127.0.7.1")
    nss.turn("slow 1500")
    answer = ask(tier.port, "new.web")
    assert (answer.status, answer.error) == (504, "dns_timeout")
    wait.until(lambda: ask(tier.port, "new.web").status == 200, what="the late reply to be used")
    assert ask(tier.port, "b.web").status == 200


def test_a_burst_of_unknown_names_does_not_keep_a_name_from_being_resolved(nss, start):
    """1,200 names at 100 ms each on two threads take a minute."""
    tier = start()
    newest = [f"new{number}" for number in range(4)]
    nss.serve(a="127.0.7.1", **dict.fromkeys(newest, "127.0.7.1"))
    nss.turn("slow 100")
    clients = []
    for number in range(1200):
        client = Client(tier.port)
        client.send(f"GET / HTTP/1.1\r\nHost: x{number}.web\r\n\r\n")
        clients.append(client)
    with Use(tier, "a"):
        # One of which nothing is known is the newest, and next, once the tier has read all of the burst.
        new = next((one for one in newest if ask(tier.port, f"{one}.web").status == 200), None)
        assert new
        for client in clients:
            client.close()
        # Nobody waits for the others any longer.
        wait.within(1, lambda: ask(tier.port, f"{new}.web").status == 200, "a name that has expired")
        pause(1)
