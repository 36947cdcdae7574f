"""The load (wrk), and the check that a peer forwards what it should."""

import json
import os
import subprocess
import urllib.request

from .peers import HERE
from .process import pinned


def hosts(count):
    """Hostnames of one container; more than one differ in the app's name."""
    return [f"wordpress{n or ''}_container001_01.test.priv" for n in range(count)]


def fetch(port, path, host="origin.test"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


def forwarded(origin_port):
    """How many requests the origin has had."""
    lines = fetch(origin_port, "/status")[1].decode().splitlines()
    return int(lines[2].split()[2])


def check(name, port, shape):
    """One request through the peer: the body must be the origin's, the fields must have been set."""
    status, body = fetch(port, shape.path, hosts(1)[0])
    if status != 200 or len(body) != shape.body:
        raise SystemExit(f"{name}: status {status}, {len(body)} bytes instead of {shape.body}")
    seen = dict(line.split("=", 1) for line in fetch(port, "/fields", hosts(1)[0])[1].decode().splitlines())
    missing = [field for field, value in seen.items() if not value]
    if missing or seen["host"] != hosts(1)[0]:
        raise SystemExit(f"{name}: the origin did not receive {missing or 'the host'}: {seen}")


def wrk(settings, port, shape, seconds):
    """One run. Returns wrk's figures; any error of any kind ends the benchmark."""
    command = ["wrk", "--threads", "1", "--connections", str(shape.connections), "--duration", f"{seconds}s"]
    command += ["--timeout", "10s", "--script", os.path.join(HERE, "report.lua")]
    command += [f"http://127.0.0.1:{port}{shape.path}"]
    environment = dict(
        os.environ,
        BENCH_HOSTS=",".join(hosts(settings.hosts)),
        BENCH_CLOSE="1" if shape.close else "0",
        BENCH_FIELDS=str(shape.fields),
    )
    result = subprocess.run(
        pinned(settings.load_cpus, command), capture_output=True, text=True, env=environment, timeout=seconds + 30
    )
    for line in result.stdout.splitlines():
        if line.startswith("BENCH "):
            figures = json.loads(line[6:])
            break
    else:
        raise SystemExit(f"wrk failed: {result.stdout}{result.stderr}")
    if any(figures["errors"].values()):
        raise SystemExit(f"errors under load: {figures['errors']}")
    return figures
