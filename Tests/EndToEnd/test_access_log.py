"""Where the access log goes, and which requests it has."""

import json
import os
import re
import select
import signal
import socket
import subprocess

import pytest

from harness import ports, process, stack, tier, wait, wire
from harness.tier import Tier, berth

RULES = """\
rules:
  - { name: quiet, path: '=/quiet', respond: 204, access_log: off }
  - { name: errors, path: '/errors', to: '127.0.0.1:%(port)d', access_log: { only: [4xx] } }
  - { name: sampled, path: '/sampled', respond: 200, access_log: { sample: 20%% } }
  - { name: gone, path: '/gone', to: '127.0.0.1:1', access_log: { sample: 0.0001%% } }
  - { name: all, path: '/all', respond: 200, access_log: all }
  - { name: rest, path: '/', respond: 200 }
access_log: { sample: 20%% }
"""


@pytest.fixture
def origin(stopping):
    return stopping(stack.Origins("a"))


def ids(running):
    return [record["request_id"] for record in running.records()]


def test_rules_say_which_requests_are_logged_and_errors_always_are(tmp_path, origin, stopping):
    front = stopping(Tier("front", tmp_path / "front", RULES % {"port": origin.ports["a"]}))

    def ask(path, name):
        return wire.ask(front.port, "a.test", path, fields=[f"X-Request-ID: {name}"]).status

    with wire.Client(front.port) as client:
        for number in range(500):
            for path in ("/quiet", "/sampled", "/rest", "/gone"):
                status = client.ask("a.test", path, fields=[f"X-Request-ID: {path[1:]}-{number}"]).status
                assert status == (204 if path == "/quiet" else 502 if path == "/gone" else 200)
    assert ask("/all", "all-1") == 200
    assert ask("/errors/i", "fine") == 200
    assert ask("/errors/status?code=404", "missing") in (200, 404)
    front.stop()
    seen = ids(front)
    count = {name: sum(one.startswith(name) for one in seen) for name in ("quiet", "sampled", "rest", "gone")}
    assert count["quiet"] == 0 and count["gone"] == 500
    assert 40 < count["sampled"] < 180 and 40 < count["rest"] < 180
    assert "all-1" in seen and "fine" not in seen


def test_both_tiers_log_the_same_requests(tmp_path, stopping):
    rules = "rules: [{ name: all, %s }]\naccess_log: { sample: 10%% }\n"
    local = stopping(Tier("local", tmp_path / "local", rules % "respond: 200" + "trusted_proxies: [127.0.0.0/8]\n"))
    front = stopping(Tier("front", tmp_path / "front", rules % f"to: '127.0.0.1:{local.port}'"))
    with wire.Client(front.port) as client:
        for _ in range(1000):
            assert client.ask("a.test", "/").status == 200
    front.stop()
    local.stop()
    assert sorted(ids(front)) == sorted(ids(local))
    assert 30 < len(ids(front)) < 250


def test_a_policy_is_put_in_force_by_a_reload(tmp_path, stopping):
    rules = "rules: [{ name: all, respond: 200, access_log: %s }]\n"
    front = stopping(Tier("front", tmp_path, rules % "off"))
    assert wire.ask(front.port, "a.test", "/before").status == 200
    with open(front.config, "w") as file:
        file.write(rules % "all")
    front.signal(signal.SIGHUP)

    def logged():
        assert wire.ask(front.port, "a.test", "/after").status == 200
        return front.records()

    wait.until(logged, what="a record")
    assert {record["uri"] for record in front.records()} == {"/after"}


def test_the_log_is_rotated_by_size_without_a_lost_line(tmp_path, stopping):
    rules = "rules: [{ name: all, respond: 200 }]\n"
    front = stopping(Tier("front", tmp_path, rules, "--access-log-rotate", "16KiB,keep=900"))
    with wire.Client(front.port) as client:
        for number in range(3000):
            assert client.ask("a.test", f"/{number}").status == 200
    front.signal()
    assert front.wait() == 0
    names = [name for name in os.listdir(tmp_path) if name.startswith("front.log")]
    assert len(names) > 5 and "front.log.1" in names
    uris = []
    for name in sorted(names, key=lambda name: -int(name.rpartition(".")[2]) if name[-1].isdigit() else 1):
        with open(tmp_path / name) as file:
            uris += [json.loads(line)["uri"] for line in file]
    assert uris == [f"/{number}" for number in range(3000)]


