"""What is asked of every peer: one line a shape."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    name: str
    title: str
    connections: int = 64
    path: str = "/100"
    body: int = 100
    # A new connection for every request.
    close: bool = False
    # Header fields beside Host, User-Agent and Accept.
    fields: int = 0


SHAPES = [
    Shape("small", "100 bytes, 64 connections"),
    Shape("small-1", "100 bytes, 1 connection", connections=1),
    Shape("small-8", "100 bytes, 8 connections", connections=8),
    Shape("small-512", "100 bytes, 512 connections", connections=512),
    Shape("10k", "10 KiB, 64 connections", path="/10k", body=10 << 10),
    Shape("10m", "10 MiB, 8 connections", connections=8, path="/10m", body=10 << 20),
    Shape("close", "100 bytes, a new connection each", close=True),
    Shape("fields-10", "100 bytes, 10 fields more", fields=10),
    Shape("fields-40", "100 bytes, 40 fields more", fields=40),
]

BY_NAME = {shape.name: shape for shape in SHAPES}
