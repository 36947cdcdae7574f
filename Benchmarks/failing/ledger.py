"""What an endpoint has seen, and how it should behave: a file that several processes map into their memory.

It outlives the endpoint: what a killed process had counted is still there.
"""

import mmap
import os
import struct

WELL, SLOW, ERROR, RESET, BREAK = range(5)
_MODE, _IDLE, _REQUESTS, _CONNECTIONS, _IDS = 0, 4, 8, 16, 64


class Ledger:
    def __init__(self, path, ids=0):
        """`ids`: how many ids a new file has room for."""
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.truncate(_IDS + ids)
        with open(path, "r+b") as file:
            self.bytes = mmap.mmap(file.fileno(), 0)

    @property
    def mode(self):
        return self.bytes[_MODE]

    @mode.setter
    def mode(self, mode):
        self.bytes[_MODE] = mode

    @property
    def idle(self):
        """Seconds after which an idle connection is closed; 0: never."""
        return struct.unpack_from("I", self.bytes, _IDLE)[0] / 1000

    @idle.setter
    def idle(self, seconds):
        struct.pack_into("I", self.bytes, _IDLE, int(seconds * 1000))

    @property
    def requests(self):
        return struct.unpack_from("Q", self.bytes, _REQUESTS)[0]

    @property
    def connections(self):
        return struct.unpack_from("Q", self.bytes, _CONNECTIONS)[0]

    def connected(self):
        struct.pack_into("Q", self.bytes, _CONNECTIONS, self.connections + 1)

    def saw(self, number):
        struct.pack_into("Q", self.bytes, _REQUESTS, self.requests + 1)
        count = self.bytes[_IDS + number]
        self.bytes[_IDS + number] = min(255, count + 1)

    def counts(self):
        """How often each id was seen."""
        return self.bytes[_IDS:]
