"""Figures of all rounds → medians, ratios, verdicts, Markdown."""

import os
import statistics

from .peers import HERE, output_of
from .shapes import CPU_GOAL, IDLE_GOAL

# The goal's measure: the better of these.
MEASURE = ("nginx", "haproxy")
NAMES = {"nginx": "nginx", "haproxy": "HAProxy", "envoy": "Envoy", "caddy": "Caddy", "berth": "Berth"}


def median(rounds, key):
    return statistics.median(one[key] for one in rounds)


def ratio(rounds, base, key="cpu"):
    """The median of the ratios within each round: what the machine does between rounds cancels out."""
    return statistics.median(mine[key] / theirs[key] for mine, theirs in zip(rounds, base))


def spread(rounds, key="cpu"):
    """How far the rounds lie from their median, the worse half left out (half the distance of the quartiles)."""
    values = sorted(one[key] for one in rounds)
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / statistics.median(values)


def better(rounds, key="cpu"):
    """The measure of a shape: nginx or HAProxy, whoever needs less."""
    measures = [name for name in MEASURE if name in rounds]
    return min(measures, key=lambda name: median(rounds[name], key), default=None)


def name_of(peer):
    """Other builds of Berth have no names of their own."""
    return NAMES.get(peer, peer)


def to_better(rounds, key="cpu", name="berth"):
    base = better(rounds, key)
    return ratio(rounds[name], rounds[base], key) if base and name in rounds else None


def verdict(value, goal=CPU_GOAL):
    """What a ratio to the better peer says, as it is printed: two digits."""
    if value is None:
        return "not measured"
    value = round(value, 2)
    return "at or under" if value <= 1 else f"within {goal}" if value <= goal else f"**over {goal}**"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"processor": model, "cpus": os.cpu_count(), "kernel": os.uname().release}


def commit():
    return output_of("git", "-C", HERE, "describe", "--always", "--dirty") or "none"


def circumstances(result):
    """Who was measured, where and how long: a paragraph."""
    where = result["machine"]
    versions = ", ".join(f"{name_of(peer)} {version}" for peer, version in result["versions"].items() if peer != "berth")
    pins = result["cpus"]
    peers = f"{result['workers']} worker, pinned to core {pins['proxy']}; origin on {pins['origin']}, load on {pins['load']}"
    effort = f"{result['starts']} × {result['rounds']} rounds of {result['seconds']} s for each peer and shape"
    lines = [
        f"Commit {result['commit']}, beside {versions}. {where['processor']}, {where['cpus']} cores, Linux {where['kernel']}; "
        f"{peers}. {effort} ({result['starts']} × {max(1, result['rounds'] // 2)} with two tiers), interleaved; "
        "all processes began anew for each of the first number."
    ]
    lines += [f"Not here: {name_of(peer)} ({why})." for peer, why in result["missing"].items()]
    return "\n".join(lines)


def _rows(header, rows):
    return ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)] + [
        "| " + " | ".join(row) + " |" for row in rows
    ]


def summary(result, tiers):
    """One line a shape: CPU per request as a ratio to nginx, and Berth's CPU and latency to the better of nginx and HAProxy."""
    others = [peer for peer in result["versions"] if peer not in ("nginx", "berth")]
    header = ["CPU per request ÷ nginx's", "nginx", *(name_of(peer) for peer in others), "Berth"]
    header += ["Berth ÷ better", f"goal: ≤ {CPU_GOAL}", "p99: Berth ÷ better", "noise"]
    rows = []
    for entry in result["tiers"][tiers].values():
        rounds = entry["rounds"]
        row = [entry["title"], "1.00" if "nginx" in rounds else "–"]
        for peer in [*others, "berth"]:
            known = peer in rounds and "nginx" in rounds
            row.append(f"{ratio(rounds[peer], rounds['nginx']):.2f}" if known else "–")
        value = to_better(rounds)
        base = better(rounds)
        row.append(f"**{value:.2f}** ({NAMES[base]})" if value is not None else "–")
        noise = max((spread(of) for of in rounds.values()), default=0)
        late = to_better(rounds, "p99")
        p99 = f"{late:.2f} ({NAMES[better(rounds, 'p99')]})" if late is not None else "–"
        rows.append([*row, verdict(value), p99, f"± {noise:.0%}"])
    return "\n".join(_rows(header, rows) + _failures(result["tiers"][tiers]))


def _failures(entries):
    """What was not measured: each peer's reason once, with all its shapes."""
    reasons = {}
    for entry in entries.values():
        for peer, why in entry["failed"].items():
            # Numbers differ from one time to the next (process ids), the reason does not.
            key = (peer, "".join(letter for letter in why if not letter.isdigit()))
            reasons.setdefault(key, (" ".join(why.split())[-300:], []))[1].append(entry["title"])
    lines = [
        f"{name_of(peer)} not measured ({why}): {'; '.join(titles) if len(titles) < len(entries) else 'everything above'}."
        for (peer, _), (why, titles) in reasons.items()
    ]
    return ["", *lines] if lines else []


