"""Requests at a fixed rate, whatever becomes of the earlier ones, in a process of their own.

Half of them are POST, in an irregular order. A request takes an idle connection, the one that was used last, or makes a new
one. Nothing is sent again. Latencies count from the moment in which a request was due.
"""

import asyncio
import gc
import multiprocessing
import random
import re
import signal
import time
from collections import OrderedDict

# Seconds after which a client gives up.
PATIENCE = 10
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
POST_BODY = b"y" * 100
METHODS = random.Random(1).randbytes(1 << 17)


def is_post(number):
    """Irregular, and the same in each run: turns of methods and of endpoints must not fall into step."""
    return METHODS[number % len(METHODS)] & 1


def steady(rate, seconds):
    """When requests are due, seconds after the start."""
    return [number / rate for number in range(int(rate * seconds))]


def waves(rate, length, pause, count):
    """Some seconds at the rate, then a pause without any."""
    return [wave * (length + pause) + due for wave in range(count) for due in steady(rate, length)]


class Connection(asyncio.Protocol):
    def __init__(self, load, number):
        self.load = load
        self.number = number
        self.buffer = b""
        self.is_new = True

    def connection_made(self, transport):
        self.transport = transport
        self.load.connections += 1
        if self.number is None:
            return self.transport.abort()
        self.send(self.number)

    def send(self, number):
        self.number = number
        self.transport.write(self.load.request(number))

    def data_received(self, data):
        if self.number is None:
            return self.transport.abort()
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[: end + 2]
        length = LENGTH.search(head)
        if length:
            missing = end + 4 + int(length.group(1)) - len(self.buffer)
        elif CHUNKED.search(head):
            missing = 0 if self.buffer.endswith(b"\r\n0\r\n\r\n") else 1
        else:
            # Until the connection ends.
            missing = 1
        if missing > 0:
            return
        self.buffer = b""
        self.is_new = False
        number, self.number = self.number, None
        self.load.done(number, int(head[9:12]))
        if CLOSES.search(head) or head.startswith(b"HTTP/1.0"):
            self.transport.close()
        else:
            self.load.idle.append(self)

    def connection_lost(self, error):
        number, self.number = self.number, None
        if number is None:
            # Never taken again.
            self.transport = None
            return
        if self.buffer:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0 and not error and not LENGTH.search(self.buffer) and not CHUNKED.search(self.buffer):
                return self.load.done(number, int(self.buffer[9:12]))
            outcome = "broken off"
        elif self.is_new:
            outcome = "reset" if error else "closed"
        else:
            outcome = "kept connection closed"
        self.load.done(number, outcome)


class Load:
    def __init__(self, port, due, hosts=("pool.test",)):
        self.port, self.due, self.hosts = port, due, hosts
        self.idle = []
        self.connections = 0
        # Of each request: (number, seconds, status or what went wrong instead).
        self.results = []
        # The connections of those that run.
        self.running = OrderedDict()
        # How late requests were sent.
        self.late = []

    def request(self, number):
        host = self.hosts[number // 2 % len(self.hosts)]
        if is_post(number):
            head = f"POST /{number} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(POST_BODY)}\r\n\r\n"
            return head.encode() + POST_BODY
        return f"GET /{number} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    def done(self, number, outcome):
        if self.running.pop(number, None) is not None:
            self.results.append((number, time.monotonic() - self.start - self.due[number], outcome))

    def begin(self, number):
        while self.idle:
            connection = self.idle.pop()
            if connection.transport and not connection.transport.is_closing():
                self.running[number] = connection
                return connection.send(number)
        connection = Connection(self, number)
        self.running[number] = connection
        task = self.loop.create_task(self.connect(connection))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def connect(self, connection):
        try:
            await self.loop.create_connection(lambda: connection, "127.0.0.1", self.port)
        except OSError:
            if connection.number is not None:
                self.done(connection.number, "refused")

    def give_up(self, now):
        while self.running:
            number, connection = next(iter(self.running.items()))
            if now - self.due[number] < PATIENCE:
                return
            connection.number = None
            if getattr(connection, "transport", None):
                connection.transport.abort()
            self.done(number, "timeout")

    async def run(self, start, stop):
        self.loop, self.tasks, self.start = asyncio.get_running_loop(), set(), start
        number, swept = 0, -PATIENCE
        while number < len(self.due) and not stop.is_set():
            now = time.monotonic() - start
            while number < len(self.due) and self.due[number] <= now:
                self.late.append(now - self.due[number])
                self.begin(number)
                number += 1
            if now - swept > 0.1:
                swept = now
                self.give_up(now)
            await asyncio.sleep(0.001)
        while self.running:
            self.give_up(time.monotonic() - start)
            await asyncio.sleep(0.005)


def _run(pipe, stop, start, arguments):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()
    gc.disable()
    load = Load(*arguments)
    asyncio.run(load.run(start, stop))
    pipe.send((load.results, load.late, load.connections))
    pipe.close()


class LoadProcess:
    """The process, which begins half a second after it was made; `lead`: what is due earlier has a negative time."""

    def __init__(self, port, due, hosts=("pool.test",), lead=0):
        context = multiprocessing.get_context("fork")
        self.start = time.monotonic() + 0.5 + lead
        self.stop_asked = context.Event()
        self.pipe, theirs = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_run, args=(theirs, self.stop_asked, self.start, (port, due, hosts)), daemon=True
        )
        self.process.start()
        theirs.close()

    def at(self, seconds):
        """Waits until so many seconds after the start."""
        time.sleep(max(0, self.start + seconds - time.monotonic()))

    def finish(self):
        """No further request: waits for those that run."""
        self.stop_asked.set()
        return self.result()

    def result(self):
        """([(number, seconds, outcome)], seconds by which requests were late, connections made)."""
        result = self.pipe.recv()
        self.process.join()
        return result

    def stop(self):
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
