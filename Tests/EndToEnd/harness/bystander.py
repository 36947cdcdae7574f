"""Somebody else: a client that must not notice what others do to a tier."""

import threading
import time

MIB = 1 << 20


class Bystander:
    """Sends one request after the other on a connection of its own.

    As a context: nothing inside may fail it, make it wait for long, or make the tier grow by more than so many MiB.
    """

    def __init__(self, site, growth=64, longest=5, warm=20):
        self.site, self.growth, self.longest = site, growth, longest
        self.failure, self.slowest, self.count = None, 0, 0
        self.stopping = threading.Event()
        self.client = site.client("secure")
        for _ in range(warm):
            self._one()
        self.count = 0

    def _one(self):
        start = time.monotonic()
        stream = self.client.ask("/i")
        assert (stream.status, stream.body) == (200, b"app"), (stream.status, stream.body)
        self.slowest = max(self.slowest, time.monotonic() - start)
        self.client.streams.clear()
        self.count += 1

    def _run(self):
        try:
            while not self.stopping.is_set():
                self._one()
                # Not another flood: the interpreter is the test's too.
                self.stopping.wait(0.005)
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def __enter__(self):
        self.site.tier.reset_peak()
        self.before = self.site.tier.memory()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join(40)
        try:
            assert self.site.tier.process.poll() is None, f"the tier has ended: {self.site.tier.said()[-4000:]}"
            if kind is None:
                assert self.failure is None, f"another client failed: {self.failure!r}"
                assert self.slowest < self.longest, f"another client waited for {self.slowest:.1f} s"
                grown = self.site.tier.memory("VmHWM") - self.before
                print(f"grown by {grown / MIB:.1f} MiB; {self.count} other requests, the slowest in {self.slowest * 1000:.0f} ms")
                assert grown <= self.growth * MIB, f"the tier has grown by {grown / MIB:.0f} MiB"
                with self.site.client() as fresh:
                    assert fresh.ask("/i").body == b"app"
        finally:
            self.client.close()
