"""Where the tables and the plot stand in docs/: between marks, the rest of a page is written by hand."""

import json
import os
import subprocess
import sys

from . import report, venv
from .peers import HERE

DOCS = os.path.realpath(os.path.join(HERE, "..", "docs"))
FOLDER = os.path.realpath(os.path.join(HERE, "..", ".build", "bench"))
PLOT = os.path.join(DOCS, "benchmarks.png")
TIERS = {"1": "One tier", "2": "Two tiers, both on the same core"}


def keep(result, name):
    """The whole result, outside of the repository: `--from` makes the pages again out of it."""
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, name)
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    return path


def markdown(result):
    """The page's tables by the name of their mark."""
    parts = [report.circumstances(result), ""]
    if result["tiers"]:
        parts += ["![CPU per request as a ratio to nginx's, by shape](benchmarks.png)", ""]
    for tiers in result["tiers"]:
        parts += [f"### {TIERS[tiers]}", "", report.summary(result, tiers), ""]
    if result["idle"]:
        parts += ["### Idle connections", "", report.idle(result), ""]
    for tiers in result["tiers"]:
        parts += [f"### All figures: {TIERS[tiers][0].lower()}{TIERS[tiers][1:]}", "", report.detail(result, tiers), ""]
    tables = {"bench": "\n".join(parts).strip()}
    if result["rules"]:
        tables["bench-rules"] = "\n\n".join((report.rules(result), report.circumstances(result)))
    return tables


def write(result, path):
    """Puts what was measured into docs/; `path` is where the result is kept."""
    tables = markdown(result)
    include("benchmarks.md", "bench", tables["bench"])
    if "bench-rules" in tables:
        include("routing-scale.md", "bench-rules", tables["bench-rules"])
    if result["tiers"]:
        plot(path)


def plot(path):
    """Draws docs/benchmarks.png out of a kept result."""
    python = venv.plotting_python()
    if not python:
        print("no matplotlib: docs/benchmarks.png stays as it is", file=sys.stderr)
        return
    subprocess.run([python, "-B", "-m", "bench.plot", path, PLOT], cwd=HERE, check=True, timeout=120)


def include(page, mark, text):
    """Replaces what is between a page's marks."""
    path = os.path.join(DOCS, page)
    with open(path) as file:
        whole = file.read()
    begin, end = f"<!-- begin: {mark} -->", f"<!-- end: {mark} -->"
    head, found, rest = whole.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"docs/{page} has no '{begin}' and '{end}'")
    with open(path, "w") as file:
        file.write(f"{head}{begin}\n\n{text}\n\n{end}{tail}")
