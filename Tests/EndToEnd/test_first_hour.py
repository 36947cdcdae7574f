"""What an operator gets wrong in the first hour, and what the commands say about it."""

import json
import os
import signal
import socket
import ssl
import subprocess

import pytest

from harness import wait, wire
from harness.tier import BERTH, REPO, Tier, berth

RULES = os.path.join(REPO, "rules")
TIERS = ["--front", f"{RULES}/front.yaml", "--local", f"{RULES}/local.yaml"]
URL = "http://wordpress_container001_01.test.priv/"


def test_an_https_url_reaches_its_container_and_the_scheme_is_explained():
    code, out, errors = berth("test", *TIERS, URL.replace("http:", "https:"))
    assert code == 0, errors
    assert b"=> reaches 127.0.1.11:8080" in out
    assert b"trusted_proxies" in out and b"docs/tls.md" in out
    report = json.loads(berth("test", *TIERS, "--json", URL.replace("http:", "https:"))[1])
    assert report["outcome"] == "forwarded" and report["notes"]


def test_a_url_without_rules_says_what_to_add():
    for url in (URL, "https://a.test.priv/"):
        code, _, errors = berth("test", url)
        assert code == 2
        assert "--front rules/front.yaml" in errors and url in errors
        assert "no such file" not in errors.lower()


def test_the_dry_run_sees_that_the_container_is_the_tier_itself():
    code, out, _ = berth("test", *TIERS, "--listen", "0.0.0.0:8080", URL)
    assert code == 1 and b"508, loop_detected" in out
    code, out, _ = berth("test", *TIERS, "--listen", "127.0.0.1:8080", URL)
    assert code == 0
    code, out, _ = berth("test", *TIERS[:2], "--listen", ":9000", URL)
    assert code == 1 and b"prohibited_address" in out


def test_the_dry_run_points_out_a_program_that_listens_on_every_address(tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        rules = tmp_path / "local.yaml"
        rules.write_text(f"rules: [{{ name: all, to: '127.0.1.11:{port}' }}]\n")
        code, out, _ = berth("test", "--local", str(rules), URL)
        assert code == 0 and f"at port {port}".encode() in out
        assert b"at port" not in berth("test", "--local", str(rules), "--offline", URL)[1]
    assert b"at port" not in berth("test", "--local", str(rules), URL)[1]


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["fornt", "--config", "x"], "front"),
        (["locla"], "local"),
        (["chekc", "rules"], "check"),
        (["names", "lits"], "list"),
        (["import", "ngnix", "nginx.conf"], "nginx"),
    ],
)
def test_a_misspelled_command_is_recognised(arguments, word):
    code, _, errors = berth(*arguments)
    assert code == 2
    assert f"did you mean `{word}`?" in errors
    assert "Unknown option" not in errors


def test_a_command_that_is_like_no_other_gets_the_list():
    code, _, errors = berth("serve", "--config", "x")
    assert code == 2 and "front, local, test" in errors
    assert berth("help")[0] == 0 and berth("help", "front")[0] == 0 and berth("--version")[0] == 0


NAMELESS = "rules:\n  - name: saas\n    host: '~^(?<host>[0-9]{2})\\.test\\.priv$'\n    to: 'host_${host}:9000'\n"


def test_rules_without_names_are_a_finding_at_check_and_at_the_start(tmp_path, stopping):
    path = tmp_path / "front.yaml"
    path.write_text(NAMELESS)
    code, out, _ = berth("check", str(path))
    assert code == 1 and b"missing_names" in out and b"503" in out
    front = stopping(Tier("front", str(tmp_path / "run"), NAMELESS))
    assert wire.ask(front.port, "01.test.priv").status == 503
    assert "missing_names" in front.said()
    # Literal addresses need no names, and a comment allows the rest.
    path.write_text("rules:\n  - name: one\n    to: '127.0.0.1:8080'\n")
    assert berth("check", str(path))[0] == 0
    path.write_text(NAMELESS.replace("9000'", "9000' # berth: allow missing_names"))
    assert berth("check", str(path))[0] == 0


DOUBTFUL = (
    "rules:\n  - name: all\n    host: '*.test.priv'\n    to: '127.0.0.1:80'\n"
    "  - name: shop\n    host: shop.test.priv\n    path: '/a/.*'\n    to: '127.0.0.1:81'\n"
)


