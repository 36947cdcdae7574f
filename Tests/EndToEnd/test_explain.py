"""`berth explain`: patterns in words, matches laid over hosts, and where others stop."""

import json
import os
import re

from harness.tier import REPO, berth

FRONT = os.path.join(REPO, "rules/front.yaml")
CONTAINER = "wordpress_container001_01.test.priv"


def test_a_host_that_matches_ends_with_0_and_names_its_captures():
    code, out, errors = berth("explain", "--rule", "saas", "--config", FRONT, "--json", CONTAINER)
    assert code == 0, errors
    report = json.loads(out)
    assert {one["name"]: one["value"] for one in report["captures"]} == {"app": "wordpress", "container": "container001", "host": "01"}


def test_a_host_that_does_not_ends_with_1_and_says_where():
    code, out, _ = berth("explain", "--rule", "saas", "--config", FRONT, "--json", CONTAINER.replace("_01", "_0x"))
    assert code == 1
    assert json.loads(out)["stopped"]["offset"] == CONTAINER.index("1.test")


def test_a_pattern_that_is_none_ends_with_2_and_a_caret():
    code, _, errors = berth("explain", "^(?<app>[a-z]+", "a.test.priv")
    assert code == 2
    assert re.search(r"\^\(\?<app>\[a-z\]\+\n\s+\| {15}\^", errors), errors


def test_no_rule_and_no_host():
    assert berth("explain", "--rule", "nosuch", "--config", FRONT, CONTAINER)[0] == 2
    assert berth("explain", "^a$", "a..b")[0] == 1
    assert berth("explain", "^a$")[0] == 2


def steps(text):
    """Without the count of steps, which is PCRE2's own."""
    return re.sub(r"(?m)^steps +\d+", "steps N", text)


def test_the_examples_of_the_document_are_what_is_said():
    with open(os.path.join(REPO, "docs/explain.md")) as file:
        examples = re.findall(r"```console\n\$ berth explain '([^'\n]*)' (\S+)\n(.*?)```", file.read(), re.DOTALL)
    assert len(examples) == 2
    for pattern, host, said in examples:
        assert steps(berth("explain", pattern, host)[1].decode()) == steps(said)
