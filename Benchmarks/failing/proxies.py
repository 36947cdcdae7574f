"""The proxies side by side: how each is configured, and how its users take an endpoint out before a restart."""

import http.client
import os
import re
import signal
import socket
import string
import subprocess
import time

from bench.errors import BenchError
from bench.peers import output_of
from bench.process import Process
from harness import ports, wait

from . import control, programs

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
ALL_CPUS = f"0-{(os.cpu_count() or 1) - 1}"


class Proxy:
    """One proxy in front of the endpoints of one pool."""

    name = title = template = ""

    def __init__(self, endpoints, directory, berth):
        self.endpoints, self.directory, self.berth = endpoints, directory, berth
        self.port = ports.free()
        self.values = {"dir": directory, "port": self.port}
        self.out = None
        self.process = None

    @classmethod
    def program(cls, berth):
        return programs.program(cls.name)

    @classmethod
    def version(cls, program):
        raise NotImplementedError

    @classmethod
    def way(cls, program):
        """How an endpoint is restarted."""
        raise NotImplementedError

    def line(self, index, address):
        """The configuration's line for an endpoint."""
        raise NotImplementedError

    def command(self, path):
        raise NotImplementedError

    def render(self, template=None):
        """Writes the configuration, without the endpoint that is out."""
        template = template or self.template
        with open(os.path.join(PEERS, template)) as file:
            text = file.read()
        lines = [self.line(index, one.address) for index, one in enumerate(self.endpoints)]
        values = dict(self.values, endpoints="\n".join(line for line in lines if line))
        path = os.path.join(self.directory, template)
        # In one step: some watch the file.
        with open(f"{path}.new", "w") as file:
            file.write(string.Template(text).substitute(values))
        os.rename(f"{path}.new", path)
        return path

    def start(self):
        self.process = Process(self.name, self.command(self.render()), ALL_CPUS, self.port, self.directory)

    def is_out(self, index):
        return self.out is not None and self.endpoints[index] is self.out

    def take_out(self, endpoint):
        """No new requests for an endpoint; returns when it has none."""
        self.out = endpoint
        self.apply()
        self.quiet(endpoint)

    def put_in(self, endpoint):
        self.out = None
        self.apply()

    def apply(self):
        """Has the running proxy take the configuration of `out`."""
        raise NotImplementedError

    @staticmethod
    def quiet(endpoint, seconds=0.3):
        """Waits until an endpoint has received no request for a while."""
        count, since = endpoint.ledger.requests, time.monotonic()
        deadline = since + 15
        while time.monotonic() - since < seconds:
            time.sleep(0.01)
            if endpoint.ledger.requests != count:
                count, since = endpoint.ledger.requests, time.monotonic()
            if since > deadline:
                raise BenchError(f"{endpoint.name} still receives requests")

    def stop(self):
        if self.process:
            self.process.stop()


