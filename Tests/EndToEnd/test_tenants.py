"""Two compose projects with services of equal names under podman: never mixed, and said."""

import http.client
import os
import re
import socket
import subprocess
import threading

import pytest

from harness import nginx, process, wait, wire
from harness.engine import Engine
from harness.example import marks
from harness.tier import REPO, Tier, berth

pytestmark = marks

RULES = """\
rules:
  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: '${name}:8080'
names:
  - containers: { socket: %s%s }
"""

SHARED = "the name 'web' is not served: it belongs to containers of different projects (one, two)"


@pytest.fixture
def engine(example):
    engine = Engine(example.run)
    for number, project in enumerate(("one", "two")):
        engine.podman("network", "create", "--subnet", f"10.79.{10 + number}.0/24", f"{project}_default")
    yield engine
    engine.podman("rm", "--force", "--all", "--time", "0")
    for project in ("one", "two"):
        engine.podman("network", "rm", "--force", f"{project}_default")
    engine.stop()


def service(engine, project, name, number=1):
    """A container of a service, as compose programs start it."""
    full = f"{project}-{name}-{number}"
    engine.container(
        full, full, "--label", f"com.docker.compose.project={project}", "--label", f"com.docker.compose.service={name}",
        "--label", f"com.docker.compose.container-number={number}",
        network=f"{project}_default:alias={name},alias={full}",
    )  # fmt: skip


def ask(tier, name):
    answer = wire.ask(tier.port, f"{name}.test.priv")
    return answer.body.decode().strip() if answer.status == 200 else answer.status


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_equal_service_names_of_two_projects_are_never_mixed(example, engine, tmp_path, stopping):
    service(engine, "one", "web")
    service(engine, "one", "api")
    service(engine, "one", "api", 2)
    tier = stopping(Tier("local", str(tmp_path / "tier"), RULES % (engine.socket, "")))
    # While one project has the name, it is served.
    wait.until(lambda: ask(tier, "web") == "I am one-web-1 on h01", what="the first project's service")
    # Two containers of one service share its name.
    assert {ask(tier, "api") for _ in range(8)} == {"I am one-api-1 on h01", "I am one-api-2 on h01"}

    service(engine, "two", "web")
    wait.until(lambda: ask(tier, "two-web-1") == "I am two-web-1 on h01", what="the second project")
    wait.until(lambda: SHARED in tier.said(), what="the log to say so")
    assert ask(tier, "web") == 503
    assert ask(tier, "one-web-1") == "I am one-web-1 on h01"

    seen = set()
    over = threading.Event()

    def load():
        while not over.is_set():
            seen.add(ask(tier, "web"))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        # Restarts, new containers, and one project that is gone for a while: no client of one reaches the other.
        engine.podman("restart", "--time", "0", "one-web-1")
        wait.until(lambda: ask(tier, "one-web-1") == "I am one-web-1 on h01", what="the container that was restarted")
        engine.remove("two-web-1")
        wait.until(lambda: ask(tier, "two-web-1") == 503, what="the second project to be gone")
        service(engine, "two", "web")
        wait.until(lambda: ask(tier, "two-web-1") == "I am two-web-1 on h01", what="the second project again")
        engine.remove("one-web-1")
        wait.until(lambda: ask(tier, "one-web-1") == 503, what="the first project to be gone")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert seen == {503}
    assert tier.said().count(SHARED) == 1
    service(engine, "one", "web")

    rules = tier.config
    wait.until(lambda: ask(tier, "one-web-1") != 503, what="the first project again")
    code, listed, errors = berth("names", "list", "--config", rules)
    assert code == 0 and SHARED in errors
    names = [line.split()[0] for line in listed.decode().splitlines()[1:]]
    assert "one-web-1" in names and "two-web-1" in names and "api" in names and "web" not in names
    code, _, errors = berth("names", "get", "--config", rules, "web")
    assert code == 1 and SHARED in errors

    # With a setting that says so, both serve it.
    sharing = stopping(Tier("local", str(tmp_path / "sharing"), RULES % (engine.socket, ", shared_names: true")))
    wait.until(lambda: ask(sharing, "web") != 503, what="the shared name")
    assert {ask(sharing, "web") for _ in range(8)} == {"I am one-web-1 on h01", "I am two-web-1 on h01"}
    assert "is not served" not in sharing.said()


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_with_only_labelled_a_container_without_labels_is_not_served(example, engine, tmp_path, stopping):
    service(engine, "one", "db")
    engine.container("site", "site", "--label", "berth.port=8080", network="one_default")
    engine.container("shop", "shop", "--label", "berth.enable=true", network="one_default")
    tier = stopping(Tier("local", str(tmp_path), RULES % (engine.socket, ", only_labelled: true")))
    wait.until(lambda: ask(tier, "site") == "I am site on h01", what="the container with a label")
    assert ask(tier, "shop") == "I am shop on h01"
    assert ask(tier, "db") == 503 and ask(tier, "one-db-1") == 503


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def status(path, method, target):
    connection = Unix(path)
    connection.request(method, target)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_the_socket_of_the_docs_permits_what_berth_sends_and_nothing_else(example, engine, tmp_path, stopping):
    with open(os.path.join(REPO, "docs/registries.md")) as file:
        (config,) = re.findall(r"```nginx\n(.*?)```", file.read(), re.DOTALL)
    path = f"{example.run}/filtered.sock"
    config = config.replace("/run/docker.sock", engine.socket).replace("/run/berth-engine/engine.sock", path)
    (tmp_path / "nginx.conf").write_text(config)
    directives = f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;"
    running = subprocess.Popen([nginx.PROGRAM, "-c", str(tmp_path / "nginx.conf"), "-g", directives])
    try:
        wait.accepted(path, "the socket")
        assert status(path, "GET", "/containers/json") == 200
        for method, target in (
            ("POST", "/containers/create"), ("POST", "/containers/json"), ("GET", "/images/json"), ("GET", "/info"),
            ("DELETE", "/containers/" + "a" * 64), ("GET", "/containers/json/../../images/json"),
            ("GET", "/containers/" + "a" * 64 + "/export"), ("POST", "/containers/" + "a" * 64 + "/json"),
        ):  # fmt: skip
            assert status(path, method, target) == 403, (method, target)
        tier = stopping(Tier("local", str(tmp_path / "tier"), RULES % (path, "")))
        service(engine, "one", "web")
        wait.until(lambda: ask(tier, "web") == "I am one-web-1 on h01", what="a container that comes")
        engine.remove("one-web-1")
        wait.until(lambda: ask(tier, "web") == 503, what="a container that goes")
        assert "name source down" not in tier.said()
    finally:
        process.end(running)
