"""Who is measured: how each peer is configured and started."""

import os
import string
import subprocess

from .process import Process, free_port

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What the regular expression's captures make of a host, by tier: the name of the upstream in each peer's words.
TIERS = {
    "local": {
        "target": "container001",
        "capture": "$container",
        "haproxy_capture": r"\2",
        "berth_to": "${container}:8080",
    },
    "front": {
        "target": "host_01",
        "capture": "host_$number",
        "haproxy_capture": r"host_\3",
        "berth_to": "host_${host}:9000",
    },
}


def output_of(*command):
    """What a command prints; empty when it fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
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

    def __init__(self, settings):
        self.settings = settings

    def version(self):
        raise NotImplementedError

    def command(self, tier, name, port, upstream_port):
        raise NotImplementedError

    def start(self, upstream_port, tiers):
        """Starts the tiers from the last to the first; returns the first one's port and all processes."""
        processes = []
        for tier in reversed(["front", "local"][-tiers:]):
            name = f"{self.name}-{tier}"
            port = free_port()
            command = self.command(tier, name, port, upstream_port)
            processes.append(Process(name, command, self.settings.proxy_cpus, port, self.settings.directory))
            upstream_port = port
        return port, processes

    def values(self, tier, port, upstream_port):
        return dict(TIERS[tier], port=port, upstream_port=upstream_port, workers=self.settings.workers)


class Nginx(Peer):
    name = "nginx"

    def version(self):
        return output_of("nginx", "-v").rpartition("/")[2]

    def command(self, tier, name, port, upstream_port):
        path = render("nginx.conf", self.settings.directory, name, **self.values(tier, port, upstream_port))
        return ["nginx", "-e", "stderr", "-c", path]


class HAProxy(Peer):
    name = "haproxy"

    def version(self):
        return output_of("haproxy", "-v").split()[2].partition("-")[0]

    def command(self, tier, name, port, upstream_port):
        values = self.values(tier, port, upstream_port)
        render("haproxy.map", self.settings.directory, name, **values)
        return ["haproxy", "-db", "-f", render("haproxy.cfg", self.settings.directory, name, **values)]


class Berth(Peer):
    name = "berth"

    def version(self):
        return output_of("git", "-C", HERE, "describe", "--always", "--dirty") or "unknown"

    def command(self, tier, name, port, upstream_port):
        path = render("berth.yaml", self.settings.directory, name, **self.values(tier, port, upstream_port))
        command = [self.settings.berth, tier, "--config", path, "--listen", f"127.0.0.1:{port}"]
        return command + ["--access-log", "off", "--loops", str(self.settings.workers)]


PEERS = {peer.name: peer for peer in (Nginx, HAProxy, Berth)}


def start_origin(settings):
    """The server behind every peer. Returns its port and its process."""
    files = os.path.join(settings.directory, "files")
    os.makedirs(files)
    for name, size in (("10k", 10 << 10), ("10m", 10 << 20)):
        with open(os.path.join(files, name), "wb") as file:
            file.write(bytes(range(256)) * (size // 256))
    # nginx's worker may run as another user.
    for path in (settings.directory, files):
        os.chmod(path, 0o755)
    port = free_port()
    path = render("origin.nginx.conf", settings.directory, "origin", origin_port=port, small_body="x" * 100)
    command = ["nginx", "-e", "stderr", "-c", path]
    return port, Process("origin", command, settings.origin_cpus, port, settings.directory)
