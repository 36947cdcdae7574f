"""A member of etcd on free ports, and what an operator does with it."""

import base64
import http.client
import json
import os
import signal
import subprocess

from . import ports, wait

ETCD = "/usr/bin/etcd"


def text64(text):
    return base64.b64encode(text.encode()).decode()


class Etcd:
    def __init__(self, directory, name="m0", pair=None, cluster=None, ready=True):
        self.port, self.peer_port = pair or ports.several(2)
        self.directory = os.path.join(str(directory), name)
        self.url = f"http://127.0.0.1:{self.port}"
        peer = f"http://127.0.0.1:{self.peer_port}"
        self.command = [
            ETCD, "--name", name, "--data-dir", self.directory, "--listen-client-urls", self.url,
            "--advertise-client-urls", self.url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", cluster or f"{name}={peer}", "--heartbeat-interval", "50", "--election-timeout", "500",
            "--logger", "zap", "--log-level", "error",
        ]  # fmt: skip
        self.log = open(f"{self.directory}.log", "ab")
        self.process = None
        self.start(ready)

    def start(self, ready=True):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        if ready:
            self.ready()

    def ready(self):
        def answers():
            try:
                return "header" in self.ask("/v3/kv/range", key=text64("x"))
            except (OSError, http.client.HTTPException):
                return False

        wait.until(answers, what="etcd to be ready")

    def ask(self, path, **body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", path, json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def writes(self):
        """Whether it takes a change now: there is a leader."""
        try:
            return "header" in self.ask("/v3/kv/put", key=text64("x"), value=text64("x"))
        except (OSError, http.client.HTTPException):
            return False

    def put(self, key, value):
        if not isinstance(value, str):
            value = json.dumps(value)
        assert "header" in self.ask("/v3/kv/put", key=text64(key), value=text64(value))

    def get(self, key):
        entries = self.ask("/v3/kv/range", key=text64(key)).get("kvs", [])
        return base64.b64decode(entries[0]["value"]).decode() if entries else None

    def delete(self, key):
        assert "header" in self.ask("/v3/kv/deleterange", key=text64(key))

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.kill()
        self.log.close()


def three(directory):
    """Three members of one cluster."""
    pairs = [ports.several(2) for _ in range(3)]
    cluster = ",".join(f"m{index}=http://127.0.0.1:{pair[1]}" for index, pair in enumerate(pairs))
    members = [Etcd(directory, f"m{index}", pair, cluster, ready=False) for index, pair in enumerate(pairs)]
    for member in members:
        member.ready()
    return members
