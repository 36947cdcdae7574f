"""Rule files and hosts files that cannot be read at the moment they change, or that grow line by line."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

from harness import ports, process, tier, wait, wire
from harness.tier import Tier

RULES = """\
rules:
  - {{ name: all, host: '~^(?<name>[a-z0-9]+)\\.web$', to: '${{name}}:{origin}' }}
names:
  - hosts_file: hosts
"""


def hosts(address, count=60):
    return "".join(f"{address} n{number}\n" for number in range(count))


def replace(path, text):
    with open(f"{path}.new", "w") as file:
        file.write(text)
    os.rename(f"{path}.new", path)


def line_by_line(path, text, pause=0.02):
    """Writes a file as a slow program does: a line, a pause, the next line, with the file open all the time."""
    with open(path, "w", buffering=1) as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            time.sleep(pause)


def served(port, name):
    answer = wire.ask(port, f"{name}.web")
    return answer.body.decode() if answer.status == 200 else answer.status


class Asking:
    """Requests for a name, one after the other: the answers in their order, without repetitions. The tier has one
    event loop: rules come into force on one after the other."""

    def __init__(self, port, name):
        self.answers = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port, name))

    def _run(self, port, name):
        while not self._over.is_set():
            answer = served(port, name)
            if not self.answers or self.answers[-1] != answer:
                self.answers.append(answer)

    def until(self, answer, what):
        wait.until(lambda: self.answers and self.answers[-1] == answer, what=what)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize("name", ["n0", "n59"])
def test_a_hosts_file_that_gets_a_line_every_20_ms_is_served_when_it_is_complete(tmp_path, greeters, stopping, name):
    (tmp_path / "hosts").write_text(hosts("127.0.7.1"))
    local = stopping(Tier("local", tmp_path, RULES.format(origin=greeters), "--loops", "1"))
    assert served(local.port, name) == "127.0.7.1"
    with Asking(local.port, name) as asking:
        line_by_line(tmp_path / "hosts", hosts("127.0.7.2"))
        asking.until("127.0.7.2", "the new file")
    assert asking.answers == ["127.0.7.1", "127.0.7.2"]
    assert "lost most of its names" not in local.said()


@pytest.mark.parametrize("number", [0, 60])
def test_a_rule_file_that_gets_a_line_every_20_ms_is_in_force_when_it_is_complete(tmp_path, stopping, number):
    def rules(word):
        return "rules:\n" + "".join(
            f"  - {{ name: n{one}, host: n{one}.web, respond: {{ status: 200, body: {word} }} }}\n" for one in range(61)
        )

    local = stopping(Tier("local", tmp_path, rules("old"), "--loops", "1"))
    with Asking(local.port, f"n{number}") as asking:
        line_by_line(local.config, rules("new"))
        asking.until("new", "the new rules")
    assert asking.answers == ["old", "new"]


def test_a_hosts_file_that_lost_most_of_its_names_is_in_the_log(tmp_path, greeters, stopping):
    (tmp_path / "hosts").write_text(hosts("127.0.7.1"))
    local = stopping(Tier("local", tmp_path, RULES.format(origin=greeters)))
    replace(tmp_path / "hosts", hosts("127.0.7.1", 3))
    wait.until(lambda: "lost most of its names: 3 of 60 are left" in local.said(), what="the log to say so")


def test_a_file_is_read_when_descriptors_are_free_again(tmp_path, greeters, stopping):
    (tmp_path / "hosts").write_text(hosts("127.0.7.1"))
    limit = 100
    local = stopping(Few(tmp_path, RULES.format(origin=greeters), limit))
    assert served(local.port, "n1") == "127.0.7.1"
    held = []

    full = False

    def said_down():
        # Each waits with half a request, until no descriptor is left. One may become free again, and the file be read
        # with it: then it is taken, too, and the file written once more.
        nonlocal full
        if local.descriptors() < limit:
            held.append(half(local.port))
            full = False
        elif not full:
            replace(tmp_path / "hosts", hosts("127.0.7.2"))
            full = True
        return "name source down" in local.said()

    try:
        wait.until(said_down, what="the log to say that it cannot be read")
    finally:
        for client in held:
            client.close()
    wait.until(lambda: served(local.port, "n1") == "127.0.7.2", what="the new file")


def half(port):
    client = wire.Client(port)
    client.send("GET / HTTP/1.1\r\nHost: n1")
    return client


class Few(Tier):
    """A tier with few descriptors."""

    def __init__(self, directory, rules, limit):
        super().__init__("local", str(directory), rules, "--loops", "1")
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, limit))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@needs_root
def test_a_file_is_read_when_its_permissions_allow_it(greeters):
    # As a user to whom permissions apply, in a folder that it reaches.
    directory = tempfile.mkdtemp(prefix="berth-", dir="/tmp")
    os.chmod(directory, 0o777)
    port = ports.free()
    hosts_file, rules = f"{directory}/hosts", f"{directory}/rules.yaml"
    for path, text in ((hosts_file, hosts("127.0.7.1")), (rules, RULES.format(origin=greeters))):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
    errors = f"{directory}/errors"
    berth = shutil.copy(tier.BERTH, f"{directory}/berth")
    os.chmod(berth, 0o755)
    with open(errors, "wb") as out:
        running = subprocess.Popen(
            [berth, "local", "--config", rules, "--listen", f"127.0.0.1:{port}", "--access-log", "off"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=65534, group=65534, extra_groups=[], cwd="/",
        )  # fmt: skip

    def said():
        with open(errors) as file:
            return file.read()

    try:
        wait.until(lambda: "listening" in said(), what="it to listen")
        assert served(port, "n1") == "127.0.7.1"
        for path, text, message in (
            (hosts_file, hosts("127.0.7.2"), "name source down"),
            (rules, RULES.format(origin=greeters) + "# changed\n", "rules not reloaded"),
        ):
            with open(path, "w") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text)
            wait.until(lambda: message in said(), what=f"the log to say: {message}")
            os.chmod(path, 0o644)
        wait.until(lambda: served(port, "n1") == "127.0.7.2", what="the hosts file")
        wait.until(lambda: "rules reloaded" in said(), what="the rules")
    finally:
        process.end(running)
        shutil.rmtree(directory)


@needs_root
def test_without_inotify_files_are_compared(tmp_path, greeters):
    port = ports.free()
    (tmp_path / "hosts").write_text(hosts("127.0.7.1"))
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(origin=greeters))
    errors = tmp_path / "errors"
    # A namespace of users in which nobody may have an instance of inotify.
    command = f"echo 0 >/proc/sys/user/max_inotify_instances && exec '{tier.BERTH}' local --config '{rules}'"
    command += f" --listen 127.0.0.1:{port} --access-log off --loops 1"
    with open(errors, "wb") as out:
        running = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        wait.until(lambda: "listening" in errors.read_text(), what=f"it to listen: {errors.read_text()}")
        replace(tmp_path / "hosts", hosts("127.0.7.2"))
        wait.until(lambda: served(port, "n1") == "127.0.7.2", what="the new hosts file")
        replace(rules, "rules: [{ name: all, respond: { status: 200, body: new } }]\n")
        wait.until(lambda: served(port, "n1") == "new", what="the new rules")
        # What half a file has is not in force without events either.
        text = "rules:\n" + "".join(
            f"  - {{ name: r{one}, path: '=/{one}', respond: 200 }}\n" for one in range(40)
        ) + "  - { name: all, respond: { status: 200, body: newest } }\n"
        with Asking(port, "n1") as asking:
            line_by_line(rules, text)
            asking.until("newest", "the newest rules")
        assert asking.answers == ["new", "newest"]
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
    finally:
        process.end(running)
