"""An endpoint of a pool: says who it is, counts what it has seen, and misbehaves on demand."""

import collections
import contextlib
import hashlib
import http.server
import socket
import struct
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self):
        super().setup()
        self.server.member.connections.append(self.connection)

    def serve(self):
        member = self.server.member
        if self.path == "/healthz":
            with member.lock:
                member.checks += 1
            return self.respond(200 if member.healthy else 500, b"")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with member.lock:
            member.requests += 1
            if "X-Id" in self.headers:
                member.seen[self.headers["X-Id"]] += 1
            mode = member.mode
        if mode == "hang":
            member.released.wait(30)
            return self.close()
        if mode == "reset":
            return self.close()
        if mode == "junk":
            self.wfile.write(b"nonsense\r\n\r\n")
            self.wfile.flush()
            return self.close()
        if mode == "slow":
            member.released.wait(member.delay)
        status = mode if isinstance(mode, int) else 200
        self.respond(status, f"{member.name} {hashlib.sha256(body).hexdigest()}".encode())

    def respond(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.member.fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def close(self):
        """Without a response."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # Requests that have waited for it come all at once.
    request_queue_size = 4096


class Member:
    """Listens at 127.0.0.1; `mode`: well, hang, reset, junk, slow, or a status."""

    def __init__(self, name, mode="well", delay=0.2, port=0):
        self.name, self.mode, self.delay, self.healthy = name, mode, delay, True
        self.requests = self.checks = 0
        self.seen = collections.Counter()
        # Of each response.
        self.fields = []
        self.connections = []
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.member = self
        self.port = self.server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
