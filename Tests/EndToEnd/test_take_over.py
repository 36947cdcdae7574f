"""A new process takes a tier over: `berth upgrade` (docs/restart.md)."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import threading

import pytest
import websockets

from harness import churn, clients, process, secure, wait, wire
from harness.admin import Admin
from harness.authority import Authority
from harness.clients import REFUSED
from harness.load import Load
from harness.frames import Client
from harness.stack import host
from harness.still import still, thread
from harness.tier import BERTH, Tier, berth

RULES = "rules:\n  - { name: all, host: a.test, to: '127.0.0.1:%d' }\n%s"
pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="needs cc: scripts/install-packages test")


class Fleet:
    """The generations of one tier: they end with the test."""

    def __init__(self, directory, rules, *options, listen="127.0.0.1:0", environment=None):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, "admin.sock")
        self.ready = os.path.join(self.directory, "ready")
        # Longer than a test: what a test does not end goes on.
        options = ("--admin", f"unix:{self.path}", "--ready-file", self.ready, "--drain", "60s", *options)
        self.first = Tier("front", self.directory, rules, *options, listen=listen, environment=environment)
        self.port = self.first.port
        self.pids = {self.first.pid}
        self.admin = Admin(self.path)
        wait.until(lambda: os.path.exists(self.ready), what="the first generation to be ready")

    def rules(self, text):
        with open(self.first.config, "w") as file:
            file.write(text)

    def said(self):
        return self.first.said()

    def upgrade(self, *options):
        """(exit code, what it printed)."""
        code, output, errors = berth("upgrade", "--admin", self.path, *options, timeout=120)
        with contextlib.suppress(OSError, AssertionError):
            self.pids |= {one["pid"] for one in self.generations()}
        return code, output.decode() + errors

    def generations(self):
        return self.admin.ask("GET", "/generations")["generations"]

    def serving(self):
        return self.generations()[0]["pid"]

    def stop(self):
        for pid in self.pids - {self.first.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.end(self.first.process)


@pytest.fixture
def origin(stopping, tmp_path):
    """The port of an nginx: a fast container."""
    directory = tmp_path / "origin"
    directory.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = directory / "nginx.conf"
    config.write_text(
        f"daemon off; pid {directory}/pid; error_log stderr crit; events {{ worker_connections 8192; }}\n"
        f"http {{ access_log off; keepalive_requests 10000000;"
        f" server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 'hello'; }} }} }}\n"
    )

    class Nginx:
        def __init__(self):
            self.process = subprocess.Popen(["nginx", "-c", str(config)], stdin=subprocess.DEVNULL)

        def stop(self):
            process.end(self.process)

    stopping(Nginx())

    def is_up():
        with contextlib.suppress(OSError):
            return status(port) == 200

    wait.until(is_up, what="the origin")
    return port


@pytest.fixture
def make_fleet(stopping, tmp_path):
    def make(rules, *options, **settings):
        return stopping(Fleet(tmp_path / "tier", rules, *options, **settings))

    return make


def program(directory, name, text):
    path = os.path.join(str(directory), name)
    with open(path, "w") as file:
        file.write(textwrap.dedent(text))
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def status(port):
    return wire.ask(port, "a.test").status


class WebSockets:
    """Open until the end; each sends a message and receives it again, one after the other."""

    def __init__(self, port, count):
        self.port, self.count = port, count
        self.rounds, self.lost, self.opened = 0, [], threading.Event()
        self.over = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    async def _one(self, number):
        url = f"ws://{host()}/websocket"
        try:
            async with websockets.connect(
                url, host="127.0.0.1", port=self.port, compression=None, ping_interval=None, open_timeout=60
            ) as ws:
                self.up += 1
                if self.up == self.count:
                    self.opened.set()
                while not self.over.is_set():
                    await ws.send(f"{number}")
                    if await asyncio.wait_for(ws.recv(), 60) != f"{number}":
                        raise AssertionError("another message")
                    self.rounds += 1
                    await asyncio.sleep(0.1)
        except Exception as problem:  # noqa: BLE001
            self.lost.append(repr(problem))
            self.opened.set()

    async def _work(self):
        self.up = 0
        await asyncio.gather(*(self._one(number) for number in range(self.count)))

    def __enter__(self):
        self.thread.start()
        assert self.opened.wait(120)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@pytest.mark.serial
def test_three_take_overs_under_load_lose_nothing(make_fleet, make_stack, origin, tmp_path):
    """New connections, kept ones, and WebSockets."""
    rate = int(os.environ.get("BERTH_E2E_TAKE_OVER_RATE", "300"))
    count = int(os.environ.get("BERTH_E2E_WEBSOCKETS", "20"))
    stack = make_stack()
    local = f"  - {{ name: saas, host: '*.test.priv', to: '127.0.0.1:{stack.port}' }}\ntimeouts: {{ drain_websocket: 10m }}\n"
    fleet = make_fleet(RULES % (origin, local), "--access-log", "off")
    tool = churn.build(str(tmp_path))
    with WebSockets(fleet.port, count) as sockets:
        with (
            churn.Churn(tool, fleet.port, "a.test", rate) as fresh,
            churn.Churn(tool, fleet.port, "a.test", rate, kept=40) as kept,
        ):
            for generation in (2, 3, 4):
                code, output = fleet.upgrade()
                assert code == 0, output
                assert f"generation {generation} has the tier" in output
                before = sockets.rounds
                wait.until(lambda: sockets.rounds > before + count or sockets.lost, what="messages")
        generations = fleet.generations()
        assert not sockets.lost
    print(fresh.result, kept.result, sockets.rounds)
    assert fresh.result["good"] > 50 and fresh.faults() == {}
    assert kept.result["good"] > 50 and kept.faults() == {}
    assert not sockets.lost
    # The first one has the WebSockets still.
    assert [one["generation"] for one in generations][0] == 4
    first = next(one for one in generations if one["generation"] == 1)
    assert first["draining"] and first["pid"] == fleet.first.pid and first["connections"] >= count
    # Their clients have closed them.
    assert fleet.first.wait(60) == 0
    wait.until(lambda: len(fleet.generations()) == 1, what="the earlier ones to have ended")


FAILURES = {
    "bad rules": (None, "rules: [\n", ["exit code 2", "front.yaml:2:1"]),
    "killed during its start": ("#!/bin/sh\nkill -9 $$\n", None, ["signal 9"]),
    "hangs": ("#!/bin/sh\nexec sleep 100\n", None, ["did not accept connections within 2s"]),
    "another program": ("#!/bin/sh\necho 'what is this?' >&2; exit 3\n", None, ["exit code 3", "what is this?"]),
    "gone in its trial": (
        f"""\
        #!{sys.executable}
        import json, socket
        channel = socket.socket(fileno=3)
        while b'offered' not in channel.recv(65536): pass
        channel.send(json.dumps({{"kind": "accepting", "addresses": []}}).encode())
        """,
        None,
        ["exit code 0 before it had the tier"],
    ),
    "gone when it has been told": (
        f"""\
        #!{sys.executable}
        import json, socket
        channel = socket.socket(fileno=3)
        while b'offered' not in channel.recv(65536): pass
        channel.send(json.dumps({{"kind": "accepting", "addresses": []}}).encode())
        assert b'yours' in channel.recv(65536)
        """,
        None,
        ["exit code 0 before it had the tier"],
    ),
    "nonsense": (
        f"""\
        #!{sys.executable}
        import socket, time
        channel = socket.socket(fileno=3)
        for message in (b'{{', b'\\0' * 1000, b'{{"kind": "yours"}}', b'{{"kind": "settled"}}', b'[]'): channel.send(message)
        time.sleep(100)
        """,
        None,
        ["did not accept connections within 2s"],
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_new_process_that_fails_changes_nothing(make_fleet, origin, tmp_path, name):
    text, rules, expected = FAILURES[name]
    fleet = make_fleet(RULES % (origin, ""))
    tool = churn.build(str(tmp_path))
    options = ["--timeout", "2s"]
    if text:
        options += ["--binary", program(tmp_path, "next", text)]
    if rules:
        options = []
        fleet.rules(rules)
    with churn.Churn(tool, fleet.port, "a.test", 100) as fresh, churn.Churn(tool, fleet.port, "a.test", 100, 10) as kept:
        code, output = fleet.upgrade(*options)
        assert code == 1, output
        for text in [*expected, "nothing has changed"]:
            assert text in output
        assert status(fleet.port) == 200
    assert fresh.faults() == {} and kept.faults() == {}
    assert os.path.exists(fleet.ready)
    assert [(one["pid"], one["draining"]) for one in fleet.generations()] == [(fleet.first.pid, False)]
    assert "not taken over" in fleet.said()
    assert os.listdir(fleet.directory).count("admin.sock") == 1 and not [
        name for name in os.listdir(fleet.directory) if name.startswith("admin.sock.")
    ]
    # The next one that is in order has it.
    fleet.rules(RULES % (origin, ""))
    code, output = fleet.upgrade()
    assert code == 0, output
    assert status(fleet.port) == 200
    assert fleet.first.wait(30) == 0


def wrapper(directory, *more):
    """berth with more options than the process before has."""
    options = " ".join(more)
    return program(directory, "wrapper", f'#!/bin/sh\nexec {BERTH} "$@" {options}\n')


@pytest.mark.parametrize("before, after", [("1", "3"), ("3", "1")])
def test_another_number_of_loops_serves_all_sockets(make_fleet, origin, tmp_path, before, after):
    fleet = make_fleet(RULES % (origin, ""), "--loops", before)
    code, output = fleet.upgrade("--binary", wrapper(tmp_path, "--loops", after))
    assert code == 0, output
    # A socket without an owner would leave some of them without a response.
    for _ in range(100):
        assert status(fleet.port) == 200
    code, output = fleet.upgrade()
    assert code == 0, output
    for _ in range(100):
        assert status(fleet.port) == 200


def test_listeners_that_come_and_go(make_fleet, origin, tmp_path):
    def rules(*ports):
        listeners = "".join(f"  - {{ address: '127.0.0.1:{port}' }}\n" for port in ports)
        return RULES % (origin, f"listeners:\n{listeners}" if ports else "")

    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        stays, goes = one.getsockname()[1], two.getsockname()[1]
    fleet = make_fleet(rules(stays), "--listen", f"127.0.0.1:{goes}")
    assert status(stays) == status(goes) == status(fleet.port) == 200
    with socket.create_server(("127.0.0.1", 0)) as other:
        comes = other.getsockname()[1]
    fleet.rules(rules(stays, comes))
    # It is named on the command line: the next process is started without.
    text = f'#!/bin/sh\nfor word in "$@"; do shift; test "$word" = 127.0.0.1:{goes} && word=127.0.0.1:{comes}; set -- "$@" "$word"; done\n'
    fleet.rules(rules(stays))
    code, output = fleet.upgrade("--binary", program(tmp_path, "next", text + f'exec {BERTH} "$@"\n'))
    assert code == 0, output
    assert status(stays) == status(comes) == status(fleet.port) == 200
    with pytest.raises(OSError):
        status(goes)


def test_who_waits_at_a_listener_that_goes_is_served(make_fleet, origin, tmp_path):
    """Those who have connected are accepted by the process before."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        goes = one.getsockname()[1]
    fleet = make_fleet(RULES % (origin, ""), "--listen", f"127.0.0.1:{goes}", "--loops", "1")
    os.kill(fleet.first.pid, signal.SIGSTOP)
    waiting = [socket.create_connection(("127.0.0.1", goes)) for _ in range(20)]
    os.kill(fleet.first.pid, signal.SIGCONT)
    text = f'#!/bin/sh\nfor word in "$@"; do shift; test "$word" = 127.0.0.1:{goes} && word=127.0.0.1:{fleet.port}0; set -- "$@" "$word"; done\n'
    text = text.replace(f"{fleet.port}0", "0")
    code, output = fleet.upgrade("--binary", program(tmp_path, "next", text + f'exec {BERTH} "$@"\n'))
    assert code == 0, output
    for client in waiting:
        client.settimeout(30)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        head = client.recv(4096)
        # Told to connect again elsewhere.
        assert head.startswith(b"HTTP/1.1 200") and b"connection: close" in head.lower()
        client.close()


