"""Starting and stopping."""

import signal
import socket
import threading

import pytest

from harness import wait
from harness.stack import SAAS, host
from harness.tier import Tier, berth
from harness.wire import ask


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_requests_finish(make_stack, number):
    stack = make_stack()
    with stack.client() as client:
        client.send(f"GET /gate?id=drain HTTP/1.1\r\nHost: {host()}\r\n\r\n")
        answer = client.head()
        assert client.reader.exactly(5) == b"first"
        stack.front.signal(number)
        # No new connection is accepted any more …
        wait.until(lambda: refuses(stack.port), what="the front tier to stop listening")
        assert stack.front.process.poll() is None
        # … and the running answer ends well.
        stack.origins.control("container001_01", "open?id=drain")
        assert (answer.status, client.reader.exactly(5)) == (200, b"later")
        assert stack.front.wait() == 0


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return False
    except OSError:
        return True


def test_the_drain_has_a_limit(make_stack):
    stack = make_stack(options=["--drain", "1s"])
    with stack.client() as client:
        client.send(f"GET /hang HTTP/1.1\r\nHost: {host()}\r\n\r\n")
        wait.until(lambda: stack.origins.counts("container001_01")["requests"], what="the request to arrive")
        stack.front.signal()
        assert stack.front.wait(15) == 0


def test_idle_connections_do_not_hold_a_stop_up(make_stack):
    stack = make_stack()
    with stack.client() as client:
        assert client.ask(host(), "/i").status == 200
        stack.front.signal()
        assert stack.front.wait(10) == 0
        assert client.ended()


def test_no_request_is_lost_under_load_while_a_tier_stops(make_stack):
    """A client that is told to close, or closed while idle, has lost nothing; a request without an answer is lost."""
    stack = make_stack()
    lost, answered = [], []
    stopping = threading.Event()

    def work():
        while not stopping.is_set() or not refuses(stack.port):
            try:
                client = stack.client()
            except OSError:
                return
            with client:
                begun = len(answered)
                try:
                    while True:
                        answer = client.ask(host(), "/i")
                        answered.append(answer.status)
                        if (answer.get("Connection") or "").lower() == "close":
                            break
                except Exception as error:  # noqa: BLE001
                    # An idle connection may end just as the next request leaves, and one may still have waited to be
                    # accepted: neither has been served. Half an answer is a loss.
                    if client.reader.buffer or (len(answered) == begun and not stopping.is_set()):
                        lost.append(repr(error))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    wait.until(lambda: len(answered) > 500, what="load")
    stopping.set()
    stack.front.signal()
    assert stack.front.wait() == 0
    for worker in workers:
        worker.join()
    assert lost == []
    assert set(answered) == {200}


def test_a_port_in_use_is_said_and_ends_with_2(stack, tmp_path):
    code, _, errors = berth("front", "--config", stack.front.config, "--listen", f"127.0.0.1:{stack.port}")
    assert code == 2
    assert f"127.0.0.1:{stack.port}" in errors and "use" in errors


def test_a_broken_rule_file_is_said_with_its_place_and_ends_with_2(tmp_path):
    rules = tmp_path / "broken.yaml"
    rules.write_text("rules:\n  - name: saas\n    host: '~^(?<app>[a-z]+'\n    to: '${app}:80'\n")
    for verb in ("front", "local"):
        code, _, errors = berth(verb, "--config", str(rules), "--listen", "127.0.0.1:0")
        assert code == 2
        assert f"{rules}:3:" in errors
        assert "host: '~^(?<app>[a-z]+'" in errors


def test_a_file_that_cannot_be_read_is_said_and_ends_with_2(tmp_path):
    code, _, errors = berth("front", "--config", str(tmp_path / "nosuch.yaml"), "--listen", "127.0.0.1:0")
    assert code == 2
    assert "nosuch.yaml" in errors


def test_an_access_log_that_cannot_be_written_is_said_and_ends_with_2(stack, tmp_path):
    path = str(tmp_path / "nosuch" / "log")
    code, _, errors = berth("front", "--config", stack.front.config, "--listen", "127.0.0.1:0", "--access-log", path)
    assert code == 2
    assert path in errors


def test_a_container_that_comes_needs_no_restart(make_stack, tmp_path):
    """A hosts file is watched."""
    stack = make_stack()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 other\n")
    port = stack.origins.ports["container001_01"]
    rules = f"rules:\n  - name: saas\n    host: {SAAS}\n    to: '${{container}}:{port}'\nnames:\n  - hosts_file: hosts\n"
    local = Tier("local", str(tmp_path), rules)
    try:
        assert ask(local.port, host(), "/i").status == 503
        fresh = tmp_path / "hosts.new"
        fresh.write_text("127.0.0.1 other\n127.0.0.1 container001\n")
        fresh.rename(hosts)
        wait.until(lambda: ask(local.port, host(), "/i").status == 200, what="the new name to be known")
    finally:
        local.stop()
