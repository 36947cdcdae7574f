"""Two containers at one port, each of which returns its own address."""

import http.server
import threading


class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one segment: the body of its own would wait 40 ms for the delayed acknowledgement of the head.
    wbufsize = -1

    def do_GET(self):
        body = self.server.server_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Greeters:
    """127.0.7.1 and 127.0.7.2 at `port`."""

    def __init__(self):
        first = http.server.ThreadingHTTPServer(("127.0.7.1", 0), Greeter)
        self.port = first.server_address[1]
        self.servers = [first, http.server.ThreadingHTTPServer(("127.0.7.2", self.port), Greeter)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