def test_idle_connections_are_told_at_their_next_request_and_closed_over_a_time(make_fleet, origin):
    fleet = make_fleet(RULES % (origin, ""), "--drain", "8s")
    clients = [socket.create_connection(("127.0.0.1", fleet.port)) for _ in range(12)]
    request = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
    for client in clients:
        client.settimeout(30)
        client.sendall(request)
        assert b"connection: close" not in client.recv(4096).lower()
    code, output = fleet.upgrade()
    assert code == 0, output
    clients[0].sendall(request)
    head = client_head = clients[0].recv(4096)
    assert head.startswith(b"HTTP/1.1 200") and b"connection: close" in client_head.lower()
    assert clients[0].recv(1) == b""
    # Closed in order, and not by a reset.
    for client in clients[1:]:
        assert client.recv(1) == b""
        client.close()
    assert fleet.first.wait(30) == 0


def test_http2_connections_get_goaway_and_their_streams_end(make_fleet, origin, tmp_path):
    listeners = "listeners:\n  - { address: '127.0.0.3:0', http2: true }\n"
    fleet = make_fleet(RULES % (origin, listeners), "--drain", "8s")
    port = int(re.search(r"address=127\.0\.0\.3:(\d+)", fleet.said()).group(1))
    with Client(port, "127.0.0.3", name="a.test") as client:
        assert client.ask().status == 200
        code, output = fleet.upgrade()
        assert code == 0, output
        # Until it is told, it may send more.
        assert client.ask().status == 200
        client.pump(lambda: len(client.goaways) == 2, "GOAWAY, twice")
    (first, code, _), (last, other, _) = client.goaways
    assert (code, other) == (0, 0) and first == (1 << 31) - 1 and last == 3
    with Client(port, "127.0.0.3", name="a.test") as client:
        assert client.ask().status == 200
    assert fleet.first.wait(30) == 0


