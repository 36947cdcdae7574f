"""The units of packaging/systemd, checked by systemd, and under a systemd that has booted (docs/systemd.md)."""

import os
import re
import shutil
import subprocess

import pytest

from harness import machine, wait
from harness.tier import BERTH, REPO

UNITS = os.path.join(REPO, "packaging/systemd")
SERVICES = ["berth-front.service", "berth-local.service"]


def unit(name):
    with open(os.path.join(UNITS, name)) as file:
        return file.read()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd: scripts/install-packages test")
class TestAnalysis:
    def test_the_units_are_valid(self, tmp_path):
        for name in os.listdir(UNITS):
            # The program and its manual page need not be installed.
            text = unit(name).replace("/usr/bin/berth", BERTH)
            (tmp_path / name).write_text(re.sub("^Documentation=.*\n", "", text, flags=re.MULTILINE))
        names = [str(tmp_path / name) for name in os.listdir(UNITS)]
        done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not [line for line in done.stderr.splitlines() if "berth" in line], done.stderr

    @pytest.mark.parametrize("name", SERVICES)
    def test_a_service_is_exposed_as_little_as_it_can_be(self, name):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", os.path.join(UNITS, name)],
            capture_output=True, text=True, timeout=60)  # fmt: skip
        if "unrecognized option" in done.stderr:
            pytest.skip("this systemd-analyze reads no files")
        exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout).group(1))
        assert exposure <= 2.0, done.stdout


def test_both_services_are_the_same_but_for_the_tier():
    front = unit("berth-front.service").replace("/run/berth/admin.sock", "/run/berth/front.sock").replace("0.0.0.0:80\n", "\n")
    local = unit("berth-local.service").replace("0.0.0.0:9000\n", "\n")
    assert front.replace("front", "local") == local


RULES = "rules:\n  - { name: all, host: a.test, to: '127.0.0.1:7000' }\n"
# Shorter than in the unit.
DROP_IN = "[Service]\nWatchdogSec=4\nTimeoutStopSec=20\n"
ORIGIN = """\
[Unit]
Description=A container
[Service]
ExecStart=/usr/bin/python3 /opt/origin.py
"""
ORIGIN_PROGRAM = """\
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 7000), Handler).serve_forever()
"""
# One request after the other, each on a new connection, until the file is gone; then what failed.
CLIENT = """\
import os, socket, sys
good, bad = 0, []
while os.path.exists("/run/client"):
    try:
        with socket.create_connection(("127.0.0.1", 80), timeout=30) as client:
            client.sendall(b"GET / HTTP/1.1\\r\\nHost: a.test\\r\\nConnection: close\\r\\n\\r\\n")
            head = client.recv(100)
        if head.startswith(b"HTTP/1.1 200"):
            good += 1
            if good == 1: open("/run/client-serves", "w").close()
        else: bad.append(repr(head[:40]))
    except OSError as problem:
        bad.append(repr(problem))
print(good, bad)
"""


def prepare(root):
    def write(path, text):
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    for name in os.listdir(UNITS):
        write(f"etc/systemd/system/{name}", unit(name))
    write("etc/systemd/system/berth-front.service.d/test.conf", DROP_IN)
    write("etc/systemd/system/origin.service", ORIGIN)
    write("opt/origin.py", ORIGIN_PROGRAM)
    write("opt/client.py", CLIENT)
    write("etc/berth/front.yaml", RULES)
    write("usr/lib/sysusers.d/berth.conf", 'u berth - "Berth" /nonexistent\n')
    target = os.path.join(root, "usr/bin/berth")
    if os.path.lexists(target):
        os.unlink(target)
    shutil.copy(BERTH, target)


@pytest.fixture(scope="module")
def booted(tmp_path_factory):
    if not machine.can_boot():
        pytest.skip(machine.REASON)
    try:
        one = machine.Machine(tmp_path_factory.mktemp("machine"), prepare)
    except (subprocess.CalledProcessError, AssertionError) as problem:
        pytest.skip(f"no systemd boots here: {problem}")
    yield one
    one.stop()


class Client:
    """Requests in the machine, from `with` on until its end."""

    def __init__(self, booted):
        self.machine = booted

    def __enter__(self):
        self.machine.run("rm", "-f", "/run/client-serves")
        self.machine.run("touch", "/run/client")
        self.process = subprocess.Popen(self.machine.command("python3", "/opt/client.py"), stdout=subprocess.PIPE, text=True)
        wait.until(self._is_served, what="its first response")
        return self

    def _is_served(self):
        return self.machine.run("test", "-e", "/run/client-serves", check=False).returncode == 0

    def __exit__(self, *_):
        self.machine.run("rm", "-f", "/run/client")
        output, _ = self.process.communicate(timeout=60)
        self.good, self.bad = int(output.split(" ", 1)[0]), output.split(" ", 1)[1].strip()


