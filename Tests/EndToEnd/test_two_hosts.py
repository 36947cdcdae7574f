"""examples/two-hosts and examples/containers: the scripts, with real containers."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from harness import tier, wait, wire
from harness.stack import host

pytestmark = [
    pytest.mark.example,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
    pytest.mark.skipif(not shutil.which("podman"), reason="needs podman: scripts/install-packages examples"),
]


class Example:
    def __init__(self, name, directory):
        self.folder = os.path.join(tier.REPO, "examples", name)
        self.run = os.path.join(directory, name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def script(self, name, *arguments):
        environment = dict(
            os.environ, BERTH=tier.BERTH, BERTH_RUN_DIR=self.run, FRONT_LISTEN=f"127.0.0.1:{self.port}"
        )
        result = subprocess.run(
            [os.path.join(self.folder, name), *arguments], env=environment, capture_output=True, text=True, timeout=120
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def podman(self, *arguments):
        podman = f"{self.run}/podman"
        subprocess.run(
            ["podman", "--root", f"{podman}/root", "--runroot", f"{podman}/run", "--tmpdir", f"{podman}/tmp",
             "--network-config-dir", f"{podman}/networks", "--storage-driver", "vfs", "--runtime", "runc",
             "--cgroup-manager", "cgroupfs", "--events-backend", "file", *arguments],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip

    def ask(self, *name, path="/"):
        return wire.ask(self.port, host(*name), path)


@pytest.fixture
def example(request):
    # podman takes no path of more than 50 characters for its run root: pytest's own are longer.
    with tempfile.TemporaryDirectory(prefix="berth-") as directory:
        example = Example(request.param, directory)
        try:
            example.script("up")
            yield example
        finally:
            example.script("down")
        assert not os.path.exists(example.run)


class Load:
    """One request after the other to one container; counts those that were not answered well."""

    def __init__(self, example, name):
        self.example = example
        self.name = name
        self.good = 0
        self.bad = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        while not self.stop.is_set():
            try:
                answer = self.example.ask(*self.name)
                if answer.status != 200:
                    self.bad.append(answer.status)
                self.good += 1
            except Exception as error:  # noqa: BLE001
                self.bad.append(repr(error))

    def __enter__(self):
        self.thread.start()
        return self

    def more(self, count):
        """Waits until so many more were answered."""
        upto = self.good + count
        wait.until(lambda: self.good >= upto or self.bad, seconds=60, what="answers")

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@pytest.mark.parametrize("example", ["two-hosts"], indirect=True)
def test_two_hosts_answer_from_the_right_container_and_lose_only_the_killed_one(example):
    for number in (1, 2):
        for container in (1, 2):
            answer = example.ask(container, number)
            assert answer.body == b"I am container%03d on h%02d\n" % (container, number)
    seen = example.ask(path="/cgi-bin/request").body.decode()
    assert f"HTTP_HOST={host()}" in seen
    assert "HTTP_X_FORWARDED_FOR=127.0.0.1, 10.77.0.1" in seen.replace(",10", ", 10")

    with Load(example, (2, 1)) as load:
        load.more(50)
        example.podman("kill", "berth-h01-container001")
        for _ in range(20):
            answer = example.ask(1, 1)
            assert answer.status in (502, 503)
            assert answer.error in ("connection_refused", "destination_unavailable")
        load.more(50)
    assert load.bad == []
    # The same name on the other host is another container.
    assert example.ask(1, 2).body == b"I am container001 on h02\n"

    # up starts what is missing, and only that.
    example.script("up")
    assert example.ask(1, 1).body == b"I am container001 on h01\n"


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_containers_come_and_go_without_a_restart(example):
    assert example.ask(2).body == b"I am container002 on h01\n"
    assert example.ask(3).status == 503
    example.script("add", "container003")
    wait.until(lambda: example.ask(3).status == 200, what="the new container to be known")
    assert example.ask(3).body == b"I am container003 on h01\n"
    example.script("remove", "container003")
    wait.until(lambda: example.ask(3).status == 503, what="the old container to be forgotten")
    assert example.ask(1).body == b"I am container001 on h01\n"
