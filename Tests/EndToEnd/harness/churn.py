"""Requests at a high fixed rate, by Benchmarks/changes/churn.c: each on a connection of its own, or on connections that are kept."""

import json
import os
import signal
import subprocess

from .tier import REPO

SOURCE = os.path.join(REPO, "Benchmarks/changes/churn.c")
FAULTS = ("refused", "reset", "cut", "wrong", "late")


def build(directory):
    program = os.path.join(directory, "churn")
    subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-o", program, SOURCE], check=True)
    return program


class Churn:
    """From `with` on until its end."""

    def __init__(self, program, port, host, rate, kept=0):
        self.command = [program, str(port), host, str(rate), "600", str(kept)]
        self.result = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.result = json.loads(output)

    def faults(self):
        return {name: self.result[name] for name in FAULTS if self.result[name]}