class Berth(Proxy):
    name, title, template = "berth", "Berth", "berth.yaml"

    @classmethod
    def program(cls, berth):
        return berth if os.access(berth, os.X_OK) else None

    @classmethod
    def version(cls, program):
        return output_of(program, "--version")

    @classmethod
    def way(cls, program):
        if cls.deploys(program):
            return "`berth deploy` without it, restart, `berth deploy` with it"
        return "`berth pools drain`, restart, `berth pools up`"

    @staticmethod
    def deploys(program):
        return subprocess.run([program, "deploy", "--help"], capture_output=True).returncode == 0

    def line(self, index, address):
        return f"      - {address}"

    def command(self, path):
        self.socket = os.path.join(self.directory, "berth.sock")
        return [
            self.berth, "front", "--config", path, "--listen", f"127.0.0.1:{self.port}", "--access-log", "off",
            "--admin", f"unix:{self.socket}",
        ]  # fmt: skip

    def take_out(self, endpoint):
        if self.deploys(self.berth):
            return self.deploy([one for one in self.endpoints if one is not endpoint])
        control.set_state(self.socket, "pool", endpoint.address, "drain")
        wait.until(
            lambda: control.members(self.socket, "pool")[endpoint.address]["requests"] == 0, what="the endpoint to drain"
        )

    def put_in(self, endpoint):
        if self.deploys(self.berth):
            return self.deploy(self.endpoints)
        control.set_state(self.socket, "pool", endpoint.address, "up")

    def deploy(self, endpoints):
        command = [self.berth, "deploy", "pool", "--admin", self.socket]
        command += [word for one in endpoints for word in ("--to", one.address)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise BenchError(f"berth deploy: {done.stderr.strip() or done.stdout.strip()}")


class Nginx(Proxy):
    name, title, template = "nginx", "nginx", "nginx.conf"

    @classmethod
    def version(cls, program):
        # It prints to standard error.
        found = re.search(r"nginx/([0-9.]+)", output_of("sh", "-c", f"'{program}' -v 2>&1"))
        return found.group(1) if found else ""

    @classmethod
    def way(cls, program):
        return "`down` in its configuration and a reload, restart, a reload"

    def line(self, index, address):
        return f"        server {address}{' down' if self.is_out(index) else ''};"

    def command(self, path):
        return [self.program(self.berth), "-e", "stderr", "-c", path]

    def apply(self):
        self.render()
        os.kill(self.process.pid, signal.SIGHUP)


class HAProxy(Proxy):
    name, title, template = "haproxy", "HAProxy", "haproxy.cfg"

    @classmethod
    def version(cls, program):
        return output_of(program, "-v").split()[2].partition("-")[0]

    @classmethod
    def way(cls, program):
        return "`set server … state drain` at its socket, restart, `state ready`"

    def line(self, index, address):
        return f"    server {self.endpoints[index].name} {address}"

    def command(self, path):
        return [self.program(self.berth), "-db", "-f", path]

    def tell(self, command):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(os.path.join(self.directory, "haproxy.sock"))
            sock.sendall(command.encode() + b"\n")
            answer = sock.recv(4096)
        if answer.strip():
            raise BenchError(f"haproxy: {answer.decode()}")

    def take_out(self, endpoint):
        self.tell(f"set server pool/{endpoint.name} state drain")
        self.quiet(endpoint)

    def put_in(self, endpoint):
        self.tell(f"set server pool/{endpoint.name} state ready")


class Caddy(Proxy):
    name, title, template = "caddy", "Caddy", "Caddyfile"

    @classmethod
    def version(cls, program):
        return output_of(program, "version").split()[0].removeprefix("v")

    @classmethod
    def way(cls, program):
        return "a reload without it, restart, a reload"

    def line(self, index, address):
        return "" if self.is_out(index) else f"        to {address}"

    def command(self, path):
        return [self.program(self.berth), "run", "--config", path, "--adapter", "caddyfile"]

    def start(self):
        self.values["admin_port"] = ports.free()
        super().start()

    def apply(self):
        with open(self.render(), "rb") as file:
            text = file.read()
        connection = http.client.HTTPConnection("127.0.0.1", self.values["admin_port"], timeout=15)
        connection.request("POST", "/load", text, {"Content-Type": "text/caddyfile"})
        response = connection.getresponse()
        said = response.read()
        connection.close()
        if response.status != 200:
            raise BenchError(f"caddy: {said.decode(errors='replace')}")


class Traefik(Proxy):
    name, title, template = "traefik", "Traefik", "traefik.yaml"

    @classmethod
    def version(cls, program):
        found = re.search(r"Version:\s*v?([0-9.]+)", output_of(program, "version"))
        return found.group(1) if found else ""

    @classmethod
    def way(cls, program):
        return "a file without it, restart, a file with it"

    def line(self, index, address):
        return "" if self.is_out(index) else f"          - url: http://{address}"

    def command(self, path):
        self.apply()
        return [self.program(self.berth), f"--configFile={path}"]

    def apply(self):
        self.render("traefik.dynamic.yaml")


PROXIES = {proxy.name: proxy for proxy in (Berth, Nginx, HAProxy, Caddy, Traefik)}
