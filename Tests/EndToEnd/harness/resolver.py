"""A DNS server in a process of its own, with moods: the addresses of the names that it is given, and NXDOMAIN for others.

`up`; `dead`: no answer; `slow`: each answer after 0.8 s; `refused` and `servfail`: these codes, for all names.
"""

import collections
import os
import select
import socket
import struct
import subprocess
import sys
import time

DELAY = 0.8
CODES = {"refused": 5, "servfail": 2}


class Resolver:
    def __init__(self, port, **names):
        """`names`: name → address, with a TTL of a second."""
        self.port = port
        command = [sys.executable, os.path.abspath(__file__), str(port), *(f"{n}={a}" for n, a in names.items())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n"

    def turn(self, mood):
        self.process.stdin.write(mood + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == mood + "\n"

    def stop(self):
        """How many queries came from one port, at most."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.most = int(self.process.stdout.readline())
            self.process.wait()


def answer(message, names, mood):
    labels, place = [], 12
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode("latin-1"))
        place += 1 + length
    kind = struct.unpack(">H", message[place + 1 : place + 3])[0]
    section = message[12 : place + 5]
    address = names.get(labels[0])
    code = CODES.get(mood, 0 if address else 3)
    found = address is not None and kind == 1 and code == 0
    head = message[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, int(found), 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(address) if found else b""
    return head + section + record


def run(port, names):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", port))
    mood, later, ports = "up", collections.deque(), collections.Counter()
    print(mood, flush=True)
    while True:
        ready, _, _ = select.select([sock, sys.stdin], [], [], 0.005)
        now = time.monotonic()
        while later and later[0][0] <= now:
            _, reply, sender = later.popleft()
            sock.sendto(reply, sender)
        if sys.stdin in ready:
            mood = sys.stdin.readline().strip()
            if not mood:
                break
            print(mood, flush=True)
        if sock in ready:
            message, sender = sock.recvfrom(2048)
            ports[sender[1]] += 1
            if mood == "slow":
                later.append((now + DELAY, answer(message, names, mood), sender))
            elif mood != "dead":
                sock.sendto(answer(message, names, mood), sender)
    print(max(ports.values(), default=0), flush=True)


if __name__ == "__main__":
    run(int(sys.argv[1]), dict(pair.split("=") for pair in sys.argv[2:]))
