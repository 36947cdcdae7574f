"""Figures of all rounds → medians, ratios, a markdown table."""

import json
import os
import statistics

from .peers import HERE, output_of

BEGIN = "<!-- begin: make bench -->"
END = "<!-- end: make bench -->"


def median(rounds, key):
    return statistics.median(one[key] for one in rounds)


def ratio(rounds, base, key):
    """The median of the ratios within each round: what the machine does between rounds cancels out."""
    return statistics.median(mine[key] / theirs[key] for mine, theirs in zip(rounds, base))


def spread(rounds, key):
    values = [one[key] for one in rounds]
    return (max(values) - min(values)) / statistics.median(values)


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"processor": model, "cpus": os.cpu_count(), "kernel": os.uname().release}


def commit():
    return output_of("git", "-C", HERE, "rev-parse", "--short", "HEAD") or "none"


def table(result):
    peers = list(result["versions"])
    base = peers[0]
    lines = []
    for name, entry in result["shapes"].items():
        rounds = entry["rounds"]
        lines += [
            f"### {entry['title']}, {result['tiers']} tier{'s' if result['tiers'] > 1 else ''}",
            "",
            f"| peer | requests/s | CPU µs/request | user | system | CPU ÷ {base} | p50 µs | p99 µs | p99.9 µs | memory MiB |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for peer in peers:
            mine = rounds[peer]
            lines.append(
                f"| {peer} | {median(mine, 'rate'):,.0f} | {median(mine, 'cpu'):.2f} | {median(mine, 'user'):.2f} "
                f"| {median(mine, 'system'):.2f} | **{ratio(mine, rounds[base], 'cpu'):.2f}** "
                f"| {median(mine, 'p50'):,.0f} | {median(mine, 'p99'):,.0f} | {median(mine, 'p99_9'):,.0f} "
                f"| {median(mine, 'memory') / (1 << 20):.1f} |"
            )
        noise = max(spread(rounds[peer], "cpu") for peer in peers)
        lines += ["", f"{len(rounds[base])} rounds, interleaved; CPU per request varied by up to {noise:.0%} between them.", ""]
    where, versions = result["machine"], result["versions"]
    lines += [
        f"Commit {result['commit']}; {', '.join(f'{peer} {version}' for peer, version in versions.items())}; "
        f"{where['processor']}, {where['cpus']} CPUs, Linux {where['kernel']}; {result['workers']} worker(s) on CPU "
        f"{result['cpus']['proxy']}, origin on {result['cpus']['origin']}, load on {result['cpus']['load']}.",
        "",
    ]
    return "\n".join(lines)


def write(result, name):
    """results/NAME.json and NAME.md; the table of the standard run also goes into docs/benchmarks.md."""
    folder = os.path.join(HERE, "results")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{name}.json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    text = table(result)
    with open(os.path.join(folder, f"{name}.md"), "w") as file:
        file.write(text)
    return text


def include(text):
    """Puts the table between the two marks of docs/benchmarks.md."""
    path = os.path.join(HERE, "..", "docs", "benchmarks.md")
    try:
        with open(path) as file:
            page = file.read()
    except FileNotFoundError:
        return
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if begin and end:
        with open(path, "w") as file:
            file.write(f"{head}{BEGIN}\n\n{text}\n{END}{tail}")
