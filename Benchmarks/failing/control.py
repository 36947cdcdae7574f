"""Berth's control socket: HTTP with JSON, one request a connection (docs/control.md)."""

import http.client
import json
import socket


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("berth", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None):
    connection = Unix(path)
    try:
        connection.request(method, target, None if body is None else json.dumps(body))
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise AssertionError(f"{method} {target}: {response.status} {text.decode(errors='replace')}")
    return json.loads(text)


def set_state(path, pool, endpoint, state):
    return ask(path, "POST", f"/pools/{pool}/state", {"endpoint": endpoint, "state": state})


def members(path, pool):
    """The endpoints of a target, by address."""
    target = ask(path, "GET", f"/pools/{pool}")["targets"][0]
    return {member["endpoint"]: member for member in target["members"]}
