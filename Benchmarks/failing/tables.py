"""Figures → Markdown, and what of them Berth does not allow itself."""

from . import cases, proxies

# Failures of requests in flight that no proxy can hide: the method is not idempotent and an endpoint may have
# processed it, or a part of the response was sent.
FAILED_GETS_ALLOWED = {"broken"}
NO_FAILED_POSTS = {"none", "slow", "rolling"}


def title(name):
    return proxies.PROXIES[name].title


def ms(seconds):
    return f"{seconds * 1000:,.0f}"


def outcomes(found):
    """What clients saw instead of 200."""
    said = []
    for method, of in found["outcomes"].items():
        said += [f"{method}: {outcome} × {count}" for outcome, count in of.items()]
    return ", ".join(said) or "–"


def line(found):
    if "problem" in found:
        return f"not measured: {found['problem']}"
    return (
        f"{found['failed_gets']} GETs and {found['failed_posts']} POSTs failed ({found['unseen_posts']} unseen), "
        f"{found['posts_twice']} POSTs and {found['gets_twice']} GETs twice, p99 {ms(found['p99'])} ms, max {ms(found['max'])} ms, "
        f"late {ms(found['late_p99'])}/{ms(found['late_max'])} ms; {outcomes(found)}"
    )


def _table(header, rows, right=0):
    """`right`: columns from which on numbers stand right."""
    marks = ["---"] * right + ["---:"] * (len(header) - right)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, marks, *rows])


def circumstances(result):
    where = result["machine"]
    versions = ", ".join(f"{title(name)} {version}" for name, version in result["versions"].items() if name != "berth")
    said = (
        f"Commit {result['commit']}, beside {versions}. {where['processor']}, {where['cpus']} cores, Linux {where['kernel']}; "
        f"{result['rate']:,} requests/s, half of them POST, {result['seconds']:g} s for most failures."
    )
    if result["missing"]:
        said += f" Not here: {', '.join(map(title, result['missing']))}."
    return said


def summary(result):
    """A row for each failure: failed GETs / failed POSTs / POSTs seen twice."""
    present = list(result["versions"])
    rows = []
    for case, found in result["cases"].items():
        row = [cases.BY_NAME[case].title]
        for name in present:
            of = found.get(name, {"problem": ""})
            row.append("–" if "problem" in of else f"{of['failed_gets']:,} / {of['failed_posts']:,} / {of['posts_twice']:,}")
        rows.append(row)
    return _table(["failed GETs / failed POSTs / POSTs seen twice", *map(title, present)], rows, 1)


def detail(result):
    rows = []
    for case, found in result["cases"].items():
        for name, of in found.items():
            row = [cases.BY_NAME[case].title, title(name)]
            if "problem" in of:
                rows.append([*row, "–", "–", "–", "–", "–", f"not measured: {of['problem'][:200]}"])
                continue
            row += [f"{of[key]:,}" for key in ("failed_gets", "failed_posts", "posts_twice")]
            rows.append([*row, ms(of["p99"]), ms(of["max"]), outcomes(of)])
    header = ["failure", "proxy", "failed GETs", "failed POSTs", "POSTs seen twice", "p99 ms", "max ms", "instead of 200"]
    return _table(header, rows, 2)


def names(result):
    of = result["names"]
    if "problem" in of:
        return f"Not measured: {of['problem']}"
    rows = [
        [f"new connections to the {of['names'] - of['dead']} others", f"{of['connections']['quiet']}", f"{of['connections']['dead']}"],
        ["p50 of the others, ms", f"{of['p50']['quiet'] * 1000:.1f}", f"{of['p50']['dead'] * 1000:.1f}"],
        ["p99 of the others, ms", f"{of['p99']['quiet'] * 1000:.1f}", f"{of['p99']['dead'] * 1000:.1f}"],
        ["longest of the others, ms", ms(of["max"]["quiet"]), ms(of["max"]["dead"])],
    ]
    table = _table(["", "all alive", f"{of['dead']} dead"], rows, 1)
    said = (
        f"{of['rate']:,} requests/s. {of['requests']:,} requests to the others in {of['seconds']} s beside the dead; {of['failed']} failed, {of['seen_twice']} were "
        f"seen twice. {of['dead_requests']:,} requests to the dead made {of['connects']['all']:,} connection attempts, at most "
        f"{of['connects']['most']} to one name. Their p99 is {of['dead_p99'] * 1000:.1f} ms; their responses: "
        + ", ".join(f"{outcome} × {count:,}" for outcome, count in of["dead_outcomes"].items())
        + "."
    )
    return f"{table}\n\n{said}"


def ways(result):
    """How the endpoints were restarted."""
    said = "; ".join(f"{title(name)}: {way}" for name, way in result["ways"].items())
    return f"How an endpoint was restarted: {said}."


def markdown(result):
    """The tables by the name of their mark."""
    found = {}
    if result["cases"]:
        found["failures"] = "\n\n".join((circumstances(result), summary(result), ways(result), "### All figures", detail(result)))
    if result["names"]:
        found["names"] = names(result)
    return found


def faults(result):
    """What Berth must never show."""
    said = []
    for case, found in result["cases"].items():
        of = found.get("berth", {})
        if "problem" in of:
            said.append(f"{case}: {of['problem']}")
        if of.get("posts_twice"):
            said.append(f"{case}: {of['posts_twice']} POSTs were seen twice")
        if of.get("failed_gets") and case not in FAILED_GETS_ALLOWED:
            said.append(f"{case}: {of['failed_gets']} GETs failed")
        if of.get("failed_posts") and case in NO_FAILED_POSTS:
            said.append(f"{case}: {of['failed_posts']} POSTs failed")
    of = result["names"] or {}
    if of.get("problem") or of.get("failed") or of.get("seen_twice"):
        said.append(f"names: {of.get('problem') or of}")
    return said
