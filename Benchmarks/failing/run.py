"""One case with one proxy: a scene is built, the load runs, the act happens, everything is counted."""

import os
import tempfile
import time
from collections import Counter

from bench.errors import BenchError
from harness import ports

from . import cases, load, proxies
from .endpoint import Endpoint

# Seconds in which connections are made; not counted.
WARM_UP = 1
NAMES = ("first", "second", "third")


class Disturbed(BenchError):
    """Requests failed before the case began: the machine did something else."""


def measure(name, case, settings):
    """The figures of a proxy in a case; a second time where the first was disturbed."""
    try:
        return attempt(name, case, settings)
    except Disturbed:
        return attempt(name, case, settings)


def attempt(name, case, settings):
    with tempfile.TemporaryDirectory(prefix="berth-failing-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        due = [-WARM_UP + at for at in load.steady(settings.rate, WARM_UP)] + case.due(settings.rate, settings.seconds)
        endpoints, proxy, running = [], None, None
        try:
            endpoints = [Endpoint(one, port, directory, len(due)) for one, port in zip(NAMES, ports.several(3))]
            proxy = proxies.PROXIES[name](endpoints, directory, settings.berth)
            proxy.start()
            # A first check may have to come before a server gets requests.
            time.sleep(1)
            running = load.LoadProcess(proxy.port, due, lead=WARM_UP)
            case.act(cases.Scene(endpoints, proxy, running, settings.seconds))
            results, late, connections = running.finish() if case.ends_with_act else running.result()
            if not proxy.process.alive:
                raise BenchError(f"{name} ended during the case")
            # What an endpoint has in its buffers yet.
            time.sleep(0.5)
            seen = [one.ledger.counts() for one in endpoints]
        finally:
            for one in [running, proxy, *endpoints]:
                if one:
                    one.stop()
    return figures(results, late, connections, seen, int(settings.rate * WARM_UP))


def figures(results, late, connections, seen, first):
    """What happened to the requests from the number `first` on."""
    times = [sum(counts) for counts in zip(*seen)]
    counted = [one for one in results if one[0] >= first]
    failed = [(number, outcome) for number, _, outcome in counted if outcome != 200]
    for number, _, outcome in counted:
        if outcome == 200 and not times[number]:
            raise BenchError(f"request {number} was served, but no endpoint saw it")
    if early := [outcome for number, _, outcome in results if number < first and outcome != 200]:
        raise Disturbed(f"failures before the case began: {Counter(map(str, early))}")
    latencies = sorted(seconds for _, seconds, _ in counted)
    late = sorted(late[first:])
    posts = {number for number, _, _ in counted if load.is_post(number)}
    return {
        "requests": len(counted),
        "failed_gets": sum(1 for number, _ in failed if number not in posts),
        "failed_posts": sum(1 for number, _ in failed if number in posts),
        # No endpoint saw them: they could have been sent to another one.
        "unseen_posts": sum(1 for number, _ in failed if number in posts and not times[number]),
        "posts_twice": sum(1 for number in posts if times[number] > 1),
        "gets_twice": sum(1 for number, _, _ in counted if number not in posts and times[number] > 1),
        "outcomes": {
            method: dict(Counter(str(outcome) for number, outcome in failed if (number in posts) == is_post).most_common())
            for method, is_post in (("GET", False), ("POST", True))
        },
        "p50": part(latencies, 0.5),
        "p99": part(latencies, 0.99),
        "max": latencies[-1],
        "late_p99": part(late, 0.99),
        "late_max": late[-1],
        "client_connections": connections,
    }


def part(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]
