"""A result → the picture of docs/benchmarks.md. Run with a Python that has matplotlib: plot.py RESULT PNG."""

import json
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.patheffects import withStroke  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

from . import report  # noqa: E402
from .shapes import CPU_GOAL, IDLE_GOAL  # noqa: E402

COLOURS = {"haproxy": "#9aa5b1", "envoy": "#d3c4a5", "berth": "#1f6f8b", "nginx": "#5f7f5f"}
GOAL = "#c0392b"
# Bars beyond this are cut, with their figure written on them.
CUT = 2.0
# Figures stand on lines: a white edge keeps them readable.
EDGE = [withStroke(linewidth=2.2, foreground="white")]
TIERS = {"1": "One tier", "2": "Two tiers"}


def ratios(axes, entries, title):
    """Grouped bars: HAProxy, Envoy, Berth, as ratios to nginx; the goal as a mark across each group."""
    shown = [entry for entry in entries.values() if "nginx" in entry["rounds"]]
    peers = [peer for peer in ("haproxy", "envoy", "berth") if any(peer in entry["rounds"] for entry in shown)]
    width = 0.8 / max(len(peers), 1)
    for place, entry in enumerate(shown):
        rounds = entry["rounds"]
        over = report.verdict(report.to_better(rounds)).startswith("**")
        for number, peer in enumerate(peers):
            if peer not in rounds:
                continue
            value = report.ratio(rounds[peer], rounds["nginx"])
            x = place + (number - (len(peers) - 1) / 2) * width
            axes.bar(x, min(value, CUT), width * 0.92, color=COLOURS[peer], zorder=2)
            cut = value > CUT
            axes.annotate(
                f"{value:.2f}" + ("↑" if cut else ""),
                (x, min(value, CUT)),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8 if peer == "berth" else 6.5,
                color="#555555" if peer != "berth" else GOAL if over else "black",
                fontweight="bold" if peer == "berth" else "normal",
                path_effects=EDGE,
                zorder=5,
            )
        goal = CPU_GOAL * report.ratio(rounds[report.better(rounds)], rounds["nginx"])
        axes.plot([place - 0.46, place + 0.46], [goal, goal], color=GOAL, linewidth=1.6, zorder=3)
    axes.axhline(1, color=COLOURS["nginx"], linewidth=1.2, linestyle="--", zorder=1)
    axes.set_xticks(range(len(shown)), [wrapped(entry["title"]) for entry in shown], fontsize=7.5)
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.set_ylim(0, CUT * 1.08)
    axes.set_ylabel("CPU per request ÷ nginx's")
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    quiet(axes)


def wrapped(title):
    return title.replace(", ", "\n").replace("a new connection each", "new connection each")


def idle(axes, entry):
    """Memory of an idle connection: fresh, and after a request."""
    peers = list(entry["rounds"])
    for place, peer in enumerate(peers):
        of = entry["rounds"][peer]
        for key, shift, strength in (("fresh", -0.2, 0.45), ("used", 0.2, 1.0)):
            value = report.median(of, key) / 1024
            axes.bar(place + shift, value, 0.37, color=COLOURS[peer], alpha=strength, zorder=2)
            axes.annotate(f"{value:.1f}", (place + shift, value), xytext=(0, 2), textcoords="offset points",
                          ha="center", fontsize=7.5, path_effects=EDGE, zorder=5)
    axes.axhline(IDLE_GOAL / 1024, color=GOAL, linewidth=1.6, zorder=3)
    axes.set_xticks(range(len(peers)), [report.NAMES[peer] for peer in peers], fontsize=8)
    axes.set_ylabel("KiB a connection")
    axes.set_title(f"{entry['connections']:,} idle connections: before a request (pale), after one each", loc="left",
                   fontsize=10, fontweight="bold")
    quiet(axes)


def rules(axes, entries):
    """CPU per request against the number of rules, both logarithmic."""
    peers = dict.fromkeys(peer for entry in entries.values() for peer in entry["rounds"])
    for peer in peers:
        counts = [int(count) for count, entry in entries.items() if peer in entry["rounds"]]
        costs = [report.median(entries[str(count)]["rounds"][peer], "cpu") for count in counts]
        axes.plot(counts, costs, marker="o", color=COLOURS[peer], linewidth=2, label=report.NAMES[peer], zorder=2)
        axes.annotate(f"{report.NAMES[peer]} {costs[-1]:,.0f} µs", (counts[-1], costs[-1]), xytext=(6, -3),
                      textcoords="offset points", fontsize=7.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(7, 90_000)
    axes.set_xticks([int(count) for count in entries], [f"{int(count):,}" for count in entries])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.minorticks_off()
    axes.set_ylabel("CPU µs a request")
    axes.set_title("Regex rules, 10,000 hosts in turn", loc="left", fontsize=10, fontweight="bold")
    quiet(axes)


def quiet(axes):
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0)


def main():
    with open(sys.argv[1]) as file:
        result = json.load(file)
    below = [part for part in ("idle", "rules") if result[part]]
    rows = [[tiers] * max(len(below), 1) for tiers in result["tiers"]] + ([below] if below else [])
    heights = [3.3] * len(result["tiers"]) + ([2.7] if below else [])
    figure, axes = pyplot.subplot_mosaic(
        rows, figsize=(12.5, sum(heights) + 0.9), height_ratios=heights, layout="constrained"
    )
    for tiers, entries in result["tiers"].items():
        ratios(axes[tiers], entries, TIERS[tiers])
    if result["idle"]:
        idle(axes["idle"], result["idle"])
    if result["rules"]:
        rules(axes["rules"], result["rules"])
    shown = [peer for peer in ("haproxy", "envoy", "berth") if peer in result["versions"]]
    legend = [Line2D([], [], color=COLOURS["nginx"], linestyle="--", label="nginx = 1")]
    legend += [Patch(color=COLOURS[peer], label=report.NAMES[peer]) for peer in shown]
    legend += [Line2D([], [], color=GOAL, label=f"goal: {CPU_GOAL} × the better of nginx and HAProxy; 4 KiB")]
    figure.legend(handles=legend, loc="outside upper center", ncols=len(legend), frameon=False, fontsize=9)
    where = result["machine"]
    versions = ", ".join(f"{report.NAMES[peer]} {version}" for peer, version in result["versions"].items())
    figure.supxlabel(
        f"{versions}; {where['processor']}, {where['cpus']} cores, Linux {where['kernel']}. Lower is better.",
        fontsize=7.5,
        color="#555555",
    )
    figure.savefig(sys.argv[2], dpi=130)


if __name__ == "__main__":
    main()
