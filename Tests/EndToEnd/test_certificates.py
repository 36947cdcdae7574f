"""`berth certs`, `berth check` and `berth test` on certificates of listeners."""

import json
import os
import subprocess

import pytest

from harness.tier import berth


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certificate(folder, name, *names, days=60):
    """A certificate that its own key signs."""
    alternatives = ",".join(names)
    openssl(
        folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
        "-subj", "/CN=test", "-addext", f"subjectAltName={alternatives}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
    )


RULES = """\
rules:
  - { name: all, host: '~^[a-z.]+\\.test\\.priv$', to: '127.0.0.1:9' }
listeners:
  - address: '0.0.0.0:443'
    tls:
      certificates: [{ cert: star.pem, key: star.key }]
"""


@pytest.fixture
def rules(tmp_path):
    certificate(tmp_path, "star", "DNS:*.test.priv")
    path = tmp_path / "front.yaml"
    path.write_text(RULES)
    return path


def test_certs_lists_what_a_rule_file_would_load(rules):
    code, out, errors = berth("certs", str(rules))
    assert code == 0, errors
    assert b"*.test.priv" in out and b"star.pem" in out and b"EC 256" in out
    code, out, errors = berth("certs", str(rules), "--json")
    assert code == 0, errors
    listener = json.loads(out)["listeners"][0]
    assert listener["address"] == "0.0.0.0:443" and "default_name" not in listener
    item = listener["certificates"][0]
    assert item["names"] == ["*.test.priv"] and item["state"] == "valid" and 58 <= item["days_left"] <= 60
    said = subprocess.run(
        ["openssl", "x509", "-in", str(rules.parent / "star.pem"), "-noout", "-fingerprint", "-sha256"],
        capture_output=True, text=True, check=True,
    ).stdout
    assert said.strip().split("=")[1].replace(":", "").lower() == item["fingerprint"]


def test_certs_tells_what_a_host_gets(rules):
    assert berth("certs", str(rules), "--host", "www.test.priv")[0] == 0
    code, out, _ = berth("certs", str(rules), "--host", "a.b.test.priv")
    assert code == 1 and b"star.pem" not in out
    rules.write_text(RULES + "      default: '*.test.priv'\n")
    assert b"star.pem" in berth("certs", str(rules), "--host", "a.b.test.priv")[1]
    code, _, errors = berth("certs", str(rules), "--host", "a b")
    assert code == 2 and "--host" in errors


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda folder: os.remove(folder / "star.key"), "star.key: does not exist"),
        (lambda folder: (folder / "star.pem").write_text(""), "star.pem: is empty"),
        (lambda folder: (folder / "star.pem").write_text("garbage"), "star.pem: is not a certificate in PEM form"),
        (
            lambda folder: openssl(
                folder, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "star.key"
            ),
            "star.key:1: is not the key of the certificate in",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(rules, damage, message):
    damage(rules.parent)
    code, out, _ = berth("certs", str(rules))
    assert code == 1 and message in out.decode()
    code, out, _ = berth("check", str(rules))
    # A file that is not here may be on the machine of the tier.
    assert message in out.decode() and "front.yaml:6:21" in out.decode(), out
    assert code == (0 if "does not exist" in message else 1)


def test_check_finds_hosts_that_no_certificate_covers(rules):
    code, out, _ = berth("check", str(rules))
    assert code == 1 and b"uncovered_host" in out and b"which the certificate for `*.test.priv` does not cover" in out
    rules.write_text(RULES.replace("[a-z.]+", "[a-z]+"))
    code, out, _ = berth("check", str(rules))
    assert code == 0, out


def test_test_says_which_certificate_a_host_gets(rules):
    code, out, _ = berth("test", "--front", str(rules), "https://www.test.priv/")
    assert code == 0 and b"star.pem for *.test.priv, until " in out
    assert b"X-Forwarded-Proto: https" in out
    code, out, _ = berth("test", "--front", str(rules), "https://a.b.test.priv/")
    assert code == 1
    assert b"no certificate covers `a.b.test.priv`" in out and b"`*.test.priv` stands for one label" in out
    code, out, _ = berth("test", "--front", str(rules), "--json", "https://a.b.test.priv/")
    report = json.loads(out)
    assert report["outcome"] == "refused" and report["reason"] == "unrecognized_name"
    assert report["certificate"]["shallow"] == "*.test.priv"


def test_a_mistake_in_listeners_is_shown_with_its_line(rules):
    rules.write_text(RULES.replace("certificates:", "certificate:"))
    code, out, _ = berth("check", str(rules))
    assert code == 2
    assert b"front.yaml:6:7: error: unknown key `certificate` in `tls`" in out
