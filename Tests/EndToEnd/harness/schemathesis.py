"""Schemathesis from PyPI: requests that an OpenAPI document allows, and those that it does not."""

import functools
import os
import shutil
import subprocess

from .tier import REPO

PACKAGE = "schemathesis==4.32.5"
FOLDER = os.path.join(REPO, ".build/schemathesis")


@functools.cache
def program():
    """The command that runs it, with its environment; None where it cannot be had."""
    if found := shutil.which("schemathesis"):
        return [found], {}
    path = os.path.join(FOLDER, "bin/schemathesis")
    if not os.path.exists(path) and (pip := shutil.which("pip") or shutil.which("pip3")):
        subprocess.run(
            [pip, "install", "--quiet", "--disable-pip-version-check", "--target", FOLDER, PACKAGE],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        )  # fmt: skip
    return ([path], {"PYTHONPATH": FOLDER}) if os.path.exists(path) else None
