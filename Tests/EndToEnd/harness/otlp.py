"""An independent receiver of OTLP: `oteltap` from PyPI, which prints the spans that it receives."""

import functools
import json
import os
import shutil
import subprocess
import sys

from . import ports, process, wait
from .tier import REPO

PACKAGES = ["oteltap==1.0.0", "opentelemetry-proto==1.45.2"]
FOLDER = os.path.join(REPO, ".build/oteltap")


@functools.cache
def folder():
    """Where its modules are; None where it cannot be had. BERTH_OTELTAP names a folder that is there already."""
    if named := os.environ.get("BERTH_OTELTAP"):
        return named
    pip = shutil.which("pip") or shutil.which("pip3")
    if not os.path.isdir(os.path.join(FOLDER, "oteltap")) and pip:
        subprocess.run(
            [pip, "install", "--quiet", "--disable-pip-version-check", "--target", FOLDER, *PACKAGES],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        )  # fmt: skip
    return FOLDER if os.path.isdir(os.path.join(FOLDER, "oteltap")) else None


class Receiver:
    def __init__(self, directory):
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}/v1/traces"
        self.path = os.path.join(str(directory), "spans.log")
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "oteltap", "--port", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=os.environ | {"PYTHONPATH": folder(), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        wait.until(lambda: "Listening" in self.text(), what="the receiver to listen")

    def text(self):
        with open(self.path, errors="replace") as file:
            return file.read()

    def objects(self):
        return [json.loads(line) for line in self.text().split("\n")[:-1] if line.startswith("{")]

    def stop(self):
        process.end(self.process)
