"""Tiers that terminate TLS themselves, and clients of theirs."""

import os
import re
import select
import socket
import ssl
import subprocess
import threading

from . import wait, wire
from .tier import Tier

NAME = "www.test.priv"
SECURE = re.compile(r"^(?=.*\blistening\b)(?=.*\btls=true).*?\b127\.0\.0\.1:(\d+)", re.MULTILINE)
REDIRECT = re.compile(r"^(?=.*\blistening\b)(?=.*\bredirect_to_https=true).*?\b127\.0\.0\.1:(\d+)", re.MULTILINE)


def certificate(directory, stem, *names, days=2, key="ec"):
    """(certificate, key): self-signed, for these names. Replaces files of that name in one step each."""
    paths = os.path.join(str(directory), f"{stem}.pem"), os.path.join(str(directory), f"{stem}.key")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if key == "ec" else ["-newkey", key]
    subject = ",".join(("IP:" if re.fullmatch(r"[\d.]+|.*:.*", name) else "DNS:") + name for name in names)
    temporary = [f"{path}.new" for path in paths]
    subprocess.run(
        ["openssl", "req", "-x509", *new, "-nodes", "-days", str(days), "-subj", f"/CN={stem}", "-addext",
         f"subjectAltName={subject}", "-out", temporary[0], "-keyout", temporary[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    # The key first: what watches the files finds a pair that does not fit for a moment.
    for index in (1, 0):
        os.replace(temporary[index], paths[index])
    return paths


def fingerprint(path):
    """SHA-256 of the first certificate of a file."""
    with open(path) as file:
        text = file.read()
    return ssl.PEM_cert_to_DER_cert(text[: text.index("-----END CERTIFICATE-----") + 25] + "\n")


class SecureTier(Tier):
    """`berth front` with a plain listener, one with TLS, and one that redirects to it.

    `tls`: the value of `tls` in the rule file, in YAML's flow form.
    """

    def __init__(self, verb, directory, rules, tls, *options, **others):
        listeners = (
            f"listeners:\n  - {{ address: '127.0.0.1:0', tls: {tls} }}\n"
            "  - { address: '127.0.0.2:0', redirect_to_https: true }\n"
        )
        super().__init__(verb, str(directory), listeners + rules, *options, **others)
        self.secure_port = int(wait.until(lambda: SECURE.search(self.said()), what="a listener with TLS").group(1))
        found = wait.until(
            lambda: re.search(r"^(?=.*redirect_to_https=true).*?127\.0\.0\.2:(\d+)", self.said(), re.MULTILINE),
            what="a listener that redirects",
        )
        self.redirect_port = int(found.group(1))

    def causes(self):
        """The causes of handshakes that failed, so far."""
        return re.findall(r"\bcause=(\w+).*a TLS handshake failed", self.said())

    def cause(self, wanted):
        wait.until(lambda: wanted in self.causes(), what=f"the log to name {wanted}: {self.said()}")


def context(ca=None, version=None, protocols=("http/1.1",)):
    context = ssl.create_default_context(cafile=ca) if ca else ssl._create_unverified_context()
    if version:
        context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


class SecureClient(wire.Client):
    """A client of TLS: verifies the certificate where it knows the authority."""

    def __init__(self, port, ca=None, name=NAME, version=None, session=None, timeout=30, protocols=("http/1.1",), using=None,
                 address="127.0.0.1"):  # fmt: skip
        self.context = using or context(ca, version, protocols)
        plain = socket.create_connection((address, port), timeout=timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.context.wrap_socket(plain, server_hostname=name, session=session)
        self.reader = wire.Reader(self.sock)

    @property
    def certificate(self):
        return self.sock.getpeercert(binary_form=True)

    def end(self):
        """close_notify, and the server's; the rest of what it sent."""
        self.sock.settimeout(10)
        return self.sock.unwrap()


class Begun:
    """A handshake that a test carries on by hand."""

    def __init__(self, port, name=NAME, version=None, ca=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(ca, version).wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        self.hello = self.outgoing.read()

    def finish(self):
        """To the end of the handshake. The hello has been sent."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                if data := self.outgoing.read():
                    self.sock.sendall(data)
                more = self.sock.recv(1 << 16)
                if not more:
                    raise wire.Closed("in the handshake") from None
                self.incoming.write(more)
                continue
            if data := self.outgoing.read():
                self.sock.sendall(data)
            return self.tls.getpeercert(binary_form=True)

    def ask(self, path="/"):
        """The first bytes of a response."""
        self.tls.write(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        self.sock.sendall(self.outgoing.read())
        while True:
            try:
                return self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                more = self.sock.recv(1 << 16)
                if not more:
                    raise wire.Closed("before the response") from None
                self.incoming.write(more)

    def close(self):
        self.sock.close()


class Cutter:
    """Before a listener: cuts what a client sends first, so that each part is a segment of its own.

    `cut`: the first bytes → parts. Each of a few parts is sent when the one before has been read.
    """

    def __init__(self, port, cut):
        self.target, self.cut = port, cut
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            first = client.recv(5)
            while len(first) >= 5 and len(first) < 5 + int.from_bytes(first[3:5], "big"):
                more = client.recv(5 + int.from_bytes(first[3:5], "big") - len(first))
                if not more:
                    break
                first += more
            parts = self.cut(first)
            for part in parts:
                server.sendall(part)
                # The next one is a read of its own. Among hundreds, many are.
                if len(parts) <= 4:
                    wait.until(lambda: received(server), what="the listener to read")
            open_ends = {client: server, server: client}
            while server in open_ends:
                for ready in readable(open_ends):
                    data = ready.recv(1 << 16)
                    if data:
                        open_ends[ready].sendall(data)
                    else:
                        open_ends.pop(ready).shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def stop(self):
        # Ends the wait of the thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def readable(socks):
    """Those that have something to read; waits for one."""
    poll, found = select.poll(), {sock.fileno(): sock for sock in socks}
    for number in found:
        poll.register(number, select.POLLIN)
    return [found[number] for number, _ in poll.poll()]


def records(hello, size):
    """A hello of one record in records of so many bytes."""
    body = hello[5:]
    return b"".join(hello[:3] + len(body[at : at + size]).to_bytes(2, "big") + body[at : at + size] for at in range(0, len(body), size))


def received(sock):
    """Whether the peer's program has read all: nothing is in the kernel's queues of the connection."""
    port = sock.getsockname()[1]
    with open("/proc/net/tcp") as file:
        for line in file:
            parts = line.split()
            if parts[2].endswith(f":{port:04X}") and parts[3] == "01":
                return parts[4].endswith(":00000000")
    return False
