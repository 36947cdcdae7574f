"""A real application behind both tiers, with a TLS terminator before them or without, and a browser that uses it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from . import ports, process, wait
from .terminator import NginxTerminator
from .tier import REPO, Tier

# What the tests of applications are marked with.
marks = [pytest.mark.application]

APPLICATIONS = "scripts/install-packages applications"


def needs(*programs):
    """Skips where a program is missing."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [program for program in programs if not (os.path.exists(program) or shutil.which(program, path=path))]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}: {APPLICATIONS}")


# How clients come: the rules of rules/, and whether nginx terminates TLS before the front tier (docs/tls.md).
WAYS = ["hyphens", "hyphens-tls", "host-header"]
SIZE = 20 << 20


def payload(size=SIZE):
    """Bytes that do not repeat."""
    out, state = bytearray(), b"berth"
    while len(out) < size:
        state = hashlib.sha256(state).digest()
        out += state * 32
    return bytes(out[:size])


class Site:
    """Both tiers before one application, container001 of host 01."""

    def __init__(self, directory, way, app, port):
        """
        `way`: one of `WAYS`, or `underscores`: the rules of the demo.
        `app`: the first part of the hostname.
        `port`: of the application on loopback.
        """
        self.running = []
        self.directory = os.path.join(str(directory), way)
        self.tls = way.endswith("-tls")
        folder = way.removesuffix("-tls")
        mark = "-" if folder == "hyphens" else "_"
        # The name that the client requests, and the one that the application sees.
        self.name = f"{app}{mark}container001{mark}01.test.priv"
        self.seen = f"{app}-container001-01.test.priv" if folder != "underscores" else self.name
        folder = os.path.join(REPO, "rules", "" if folder == "underscores" else folder)
        try:
            local = self._tier("local", folder, f"container001_01: '127.0.0.1:{port}'")
            front = self._tier("front", folder, f"host_01: '127.0.0.1:{local.port}'", "trusted_proxies: [127.0.0.1/32]\n" if self.tls else "")
            self.front, self.local = front, local
            self.port = front.port
            self.certificate = None
            if self.tls:
                terminator = NginxTerminator(os.path.join(self.directory, "nginx"), front.port)
                self.running.append(terminator)
                self.port, self.certificate = terminator.port, terminator.certificate
        except BaseException:
            self.stop()
            raise
        self.scheme = "https" if self.tls else "http"
        self.url = f"{self.scheme}://{self.name}"

    def _tier(self, verb, folder, name, more=""):
        with open(os.path.join(folder, f"{verb}.yaml")) as file:
            rules = file.read().split("names:")[0]
        tier = Tier(verb, self.directory, f"{rules}{more}names:\n  - static: {{ {name} }}\n")
        self.running.append(tier)
        return tier

    def stop(self):
        for one in reversed(self.running):
            one.stop()


class Response:
    def __init__(self, status, url, head, body):
        self.status, self.url, self.head, self.body = status, url, head, body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def field(self, name):
        """The value of a field of the last response."""
        found = re.findall(rf"(?im)^{re.escape(name)}:\s*(.*?)\s*$", self.head)
        return found[-1] if found else None

    def form(self, name):
        """The value of an input of a page."""
        for tag in re.findall(r"<input[^>]*>", self.text):
            if re.search(rf"""name=["']{re.escape(name)}["']""", tag):
                return re.search(r"""value=["']([^"']*)["']""", tag).group(1)
        raise AssertionError(f"no input {name} in:\n{self.text[:2000]}")


class Browser:
    """curl with a jar of cookies: all names lead to the front tier, or to nginx before it."""

    def __init__(self, site):
        self.site = site
        self.folder = tempfile.TemporaryDirectory(prefix="berth-browser-")
        self.jar = os.path.join(self.folder.name, "cookies")

    def stop(self):
        self.folder.cleanup()

    def get(self, path="/", *options, follow=True):
        """`path`: or a whole URL."""
        head, body = (os.path.join(self.folder.name, name) for name in ("head", "body"))
        for one in (head, body):
            open(one, "w").close()
        url = path if "://" in path else self.site.url + path
        command = ["curl", "--silent", "--show-error", "--max-time", "120", "--cookie", self.jar, "--cookie-jar", self.jar]
        command += ["--dump-header", head, "--output", body, "--write-out", "%{http_code} %{url_effective}"]
        command += ["--connect-to", f"::127.0.0.1:{self.site.port}", *(["--location"] if follow else [])]
        command += ["--cacert", self.site.certificate] if self.site.certificate else []
        done = subprocess.run([*command, *options, url], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        status, url = done.stdout.split(" ", 1)
        with open(body, "rb") as file:
            content = file.read()
        with open(head, errors="replace") as file:
            # Of the last response.
            last = re.split(r"\r?\n\r?\n", file.read().strip())[-1]
        return Response(int(status), url, last, content)

    def post(self, path, fields, *options, follow=True):
        data = [word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")]
        return self.get(path, *data, *options, follow=follow)

    def upload(self, path, field, content, fields=(), *options, name="upload.bin", follow=True):
        """A form of several parts, one of them a file."""
        file = os.path.join(self.folder.name, name)
        with open(file, "wb") as out:
            out.write(content)
        parts = [word for key, value in dict(fields).items() for word in ("--form", f"{key}={value}")]
        return self.get(path, *parts, "--form", f"{field}=@{file}", *options, follow=follow)


class Program:
    """A program that listens on a free port of loopback."""

    def __init__(self, directory, name, command, environment=None, ready=None, port=None, cwd=None):
        """`command`: `{port}` stands for the port. `ready`: whether it serves; by default whether it listens."""
        os.makedirs(directory, exist_ok=True)
        self.port = port or ports.free()
        self.name = name
        self.log = os.path.join(str(directory), f"{name}.log")
        self.output = open(self.log, "wb")
        self.process = subprocess.Popen(
            [word.replace("{port}", str(self.port)) for word in command], cwd=cwd or str(directory),
            env=dict(os.environ, **(environment or {})), stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
        )  # fmt: skip
        self.ready = ready
        wait.until(self._serves, seconds=60, what=f"{name} to serve")

    def _serves(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended:\n{open(self.log, errors='replace').read()}")
        if self.ready:
            return self.ready()
        import socket

        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self):
        process.end(self.process)
        self.output.close()