def test_sigusr2_and_signals_of_the_end(make_fleet, origin):
    fleet = make_fleet(RULES % (origin, ""))
    fleet.first.signal(signal.SIGUSR2)
    assert fleet.first.wait(60) == 0
    [last] = fleet.generations()
    fleet.pids.add(last["pid"])
    assert last["generation"] == 2 and status(fleet.port) == 200
    os.kill(last["pid"], signal.SIGTERM)
    wait.until(lambda: not os.path.exists(fleet.path) and not os.path.exists(fleet.ready), what="its end")
    with pytest.raises(OSError):
        status(fleet.port)


def test_the_end_of_the_tier_ends_a_take_over(make_fleet, origin, tmp_path):
    fleet = make_fleet(RULES % (origin, ""), "--drain", "1s")
    mark = tmp_path / "started"
    slow = program(tmp_path, "slow", f"#!/bin/sh\ntouch {mark}\nexec sleep 100\n")
    with Load(lambda: 200 if fleet.upgrade("--binary", slow)[0] else 200, 0.05):
        wait.until(mark.exists, what="the new process")
        fleet.first.signal()
        assert fleet.first.wait(30) == 0
    assert subprocess.run(["pgrep", "-f", str(mark)], capture_output=True).returncode == 1


class Halves:
    """A container that sends half of each response, and the rest when it is told to."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.go = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=[self.server.accept()[0]], daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            while client.recv(4096):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
                self.go.wait()
                client.sendall(b"rest")

    def stop(self):
        self.go.set()
        self.server.close()


@pytest.mark.parametrize("is_signal", [False, True], ids=["berth upgrade", "SIGUSR2"])
@pytest.mark.parametrize("both", [False, True], ids=["SIGTERM to the first", "SIGTERM to both"])
def test_the_end_of_the_tier_loses_nothing_that_the_new_process_has_accepted(make_fleet, stopping, origin, both, is_signal):
    """In the first second of a take-over both have the sockets, and the new process accepts."""
    halves = stopping(Halves())
    fleet = make_fleet(RULES % (origin, ""), "--reload-manually")
    fleet.rules(RULES % (halves.port, ""))

    def accepted():
        """A connection that the new process has: it alone has the new rules."""
        client = socket.create_connection(("127.0.0.1", fleet.port), timeout=30)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        head = client.recv(4096)
        if b"hello" in head:
            return client.close()
        while not head.endswith(b"half"):
            head += client.recv(4096)
        return client

    if is_signal:
        fleet.first.signal(signal.SIGUSR2)
        thread = None
    else:
        thread = threading.Thread(target=fleet.upgrade)
        thread.start()
    client = wait.until(accepted, what="a response of the new process")
    [new] = map(int, subprocess.run(["pgrep", "-P", str(fleet.first.pid)], capture_output=True).stdout.split())
    fleet.pids.add(new)
    fleet.first.signal()
    if both:
        os.kill(new, signal.SIGTERM)
    wait.until(lambda: fleet.said().count("stopping") >= 2, what="both to end")
    halves.go.set()
    assert client.recv(4096) == b"rest"
    client.close()
    assert fleet.first.wait(60) == 0
    # A service manager ends what is left when its main process has ended.
    assert not os.path.exists(f"/proc/{new}")
    if thread:
        thread.join()
    assert os.listdir(fleet.directory).count("ready") == 0
    assert not [name for name in os.listdir(fleet.directory) if name.startswith("admin.sock")]


def settling(directory, mark, go):
    """A new process that leaves a mark when it has the tier, and has all that belongs to it when it may."""
    return program(
        directory,
        "settles",
        f"""\
        #!{sys.executable}
        import json, os, socket, time
        channel = socket.socket(fileno=3)
        while b'offered' not in channel.recv(65536): pass
        channel.send(json.dumps({{"kind": "accepting", "addresses": []}}).encode())
        assert b'yours' in channel.recv(65536)
        with open({str(mark)!r} + ".new", "w") as file: file.write(str(os.getpid()))
        os.rename({str(mark)!r} + ".new", {str(mark)!r})
        while not os.path.exists({str(go)!r}): time.sleep(0.05)
        channel.send(json.dumps({{"kind": "settled"}}).encode())
        time.sleep(100)
        """,
    )


def test_the_end_of_a_process_that_hands_over_leaves_what_the_new_one_has(make_fleet, origin, tmp_path):
    """It ends when the new process has taken what belongs to the tier."""
    fleet = make_fleet(RULES % (origin, ""))
    mark, go = tmp_path / "yours", tmp_path / "go"
    settles = settling(tmp_path, mark, go)
    thread = threading.Thread(target=lambda: fleet.upgrade("--binary", settles))
    thread.start()
    wait.until(mark.exists, what="the new process to have the tier")
    fleet.pids.add(int(mark.read_text()))
    fleet.first.signal()
    go.touch()
    assert fleet.first.wait(30) == 0
    thread.join()
    assert os.path.exists(fleet.ready)


def test_an_event_loop_that_stands_still_fails_a_take_over_that_begins(make_fleet, origin):
    fleet = make_fleet(RULES % (origin, ""), "--loops", "2")
    with still(fleet.first.pid, "berth-loop-1"):
        code, output = fleet.upgrade()
        assert code == 1, output
        assert "the event loop berth-loop-1 stands still" in output and "nothing has changed" in output
    assert [one["pid"] for one in fleet.generations()] == [fleet.first.pid]
    for _ in range(20):
        assert status(fleet.port) == 200
    code, output = fleet.upgrade()
    assert code == 0, output


def test_an_event_loop_that_stands_still_does_not_keep_the_process_before(make_fleet, origin, tmp_path):
    fleet = make_fleet(RULES % (origin, ""), "--loops", "2", "--drain", "1s")
    mark, go = tmp_path / "yours", tmp_path / "go"
    results = []
    thread = threading.Thread(target=lambda: results.append(fleet.upgrade("--binary", settling(tmp_path, mark, go))))
    thread.start()
    wait.until(mark.exists, what="the new process to have the tier")
    fleet.pids.add(int(mark.read_text()))
    with still(fleet.first.pid, "berth-loop-1"):
        go.touch()
        thread.join()
        assert results[0][0] == 0, results
        wait.until(lambda: "[Operations] stopped" in fleet.said(), seconds=60, what="the end of the process before")
    assert "the event loop berth-loop-1 stands still" in fleet.said()
    assert fleet.first.wait(30) == 0


def test_two_take_overs_at_a_time_are_one(make_fleet, origin, tmp_path):
    fleet = make_fleet(RULES % (origin, ""))
    mark, go = tmp_path / "started", tmp_path / "go"
    slow = program(tmp_path, "slow", f'#!/bin/sh\ntouch {mark}\nuntil test -e {go}; do sleep 0.05; done\nexec {BERTH} "$@"\n')
    results = []
    thread = threading.Thread(target=lambda: results.append(fleet.upgrade("--binary", slow)))
    thread.start()
    wait.until(mark.exists, what="the first")
    code, output = fleet.upgrade()
    assert code == 1 and "another take-over is under way" in output
    go.touch()
    thread.join()
    assert results[0][0] == 0, results


@pytest.mark.parametrize("body, message", [
    ({"binary": "berth"}, "absolute"), ({"timeout": 0}, "timeout"), ({"timeout": "x"}, "body"), ([], "body"),
])  # fmt: skip
def test_requests_that_are_not_valid(make_fleet, origin, body, message):
    fleet = make_fleet(RULES % (origin, ""))
    with pytest.raises(AssertionError, match=message):
        fleet.admin.ask("POST", "/upgrade", body)
    code, output = fleet.upgrade("--binary", str(fleet.first.config))
    assert code == 1 and "it is not a program" in output


def test_what_operators_have_set_survives(make_fleet, tmp_path):
    pools = "pools:\n  - { name: api, endpoints: [127.0.0.1:9, 127.0.0.1:10] }\n"
    rules = "rules:\n  - { name: all, host: a.test, to: api }\n" + pools
    fleet = make_fleet(rules, "--state-dir", str(tmp_path / "state"))
    fleet.admin.set_state("api", "127.0.0.1:9", "drain")
    fleet.admin.pause("api", 300)
    code, output = fleet.upgrade()
    assert code == 0, output
    assert fleet.admin.members("api")["127.0.0.1:9"]["state"] == "drain"
    assert [hold["name"] for hold in fleet.admin.ask("GET", "/pools")["holds"]] == ["api"]


def test_the_service_manager_learns_who_the_main_process_is(make_fleet, origin, tmp_path):
    path = str(tmp_path / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.setblocking(False)
    heard = []

    def hears(text):
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.append(manager.recv(4096).decode())
        return [one for one in heard if text in one]

    environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "4000000"}
    fleet = make_fleet(RULES % (origin, ""), environment=environment)
    wait.until(lambda: hears("READY=1"), what="READY")
    wait.until(lambda: hears("WATCHDOG=1"), what="the watchdog")
    assert hears("FDSTORE=1") and all(f"FDNAME=berth-127.0.0.1.{fleet.port}" in one for one in hears("FDSTORE=1"))
    code, output = fleet.upgrade()
    assert code == 0, output
    wait.until(lambda: hears(f"MAINPID={fleet.serving()}\nREADY=1"), what="MAINPID")
    assert fleet.first.wait(30) == 0
    assert not hears("STOPPING=1")
    heard.clear()
    wait.until(lambda: hears("WATCHDOG=1"), what="the watchdog of the new process")
    assert berth("reload", "--admin", fleet.path)[0] == 0
    wait.until(lambda: hears("RELOADING=1"), what="RELOADING")
    wait.until(lambda: hears("READY=1"), what="READY after it")
    os.kill(fleet.serving(), signal.SIGTERM)
    wait.until(lambda: hears("STOPPING=1"), what="STOPPING")
    manager.close()


@pytest.mark.parametrize("sockets, loops", [(1, "1"), (1, "3"), (3, "1")])
def test_sockets_of_a_service_manager(stopping, origin, tmp_path, sockets, loops):
    """Socket activation: matched by address, with names that do not matter."""
    first = socket.socket()
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    first.bind(("127.0.0.1", 0))
    all_sockets = [first]
    for _ in range(sockets - 1):
        other = socket.socket()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(first.getsockname())
        all_sockets.append(other)
    for one in all_sockets:
        one.listen()
    stranger = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    # They listen: who connects waits.
    early = socket.create_connection(("127.0.0.1", port))
    early.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
    start = program(tmp_path, "activate", f"""\
        #!{sys.executable}
        import os, sys
        descriptors = [int(word) for word in sys.argv[1].split(",")]
        for descriptor in descriptors: os.dup2(descriptor, descriptor + 100)
        for index, descriptor in enumerate(descriptors): os.dup2(descriptor + 100, 3 + index, inheritable=True)
        os.environ |= {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(descriptors))}}
        os.execv(sys.argv[2], sys.argv[2:])
        """)  # fmt: skip
    directory = tmp_path / "tier"
    directory.mkdir()
    config, ready, errors = directory / "front.yaml", directory / "ready", directory / "errors"
    config.write_text(RULES % (origin, ""))
    passed = [one.fileno() for one in [*all_sockets, stranger]]
    with open(errors, "wb") as output:
        tier = subprocess.Popen(
            [start, ",".join(map(str, passed)), BERTH, "front", "--config", str(config), "--listen", f"127.0.0.1:{port}",
             "--access-log", "off", "--ready-file", str(ready), "--loops", loops],
            pass_fds=passed, stdin=subprocess.DEVNULL, stderr=output)  # fmt: skip
    try:
        wait.until(ready.exists, what="the tier to be ready")
        for one in all_sockets:
            one.close()
        early.settimeout(30)
        assert early.recv(4096).startswith(b"HTTP/1.1 200")
        for _ in range(60):
            assert status(port) == 200
        assert "no listener has the address of a socket" in errors.read_text()
    finally:
        process.end(tier)
        stranger.close()


def test_addresses_of_the_admin_interface_and_of_metrics_go_along(make_fleet, origin, tmp_path):
    token = "0123456789abcdef" * 2
    tokens = tmp_path / "tokens"
    tokens.write_text(f"operate {token}\n")
    tokens.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        admin, metrics = one.getsockname()[1], two.getsockname()[1]
    fleet = make_fleet(
        RULES % (origin, ""), "--admin", f"127.0.0.1:{admin}", "--admin-token-file", str(tokens), "--metrics", f"127.0.0.1:{metrics}"
    )

    def ask(port, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        fields = {"Authorization": f"Bearer {token}"} | ({"Content-Type": "application/json"} if body else {})
        try:
            connection.request(method, target, body, fields)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def is_served_by(generation):
        status, text = ask(admin, "GET", "/status")
        return status == 200 and json.loads(text)["generation"] == generation and ask(metrics, "GET", "/metrics")[0] == 200

    wait.until(lambda: is_served_by(1), what="the first generation")
    # A token is not the right to start any program.
    assert ask(admin, "POST", "/upgrade", json.dumps({"binary": BERTH}))[0] == 403
    def load(port, target):
        return Load(lambda: ask(port, "GET", target)[0])

    # Not one request fails meanwhile.
    with load(admin, "/status") as commands, load(metrics, "/metrics") as scrapes:
        code, output = fleet.upgrade()
        assert code == 0, output
        commands.more(20)
        scrapes.more(20)
    assert not commands.bad and not scrapes.bad
    wait.until(lambda: all(is_served_by(2) for _ in range(10)), what="the second generation alone")
    status, text = ask(admin, "POST", "/upgrade")
    assert status == 200, text
    fleet.pids.add(json.loads(text)["pid"])
    wait.until(lambda: is_served_by(3), what="the third generation")


def test_metrics_at_port_0_keep_their_port(make_fleet, origin):
    fleet = make_fleet(RULES % (origin, ""), "--metrics", "127.0.0.1:0")
    [port] = re.findall(r"address=127\.0\.0\.1:(\d+).*serving metrics", fleet.said())
    code, output = fleet.upgrade()
    assert code == 0, output
    assert fleet.first.wait(30) == 0
    assert wire.ask(int(port), "127.0.0.1", "/metrics").status == 200


def test_a_policy_for_clients_that_a_reload_brings_before_the_new_process_accepts_holds(make_fleet, origin, tmp_path):
    staff = Authority(tmp_path, "staff", days=2)
    alice = staff.client("alice")
    cert, key = secure.certificate(tmp_path, "a", "a.test")

    def rules(policy, names=""):
        tls = f"certificates: [{{ cert: '{cert}', key: '{key}' }}]{policy}"
        return RULES % (origin, f"listeners:\n  - {{ address: '127.0.0.3:0', tls: {{ {tls} }} }}\n{names}")

    def ask(pair=None):
        with socket.create_connection(("127.0.0.3", port), timeout=60) as plain:
            with clients.context(pair).wrap_socket(plain, server_hostname="a.test") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
                return client.recv(4096)

    def begins():
        """The new process has its event loops, and waits for names."""
        for child in subprocess.run(["pgrep", "-P", str(fleet.first.pid)], capture_output=True).stdout.split():
            with contextlib.suppress(AssertionError, OSError):
                return thread(int(child), "berth-loop-0")

    fleet = make_fleet(rules(""))
    port = int(re.search(r"address=127\.0\.0\.3:(\d+)", fleet.said()).group(1))
    assert ask().startswith(b"HTTP/1.1 200")
    # Nobody listens there.
    fleet.rules(rules("", "names:\n  - etcd: { endpoints: ['http://127.0.0.1:1'], prefix: /berth/ }\n"))
    results = []
    upgrade = threading.Thread(target=lambda: results.append(fleet.upgrade()))
    upgrade.start()
    wait.until(begins, what="the new process")
    fleet.rules(rules(f", client_certificates: {{ ca: '{staff.pem}' }}"))
    upgrade.join()
    assert results[0][0] == 0, results
    assert ask(alice).startswith(b"HTTP/1.1 200")
    with pytest.raises(REFUSED):
        assert ask() == b"refused"


def test_json(make_fleet, origin):
    fleet = make_fleet(RULES % (origin, ""))
    code, output = fleet.upgrade("--json")
    report = json.loads(output)
    assert code == 0 and report["upgraded"] and report["generation"] == 2 and report["pid"] != fleet.first.pid
    code, output, _ = berth("upgrade", "--status", "--json", "--admin", fleet.path)
    generations = json.loads(output)["generations"]
    assert generations[0]["pid"] == report["pid"] and generations[0]["started"].endswith("Z")
    code, output, _ = berth("upgrade", "--status", "--admin", fleet.path)
    assert code == 0 and b"GENERATION" in output
