"""An origin that speaks HTTP/2, and misbehaves by path. On `h2`, frame by frame."""

import collections
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import hyperframe.frame


class H2Origin:
    """`goaway_every`: after so many requests a connection takes no more, and refuses what has come meanwhile.

    `tls`: a pair of files; the protocol is then agreed on. `protocols`: those that it accepts.
    """

    def __init__(self, goaway_every=None, tls=None, protocols=("h2",), settings=None):
        self.goaway_every = goaway_every
        self.settings = settings or {}
        self.lock = threading.Lock()
        self.connections = 0
        self.ended = 0
        self.requests = collections.Counter()
        # Values of X-Id of the requests that were processed.
        self.ids = collections.Counter()
        self.sent = 0
        self.received = 0
        self.pings = 0
        self.resets = []
        self.released = threading.Event()
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
            self.context.set_alpn_protocols(list(protocols))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with self.lock:
            self.connections += 1
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
                if sock.selected_alpn_protocol() == "http/1.1":
                    return self._serve_old(sock)
            Connection(self, sock).run()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            with self.lock:
                self.ended += 1
            sock.close()

    def _serve_old(self, sock):
        """HTTP/1.1, for requests without a body."""
        data = b""
        while piece := sock.recv(65536):
            data += piece
            while b"\r\n\r\n" in data:
                _, _, data = data.partition(b"\r\n\r\n")
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")

    def stop(self):
        self.released.set()
        self.listener.close()


class Connection:
    def __init__(self, origin, sock):
        self.origin = origin
        self.sock = sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.fields = {}
        self.bodies = collections.defaultdict(bytes)
        # What the peer's windows have no room for yet.
        self.waiting = {}
        self.count = 0
        self.last = None

    def run(self):
        self.h2.initiate_connection()
        if self.origin.settings:
            self.h2.update_settings(self.origin.settings)
        self._flush()
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            if not self._take(data):
                return

    def _flush(self):
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def _take(self, data):
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.fields[event.stream_id] = dict(event.headers)
                if dict(event.headers)[":path"] == "/stall-upload":
                    continue
            elif isinstance(event, h2.events.DataReceived):
                with self.origin.lock:
                    self.origin.received += len(event.data)
                if self.fields[event.stream_id][":path"] == "/stall-upload":
                    # The connection's window alone.
                    self.h2.increment_flow_control_window(event.flow_controlled_length)
                    continue
                self.bodies[event.stream_id] += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                if self.last is not None and event.stream_id > self.last:
                    continue
                if not self._respond(event.stream_id):
                    return False
            elif isinstance(event, h2.events.StreamReset):
                self.waiting.pop(event.stream_id, None)
                with self.origin.lock:
                    self.origin.resets.append(int(event.error_code))
            elif isinstance(event, h2.events.PingReceived):
                with self.origin.lock:
                    self.origin.pings += 1
        self._pump()
        self._flush()
        return True

    def _respond(self, stream):
        fields = self.fields[stream]
        path = fields[":path"]
        origin = self.origin
        self.count += 1
        with origin.lock:
            origin.requests[path] += 1
            if "x-id" in fields:
                origin.ids[fields["x-id"]] += 1
        if path.startswith("/reset/"):
            self.h2.reset_stream(stream, int(path.removeprefix("/reset/")))
        elif path == "/die":
            self._flush()
            self.sock.close()
            return False
        elif path == "/half":
            self.h2.send_headers(stream, [(":status", "200"), ("content-length", "10")])
            self.h2.send_data(stream, b"half")
            self._flush()
            self.sock.close()
            return False
        elif path.startswith("/crumbs/"):
            count = int(path.removeprefix("/crumbs/"))
            self.h2.send_headers(stream, [(":status", "200"), ("content-length", str(4 * count))])
            for number in range(count):
                self.h2.send_data(stream, number.to_bytes(4, "big"), end_stream=number == count - 1)
            self._flush()
            # The end comes right after them.
            if origin.context:
                self.sock.unwrap()
            else:
                self.sock.shutdown(socket.SHUT_WR)
            # Not with a reset, which what was not read would bring about.
            while self.sock.recv(65536):
                pass
            return False
        elif path == "/stall":
            return True
        elif path == "/frozen":
            # Nothing is read or acknowledged any longer.
            self._flush()
            origin.released.wait(60)
            return False
        elif path == "/early":
            self.h2.send_headers(stream, [(":status", "103"), ("link", "</a.css>")])
            self._send(stream, b"late", [("content-length", "4")])
        elif path.startswith("/big/"):
            size = int(path.removeprefix("/big/"))
            self._send(stream, bytes(size), [("content-length", str(size))])
        elif path == "/trailers":
            self.h2.send_headers(stream, [(":status", "200")])
            self.h2.send_data(stream, b"some")
            self.h2.send_headers(stream, [("x-sum", "4")], end_stream=True)
        else:
            body = self.bodies.pop(stream, b"")
            self._send(stream, body or b"hello", [("x-method", fields[":method"]), ("x-authority", fields[":authority"])])
        if origin.goaway_every and self.count == origin.goaway_every:
            self.last = stream
            self._flush()
            frame = hyperframe.frame.GoAwayFrame(stream_id=0, last_stream_id=stream, error_code=0)
            self.sock.sendall(frame.serialize())
        return True

    def _send(self, stream, body, fields):
        self.h2.send_headers(stream, [(":status", "200"), *fields])
        # Its rest is a view: a copy of it for each frame takes minutes for a large body.
        self.waiting[stream] = memoryview(body)

    def _pump(self):
        for stream in list(self.waiting):
            body = self.waiting[stream]
            while body:
                size = min(len(body), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if size <= 0:
                    break
                self.h2.send_data(stream, bytes(body[:size]))
                body = body[size:]
                with self.origin.lock:
                    self.origin.sent += size
            self.waiting[stream] = body
            if not body:
                self.h2.end_stream(stream)
                del self.waiting[stream]
