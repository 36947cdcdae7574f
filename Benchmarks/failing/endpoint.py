"""An endpoint in a process of its own: serves `/ID` in 5 ms, notes the ids in its ledger, and misbehaves on demand."""

import asyncio
import gc
import multiprocessing
import os
import re
import signal
import socket
import struct

from . import ledger

# Seconds that a request takes: some are in flight whenever something happens.
SERVICE = 0.005
SLOW = 0.2
BODY = b"x" * 100
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + BODY
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n" + BODY
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\n" + BODY


class Serving(asyncio.Protocol):
    """One connection. Proxies send the next request after the response to the last."""

    def __init__(self, server):
        self.server = server
        self.buffer = b""
        self.timer = None
        self.is_busy = False

    def connection_made(self, transport):
        self.transport = transport
        self.server.connections.add(self)
        self.server.ledger.connected()

    def connection_lost(self, error):
        self.server.connections.discard(self)
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        if self.timer and not self.is_busy:
            self.timer.cancel()
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.is_busy:
            return
        head = self.buffer[:end]
        length = LENGTH.search(head)
        whole = end + 4 + (int(length.group(1)) if length else 0)
        if len(self.buffer) < whole:
            return
        self.buffer = self.buffer[whole:]
        self.is_busy = True
        target = head.split(b" ", 2)[1]
        if target[1:].isdigit():
            self.server.ledger.saw(int(target[1:]))
        mode = self.server.ledger.mode
        if mode == ledger.RESET:
            return self.reset()
        wait = SLOW if mode == ledger.SLOW else SERVICE
        self.timer = self.server.loop.call_later(wait, self.respond, mode)

    def respond(self, mode):
        self.is_busy = False
        if mode == ledger.BREAK:
            self.transport.write(WELL[:60])
            # What was written is sent first: a reset of its own would throw it away.
            self.timer = self.server.loop.call_later(0.001, self.reset)
            return
        if self.server.is_ending:
            self.transport.write(LAST)
            return self.transport.close()
        self.transport.write(ERROR if mode == ledger.ERROR else WELL)
        if idle := self.server.ledger.idle:
            self.timer = self.server.loop.call_later(idle, self.transport.close)

    def reset(self):
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Server:
    def __init__(self, address, path):
        self.address = address
        self.ledger = ledger.Ledger(path)
        self.connections = set()
        self.is_ending = False

    async def run(self):
        self.loop = asyncio.get_running_loop()
        over = asyncio.Event()
        self.loop.add_signal_handler(signal.SIGTERM, over.set)
        host, port = self.address
        listener = await self.loop.create_server(lambda: Serving(self), host, port, backlog=4096, reuse_address=True)
        await over.wait()
        # As application servers end: requests in flight are served, idle connections closed.
        self.is_ending = True
        listener.close()
        for one in list(self.connections):
            if not one.is_busy:
                one.transport.close()
        while self.connections:
            await asyncio.sleep(0.001)


def _serve(address, path):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    asyncio.run(Server(address, path).run())


class Endpoint:
    """The process, as a case sees it."""

    def __init__(self, name, port, directory, ids, host="127.0.0.1"):
        self.name = name
        self.host, self.port = host, port
        self.address = f"{host}:{port}"
        self.path = os.path.join(directory, f"{name}.ledger")
        self.ledger = ledger.Ledger(self.path, ids)
        self.process = None
        self.start()

    def start(self):
        self.process = multiprocessing.get_context("fork").Process(
            target=_serve, args=((self.host, self.port), self.path), daemon=True
        )
        self.process.start()
        while not self.listens():
            self.process.join(0.002)
            if not self.process.is_alive():
                raise AssertionError(f"the endpoint {self.address} ended at once")

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.join()

    def end(self):
        """In an orderly way."""
        self.process.terminate()
        self.process.join()

    def stop(self):
        if self.process.is_alive():
            self.signal(signal.SIGCONT)
            self.kill()
