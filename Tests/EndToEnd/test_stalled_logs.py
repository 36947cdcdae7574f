"""Logs that nobody reads, or that are full: the tier serves, reloads and ends in order."""

import fcntl
import os
import signal
import subprocess
import threading
import time

import pytest

from harness import ports, process, stack, tier, wait, wire

RULES = """\
rules:
  - {{ name: own, path: '=/own', respond: {{ status: 200, body: {word} }} }}
  - {{ name: rest, to: '127.0.0.1:{origin}' }}
"""


def full_pipe():
    """A pipe that takes nothing more: (read end, write end)."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    # As a shell or a service manager hands it over: writing to it blocks.
    os.set_blocking(writer, True)
    return reader, writer


def full_terminal():
    """A terminal whose output was stopped (Ctrl-S): (its other end, itself)."""
    master, slave = os.openpty()
    os.write(master, b"\x13")
    return master, slave


@pytest.fixture
def origin(stopping):
    return stopping(stack.Origins("a"))


CASES = {
    "stdout": dict(stdout="full"),
    "stderr": dict(stderr="full"),
    "both": dict(stdout="full", stderr="full"),
    "one pipe": dict(stdout="full", stderr="stdout"),
    "terminal": dict(stdout="terminal", stderr="terminal"),
    "no reader": dict(stdout="closed", stderr="closed"),
    "full disk": dict(stdout="/dev/full", stderr="/dev/full"),
    "full log file": dict(log="/dev/full"),
    "log pipe": dict(log="pipe"),
    "log pipe and stderr": dict(log="pipe", stderr="full"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_tier_serves_reloads_and_ends_whoever_reads_its_logs(tmp_path, origin, case):
    opened = []

    def output(kind):
        if kind is None:
            return subprocess.DEVNULL
        if kind.startswith("/"):
            opened.append(os.open(kind, os.O_WRONLY))
            return opened[-1]
        reader, writer = full_terminal() if kind == "terminal" else full_pipe()
        opened.extend([writer, reader])
        if kind == "closed":
            os.close(opened.pop())
        return writer

    out = output(case.get("stdout"))
    error = out if case.get("stderr") == "stdout" else output(case.get("stderr"))
    log = case.get("log", "-")
    if log == "pipe":
        log = str(tmp_path / "pipe")
        os.mkfifo(log)
        # Somebody has it open, and does not read it.
        opened.append(os.open(log, os.O_RDONLY | os.O_NONBLOCK))
        fcntl.fcntl(opened[-1], fcntl.F_SETPIPE_SZ, 4096)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(word="old", origin=origin.ports["a"]))
    port = ports.free()
    running = subprocess.Popen(
        [tier.BERTH, "local", "--config", str(rules), "--listen", f"127.0.0.1:{port}", "--access-log", log],
        stdin=subprocess.DEVNULL, stdout=out, stderr=error,
    )  # fmt: skip
    try:
        wait.until(lambda: listens(port), what="it to listen")
        with wire.Client(port) as client:
            for number in range(1000):
                assert client.ask("a.test", f"/own?{'x' * 500}{number}", "GET").status == 200
        # A file that changes is put in force, also after many that cannot be: each is a line of the log.
        for number in range(5):
            rules.write_text(f"rules: [{{ name: bad, hots: {number}, respond: 200 }}]\n")
            running.send_signal(signal.SIGHUP)
        rules.write_text(RULES.format(word="new", origin=origin.ports["a"]))
        wait.until(lambda: wire.ask(port, "a.test", "/own").body == b"new", what="the changed rules")
        running.send_signal(signal.SIGUSR1)
        # A running request ends well, and then the tier.
        with wire.Client(port) as client:
            client.send("GET /gate?id=g HTTP/1.1\r\nHost: a.test\r\n\r\n")
            answer = client.head()
            assert answer.status == 200 and client.reader.exactly(5) == b"first"
            running.terminate()
            wait.until(lambda: not listens(port), what="it to stop listening")
            origin.control("a", "open?id=g")
            assert client.reader.exactly(5) == b"later"
        started = time.monotonic()
        assert running.wait(timeout=20) == 0
        print(f"ended within {time.monotonic() - started:.2f} s")
        assert time.monotonic() - started < 8
    finally:
        process.end(running)
        for descriptor in opened:
            os.close(descriptor)


def listens(port):
    try:
        wire.Client(port, timeout=5).close()
        return True
    except OSError:
        return False


def test_what_a_stalled_reader_missed_is_counted_and_said_when_it_reads_again(tmp_path):
    """Thousands of messages and one reader that sleeps."""
    reader, writer = full_pipe()
    rules = tmp_path / "rules.yaml"
    (tmp_path / "hosts").write_text("127.0.0.1 a\n")
    rules.write_text("rules: [{ name: all, host: '~^(?<n>[a-z]+)$', to: '${n}' }]\nnames: [{ hosts_file: hosts }]\n")
    port = ports.free()
    running = subprocess.Popen(
        [tier.BERTH, "local", "--config", str(rules), "--listen", f"127.0.0.1:{port}", "--access-log", "off"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer,
    )  # fmt: skip
    os.close(writer)
    seen = bytearray()
    try:
        wait.until(lambda: listens(port), what="it to listen")
        # Each malformed line is a message, up to a hundred of a file.
        for name in "bcdefghijklmnopqrst":
            (tmp_path / "new").write_text(f"127.0.0.1 {name}\n" + "\x1b[2Jnonsense\n" * 200)
            os.rename(tmp_path / "new", tmp_path / "hosts")
            wait.until(lambda: wire.ask(port, name).status == 502, what="the new file")

        def read():
            while chunk := os.read(reader, 1 << 16):
                seen.extend(chunk)

        thread = threading.Thread(target=read)
        thread.start()
        wait.until(lambda: b"messages of this log were dropped" in seen, what="the count")
        running.terminate()
        assert running.wait(timeout=20) == 0
        thread.join()
    finally:
        process.end(running)
        os.close(reader)
    said = bytes(seen).lstrip(b"x").decode()
    assert "\x1b" not in said and "\\x1b[2Jnonsense" in said
    assert all(line.startswith("20") for line in said.splitlines())
    assert said.rstrip().endswith("stopped")
