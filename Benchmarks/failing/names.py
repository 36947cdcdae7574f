"""500 names behind the captures of one rule, 50 of them dead: what the others notice, and what the dead cost.

It runs in a network namespace of its own, where nftables counts the connections that are begun to the dead.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter

from bench.errors import BenchError
from bench.process import Process, prepare

from . import load, proxies, run
from .endpoint import Endpoint

NAMES, DEAD_OF = 500, 10
LIVE_PORT, DEAD_PORT = 18_000, 18_001
# Seconds until all connections are made, with all names alive, and with the dead.
WARM_UP, QUIET, DEAD = 5, 10, 30
RULES = """\
rules:
  - {{ name: names, host: '~^(?<name>n[0-9]+)\\.test$', to: '${{name}}:8080', timeouts: {{ connect: 1s }} }}
pools:
  - match: '~^n[0-9]+$'
    all_down: refuse
names:
  - static:
{names}
"""
COUNTERS = """\
table ip berth {
  set dead { type ipv4_addr; size 1024; flags dynamic; }
  chain out {
    type filter hook output priority 0;
    ip daddr 127.2.0.0/16 tcp flags & (syn | ack) == syn update @dead { ip daddr counter }
  }
}
"""


def is_dead(number):
    return number % DEAD_OF == 3


def address(number):
    kind, port = (2, DEAD_PORT) if is_dead(number) else (1, LIVE_PORT)
    return f"127.{kind}.{number // 250}.{number % 250 + 1}:{port}"


def measure(settings):
    """The figures, from a process with a network of its own."""
    if os.geteuid() != 0:
        return {"problem": "a network of its own needs root"}
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    paths = [here, os.path.join(here, "../Tests/EndToEnd")]
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        + [sys.executable, "-B", "-m", "failing.names", settings.berth, str(settings.rate)],
        env=dict(os.environ, PYTHONPATH=":".join(paths)), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        return {"problem": done.stderr.strip()[-500:]}
    return json.loads(done.stdout)


def connects():
    """Connections that were begun to each of the dead."""
    listed = subprocess.run(["nft", "-j", "list", "set", "ip", "berth", "dead"], check=True, capture_output=True)
    for one in json.loads(listed.stdout)["nftables"]:
        if "set" in one:
            found = (element["elem"] for element in one["set"].get("elem", []))
            return {element["val"]: element["counter"]["packets"] for element in found}
    return {}


def inside(berth, rate):
    prepare()
    subprocess.run(["nft", "-f", "-"], input=COUNTERS, text=True, check=True)
    due = load.steady(rate, WARM_UP + QUIET + DEAD)
    hosts = [f"n{number}.test" for number in range(NAMES)]
    with tempfile.TemporaryDirectory(prefix="berth-failing-", dir="/tmp") as directory:
        names = "\n".join(f"      n{number}: '{address(number)}'" for number in range(NAMES))
        config = os.path.join(directory, "names.yaml")
        with open(config, "w") as file:
            file.write(RULES.format(names=names))
        running = tier = None
        live = dead = None
        try:
            live = Endpoint("live", LIVE_PORT, directory, len(due), "0.0.0.0")
            dead = Endpoint("dead", DEAD_PORT, directory, len(due), "0.0.0.0")
            command = [berth, "front", "--config", config, "--listen", "127.0.0.1:18002", "--access-log", "off"]
            tier = Process("berth", command, proxies.ALL_CPUS, 18_002, directory)
            running = load.LoadProcess(18_002, due, hosts)
            running.at(WARM_UP)
            made = [live.ledger.connections]
            running.at(WARM_UP + QUIET)
            made.append(live.ledger.connections)
            before = connects()
            dead.kill()
            running.at(WARM_UP + QUIET + DEAD)
            made.append(live.ledger.connections)
            after = connects()
            results, late, _ = running.result()
            seen = live.ledger.counts()
            alive = tier.alive
        finally:
            for one in [running, tier, live, dead]:
                if one:
                    one.stop()
    if not alive:
        raise BenchError("berth ended")
    begun = sorted(after[one] - before.get(one, 0) for one in after)
    return figures(results, late, made, seen, begun, rate)


def figures(results, late, made, seen, begun, rate):
    first, second = rate * WARM_UP, rate * (WARM_UP + QUIET)
    # What was in flight when they died belongs to neither.
    others = [one for one in results if not is_dead(one[0] // 2 % NAMES)]
    quiet = sorted(seconds for number, seconds, _ in others if first <= number < second)
    beside = sorted(seconds for number, seconds, _ in others if number >= second)
    theirs = [one for one in results if is_dead(one[0] // 2 % NAMES) and one[0] >= second]
    return {
        "names": NAMES,
        "dead": sum(map(is_dead, range(NAMES))),
        "rate": rate,
        "seconds": DEAD,
        "requests": len(beside),
        "failed": sum(1 for number, _, outcome in others if number >= first and outcome != 200),
        "seen_twice": sum(1 for number, _, _ in others if seen[number] > 1),
        "connections": {"quiet": made[1] - made[0], "dead": made[2] - made[1]},
        "p50": {"quiet": run.part(quiet, 0.5), "dead": run.part(beside, 0.5)},
        "p99": {"quiet": run.part(quiet, 0.99), "dead": run.part(beside, 0.99)},
        "max": {"quiet": quiet[-1], "dead": beside[-1]},
        "late_p99": run.part(sorted(late[second:]), 0.99),
        "dead_requests": len(theirs),
        "dead_outcomes": dict(Counter(str(outcome) for _, _, outcome in theirs).most_common()),
        "dead_p99": run.part(sorted(seconds for _, seconds, _ in theirs), 0.99),
        "connects": {"all": sum(begun), "most": begun[-1] if begun else 0, "names": len(begun)},
    }


if __name__ == "__main__":
    print(json.dumps(inside(sys.argv[1], int(sys.argv[2]))))
