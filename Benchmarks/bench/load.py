"""The load (wrk), and the checks that a peer forwards what it should, all of it and once."""

import http.client
import json
import os
import random
import subprocess
import time
import urllib.error
import urllib.request

from .errors import BenchError
from .peers import HERE
from .process import pinned

HOST = "wordpress_container001_01.test.priv"


def hosts(domains, count):
    """`count` hostnames spread over the domains, in a random order that is the same in every run."""
    if count == 1:
        return [f"wordpress_container001_01.{domains[0]}"]
    names = [f"app{n // len(domains)}_container001_01.{domains[n % len(domains)]}" for n in range(count)]
    random.Random(1).shuffle(names)
    return names


def fetch(port, path, host="origin.test"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read()
    except OSError as problem:
        raise BenchError(f"no answer to {path}: {problem}") from None


class Origin:
    """What the server behind the peers has counted, without what this asked it itself."""

    def __init__(self, port):
        self.port = port
        self._asked = 0

    def counts(self):
        """Connections and requests."""
        self._asked += 1
        values = fetch(self.port, "/status")[1].decode().splitlines()[2].split()
        return int(values[0]) - self._asked, int(values[2]) - self._asked

    def settled(self):
        """The counts, once what the last run left under way has arrived."""
        last, equal = self.counts(), 0
        for _ in range(250):
            time.sleep(0.02)
            counts = self.counts()
            equal = equal + 1 if counts == last else 0
            # A busy machine may keep a peer from its core for a while: once is not enough.
            if equal == 3:
                return counts
            last = counts
        raise BenchError("the origin still receives requests")


def check(port, shape, host=HOST):
    """A request as the load's through the peer. Returns how many bytes its answer has, head and body."""
    status, body = fetch(port, "/fields", host)
    if status != 200:
        raise BenchError(f"status {status} for {host}")
    seen = dict(line.split("=", 1) for line in body.decode().splitlines())
    missing = [field for field, value in seen.items() if not value]
    if missing or seen["host"] != host:
        raise BenchError(f"the origin did not receive {missing or 'the host'}: {seen}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    fields = {"Host": host, "User-Agent": "wrk", "Accept": "*/*"}
    if shape.close:
        fields["Connection"] = "close"
    content = b"u" * shape.upload or None
    try:
        connection.request("POST" if content else "GET", shape.path, content, fields)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as problem:
        raise BenchError(f"no answer to {shape.path}: {problem!r}") from None
    finally:
        connection.close()
    if answer.status != 200 or len(body) != shape.body:
        raise BenchError(f"status {answer.status}, {len(body)} bytes instead of {shape.body}")
    if content and not shape.upload < int(answer.getheader("X-Received", "0")) < shape.upload + 2048:
        raise BenchError(f"the origin received {answer.getheader('X-Received')} bytes instead of {shape.upload} and a head")
    # As it came: "HTTP/1.1 200 OK", the lines with their ends, the empty line.
    head = len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n")
    head += sum(len(f"{name}: {value}\r\n") for name, value in answer.getheaders())
    return head + len(body)


def wrk(settings, port, shape, seconds, hosts_file):
    """One run. Returns wrk's figures; an error of any kind ends the peer's row."""
    command = ["wrk", "--threads", "1", "--connections", str(shape.connections), "--duration", f"{seconds}s"]
    command += ["--timeout", "10s", "--script", os.path.join(HERE, "report.lua")]
    command += [f"http://127.0.0.1:{port}{shape.path}"]
    environment = dict(
        os.environ,
        BENCH_HOSTS=hosts_file,
        BENCH_CLOSE="1" if shape.close else "0",
        BENCH_FIELDS=str(shape.fields),
        BENCH_UPLOAD=str(shape.upload),
    )
    try:
        result = subprocess.run(
            pinned(settings.load_cpus, command), capture_output=True, text=True, env=environment, timeout=seconds + 30
        )
    except subprocess.TimeoutExpired:
        raise BenchError("wrk did not end") from None
    for line in result.stdout.splitlines():
        if line.startswith("BENCH "):
            figures = json.loads(line[6:])
            break
    else:
        raise BenchError(f"wrk failed: {result.stdout}{result.stderr}")
    if any(figures["errors"].values()):
        raise BenchError(f"errors under load: {figures['errors']}")
    if not figures["requests"]:
        raise BenchError(f"no answer in {seconds} s")
    return figures


def verified(figures, shape, answer_bytes, connections, requests):
    """Holds what wrk received against the expected lengths and against what the origin counted."""
    received, answers, open_at_the_end = figures["bytes"], figures["requests"], shape.connections
    # What was under way when the load stopped is in the origin's count, and in part in the bytes.
    if not answers * answer_bytes <= received <= (answers + open_at_the_end) * answer_bytes:
        raise BenchError(f"{answers} answers of {answer_bytes} bytes each, but {received} bytes received")
    if not answers <= requests <= answers + open_at_the_end:
        raise BenchError(f"{answers} answers, but the origin counted {requests} requests")
    if connections > max(4 * shape.connections, answers // 10):
        raise BenchError(f"{connections} connections to the origin for {answers} requests: they are not kept alive")
