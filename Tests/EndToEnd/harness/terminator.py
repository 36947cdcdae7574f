"""Programs that terminate TLS before a front tier, with the snippets of docs/tls.md."""

import os
import re
import shutil
import socket
import ssl
import subprocess

from . import nginx, pages, ports, process, wait, wire

NAME = "wordpress-container001-01.test.priv"


def certificate(directory, *names):
    """(certificate, key): self-signed, for these names."""
    directory = str(directory)
    paths = os.path.join(directory, "fullchain.pem"), os.path.join(directory, "key.pem")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=test", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
            "-out", paths[0], "-keyout", paths[1],
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return paths


def snippet(page, language, path):
    """The block of a page that begins with the comment `# path`."""
    for _, kind, text in pages.blocks(page):
        if kind == language and re.sub(r"^(#|//|;)\s*", "", text.split("\n")[0]) == path:
            return text
    raise AssertionError(f"{page} has no {path}")


class NginxTerminator:
    def __init__(self, directory, front):
        """`front`: the port of a front tier on loopback."""
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.certificate, key = certificate(directory, "*.test.priv", "test.priv")
        self.port, self.plain_port = ports.several(2)
        text = snippet("docs/tls.md", "nginx", "/etc/nginx/conf.d/berth.conf")
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("/etc/ssl/berth/fullchain.pem", self.certificate),
            ("/etc/ssl/berth/key.pem", key),
            ("server 127.0.0.1:8080", f"server 127.0.0.1:{front}"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        self.nginx = nginx.Nginx(directory, text, self.port)

    def stop(self):
        self.nginx.stop()


class CaddyTerminator:
    PROGRAM = shutil.which("caddy")

    def __init__(self, directory, front):
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.certificate, key = certificate(directory, "*.test.priv", "test.priv")
        self.port, self.plain_port = ports.several(2)
        text = snippet("docs/tls.md", "caddyfile", "/etc/caddy/Caddyfile")
        for old, new in (
            ("/etc/ssl/berth/fullchain.pem", self.certificate),
            ("/etc/ssl/berth/key.pem", key),
            ("reverse_proxy 127.0.0.1:8080", f"reverse_proxy 127.0.0.1:{front}"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        options = f"{{\n\tadmin off\n\thttp_port {self.plain_port}\n\thttps_port {self.port}\n\tskip_install_trust\n}}\n"
        config = os.path.join(self.directory, "Caddyfile")
        with open(config, "w") as file:
            file.write(options + text + "\n")
        self.log = open(os.path.join(self.directory, "caddy.log"), "wb")
        self.process = subprocess.Popen(
            [self.PROGRAM, "run", "--config", config, "--adapter", "caddyfile"],
            env=dict(os.environ, HOME=self.directory, XDG_DATA_HOME=self.directory, XDG_CONFIG_HOME=self.directory),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        wait.until(self._listening, what="Caddy to listen")

    def _listening(self):
        if self.process.poll() is not None:
            raise AssertionError(open(self.log.name).read())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except ConnectionRefusedError:
            return False
        return True

    def stop(self):
        process.end(self.process)
        self.log.close()


class Secure(wire.Client):
    """A client of TLS that verifies the certificate."""

    def __init__(self, terminator, name=NAME, source="127.0.0.9", timeout=30):
        context = ssl.create_default_context(cafile=terminator.certificate)
        plain = socket.create_connection(("127.0.0.1", terminator.port), timeout=timeout, source_address=(source, 0))
        self.sock = context.wrap_socket(plain, server_hostname=name)
        self.reader = wire.Reader(self.sock)
