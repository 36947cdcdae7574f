"""What the origin does, by path. Each takes (origin, request, socket); False ends the connection."""

import base64
import hashlib
import json
import socket
import struct

from . import content


def find(path):
    parts = path.strip("/").split("/")
    if parts[-1] == "raw":
        return raw
    return TABLE.get(parts[0].replace("-", "_"), echo)


def head(status, *fields):
    return "\r\n".join([f"HTTP/1.1 {status}", *fields]).encode("latin-1") + b"\r\n\r\n"


def reply(request, sock, body, status="200 OK", *fields):
    data = head(status, f"Content-Length: {len(body)}", *fields)
    sock.sendall(data if request.method == "HEAD" else data + body)


def echo(origin, request, sock):
    """Everything that came, as JSON."""
    if (request.fields.get("Expect") or "").lower() == "100-continue":
        sock.sendall(head("100 Continue"))
    digest, size = hashlib.sha256(), 0
    for piece in request.body():
        digest.update(piece)
        size += len(piece)
    seen = {
        "container": origin.name,
        "method": request.method,
        "target": request.target,
        "version": request.version,
        "fields": request.fields,
        "framing": request.framing,
        "bytes": size,
        "sha256": digest.hexdigest(),
        "trailers": request.trailers,
    }
    reply(request, sock, json.dumps(seen).encode(), "200 OK", "Content-Type: application/json")


def i(origin, request, sock):
    """The name alone: for many requests."""
    reply(request, sock, origin.name.encode())


def download(origin, request, sock):
    size = int(request.query["bytes"])
    chunked = "chunked" in request.query
    sock.sendall(head("200 OK", "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"))
    if request.method == "HEAD":
        return
    for piece in content.blocks(size):
        sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    if chunked:
        sock.sendall(b"0\r\n\r\n")


def trailers(origin, request, sock):
    sock.sendall(
        head("200 OK", "Transfer-Encoding: chunked", "Trailer: X-Checksum")
        + b"5\r\nhello\r\n6;extension=dropped\r\n world\r\n0\r\nX-Checksum: 42\r\n\r\n"
    )


def until_close(origin, request, sock):
    """No length: the end of the connection is the end of the body."""
    sock.sendall(head("200 OK", "Connection: close") + b"until the end")
    return False


def http10(origin, request, sock):
    sock.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nan old answer")
    return False


def early(origin, request, sock):
    """The answer comes before the request's body has been read, and the rest is not wanted."""
    reply(request, sock, b"too much", "413 Content Too Large", "Connection: close")
    sock.shutdown(socket.SHUT_WR)
    for _ in request.body():
        pass
    return False


def early_kept(origin, request, sock):
    """The answer comes before the request's body has been read; then the rest is read, and the connection kept."""
    reply(request, sock, b"no", "403 No")
    for _ in request.body():
        pass


def hints(origin, request, sock):
    sock.sendall(head("103 Early Hints", "Link: </style.css>; rel=preload"))
    reply(request, sock, b"after the hints")


def refuse_body(origin, request, sock):
    """Expect: 100-continue is answered with a final status; no body will come."""
    reply(request, sock, b"no thanks", "417 Expectation Failed", "Connection: close")
    return False


def status(origin, request, sock):
    code = request.query["code"]
    if code in ("204", "304"):
        sock.sendall(head(f"{code} X", 'ETag: "1"'))
    else:
        reply(request, sock, b"status", f"{code} X")


def raw(origin, request, sock):
    """The response that the query describes: its status, and fields."""
    code = request.query.pop("status", "200")
    fields = [f"{name}: {value}" for name, value in request.query.items()]
    reply(request, sock, b"raw", f"{code} X", *fields)


def hang(origin, request, sock):
    """No answer; ends when the other side gives up."""
    for _ in request.body():
        pass
    sock.recv(1)
    return False


def stall(origin, request, sock):
    """An answer that stops in the middle."""
    sock.sendall(head("200 OK", "Content-Length: 1000") + b"so far")
    sock.recv(1)
    return False


def garbage(origin, request, sock):
    sock.sendall(b"this is no HTTP\r\n\r\n")
    return False


def two_lengths(origin, request, sock):
    """Length and chunked at once: an answer with two meanings."""
    sock.sendall(head("200 OK", "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n")
    return False


def reset(origin, request, sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent_close(origin, request, sock):
    return False


def short(origin, request, sock):
    """Fewer bytes than promised."""
    sock.sendall(head("200 OK", "Content-Length: 1000") + b"so far")
    return False


def large_head(origin, request, sock):
    reply(request, sock, b"", "200 OK", "X-Large: " + "x" * int(request.query["bytes"]))


def stale(origin, request, sock):
    """Answers, keeps the connection, and closes it when the next request comes: as if that had met a closing one."""
    reply(request, sock, b"once", "200 OK")
    sock.recv(1, socket.MSG_PEEK)
    return False


def deaf(origin, request, sock):
    """Reads nothing of the body until the gate is opened; then ends."""
    origin.gate(request.query["id"]).wait()
    return False


def gate(origin, request, sock):
    """Half an answer; the other half when the gate is opened."""
    sock.sendall(head("200 OK", "Content-Length: 10") + b"first")
    origin.gate(request.query["id"]).wait()
    sock.sendall(b"later")


def events(origin, request, sock):
    """Server-sent events: one at once, the next when the gate is opened. A long poll (`/events/poll`) has the last alone."""
    gate = origin.gate(request.query["id"])
    if request.path == "/events/poll":
        gate.wait()
        reply(request, sock, b"news")
        return None
    sock.sendall(head("200 OK", "Content-Type: text/event-stream", "Connection: close") + b"data: 1\n\n")
    gate.wait()
    sock.sendall(b"data: 2\n\n")
    return False


def upgrade_raw(origin, request, sock):
    """A protocol of its own after 101: counts bytes until the other side's end, then says how many, then ends."""
    sock.sendall(head("101 Switching Protocols", "Connection: Upgrade", "Upgrade: counter") + b"ready\n")
    total = sum(len(piece) for piece in request.reader.rest())
    sock.sendall(b"%d\n" % total)
    return False


def websocket(origin, request, sock):
    """Echoes every frame (RFC 6455)."""
    key = request.fields.get("Sec-WebSocket-Key", "").encode()
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    sock.sendall(
        head("101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Accept: {accept}")
    )
    reader = request.reader
    while True:
        first, second = reader.exactly(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(reader.exactly(2), "big")
        elif size == 127:
            size = int.from_bytes(reader.exactly(8), "big")
        mask = reader.exactly(4)
        masked = reader.exactly(size)
        pad = (mask * (size // 4 + 1))[:size]
        payload = (int.from_bytes(masked, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
        opcode = first & 0x0F
        if opcode == 9:
            first = first & 0xF0 | 10
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size) if size < 1 << 16 else b"\x7f" + struct.pack("!Q", size)
        sock.sendall(bytes([first]) + length + payload)
        if opcode == 8:
            return False


def control(origin, request, sock):
    """For the tests alone, not through the tiers: /control/open?id=…, /control/counts."""
    if request.path == "/control/open":
        origin.gate(request.query["id"]).set()
    with origin.lock:
        counts = {"requests": origin.requests, "connections": origin.connections}
    reply(request, sock, json.dumps(counts).encode())


TABLE = {
    behaviour.__name__: behaviour
    for behaviour in (
        control, deaf, download, early, early_kept, events, garbage, gate, hang, hints, http10, i, large_head, refuse_body, reset, short,
        silent_close, stale, stall, status, trailers, two_lengths, until_close, upgrade_raw, websocket,
    )
}  # fmt: skip
