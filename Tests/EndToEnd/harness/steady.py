"""Requests at a fixed rate, GET and POST in turns, whatever becomes of the earlier ones."""

import asyncio
import threading
import time
from collections import namedtuple

Sent = namedtuple("Sent", "number method at took status fields body")


class Steady:
    """Sends from `with` on until its end, then waits for the last response. Each request has a connection of its own."""

    def __init__(self, port, host, rate):
        self.port, self.host, self.rate = port, host, rate
        # In the order in which they ended; `at` and `took`: seconds.
        self.sent = []
        self.begun = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    async def _work(self):
        tasks, start = [], time.monotonic()
        while not self.over.is_set():
            while self.begun < (time.monotonic() - start) * self.rate:
                tasks.append(asyncio.create_task(self._request(self.begun)))
                self.begun += 1
            await asyncio.sleep(0.002)
        await asyncio.gather(*tasks)

    async def _request(self, number):
        at = time.monotonic()
        method, more = ("POST", "Content-Length: 4\r\n") if number % 2 else ("GET", "")
        status, fields, body = "", {}, b""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            head = f"{method} / HTTP/1.1\r\nHost: {self.host}\r\nX-Id: {method}-{number}\r\nConnection: close\r\n{more}\r\n"
            writer.write(head.encode() + (b"body" if more else b""))
            head, _, body = (await asyncio.wait_for(reader.read(), 120)).partition(b"\r\n\r\n")
            writer.close()
            first, *lines = head.decode("latin-1").split("\r\n")
            status = int(first.split(" ")[1])
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        except (OSError, TimeoutError, asyncio.TimeoutError, IndexError) as problem:
            status = repr(problem)
        self.sent.append(Sent(number, method, at, time.monotonic() - at, status, fields, body))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def posts(self):
        return [f"POST-{one.number}" for one in self.sent if one.method == "POST"]

    def bad(self):
        return [one for one in self.sent if one.status != 200]
