"""`berth test` with cases and logs, and `berth diff`."""

import json
import os
import shutil
import xml.etree.ElementTree as xml

import pytest

from harness import wire
from harness.stack import SAAS, Origins, static
from harness.tier import REPO, Tier, berth

RULES = os.path.join(REPO, "rules")
FOLDERS = [RULES] + [f"{REPO}/examples/{example}/rules" for example in ("two-hosts", "containers", "topology", "ha")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_cases_of_the_repository_pass_and_reach_every_rule(folder):
    code, out, errors = berth("test", folder, "--fail-under", "100")
    assert code == 0, out.decode() + errors
    assert b"100.0 %" in out


@pytest.fixture
def copy(tmp_path):
    """The demo's rules with their cases, one of which fails."""
    shutil.copytree(RULES, tmp_path / "rules")
    cases = tmp_path / "rules" / "demo.cases.yaml"
    cases.write_text(cases.read_text().replace("target: host_02:9000 }", "target: host_01:9000 } # the other"))
    return tmp_path / "rules"


def test_a_case_that_fails_is_shown_in_every_form(copy):
    code, out, _ = berth("test", str(copy))
    text = out.decode()
    assert code == 1
    assert "- host_01:9000" in text and "+ host_02:9000" in text and "\x1b" not in text

    code, out, _ = berth("test", str(copy), "--format", "json")
    report = json.loads(out)
    (failed,) = [case for case in report["cases"] if not case["passed"]]
    assert (code, report["failed"]) == (1, 1)
    assert failed["differences"] == [{"key": "front.target", "expected": "host_01:9000", "actual": "host_02:9000"}]

    code, out, _ = berth("test", str(copy), "--format", "junit")
    root = xml.fromstring(out)
    assert (code, root.get("failures"), root.get("tests")) == (1, "1", str(len(report["cases"])))
    assert len(root.findall(".//testcase/failure")) == 1

    code, out, _ = berth("test", str(copy), "--format", "tap")
    lines = out.decode().splitlines()
    assert (code, lines[:2]) == (1, ["TAP version 14", f"1..{len(report['cases'])}"])
    assert len([line for line in lines if line.startswith("not ok ")]) == 1


def test_update_writes_what_was_found_and_nothing_else(copy):
    cases = copy / "demo.cases.yaml"
    before = cases.read_text()
    code, out, errors = berth("test", str(copy), "--update")
    assert code == 0, errors
    assert cases.read_text() == before.replace("target: host_01:9000 } # the other", "target: host_02:9000 } # the other")
    assert berth("test", str(copy))[0] == 0


def test_less_coverage_than_asked_for_ends_with_1(copy):
    front = copy / "front.yaml"
    front.write_text(front.read_text().replace("rules:\n", "rules:\n  - name: never\n    host: never.test.priv\n    to: 'a:80'\n"))
    berth("test", str(copy), "--update")
    assert berth("test", str(copy))[0] == 0
    code, out, errors = berth("test", str(copy), "--fail-under", "90")
    assert code == 1
    assert b"no case reaches the rule `never`" in out and "which is below 90" in errors


def test_a_broken_file_of_cases_ends_with_2_and_the_place(copy):
    cases = copy / "demo.cases.yaml"
    cases.write_text(cases.read_text().replace("    expect:", "    expcet:", 1))
    for verb in (["test", str(copy)], ["check", str(copy / "front.yaml"), str(cases)]):
        code, out, errors = berth(*verb)
        assert code == 2
        errors += out.decode()
        assert f"{cases}:12:5: error: unknown key `expcet`" in errors and "did you mean `expect`?" in errors
    assert berth("test", str(copy / "nowhere"))[0] == 2
    assert berth("test")[0] == 2
    assert berth("test", "--front", str(copy / "front.yaml"), "--update", "http://a/")[0] == 2
    # The rules themselves are as good as before.
    assert berth("check", str(copy / "front.yaml"), str(copy / "local.yaml"))[0] == 0


LOCAL = f"rules:\n  - name: saas\n    host: {SAAS}\n    to: '${{container}}:80'\nnames:\n  - static:\n%s\n"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_tier_s_own_log_replays_as_it_went(tmp_path, form):
    origins = Origins("container001")
    tier = None
    try:
        rules = LOCAL % static({"container001": f"127.0.0.1:{origins.ports['container001']}"})
        tier = Tier("local", str(tmp_path), rules, "--log-format", form)
        for host in (b"a_container001_01.test.priv", b"a_container002_01.test.priv", b"b.example"):
            with wire.Client(tier.port) as client:
                client.send(b"GET /x?y HTTP/1.1\r\nHost: %b\r\nUser-Agent: a \"b\"\xe9\r\n\r\n" % host)
                client.answer()
        tier.stop()
        code, out, errors = berth("test", "--replay", tier.log, "--local", tier.config, "--json")
    finally:
        for one in (tier, origins):
            if one:
                one.stop()
    assert code == 0, errors
    report = json.loads(out)
    assert (report["requests"], report["unparsable"], report["changed"], report["forwarded"]) == (3, 0, 0, 1)
    (local,) = report["tiers"]
    assert [(rule["rule"], rule["wins"]) for rule in local["rules"]] == [("saas", 2)]
    assert sorted(refused["cause"] for refused in local["refused"]) == ["no_rule", "unknown_target"]


LINE = b'%b.test.priv 192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] "GET /%d HTTP/1.1" 200 1 "-" "curl/8"\n'


def test_a_log_comes_from_standard_input_and_its_rules_from_a_folder():
    log = b"".join(LINE % (b"wordpress_container001_01", n) for n in range(20_000)) + b"junk\n"
    code, out, errors = berth("test", "--replay", "-", RULES, "--json", input=log)
    assert code == 0, errors
    report = json.loads(out)
    assert (report["lines"], report["forwarded"], report["unparsable"]) == (20_001, 20_000, 1)
    assert report["first_unparsable"]["line"] == 20_001
    assert berth("test", "--replay", "nowhere.log", RULES)[0] == 2
    assert berth("test", "--replay", "-", input=b"")[0] == 2


def test_a_difference_is_told_by_the_exit_code(tmp_path):
    old = f"{RULES}/front.yaml"
    new = tmp_path / "new.yaml"
    new.write_text(open(old).read().replace("host_02: 127.0.2.1", "host_02: 127.0.2.2"))
    log = tmp_path / "access.log"
    log.write_bytes(LINE % (b"a_c_01", 1) + LINE % (b"a_c_02", 2) + LINE % (b"b_c_02", 3))
    assert berth("diff", old, old, "--replay", str(log))[0] == 0
    code, out, errors = berth("diff", old, str(new), "--replay", str(log), "--json")
    assert code == 1, errors
    report = json.loads(out)
    assert (report["requests"], report["changed"]) == (3, 2)
    (group,) = report["groups"]
    assert [host["host"] for host in group["hosts"]] == ["a_c_02.test.priv", "b_c_02.test.priv"]
    code, out, _ = berth("diff", old, str(new), "--cases", RULES)
    assert code == 1 and b"+ to host_02:9000 (127.0.2.2:9000)" in out
    assert berth("diff", old, "nowhere.yaml")[0] == 2
    assert berth("diff", old, old)[0] == 0
