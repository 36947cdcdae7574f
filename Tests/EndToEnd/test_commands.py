"""`berth test`, `berth check` and the exit codes."""

import json
import os

import pytest

from harness.tier import REPO, berth

RULES = os.path.join(REPO, "rules")
TIERS = ["--front", f"{RULES}/front.yaml", "--local", f"{RULES}/local.yaml"]
URL = "http://wordpress_container001_01.test.priv/"
CAPTURES = {"app": "wordpress", "container": "container001", "host": "01"}


def test_the_dry_run_names_rule_captures_and_both_hops():
    code, out, errors = berth("test", *TIERS, URL)
    assert code == 0, errors
    text = out.decode()
    for word in ("saas", "wordpress", "container001", "01", "host_01", "front", "local"):
        assert word in text, word


def test_the_dry_run_as_json_has_the_same():
    code, out, errors = berth("test", *TIERS, "--json", URL)
    assert code == 0, errors
    report = json.loads(out)
    assert report["outcome"] == "forwarded"
    assert [tier["tier"] for tier in report["tiers"]] == ["front", "local"]
    for tier in report["tiers"]:
        assert (tier["rule"], tier["captures"]) == ("saas", CAPTURES)
        assert tier["endpoints"]


def test_a_refused_url_is_explained_and_ends_with_1():
    code, out, _ = berth("test", *TIERS, "http://nothing.example/")
    assert code == 1
    assert b"404" in out
    report = json.loads(berth("test", *TIERS, "--json", "http://nothing.example/")[1])
    assert (report["outcome"], report["status"], report["reason"]) == ("refused", 404, "no_rule")


def test_many_urls_come_from_standard_input():
    code, out, _ = berth("test", *TIERS, "--json", input=f"{URL}\nhttp://nothing.example/\n{URL}".encode())
    assert code == 1
    outcomes = [json.loads(line)["outcome"] for line in out.splitlines()]
    assert outcomes == ["forwarded", "refused", "forwarded"]


def test_explain_says_why_a_rule_did_not_match():
    code, out, _ = berth("test", *TIERS, "--explain", "http://wordpress_container001_x1.test.priv/")
    assert code == 1
    assert b"saas" in out


def broken(tmp_path, text):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    return path


BROKEN = "rules:\n  - name: saas\n    host: '~^(?<app>[a-z]+'\n    to: '${app}:80'\n"


@pytest.mark.parametrize("option", ["--front", "--local"])
def test_a_dry_run_with_broken_rules_ends_with_2_and_the_place(tmp_path, option):
    path = broken(tmp_path, BROKEN)
    code, _, errors = berth("test", option, str(path), URL)
    assert code == 2
    assert f"{path}:3:" in errors


def test_check_accepts_the_rules_of_the_repository_and_the_examples():
    files = [f"{RULES}/front.yaml", f"{RULES}/local.yaml"]
    for example in ("two-hosts", "containers", "topology", "ha"):
        files += [f"{REPO}/examples/{example}/rules/{tier}.yaml" for tier in ("front", "local")]
    code, _, errors = berth("check", *files)
    assert code == 0, errors


def test_check_shows_every_error_at_once(tmp_path):
    path = broken(
        tmp_path,
        "rules:\n"
        "  - name: one\n"
        "    hots: 'a.test.priv'\n"
        "    to: 'a:80'\n"
        "  - name: one\n"
        "    host: 'b.test.priv'\n"
        "    to: '${nosuch}:80'\n"
        "  - name: three\n"
        "    host: '~(['\n"
        "    to: 'c:80'\n",
    )
    code, out, errors = berth("check", str(path))
    assert (code, errors) == (2, "")
    text = out.decode()
    for line in (3, 5, 7, 9):
        assert f"{path}:{line}:" in text, text
    assert "host" in text.split("hots", 1)[1]


DOUBTFUL = """rules:
  - name: all
    host: '*.test.priv'
    to: 'web:80'
  - name: shop
    host: shop.test.priv
    to: 'shop:80'
names:
  - system: {}
"""


def test_check_finds_a_rule_that_can_never_match_and_ends_with_1(tmp_path):
    path = broken(tmp_path, DOUBTFUL)
    code, out, errors = berth("check", str(path))
    assert (code, errors) == (1, "")
    text = out.decode()
    assert f"{path}:6:11: warning unreachable_rule:" in text
    assert "`shop.test.priv`" in text and "`all` (line 2)" in text


@pytest.mark.parametrize("options", [["--json"], ["--format", "json"]])
def test_check_gives_its_findings_as_json(tmp_path, options):
    code, out, _ = berth("check", *options, str(broken(tmp_path, DOUBTFUL)))
    assert code == 1
    (finding,) = json.loads(out)
    assert (finding["code"], finding["severity"], finding["line"]) == ("unreachable_rule", "warning", 6)


def test_check_gives_its_findings_as_sarif(tmp_path):
    code, out, _ = berth("check", "--format", "sarif", str(broken(tmp_path, DOUBTFUL)))
    assert code == 1
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("unreachable_rule", "warning")
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 6


def test_check_leaves_out_what_a_comment_allows(tmp_path):
    text = DOUBTFUL.replace("host: shop.test.priv", "host: shop.test.priv  # berth: allow unreachable_rule")
    assert berth("check", str(broken(tmp_path, text)))[0] == 0


def test_check_finds_hosts_that_the_certificate_does_not_cover(tmp_path):
    path = broken(tmp_path, "rules:\n  - name: deep\n    host: '*.a.test.priv'\n    to: 'web:80'\nnames: [{ system: {} }]\n")
    assert berth("check", str(path))[0] == 0
    code, out, _ = berth("check", "--certificate", "*.test.priv", str(path))
    assert code == 1
    assert b"uncovered_host" in berth("check", "--json", "--certificate", "*.test.priv", str(path))[1]
    assert b"a.a.test.priv" in out


def test_a_tier_does_not_start_with_a_pattern_that_backtracks_without_end(tmp_path):
    path = broken(tmp_path, "rules:\n  - name: words\n    host: '~^(?:[a-z]+)+\\.x$'\n    to: 'web:80'\n")
    code, _, errors = berth("front", "--config", str(path), "--listen", "127.0.0.1:0")
    assert code == 2
    assert "backtracks" in errors


def test_a_wrong_command_line_ends_with_2():
    assert berth("nosuch")[0] == 2
    assert berth("front")[0] == 2


def test_help_has_an_example_for_each_verb():
    for verb in ("front", "local", "test", "diff", "check", "import", "explain", "demo"):
        code, out, _ = berth("help", verb)
        assert code == 0
        assert f"berth {verb}" in out.decode()
