"""TLS and HTTP/2: what each peer's processor time is for a request, a handshake, and the memory of an idle connection."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, replace

from . import load
from .errors import BenchError
from .measure import Line, say
from .peers import HERE, PEERS, Caddy, Protocols
from .process import pinned

HOST = "wordpress-container001-01.test.priv"
REST = 2.0


@dataclass(frozen=True)
class Shape:
    name: str
    title: str
    # 1: HTTP/1.1; 2: HTTP/2.
    version: int = 1
    connections: int = 64
    # At a time on each connection.
    streams: int = 1
    path: str = "/100"
    # The origin is reached over HTTP/2 without TLS.
    h2c: bool = False
    # `full` or `resumed`: a connection for each request.
    handshakes: str = ""


SHAPES = [
    Shape("tls", "TLS, HTTP/1.1, 64 connections"),
    Shape("tls-10k", "TLS, HTTP/1.1, 10 KiB down", path="/10k"),
    Shape("tls-10m", "TLS, HTTP/1.1, 10 MiB down, 8 connections", connections=8, path="/10m"),
    Shape("full", "TLS 1.3, a full handshake each", handshakes="full"),
    Shape("resumed", "TLS 1.3, a resumed session each", handshakes="resumed"),
    Shape("h2-1", "HTTP/2, 64 connections, 1 stream each", version=2),
    Shape("h2-100", "HTTP/2, 8 connections, 100 streams each", version=2, connections=8, streams=100),
    Shape("h2-10m", "HTTP/2, 10 MiB down, 8 connections", version=2, connections=8, path="/10m"),
    Shape("h2-h2c-1", "HTTP/2 to HTTP/2, 64 connections, 1 stream each", version=2, h2c=True),
    Shape("h2-h2c-100", "HTTP/2 to HTTP/2, 8 connections, 100 streams each", version=2, connections=8, streams=100, h2c=True),
]
BY_NAME = {shape.name: shape for shape in SHAPES}
WITH_TLS = {**PEERS, Caddy.name: Caddy}


def certificate(directory):
    """One of P-256, for all peers."""
    paths = [os.path.join(directory, name) for name in ("star.pem", "star.key", "both.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
         "/CN=bench", "-addext", "subjectAltName=DNS:*.test.priv", "-out", paths[0], "-keyout", paths[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(paths[2], "w") as both:
        for path in paths[:2]:
            os.chmod(path, 0o644)
            with open(path) as file:
                both.write(file.read())
    return Protocols(*paths)


# MARK: Load


def h2load(settings, port, shape):
    """Responses, and seconds. All must be there and have the status 200."""
    command = ["h2load", "--clients", str(shape.connections), "--max-concurrent-streams", str(shape.streams), "--duration",
               f"{settings.seconds}s", f"--connect-to=127.0.0.1:{port}", "--header", f":authority: {load.HOST}"]  # fmt: skip
    # Windows as browsers have them: with those of RFC 9113, what is measured is waiting.
    command += ["--window-bits=20", "--connection-window-bits=24"] if shape.version == 2 else ["--h1"]
    command += [f"https://{HOST}:{port}{shape.path}"]
    try:
        result = subprocess.run(pinned(settings.load_cpus, command), capture_output=True, text=True, timeout=settings.seconds + 30)
    except subprocess.TimeoutExpired:
        raise BenchError("h2load did not end") from None
    found = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", result.stdout)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", result.stdout)
    mean = re.search(r"time for request: +\S+ +\S+ +([\d.]+)(us|ms|s)", result.stdout)
    if not found or not codes:
        raise BenchError(f"h2load failed: {(result.stdout + result.stderr)[-400:]}")
    done, succeeded = int(found[1]), int(found[2])
    if succeeded != done or int(codes[1]) < done or any(int(codes[n]) for n in (2, 3, 4)) or not done:
        raise BenchError(f"errors under load: {found[0]}; {codes[0]}")
    if f"Application protocol: {'h2' if shape.version == 2 else 'http/1.1'}" not in result.stdout:
        raise BenchError("another protocol was negotiated")
    scale = {"us": 1, "ms": 1e3, "s": 1e6}
    return {"requests": done, "seconds": settings.seconds, "latency": float(mean[1]) * scale[mean[2]] if mean else 0}


def handshakes(settings, port, shape):
    command = [sys.executable, "-B", "-m", "bench.handshakes", str(port), HOST, load.HOST, str(settings.seconds), shape.handshakes]
    result = subprocess.run(
        pinned(settings.load_cpus, command), capture_output=True, text=True, cwd=HERE, timeout=settings.seconds + 60
    )
    if result.returncode != 0:
        raise BenchError(f"the handshakes failed: {result.stderr[-400:]}")
    figures = json.loads(result.stdout)
    if figures["failures"]:
        raise BenchError(f"errors under load: {figures['failures'][0]}")
    wanted = figures["requests"] if shape.handshakes == "resumed" else 0
    if abs(figures["reused"] - wanted) > 0.05 * figures["requests"]:
        raise BenchError(f"{figures['reused']} of {figures['requests']} sessions were resumed")
    return {"requests": figures["requests"], "seconds": figures["seconds"], "latency": figures["p50"]}


def one_round(settings, origin, line, shape):
    connections, requests = origin.settled()
    before = line.cpu()
    figures = (handshakes if shape.handshakes else h2load)(settings, line.port, shape)
    used = line.cpu() - before
    after = origin.settled()
    arrived = after[1] - requests
    # What was under way at the end has arrived too.
    if not figures["requests"] <= arrived <= figures["requests"] + shape.connections * shape.streams + 200:
        raise BenchError(f"{figures['requests']} responses, but the origin counted {arrived} requests")
    return {
        # Of all that arrived: those under way have been paid for.
        "cpu": used.total / arrived * 1e6,
        "user": used.user / arrived * 1e6,
        "system": used.system / arrived * 1e6,
        "rate": figures["requests"] / figures["seconds"],
        "busy": used.total / figures["seconds"],
        "latency": figures["latency"],
        "memory": line.memory(),
        "upstream_connections": after[0] - connections,
    }


def measure(settings, origin, names):
    """Every shape through all peers, in several starts, interleaved."""
    protocols = certificate(settings.directory)
    found = {shape.name: {"title": shape.title, "rounds": {}, "failed": {}} for shape in settings.shape}
    for start in range(settings.starts):
        for h2c in (False, True):
            shapes = [shape for shape in settings.shape if shape.h2c == h2c]
            if shapes:
                _start(settings, origin, names, replace(protocols, h2c=h2c), shapes, found, f"start {start + 1}/{settings.starts}")
    for entry in found.values():
        entry["rounds"] = {name: of for name, of in entry["rounds"].items() if name not in entry["failed"]}
    return found


def _start(settings, origin, names, protocols, shapes, found, label):
    lines = []
    for name in names:
        if protocols.h2c and not WITH_TLS[name].multiplexes:
            for shape in shapes:
                found[shape.name]["failed"][name] = "it does not send HTTP/2 to the origin"
            continue
        lines.append(Line.start(settings, name, origin, protocols=protocols))
    try:
        for shape in shapes:
            entry = found[shape.name]
            for number in range(settings.rounds):
                turn = number % len(lines)
                for line in lines[turn:] + lines[:turn]:
                    if line.name in entry["failed"]:
                        continue
                    try:
                        if line.failure:
                            raise BenchError(line.failure)
                        if number == 0:
                            one_round(settings, origin, line, shape)
                        entry["rounds"].setdefault(line.name, []).append(one_round(settings, origin, line, shape))
                    except (BenchError, OSError, subprocess.TimeoutExpired) as problem:
                        entry["failed"][line.name] = str(problem)
                        say(f"{shape.name} {line.name}: {problem}")
                costs = ", ".join(f"{name} {of[-1]['cpu']:.2f}" for name, of in entry["rounds"].items() if name not in entry["failed"])
                say(f"{shape.name}, {label}, {number + 1}/{settings.rounds}: {costs} µs CPU a request")
    finally:
        for line in lines:
            line.stop()


# MARK: Idle connections


def idle(settings, origin, names, count):
    """Bytes of a connection that waits for its next request, by protocol."""
    protocols = certificate(settings.directory)
    found = {}
    for version, title in ((1, "TLS, HTTP/1.1"), (2, "TLS, HTTP/2")):
        entry = found[title] = {"rounds": {}, "failed": {}}
        for name in names:
            line = Line.start(settings, name, origin, protocols=protocols)
            try:
                if line.failure:
                    raise BenchError(line.failure)
                entry["rounds"][name] = [_idle_one(line, version, count)]
                say(f"idle {title} {name}: {entry['rounds'][name][0]['used'] / 1024:.2f} KiB a connection")
            except (BenchError, OSError) as problem:
                entry["failed"][name] = str(problem)
                say(f"idle {title} {name}: {problem}")
            finally:
                line.stop()
    return {"connections": count, "protocols": found}


def _idle_one(line, version, count):
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2" if version == 2 else "http/1.1"])

    def connect():
        plain = socket.create_connection(("127.0.0.1", line.port), timeout=20)
        return context.wrap_socket(plain, server_hostname=HOST)

    exchange = _exchange_2 if version == 2 else _exchange_1
    for _ in range(20):
        with connect() as one:
            exchange(one)
    time.sleep(REST)
    before = line.memory()
    connections = []
    try:
        for _ in range(count):
            connections.append(connect())
            exchange(connections[-1])
        time.sleep(REST)
        used = line.memory()
    finally:
        for one in connections:
            one.close()
    return {"before": before, "used": (used - before) / count}


def _exchange_1(sock):
    sock.sendall(f"GET /100 HTTP/1.1\r\nHost: {load.HOST}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 104:
        more = sock.recv(4096)
        if not more:
            raise BenchError("an idle connection was closed")
        got += more
    if not got.startswith(b"HTTP/1.1 200 "):
        raise BenchError(f"an idle connection's response: {got[:60]!r}")


def _frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _exchange_2(sock):
    """The preface, empty SETTINGS, and a request of literals; then the rest of its stream."""
    fields = ((":method", "GET"), (":scheme", "https"), (":authority", load.HOST), (":path", "/100"), ("user-agent", "bench"))
    block = b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)
    sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b"") + _frame(4, 1, 0, b"") + _frame(1, 5, 1, block))
    got = b""
    while True:
        while len(got) >= 9 and len(got) >= 9 + (size := int.from_bytes(got[:3], "big")):
            kind, flags, stream = got[3], got[4], int.from_bytes(got[5:9], "big")
            got = got[9 + size :]
            if kind in (3, 7):
                raise BenchError("an idle connection's request was reset")
            if stream == 1 and flags & 1:
                return
        more = sock.recv(4096)
        if not more:
            raise BenchError("an idle connection was closed")
        got += more