def test_findings_are_counted_in_one_line_at_the_start_and_after_a_reload(tmp_path, stopping):
    front = stopping(Tier("front", str(tmp_path), DOUBTFUL))

    def lines():
        return [line for line in front.said().split("\n") if "run berth check" in line]

    wait.until(lambda: len(lines()) == 1, what="the count of findings")
    assert "findings=2" in lines()[0] and f"berth check {front.config}" in lines()[0]
    with open(front.config, "w") as file:
        file.write(DOUBTFUL.split("  - name: shop")[0])
    front.signal(signal.SIGHUP)
    wait.until(lambda: "rules reloaded" in front.said(), what="the reload")
    with open(front.config, "w") as file:
        file.write(DOUBTFUL)
    front.signal(signal.SIGHUP)
    wait.until(lambda: len(lines()) == 2, what="the count after a reload")


@pytest.mark.parametrize(
    "rule, hint",
    [
        ("host: '^(?<app>[a-z]+)\\.test\\.priv$'\n    to: 'a:80'", "a pattern begins with `~`"),
        ("host: '(a|b).test'\n    to: 'a:80'", "a pattern begins with `~`"),
        ("host: '~^(?<host>[0-9]+)\\.test$'\n    to: 'host_{host}:80'", "write `${host}`"),
        ("host: '~^(?<host>[0-9]+)\\.test$'\n    to: 'a:80'\n    host_header: '{host}.b'", "write `${host}`"),
        ("host: .test.priv\n    to: 'a:80'", "`*.test.priv`"),
    ],
)
def test_a_host_that_is_a_pattern_and_a_reference_without_its_dollar_get_a_hint(tmp_path, rule, hint):
    path = tmp_path / "rules.yaml"
    path.write_text(f"rules:\n  - name: one\n    {rule}\n")
    code, out, _ = berth("check", str(path))
    assert code == 2
    assert hint in out.decode()


def test_a_port_that_is_in_use_is_named_in_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, errors = berth("front", "--config", f"{RULES}/front.yaml", "--listen", address, timeout=20)
        assert code == 2 and address in errors and "in use" in errors


# Other protocols.


def test_tls_and_http2_on_a_plain_port_get_a_sentence_and_the_log_a_hint(tmp_path, stopping):
    front = stopping(Tier("front", str(tmp_path), "rules: [{ name: all, to: '127.0.0.1:9' }]\n"))
    context = ssl._create_unverified_context()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", front.port), timeout=10) as plain:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain)
    # What a person sees who looks at the bytes.
    with wire.Client(front.port) as client:
        client.send(b"\x16\x03\x01\x02\x00\x01")
        answer = client.answer()
        assert answer.status == 400 and b"plain HTTP" in answer.body
        assert client.ended()
    with wire.Client(front.port) as client:
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        answer = client.answer()
        assert answer.status == 400 and b"HTTP/2" in answer.body
    wait.until(lambda: len([one for one in front.records() if one["status"] == 400]) == 7, what="the access log")
    assert {one["detail"] for one in front.records()} == {"tls_handshake", "http2_preface"}
    hints = [line for line in front.said().split("\n") if "plain HTTP/1.1" in line]
    assert len(hints) == 2, hints
    assert any("TLS" in line and "127.0.0.1" in line and str(front.port) in line for line in hints)
    assert any("HTTP/2" in line for line in hints)


def test_the_log_has_the_address_that_was_not_connected_to_and_the_client_has_not(tmp_path, stopping):
    rules = (
        "rules:\n  - { name: meta, host: meta.test, to: meta }\n"
        "  - { name: narrow, host: narrow.test, to: narrow, endpoint_networks: [10.0.0.0/8] }\n"
        "names:\n  - static: { meta: 169.254.169.254, narrow: 192.0.2.77 }\n"
    )
    front = stopping(Tier("front", str(tmp_path), rules))
    for host, address, detail in (
        ("meta.test", "169.254.169.254:80", "link_local_address"),
        ("narrow.test", "192.0.2.77:80", "outside_endpoint_networks"),
    ):
        answer = wire.ask(front.port, host)
        assert answer.status == 502
        told = str(answer.fields) + answer.body.decode()
        assert address.split(":")[0] not in told
        record = front.record(answer.get("X-Request-ID"))
        assert (record["cause"], record["endpoint"], record["detail"]) == ("prohibited_address", address, detail)


def test_the_output_of_help_names_what_the_documentation_does():
    text = subprocess.run([BERTH, "help", "front"], capture_output=True, text=True).stdout
    documented = open(os.path.join(REPO, "docs/commands.md")).read()
    for option in ("--reuse-port", "--ready-file", "--listen", "--drain"):
        assert option in text and f"`{option}" in documented