def test_a_log_that_was_renamed_is_opened_again_without_a_signal(tmp_path, stopping):
    front = stopping(Tier("front", tmp_path, "rules: [{ name: all, respond: 200 }]\n"))
    with wire.Client(front.port) as client:
        assert client.ask("a.test", "/0").status == 200
        wait.until(lambda: front.records(), what="the first record")
        os.rename(front.log, front.log + ".1")
        number = 0

        def again():
            nonlocal number
            number += 1
            assert client.ask("a.test", f"/{number}").status == 200
            return os.path.exists(front.log)

        wait.until(again, what="the new file")
    front.signal()
    assert front.wait() == 0
    uris = []
    for name in (front.log + ".1", front.log):
        with open(name) as file:
            uris += [json.loads(line)["uri"] for line in file]
    assert uris == [f"/{one}" for one in range(number + 1)]


@pytest.fixture
def daemon(tmp_path):
    """The socket of a log daemon."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "log"))
    listening.settimeout(20)
    yield listening
    listening.close()


def test_the_log_daemon_gets_each_request_as_a_message_with_its_severity(tmp_path, daemon, stopping):
    rules = "rules: [{ name: fine, path: '=/', respond: 200 }, { name: bad, to: '127.0.0.1:1' }]\n"
    front = stopping(Tier("front", tmp_path / "front", rules, "--access-log", f"syslog:{tmp_path}/log"))
    for path, priority, status in (("/", 30, 200), ("/bad", 27, 502)):
        wire.ask(front.port, "a.test", path)
        message = daemon.recv(1 << 18).decode()
        head, _, record = message.partition(": ")
        assert re.fullmatch(rf"<{priority}>[A-Z][a-z]{{2}} [ 0-9]\d \d\d:\d\d:\d\d berth-front\[{front.pid}\]", head)
        assert json.loads(record)["status"] == status
    # Reopening is for files.
    front.signal(signal.SIGUSR1)
    daemon.close()
    for _ in range(100):
        assert wire.ask(front.port, "a.test", "/").status == 200
    front.signal()
    assert front.wait() == 0


@pytest.mark.parametrize(
    "options, said",
    [
        (["--access-log", "-", "--access-log-rotate", "1MiB"], "--access-log is not a file"),
        (["--access-log", "x", "--access-log-rotate", "daily"], "is not a size"),
        (["--access-log", "off", "--tap-log-rotate", "1MiB"], "there is no --tap-log"),
        (["--access-log", "syslog:/nonexistent/log"], "cannot write the access log /nonexistent/log"),
        (["--access-log", "off", "--tap-log", "/nonexistent/tap"], "cannot write the tap log /nonexistent/tap"),
    ],
)
def test_options_that_cannot_be_used_are_refused(tmp_path, options, said):
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{ name: all, respond: 200 }]\n")
    code, _, errors = berth("front", "--config", str(rules), "--listen", "127.0.0.1:0", *options)
    assert code == 2 and said in errors


def test_dropped_lines_are_told_when_the_log_is_read_again(tmp_path):
    """A pipe that stalls, and is read again: one line says how many are missing."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{ name: all, respond: 200 }]\n")
    port = ports.free()
    errors = open(tmp_path / "errors", "wb")
    running = subprocess.Popen(
        [tier.BERTH, "front", "--config", str(rules), "--listen", f"127.0.0.1:{port}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
    )  # fmt: skip

    def said():
        return (tmp_path / "errors").read_text()

    try:
        wait.until(lambda: "listening" in said(), what="it to listen")
        # Some 32 MiB wait, and then lines are dropped.
        with wire.Client(port) as client:
            request = f"GET /{'x' * 7000} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode()
            sent = 0
            while "its lines are dropped" not in said():
                client.send(request * 20)
                sent += 20
                for _ in range(20):
                    assert client.answer().status == 200
                assert sent < 20_000
        read = 0
        while "were dropped" not in said():
            # Nothing may be left to read before it says so.
            if select.select([running.stdout], [], [], 0.1)[0]:
                read += os.read(running.stdout.fileno(), 1 << 18).count(b"\n")
        dropped = int(re.search(r" lines=(\d+) ", said()).group(1))
        running.terminate()
        read += running.stdout.read().count(b"\n")
        assert running.wait(timeout=20) == 0
        assert dropped > 0 and read + dropped == sent
        assert f"log_lines_dropped={dropped}" in said()
    finally:
        process.end(running)
        errors.close()
