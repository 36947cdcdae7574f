"""A DNS server that means no good: the first label of the name it is asked for says what it does.

`good7.test` is an honest answer, 127.0.7.1, TTL 1; every other word is a function below.
"""

import os
import socket
import struct
import threading
import time

A, NS, CNAME, SRV, AAAA = 1, 2, 5, 33, 28


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def record(owner, kind, data, ttl=1):
    return (owner if isinstance(owner, bytes) else name(owner)) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


MANY = 4000
MANY_RECORDS = b"".join(record(b"\xc0\x0c", A, bytes([10, 0, n >> 8, n & 255]), 60) for n in range(MANY))


class Question:
    def __init__(self, message, overTCP):
        self.id = message[:2]
        self.overTCP = overTCP
        labels, place = [], 12
        while length := message[place]:
            labels.append(message[place + 1 : place + 1 + length].decode("latin-1"))
            place += 1 + length
        self.name = ".".join(labels)
        self.word = labels[0].rstrip("0123456789") if labels else ""
        self.kind = struct.unpack(">H", message[place + 1 : place + 3])[0]
        self.section = message[12 : place + 5]

    def head(self, answers=0, authorities=0, additional=0, code=0, flags=0x8180, id=None):
        return (id or self.id) + struct.pack(">HHHHH", flags | code, 1, answers, authorities, additional)

    def answer(self, *records, **head):
        return self.head(answers=len(records), **head) + self.section + b"".join(records)

    def a(self, address="127.0.7.1", ttl=1):
        """The address under the name that was asked for; nothing where another kind was."""
        return [record(b"\xc0\x0c", A, socket.inet_aton(address), ttl)] if self.kind == A else []


def good(q):
    return q.answer(*q.a())


def none(q):
    return q.answer(code=3)


def truncated(q):
    """Cut off over UDP; over TCP a length, half a message, and the end."""
    if not q.overTCP:
        return q.answer(flags=0x8380)
    whole = q.answer(*q.a(), *q.a("127.0.7.2"))
    return struct.pack(">H", len(whole)) + whole[: len(whole) // 2], "raw"


def overtcp(q):
    """Cut off over UDP, and whole over TCP."""
    return q.answer(*q.a()) if q.overTCP else q.answer(flags=0x8380)


def short(q):
    """A header that tells of records which the message does not hold."""
    return q.answer(*q.a())[:-3]


def counts(q):
    return q.head(answers=0xFFFF, authorities=0xFFFF, additional=0xFFFF) + q.section


def cnameloop(q):
    return q.answer(
        record(b"\xc0\x0c", CNAME, name("other.test")),
        record("other.test", CNAME, name("another.test")),
        record("another.test", CNAME, name(q.name)),
    )


def selfalias(q):
    return q.answer(record(b"\xc0\x0c", CNAME, b"\xc0\x0c"))


def pointerloop(q):
    """The record's name points at itself."""
    here = 12 + len(q.section)
    return q.answer(record(struct.pack(">H", 0xC000 | here), A, socket.inet_aton("127.0.7.1")))


def pointerpair(q):
    """Two pointers at each other in an alias's data."""
    here = 12 + len(q.section) + 12
    return q.answer(record(b"\xc0\x0c", CNAME, struct.pack(">HH", 0xC000 | here + 2, 0xC000 | here)))


def wrongid(q):
    return [q.answer(*q.a(), id=struct.pack(">H", n)) for n in range(1, 60)]


def wrongquestion(q):
    other = q.head(answers=1) + name("good.test") + struct.pack(">HH", q.kind, 1)
    return other + record("good.test", A, socket.inet_aton("127.0.7.2"))


def poison(q):
    """The right answer, and in each section what nobody asked for: other names' addresses."""
    lies = [record(lie, A, socket.inet_aton("127.0.7.2"), 86400) for lie in ("good.test", "static.test", "test")]
    records = q.a() + lies
    return (
        q.head(answers=len(records), authorities=len(lies) + 1, additional=len(lies))
        + q.section
        + b"".join(records + [record("test", NS, name("evil.test"))] + lies + lies)
    )


def aliaspoison(q):
    """An alias to another name, with a lie about that name: it counts for the name that was asked for alone."""
    return q.answer(
        record(b"\xc0\x0c", CNAME, name("good.test")),
        record("good.test", A, socket.inet_aton("127.0.7.2"), 86400),
    )


def oversized(q):
    """As many addresses as 64 KiB hold; over UDP cut off."""
    if not q.overTCP:
        return q.answer(flags=0x8380)
    return q.head(answers=MANY) + q.section + MANY_RECORDS if q.kind == A else q.answer()


def giant(q):
    """Over UDP, unasked for, as much as a datagram holds."""
    return q.answer(*(q.a() * 3900)) if q.kind == A else q.answer()


def linklocal(q):
    return q.answer(*q.a("169.254.169.254"))


def mapped(q):
    """169.254.169.254 as an IPv6 address."""
    if q.kind != AAAA:
        return q.answer()
    return q.answer(record(b"\xc0\x0c", AAAA, b"\0" * 10 + b"\xff\xff" + socket.inet_aton("169.254.169.254")))


def multicast(q):
    return q.answer(*q.a("224.0.0.1"))


def unspecified(q):
    return q.answer(*q.a("0.0.0.0"))


def loopback(q):
    return q.answer(*q.a("127.0.0.1"))


def badlength(q):
    return q.answer(record(b"\xc0\x0c", q.kind, b"\x7f\0\x07\x01\x02"))


def garbage(q):
    return [q.id + os.urandom(n) for n in (1, 9, 10, 40, 300, 1200)]


def empty(q):
    return [b"", b"\0", q.id, q.id + b"\x81\x80"]


def refused(q):
    return q.answer(code=5)


def servfail(q):
    return q.answer(code=2)


def silence(q):
    return []


class HostileDNS:
    """Answers on one port of loopback, over UDP and TCP."""

    def __init__(self, port):
        self.port = port
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.tcp = socket.create_server(("127.0.0.1", port))
        self.asked = {}
        self.lock = threading.Lock()
        for work in (self._datagrams, self._connections):
            threading.Thread(target=work, daemon=True).start()

    def _answers(self, message, overTCP):
        question = Question(message, overTCP)
        with self.lock:
            self.asked[question.name] = self.asked.get(question.name, 0) + 1
        answer = globals().get(question.word, none)(question)
        return answer if isinstance(answer, list) else [answer]

    def _datagrams(self):
        while True:
            try:
                message, sender = self.udp.recvfrom(65535)
                for answer in self._answers(message, False):
                    self.udp.sendto(answer, sender)
            except OSError:
                if self.udp.fileno() < 0:
                    return

    def _connections(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection):
        with connection:
            stream = connection.makefile("rb")
            try:
                while len(length := stream.read(2)) == 2:
                    message = stream.read(struct.unpack(">H", length)[0])
                    for answer in self._answers(message, True):
                        if isinstance(answer, tuple):
                            connection.sendall(answer[0])
                            time.sleep(0.02)
                            return
                        connection.sendall(struct.pack(">H", len(answer)) + answer)
            except OSError:
                pass

    def stop(self):
        self.udp.close()
        self.tcp.close()
