"""Signals, and the rotation of the access log."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness import tier, wait, wire
from harness.tier import Tier, berth

RULES = "rules: [{ name: all, respond: { status: 200, body: %s } }]\n"


@pytest.fixture
def front(tmp_path, stopping):
    return stopping(Tier("front", tmp_path, RULES % "one"))


def uris(path):
    with open(path) as file:
        return [json.loads(line)["uri"] for line in file]


def test_usr1_opens_the_access_log_again(front):
    assert wire.ask(front.port, "a.test", "/before").status == 200
    wait.until(lambda: uris(front.log) == ["/before"], what="the record")
    os.rename(front.log, front.log + ".1")
    front.signal(signal.SIGUSR1)
    wait.until(lambda: os.path.exists(front.log), what="the new file")
    assert wire.ask(front.port, "a.test", "/after").status == 200
    wait.until(lambda: uris(front.log) == ["/after"], what="the record in the new file")
    assert uris(front.log + ".1") == ["/before"]
    assert "access log reopened" in front.said()


def test_no_record_is_lost_or_torn_while_the_log_is_rotated(front):
    with wire.Client(front.port) as client:
        for number in range(2000):
            if number % 100 == 50:
                os.rename(front.log, f"{front.log}.{number}")
                front.signal(signal.SIGUSR1)
                wait.until(lambda: os.path.exists(front.log), what="the new file")
            assert client.ask("a.test", f"/{number}").status == 200
    front.signal()
    assert front.wait() == 0
    folder = os.path.dirname(front.log)
    logs = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("front.log")]
    assert len(logs) == 21
    assert sorted(int(uri[1:]) for path in logs for uri in uris(path)) == list(range(2000))


def test_a_storm_of_hangups_is_few_reloads(front):
    with open(front.config, "w") as file:
        file.write(RULES % "two")
    for _ in range(3000):
        front.signal(signal.SIGHUP)
    wait.until(lambda: wire.ask(front.port, "a.test").body == b"two", what="the new rules")
    front.signal()
    assert front.wait() == 0
    assert 1 <= front.said().count("rules reloaded") < 300


def heard(manager):
    """The next message, but for those with the sockets that the manager is to keep."""
    while (message := manager.recv(1000)).startswith(b"FDSTORE=1"):
        pass
    return message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_tier_that_is_ended_at_the_moment_it_is_ready_ends_in_order(tmp_path, number):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(20)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES % "one")
    environment = dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify"))
    for _ in range(20):
        running = subprocess.Popen(
            [tier.BERTH, "front", "--config", str(rules), "--listen", "127.0.0.1:0", "--access-log", "off"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True,
        )  # fmt: skip
        assert heard(manager) == b"READY=1"
        running.send_signal(number)
        _, said = running.communicate(timeout=20)
        assert running.returncode == 0, said
        assert heard(manager) == b"STOPPING=1"
        assert "stopped" in said


@pytest.mark.skipif(not shutil.which("logrotate"), reason="needs logrotate: scripts/install-packages test")
def test_the_example_of_the_docs_rotates_the_log(front, tmp_path):
    with open(os.path.join(tier.REPO, "docs/signals.md")) as file:
        (example,) = re.findall(r"```logrotate\n(.*?)```", file.read(), re.DOTALL)
    # The paths and the process are the test's own.
    example = example.replace("/var/log/berth/*.log", front.log)
    example, replaced = re.subn(r"systemctl kill .*", f"kill -USR1 {front.pid}", example)
    assert replaced == 1
    example = re.sub(r"\n *(su|create) .*", "", example)
    config = tmp_path / "logrotate.conf"
    config.write_text(example)
    for round in ("first", "second"):
        assert wire.ask(front.port, "a.test", f"/{round}").status == 200
        wait.until(lambda: uris(front.log) == [f"/{round}"], what="the record")
        subprocess.run(["logrotate", "--force", "--state", str(tmp_path / "state"), str(config)], check=True)
        wait.until(lambda: os.path.exists(front.log) and os.path.getsize(front.log) == 0, what="the new file")
    assert uris(front.log + ".1") == ["/second"]


def test_reload_waits_for_the_result_and_tells_it(tmp_path, stopping):
    admin = f"unix:{tmp_path}/admin"
    front = stopping(Tier("front", tmp_path, RULES % "one", "--admin", admin))
    with open(front.config, "w") as file:
        file.write(RULES % "two")
    code, out, _ = berth("reload", "--admin", admin)
    assert (code, out) == (0, b"reloaded: 1 rules\n")
    assert wire.ask(front.port, "a.test", "/").body == b"two"
    with open(front.config, "w") as file:
        file.write("rules: [{ name: all, respond: { status: 2000 } }]\n")
    code, out, _ = berth("reload", "--admin", admin)
    assert code == 1 and b"front.yaml:1:" in out and out.endswith(b"not reloaded: the 1 rules before stay in force\n")
    code, out, _ = berth("reload", "--json", "--admin", admin)
    report = json.loads(out)
    assert code == 1 and report["reloaded"] is False and report["rules"] == 1 and "status" in report["findings"][0]
    assert wire.ask(front.port, "a.test", "/").body == b"two"
    front.stop()
    code, out, errors = berth("reload", "--admin", admin)
    assert (code, out) == (2, b"") and "admin" in errors
