"""NIS is killed, stopped and back under 100 requests a second: no request for a known name fails.

BERTH_E2E_NIS_AWAY gives the seconds of each outage. `make long` installs the packages and takes 60; without the variable
the tests are skipped.
"""

import os
import signal
import threading
import time

import pytest

from harness import nis, wait
from harness.greeter import Greeters
from harness.load import Load
from harness.tier import Tier
from harness.wire import Client, ask

AWAY = float(os.environ.get("BERTH_E2E_NIS_AWAY", 0))

pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(not AWAY, reason="part of `make long`: BERTH_E2E_NIS_AWAY"),
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root"),
    pytest.mark.skipif(not nis.is_installed(), reason="needs NIS: scripts/install-packages nis"),
]

RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}:{origin}' }}
names:
  - system: {{ ttl: 2s, negative_ttl: 1s, timeout: 2s }}
timeouts: {{ resolve: 3s }}
"""
NAMES = [f"host{number}" for number in range(8)]
RARE = "rare"


def outage(directory, stopping, begin, end):
    servers = stopping(nis.NIS(directory, **{name: "127.0.7.1" for name in [*NAMES, RARE]}))
    greeters = stopping(Greeters())
    tier = stopping(Tier("front", directory, RULES.format(origin=greeters.port), within=servers.command))
    turn = iter(range(1 << 30))
    rare = []
    with Client(tier.port) as client:
        # 100 requests a second, all names in turns.
        load = Load(lambda: client.ask(f"{NAMES[next(turn) % len(NAMES)]}.web").status, pause=0.01)
        for name in [*NAMES, RARE]:
            assert ask(tier.port, f"{name}.web").status == 200, name
        with load:
            load.more(200)
            begin(servers)
            back = time.monotonic() + AWAY
            while time.monotonic() < back:
                # Less often than its answer lives.
                threading.Event().wait(min(3, AWAY / 3))
                rare.append(ask(tier.port, f"{RARE}.web").status)
            wait.until(lambda: "name source down" in tier.said(), what="the log to say that it is down")
            end(servers)
            # glibc and ypbind look for the server at intervals of their own.
            wait.until(lambda: "name source up again" in tier.said(), seconds=120, what="the log to say that it is up")
            load.more(200)
        # A name that is removed while the server runs is gone.
        servers.serve(**{name: "127.0.7.1" for name in NAMES})
        wait.until(lambda: ask(tier.port, f"{RARE}.web").status == 503, seconds=30, what="the removed name to be gone")
    said = tier.said()
    print(f"{load.good} requests in an outage of {AWAY:.0f} s: {len(load.bad)} failed; the log:")
    print("\n".join(line for line in said.splitlines() if "name source" in line))
    assert load.bad == [] and set(rare) == {200}
    assert said.count("name source down") == 1 and said.count("name source up again") == 1


def killed(*arguments):
    outage(*arguments, nis.NIS.kill_server, nis.NIS.start_server)


def stopped(*arguments):
    outage(*arguments, lambda one: one.signal(signal.SIGSTOP), lambda one: one.signal(signal.SIGCONT))


@pytest.mark.parametrize("outage", [killed, stopped], ids=["killed", "stopped"])
def test_an_outage_of_nis_fails_no_request_for_a_known_name(request, tmp_path, stopping, outage):
    if not nis.is_inside():
        return nis.inside(f"{__file__}::{request.node.name}")
    outage(tmp_path, stopping)
