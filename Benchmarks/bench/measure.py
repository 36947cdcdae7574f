"""The rounds: every peer in turn, every figure of every round kept."""

import os
import sys

from . import kernel, load
from .errors import BenchError
from .peers import ONE_DOMAIN, PEERS, PLAIN, Caddy
from .shapes import RULE_COUNTS, RULE_HOSTS, RULE_SHAPE


def say(text):
    print(text, file=sys.stderr, flush=True)


class Line:
    """One peer, running: its first tier's port and all its processes; or why it does not."""

    def __init__(self, name, port=0, processes=(), failure=""):
        self.name, self.port, self.processes, self.failure = name, port, list(processes), failure

    @classmethod
    def start(cls, settings, name, origin, tiers=1, domains=ONE_DOMAIN, protocols=PLAIN):
        peer = {Caddy.name: Caddy}.get(name) or PEERS[name]
        try:
            port, processes = peer(settings, domains, protocols).start(
                settings.origin_h2c_port if protocols.h2c else origin.port, tiers
            )
        except BenchError as problem:
            return cls(name, failure=str(problem))
        return cls(name, port, processes)

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def cpu(self):
        return sum((kernel.cpu_of(process.pid) for process in self.processes), kernel.CPU())

    def memory(self):
        return sum(kernel.memory_of(process.pid) for process in self.processes)


def one_round(settings, origin, line, shape, answer_bytes, hosts_file):
    """One peer, one run of the load: its figures, held against the origin's count."""
    connections, requests = origin.settled()
    before = line.cpu()
    figures = load.wrk(settings, line.port, shape, settings.seconds, hosts_file)
    used = line.cpu() - before
    after = origin.settled()
    load.verified(figures, shape, answer_bytes, after[0] - connections, after[1] - requests)
    answers = figures["requests"]
    seconds = figures["microseconds"] / 1e6
    return {
        "rate": answers / seconds,
        "cpu": used.total / answers * 1e6,
        "user": used.user / answers * 1e6,
        "system": used.system / answers * 1e6,
        "busy": used.total / seconds,
        "memory": line.memory(),
        "requests": answers,
        "upstream_connections": after[0] - connections,
        **{key: figures[key] for key in ("p50", "p90", "p99", "p99_9", "max")},
    }


def rounds_of(settings, origin, lines, shape, rounds, label, hosts, hosts_file, warm=True):
    """Rounds of one shape. A peer that fails is named with its reason and left out of this shape."""
    result = {line.name: [] for line in lines}
    failed = {line.name: line.failure for line in lines if line.failure}
    answer_bytes = {}

    def attempt(line, step):
        if line.name in failed:
            return
        try:
            step(line)
        except BenchError as problem:
            failed[line.name] = str(problem)
            say(f"{label} {line.name}: {problem}")

    def prepare(line):
        answer_bytes[line.name] = load.check(line.port, shape, hosts[0])
        if warm:
            load.wrk(settings, line.port, shape, 1, hosts_file)

    def measure(line):
        result[line.name].append(
            one_round(settings, origin, line, shape, answer_bytes[line.name], hosts_file)
        )

    for line in lines:
        attempt(line, prepare)
    for number in range(rounds):
        # Who begins changes: nobody is always measured after the same other one.
        turn = number % len(lines)
        for line in lines[turn:] + lines[:turn]:
            attempt(line, measure)
        costs = ", ".join(f"{name} {of[-1]['cpu']:.2f}" for name, of in result.items() if of and name not in failed)
        say(f"{label} {number + 1}/{rounds}: {costs} µs CPU a request")
    return {
        "title": shape.title,
        "rounds": {name: of for name, of in result.items() if name not in failed},
        "failed": failed,
    }


def write_hosts(settings, hosts):
    path = os.path.join(settings.directory, f"hosts-{len(hosts)}.txt")
    with open(path, "w") as file:
        file.write("\n".join(hosts) + "\n")
    return path


def shapes(settings, origin, names, tiers):
    """Every shape through all peers, in several starts: a process may be lucky in where its memory lies."""
    hosts = load.hosts(ONE_DOMAIN, settings.hosts)
    hosts_file = write_hosts(settings, hosts)
    # Two tiers are there for the whole picture; the goal is about one.
    rounds = settings.rounds if tiers == 1 else max(1, settings.rounds // 2)
    found = {}
    for start in range(settings.starts):
        lines = [Line.start(settings, name, origin, tiers) for name in names]
        try:
            for number, shape in enumerate(settings.shape):
                label = f"{tiers}-tier {shape.name}, start {start + 1}/{settings.starts},"
                of = rounds_of(settings, origin, lines, shape, rounds, label, hosts, hosts_file, warm=number == 0)
                _merge(found, shape.name, of)
        finally:
            for line in lines:
                line.stop()
    return found


def _merge(found, name, more):
    """Adds the rounds of another start. Who failed in one of them has no figures."""
    entry = found.setdefault(name, {"title": more["title"], "rounds": {}, "failed": {}})
    entry["failed"].update(more["failed"])
    for peer, of in more["rounds"].items():
        entry["rounds"].setdefault(peer, []).extend(of)
    entry["rounds"] = {peer: of for peer, of in entry["rounds"].items() if peer not in entry["failed"]}


def rules(settings, origin, names):
    """The same load with ever more rules, one domain each."""
    found = {}
    for count in RULE_COUNTS:
        domains = [f"tenant{n}.test.priv" for n in range(count)]
        hosts = load.hosts(domains, RULE_HOSTS)
        hosts_file = write_hosts(settings, hosts)
        lines = [
            Line.start(settings, name, origin, 1, domains) for name in names if PEERS[name].scales
        ]
        try:
            found[str(count)] = rounds_of(
                settings, origin, lines, RULE_SHAPE, settings.rounds, f"{count} rules", hosts, hosts_file
            )
        finally:
            for line in lines:
                line.stop()
    return found
