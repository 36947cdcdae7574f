"""One of the examples, with everything that it makes in a directory of the test's own."""

import os
import shutil
import socket
import subprocess

import pytest

from . import tier, wire
from .stack import host

# What the tests of examples are marked with.
marks = [
    pytest.mark.example,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
    pytest.mark.skipif(not shutil.which("podman"), reason="needs podman: scripts/install-packages examples"),
]


class Example:
    def __init__(self, name, directory, **settings):
        """`settings`: the environment of its scripts, beside what all examples have."""
        self.folder = os.path.join(tier.REPO, "examples", name)
        self.run = os.path.join(directory, name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = dict(
            os.environ, BERTH=tier.BERTH, BERTH_RUN_DIR=self.run, FRONT_LISTEN=f"127.0.0.1:{self.port}", **settings
        )

    def start(self, name, *arguments, **settings):
        """Starts one of its scripts."""
        return subprocess.Popen(
            [os.path.join(self.folder, name), *arguments], env=self.environment | settings,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def end(self, script, code=0):
        """Waits for a script: what it said."""
        try:
            said, _ = script.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            script.kill()
            raise
        assert script.returncode == code, said
        return said

    def script(self, name, *arguments):
        return self.end(self.start(name, *arguments))

    def podman(self, *arguments, engine="."):
        """The example's podman; `engine`: its folder, where there are several."""
        command = [os.path.join(self.run, engine, "pod"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    def ask(self, *name, path="/"):
        return wire.ask(self.port, host(*name), path)