@pytest.mark.serial
class TestBooted:
    @pytest.fixture
    def front(self, booted):
        booted.run("systemctl", "start", "origin.service")
        booted.run("systemctl", "start", "berth-front.service")
        yield booted
        booted.run("systemctl", "stop", "berth-front.service")
        booted.run("systemctl", "reset-failed", check=False)

    @staticmethod
    def pid(front):
        return int(front.show("berth-front.service", "MainPID")["MainPID"])

    def status(self, front):
        done = front.run("curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: a.test", "http://127.0.0.1/")
        return done.stdout

    def test_it_runs_unprivileged_and_reloads_what_is_valid(self, front):
        assert self.status(front) == "200"
        assert front.run("ps", "-o", "user=", "-p", str(self.pid(front))).stdout.strip() == "berth"
        capabilities = front.run("cat", f"/proc/{self.pid(front)}/status").stdout
        # CAP_NET_BIND_SERVICE alone.
        assert re.search(r"CapEff:\s+0+400$", capabilities, re.MULTILINE)
        assert int(front.show("berth-front.service", "NFileDescriptorStore")["NFileDescriptorStore"]) > 0
        front.run("systemctl", "reload", "berth-front.service")
        assert front.show("berth-front.service", "ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}
        front.run("sh", "-c", "echo 'rules: [' > /etc/berth/front.yaml")
        try:
            assert front.run("systemctl", "reload", "berth-front.service", check=False).returncode != 0
            assert front.show("berth-front.service", "ActiveState")["ActiveState"] == "active"
            assert self.status(front) == "200"
            code = front.run("berth", "upgrade", check=False)
            assert code.returncode == 1 and "front.yaml" in code.stderr
        finally:
            front.run("sh", "-c", f'printf "%s" "{RULES}" > /etc/berth/front.yaml')
        front.run("systemctl", "reload", "berth-front.service")

    def test_a_take_over_changes_the_main_process(self, front):
        before = self.pid(front)
        with Client(front) as client:
            for _ in range(3):
                front.run("berth", "upgrade")
        assert client.bad == "[]" and client.good > 0
        wait.until(lambda: self.pid(front) != before, what="the main process to be another")
        properties = front.show("berth-front.service", "ActiveState", "NRestarts", "MainPID")
        assert properties["ActiveState"] == "active" and properties["NRestarts"] == "0"
        assert self.status(front) == "200"
        # It is watched: it restarts when the process that has the tier now ends.
        front.run("kill", "-9", properties["MainPID"])
        wait.until(lambda: front.show("berth-front.service", "NRestarts")["NRestarts"] == "1", seconds=30, what="a restart")
        wait.until(lambda: front.show("berth-front.service", "ActiveState")["ActiveState"] == "active", seconds=30, what="it to run")

    def test_connections_wait_while_it_is_started_again_after_a_crash(self, front):
        before = self.pid(front)
        front.run("kill", "-9", str(before))
        # Nobody accepts now; the sockets are open.
        assert self.status(front) == "200"
        assert self.pid(front) != before

    def test_loops_that_stand_still_restart_it(self, front):
        before = self.pid(front)
        front.run("kill", "-STOP", str(before))
        wait.until(lambda: self.pid(front) not in (0, before), seconds=60, what="the watchdog")
        assert "watchdog" in front.run("journalctl", "-u", "berth-front.service", "--no-pager").stdout.lower()
        wait.until(lambda: front.show("berth-front.service", "ActiveState")["ActiveState"] == "active", seconds=30, what="it to run")
        assert self.status(front) == "200"

    def test_a_restart_refuses_no_connection(self, front):
        with Client(front) as client:
            front.run("systemctl", "restart", "berth-front.service")
            assert self.status(front) == "200"
        assert client.bad == "[]" and client.good > 0

    def test_socket_activation(self, booted):
        booted.run("systemctl", "start", "origin.service")
        booted.run("systemctl", "start", "berth-front.socket")
        # No capability to bind is needed.
        override = "/run/systemd/system/berth-front.service.d"
        booted.run("sh", "-c", f"mkdir -p {override}; printf '[Service]\\nAmbientCapabilities=\\nCapabilityBoundingSet=\\n' > {override}/none.conf")
        booted.run("systemctl", "daemon-reload")
        try:
            assert booted.show("berth-front.service", "ActiveState")["ActiveState"] == "inactive"
            # The first connection starts it.
            assert self.status(booted) == "200"
            capabilities = booted.run("cat", f"/proc/{self.pid(booted)}/status").stdout
            assert re.search(r"CapEff:\s+0+$", capabilities, re.MULTILINE)
            booted.run("berth", "upgrade")
            assert self.status(booted) == "200"
        finally:
            booted.run("systemctl", "stop", "berth-front.socket", "berth-front.service")
            booted.run("rm", "-r", override)
            booted.run("systemctl", "daemon-reload")
