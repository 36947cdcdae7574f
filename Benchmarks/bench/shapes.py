"""What is asked of every peer: one line a shape."""

from dataclasses import dataclass

SMALL_BODY = 100


@dataclass(frozen=True)
class Shape:
    name: str
    title: str
    connections: int = 64
    path: str = "/100"
    # Bytes of the answer's body.
    body: int = SMALL_BODY
    # Bytes of the request's body; then the method is POST.
    upload: int = 0
    # A new connection for every request.
    close: bool = False
    # Header fields beside Host, User-Agent and Accept.
    fields: int = 0


SHAPES = [
    Shape("small-1", "100 bytes, 1 connection", connections=1),
    Shape("small-8", "100 bytes, 8 connections", connections=8),
    Shape("small", "100 bytes, 64 connections"),
    Shape("small-512", "100 bytes, 512 connections", connections=512),
    Shape("fields-10", "100 bytes, 10 fields more", fields=10),
    Shape("fields-40", "100 bytes, 40 fields more", fields=40),
    Shape("close", "100 bytes, a new connection each", close=True),
    Shape("10k", "10 KiB down, 64 connections", path="/10k", body=10 << 10),
    Shape("10k-up", "10 KiB up, 64 connections", path="/upload", upload=10 << 10),
    Shape("10m", "10 MiB down, 8 connections", connections=8, path="/10m", body=10 << 20),
    Shape("10m-up", "10 MiB up, 8 connections", connections=8, path="/upload", upload=10 << 20),
]

BY_NAME = {shape.name: shape for shape in SHAPES}

# How many rules the table has, and the hosts that ask it: more than any peer remembers.
RULE_COUNTS = (10, 1_000, 10_000)
RULE_HOSTS = 10_000
RULE_SHAPE = Shape("rules", f"100 bytes, 64 connections, {RULE_HOSTS:,} hosts in turn")

IDLE_CONNECTIONS = 10_000
# The goal for one of them, bytes.
IDLE_GOAL = 4 << 10
# The goal for processor time: times the better of nginx and HAProxy.
CPU_GOAL = 1.0
