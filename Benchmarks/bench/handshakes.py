"""The load of handshakes: each request on a new connection with TLS 1.3, with a full handshake or a resumed session.

    python3 -m bench.handshakes PORT SERVER_NAME HOST SECONDS full|resumed

Prints its figures as JSON. The client costs more than the server: what counts is the server's processor time.
"""

import json
import socket
import ssl
import sys
import threading
import time

THREADS = 4


class Client(threading.Thread):
    def __init__(self, port, name, host, deadline, resumes):
        super().__init__(daemon=True)
        self.port, self.name, self.deadline, self.resumes = port, name, deadline, resumes
        self.took, self.reused, self.failure = [], 0, None
        self.context = ssl._create_unverified_context()
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.set_alpn_protocols(["http/1.1"])
        self.request = f"GET /100 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        self.session = None

    def one(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.context.wrap_socket(plain, server_hostname=self.name, session=self.session) as tls:
            tls.sendall(self.request)
            data = b""
            while more := tls.recv(4096):
                data += more
            if not data.startswith(b"HTTP/1.1 200 "):
                raise OSError(f"status {data[:40]!r}")
            reused = tls.session_reused
            if self.resumes:
                self.session = tls.session
        return reused

    def run(self):
        try:
            # The first has no session yet, and warms the server up.
            self.one()
            while (start := time.monotonic()) < self.deadline:
                self.reused += self.one()
                self.took.append(time.monotonic() - start)
        except OSError as failure:
            self.failure = repr(failure)


def main(port, name, host, seconds, kind):
    start = time.monotonic()
    clients = [Client(int(port), name, host, start + float(seconds), kind == "resumed") for _ in range(THREADS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    took = sorted(sum((client.took for client in clients), []))
    print(json.dumps({
        "requests": len(took) + THREADS,
        "reused": sum(client.reused for client in clients),
        "seconds": time.monotonic() - start,
        "p50": took[len(took) // 2] * 1e6 if took else 0,
        "failures": [client.failure for client in clients if client.failure],
    }))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
