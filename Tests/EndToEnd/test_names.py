"""Names become addresses, live: DNS, files, and rules that are read again."""

import json
import os
import signal
import time


from harness import wait
from harness.dnsmasq import Dnsmasq
from harness.tier import Tier, berth
from harness.wire import ask

DNS_RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}.test:{origin}' }}
names:
  - dns: {{ servers: ['127.0.0.1:{dns}'], search: [], negative_ttl: 1s }}
timeouts: {{ resolve: 3s }}
"""


def served(tier, name):
    answer = ask(tier.port, name)
    return answer.body.decode() if answer.status == 200 else answer.status


def until_served(tier, name, what):
    start = time.monotonic()
    wait.until(lambda: served(tier, name) == what, what=f"{name} to be {what}")
    return time.monotonic() - start


def test_a_dns_record_is_added_changed_and_removed(tmp_path, greeters, stopping):
    dns = stopping(Dnsmasq(tmp_path))
    tier = stopping(Tier("local", tmp_path, DNS_RULES.format(origin=greeters, dns=dns.port)))
    assert served(tier, "a.web") == 503
    dns.serve("127.0.7.1 a.test")
    times = [until_served(tier, "a.web", "127.0.7.1")]
    dns.serve("127.0.7.2 a.test")
    times.append(until_served(tier, "a.web", "127.0.7.2"))
    dns.serve()
    times.append(until_served(tier, "a.web", 503))
    print("added, changed, removed:", ["%.2f s" % one for one in times])


def test_a_server_that_refuses_other_domains_does_not_hide_that_a_name_is_gone(tmp_path, greeters, stopping):
    dns = stopping(Dnsmasq(tmp_path))
    dns.serve("127.0.7.1 a.test")
    rules = DNS_RULES.replace("${{name}}.test:", "${{name}}:").replace("search: []", "search: [test]")
    tier = stopping(Tier("local", tmp_path, rules.format(origin=greeters, dns=dns.port)))
    assert served(tier, "a.web") == "127.0.7.1"
    assert served(tier, "b.web") == 503
    dns.serve()
    until_served(tier, "a.web", 503)
    assert "name source down" not in tier.said()


def test_a_dead_dns_server_costs_no_name_in_use_and_others_their_time_alone(tmp_path, greeters, stopping):
    dns = stopping(Dnsmasq(tmp_path))
    dns.serve("127.0.7.1 a.test")
    tier = stopping(Tier("local", tmp_path, DNS_RULES.format(origin=greeters, dns=dns.port)))
    assert served(tier, "a.web") == "127.0.7.1"
    dns.stop()
    wait.until(lambda: served(tier, "a.web") == "127.0.7.1" and "name source down" in tier.said(), what="the log to say so")
    answer = ask(tier.port, "b.web")
    assert (answer.status, answer.error) in ((502, "dns_error"), (504, "dns_timeout"))
    assert served(tier, "a.web") == "127.0.7.1"


def test_the_dry_run_asks_the_same_sources(tmp_path, greeters, stopping):
    dns = stopping(Dnsmasq(tmp_path))
    dns.serve("127.0.7.1 a.test")
    rules = tmp_path / "rules.yaml"
    rules.write_text(DNS_RULES.format(origin=greeters, dns=dns.port))
    code, said, _ = berth("test", "--local", str(rules), "http://a.web/")
    assert code == 0 and f"127.0.7.1:{greeters}".encode() in said
    code, said, _ = berth("test", "--local", str(rules), "http://b.web/")
    assert code == 1 and b"unknown_target" in said
    code, said, _ = berth("test", "--offline", "--local", str(rules), "http://a.web/")
    assert code == 1 and b"name_error" in said


def test_an_answer_of_dns_is_shown_with_its_age_and_what_is_left_of_it(tmp_path, stopping):
    dns = stopping(Dnsmasq(tmp_path, ttl=50))
    dns.serve("127.0.7.1 a.test")
    rules = tmp_path / "rules.yaml"
    rules.write_text(DNS_RULES.format(origin=80, dns=dns.port))
    code, said, errors = berth("names", "get", "--config", str(rules), "--json", "a.test")
    assert code == 0, errors
    (row,) = json.loads(said)
    assert row["source"] == f"dns 127.0.0.1:{dns.port}" and row["addresses"][0]["address"] == "127.0.7.1"
    assert 0 <= row["age"] < 10 and 40 < row["ttl"] <= 50


FILE_RULES = """
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}:{origin}' }}
names:
  - hosts_file: hosts
"""


def test_a_hosts_file_is_followed_within_a_second(tmp_path, greeters, stopping):
    (tmp_path / "hosts").write_text("")
    tier = stopping(Tier("local", tmp_path, FILE_RULES.format(origin=greeters)))
    (tmp_path / "new").write_text("127.0.7.1 a\n")
    os.rename(tmp_path / "new", tmp_path / "hosts")
    assert until_served(tier, "a.web", "127.0.7.1") < 1
    (tmp_path / "hosts").write_text("127.0.7.2 a\n")
    assert until_served(tier, "a.web", "127.0.7.2") < 1
    (tmp_path / "hosts").write_text("")
    assert until_served(tier, "a.web", 503) < 1


def test_rules_reload_on_change_and_on_sighup_and_errors_change_nothing(tmp_path, greeters, stopping):
    (tmp_path / "hosts").write_text("127.0.7.1 a\n127.0.7.2 b\n")
    tier = stopping(Tier("local", tmp_path, FILE_RULES.format(origin=greeters)))
    assert served(tier, "a.web") == "127.0.7.1"
    with open(tier.config, "w") as file:
        file.write(FILE_RULES.format(origin=greeters).replace("'${name}:", "'b:"))
    assert until_served(tier, "a.web", "127.0.7.2") < 1
    with open(tier.config, "w") as file:
        file.write("rules: [{ name: x, hots: y }]")
    wait.until(lambda: "did you mean `host`?" in tier.said(), what="the log to say so")
    assert "rules not reloaded" in tier.said()
    assert served(tier, "a.web") == "127.0.7.2"
    before = tier.said().count("rules not reloaded")
    tier.signal(signal.SIGHUP)
    wait.until(lambda: tier.said().count("rules not reloaded") > before, what="SIGHUP to be answered")
    assert served(tier, "a.web") == "127.0.7.2"
