"""Requests one after the other beside what a test does."""

import threading

from . import wait


class Load:
    """Asks again and again, and keeps what was not answered well."""

    def __init__(self, ask, pause=0):
        """
        `ask`: one request; gives the status, or raises.
        `pause`: seconds between two requests.
        """
        self.ask = ask
        self.pause = pause
        self.good = 0
        self.bad = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        while not self.stop.is_set():
            try:
                answer = self.ask()
            except Exception as error:  # noqa: BLE001
                answer = repr(error)
            if answer == 200:
                self.good += 1
            else:
                self.bad.append(answer)
            self.stop.wait(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def more(self, count):
        """Waits until so many more were answered well, or one was not."""
        upto = self.good + count
        wait.until(lambda: self.good >= upto or self.bad, seconds=60, what="answers")