def detail(result, tiers):
    """Every figure of every shape and peer: this machine's, to be read beside each other."""
    header = ["shape", "peer", "requests/s", "CPU µs", "user", "system", "core busy", "p50 µs", "p99 µs"]
    header += ["p99.9 µs", "memory MiB"]
    rows = []
    for entry in result["tiers"][tiers].values():
        for peer, mine in entry["rounds"].items():
            row = [entry["title"], name_of(peer), f"{median(mine, 'rate'):,.0f}"]
            row += [f"{median(mine, key):,.2f}" for key in ("cpu", "user", "system")]
            row += [f"{median(mine, 'busy'):.0%}"]
            row += [f"{median(mine, key):,.0f}" for key in ("p50", "p99", "p99_9")]
            rows.append([*row, f"{median(mine, 'memory') / (1 << 20):.1f}"])
    return "\n".join(_rows(header, rows))


def idle(result):
    """Memory of idle connections."""
    entry = result["idle"]
    header = [f"{entry['connections']:,} idle connections", "before, MiB", "no request yet, KiB each"]
    header += ["after one request each, KiB each", f"goal: ≤ {IDLE_GOAL >> 10} KiB", "left when all are closed, MiB"]
    rows = []
    for peer, of in entry["rounds"].items():
        used = median(of, "used")
        goal = ("met" if used <= IDLE_GOAL else "**over**") if peer == "berth" else ""
        row = [name_of(peer), f"{median(of, 'before') / (1 << 20):.1f}", f"{median(of, 'fresh') / 1024:.2f}"]
        rows.append([*row, f"**{used / 1024:.2f}**", goal, f"{median(of, 'left') / (1 << 20):.1f}"])
    failed = {"idle": {"title": "Idle connections", "failed": entry["failed"]}}
    return "\n".join(_rows(header, rows) + _failures(failed))


def rules(result):
    """CPU per request by number of rules, each peer against itself with the fewest."""
    entries = result["rules"]
    first = next(iter(entries.values()))["rounds"]
    header = ["rules", "peer", "CPU µs/request", "÷ fewest rules", "requests/s", "p50 µs", "p99 µs", "memory MiB"]
    rows = []
    for count, entry in entries.items():
        for peer, mine in entry["rounds"].items():
            times = f"{median(mine, 'cpu') / median(first[peer], 'cpu'):,.2f}" if peer in first else "–"
            row = [f"{int(count):,}", name_of(peer), f"{median(mine, 'cpu'):,.1f}", f"**{times}**"]
            row += [f"{median(mine, 'rate'):,.0f}", f"{median(mine, 'p50'):,.0f}", f"{median(mine, 'p99'):,.0f}"]
            rows.append([*row, f"{median(mine, 'memory') / (1 << 20):.1f}"])
    named = {count: {"title": f"{int(count):,} rules", "failed": entry["failed"]} for count, entry in entries.items()}
    return "\n".join(_rows(header, rows) + _failures(named))


def secure(result):
    """TLS and HTTP/2: CPU of each peer, and Berth's as a ratio to the better of nginx and HAProxy; memory of idle connections."""
    versions = ", ".join(f"{name_of(peer)} {version}" for peer, version in result["versions"].items() if peer != "berth")
    where, pins, effort = result["machine"], result["cpus"], result["effort"]
    parts = [
        f"Commit {result['commit']}, beside {versions}. {where['processor']}, {where['cpus']} cores, Linux {where['kernel']}; one worker, "
        f"pinned to core {pins['proxy']}; origin on {pins['origin']}, load on {pins['load']}. {effort['starts']} × {effort['rounds']} "
        f"rounds of {effort['seconds']} s for each peer and shape, interleaved."
    ]
    peers = [peer for peer in result["versions"] if peer != "berth"] + ["berth"]
    header = ["CPU µs per request", *(name_of(peer) for peer in peers), "Berth ÷ better", "mean latency: Berth ÷ better", "noise"]
    rows = []
    for entry in result["shapes"].values():
        rounds = entry["rounds"]
        row = [entry["title"]] + [f"{median(rounds[peer], 'cpu'):,.1f}" if peer in rounds else "–" for peer in peers]
        for key in ("cpu", "latency"):
            value = to_better(rounds, key)
            row.append(f"{'**' if key == 'cpu' else ''}{value:.2f}{'**' if key == 'cpu' else ''} ({NAMES[better(rounds, key)]})" if value else "–")
        rows.append([*row, f"± {max((spread(of) for of in rounds.values()), default=0):.0%}"])
    if rows:
        parts.append("\n".join(_rows(header, rows) + _failures(result["shapes"])))
    if result["idle"]:
        entries = result["idle"]["protocols"]
        header = [f"{result['idle']['connections']:,} idle connections, KiB each", *(name_of(peer) for peer in peers)]
        rows = [
            [title] + [f"{median(entry['rounds'][peer], 'used') / 1024:.1f}" if peer in entry["rounds"] else "–" for peer in peers]
            for title, entry in entries.items()
        ]
        named = {title: {"title": title, "failed": entry["failed"]} for title, entry in entries.items()}
        parts.append("\n".join(_rows(header, rows) + _failures(named)))
    return "\n\n".join(parts)
