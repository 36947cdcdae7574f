"""A tier with HTTP/2 at its listeners, and clients of theirs."""

import os
import re

from . import frames, secure, wait
from .stack import Origins, static
from .tier import Tier

RULES = """\
rules:
  - name: all
    host: '~^(?<name>[a-z0-9-]+)\\.test\\.priv$'
    to: 'app:80'
"""

# The listeners of a tier: `secure` speaks HTTP/2 where ALPN chose it, `clear` with prior knowledge.
LISTENERS = """\
listeners:
  - { address: '127.0.0.2:0', tls: { certificates: [{ cert: '%s', key: '%s' }] }%s }
  - { address: '127.0.0.3:0', http2: true }
"""


class MultiplexedTier(Tier):
    """`more`: further keys of its rule file; `tls`: further keys of the listener with TLS."""

    def __init__(self, verb, directory, rules, certificate, tls="", options=(), **others):
        super().__init__(verb, str(directory), LISTENERS % (*certificate, tls) + rules, *options, **others)
        self.certificate = certificate[0]
        self.secure_port = self._port("127.0.0.2")
        self.clear_port = self._port("127.0.0.3")

    def _port(self, address):
        pattern = re.compile(rf"^(?=.*\blistening\b).*?\b{re.escape(address)}:(\d+)", re.MULTILINE)
        return int(wait.until(lambda: pattern.search(self.said()), what=f"a listener at {address}").group(1))

    def client(self, kind="clear", **options):
        """A connection to one of the listeners."""
        if kind == "clear":
            return frames.Client(self.clear_port, "127.0.0.3", **options)
        return frames.Client(self.secure_port, "127.0.0.2", ca=self.certificate, **options)

    def plain(self, protocols=("http/1.1",)):
        """HTTP/1.1 at the listener with TLS."""
        return secure.SecureClient(self.secure_port, self.certificate, protocols=protocols, address="127.0.0.2")


class Site:
    """One tier before one container: the origin program, or what listens at `address`. `names`: further containers."""

    tier_type = MultiplexedTier

    def __init__(self, directory, stopping, more="", rules=RULES, address=None, tls="", verb="front", names=None):
        self.directory = os.path.join(str(directory), "site")
        os.makedirs(self.directory)
        self.origins = None
        if address is None:
            self.origins = stopping(Origins("app"))
            address = f"127.0.0.1:{self.origins.ports['app']}"
        self.certificate = secure.certificate(self.directory, "star", "*.test.priv")
        text = rules + more + "names:\n  - static:\n" + static({"app": address, **(names or {})}) + "\n"
        self.tier = stopping(self.tier_type(verb, self.directory, text, self.certificate, tls))
        self.client, self.plain = self.tier.client, self.tier.plain

    def open(self, gate):
        """Lets the origin go on."""
        self.origins.control("app", f"open?id={gate}")
