"""Containers of one application that replace each other: each counts the ids of the POSTs that it has seen."""

import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        version = self.server.version
        if self.path == "/up":
            return self.reply(version.health, b"")
        if self.path == "/slow":
            version.asked.set()
            version.gate.wait(30)
        self.reply(200, version.name.encode())

    def do_POST(self):
        self.server.version.seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.reply(200, self.server.version.name.encode())

    def log_message(self, *arguments):
        pass


class Version:
    """A container on a free port of 127.0.0.1."""

    def __init__(self, name, health=200):
        self.name = name
        # The status of /up.
        self.health = health
        self.seen = []
        # `/slow` was requested, and may go on.
        self.asked, self.gate = threading.Event(), threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.version = self
        self.endpoint = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
