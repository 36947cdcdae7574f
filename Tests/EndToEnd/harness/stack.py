"""Containers, two local tiers and a front tier, as the demo has them."""

import json
import os
import subprocess
import sys

from . import wire
from .tier import Tier

SAAS = r"'~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv$'"

LOCAL = f"""\
rules:
  - name: saas
    host: {SAAS}
    to: '${{container}}:8080'
trusted_proxies: [127.0.0.0/8]
names:
  - static:
%s
"""

FRONT = f"""\
rules:
  - name: saas
    host: {SAAS}
    to: 'host_${{host}}:9000'
%s
names:
  - static:
%s
"""


def static(names):
    return "\n".join(f"      {name}: '{address}'" for name, address in names.items())


def host(container=1, number=1, app="wordpress"):
    """The hostname of a container on a host."""
    return f"{app}_container{container:03}_{number:02}.test.priv"


class Origins:
    """The origin program, one port per name."""

    def __init__(self, *names):
        program = os.path.join(os.path.dirname(__file__), "origin.py")
        self.process = subprocess.Popen(
            [sys.executable, program, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.ports = json.loads(self.process.stdout.readline())

    def control(self, name, path):
        return json.loads(wire.ask(self.ports[name], name, f"/control/{path}").body)

    def counts(self, name):
        return self.control(name, "counts")

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=5)


class Stack:
    """front → host_01, host_02 → container001, container002 on each; `dead` is a container that nobody serves."""

    def __init__(self, directory, front="", more_names=None, options=(), local_options=None):
        """`front`: further lines of the front tier's rule file (rules, limits, timeouts).
        `local_options`: the further options of a local tier, from its folder."""
        self.directory = str(directory)
        self.local_options = local_options or (lambda folder: ())
        self.running = []
        try:
            self.origins = Origins(*(f"container{c:03}_{h:02}" for h in (1, 2) for c in (1, 2)))
            self.running.append(self.origins)
            self.locals = [self._local(number) for number in (1, 2)]
            names = {f"host_{n:02}": f"127.0.0.1:{local.port}" for n, local in enumerate(self.locals, 1)}
            # host_03 is known but nothing listens there.
            names["host_03"] = "127.0.0.1:1"
            names.update(more_names or {})
            self.front_rules = FRONT % (front, static(names))
            self.front = Tier("front", self.directory, self.front_rules, *options)
            self.running.append(self.front)
        except BaseException:
            self.stop()
            raise
        self.port = self.front.port

    def _local(self, number):
        names = {f"container{c:03}": f"127.0.0.1:{self.origins.ports[f'container{c:03}_{number:02}']}" for c in (1, 2)}
        names["dead"] = "127.0.0.1:1"
        folder = os.path.join(self.directory, f"h{number:02}")
        tier = Tier("local", folder, LOCAL % static(names), *self.local_options(folder))
        self.running.append(tier)
        return tier

    @property
    def tiers(self):
        return [self.front, *self.locals]

    def ask(self, path="/", container=1, number=1, **options):
        """One request on a connection of its own."""
        return wire.ask(self.port, host(container, number), path, **options)

    def client(self, **options):
        return wire.Client(self.port, **options)

    def stop(self):
        for one in reversed(self.running):
            one.stop()
