"""A name that goes ends what waits on it: with machines that are really gone, in a network of the test's own."""

import os
import subprocess
import sys
import textwrap

import pytest

from harness.tier import BERTH

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

RULES = """\
rules: [{ name: all, to: host }]
timeouts: { connect: 30s }
names:
  - hosts_file: hosts
"""

# The far machine: an endpoint that responds to /fast at once, and to /slow when it is told.
ORIGIN = """\
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            open("slow", "w").close()
            while not os.path.exists("go"): time.sleep(0.05)
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("10.9.0.2", 80), Handler).serve_forever()
"""

START = """
    set -e
    ip link set lo up
    unshare --net sleep 120 & far=$!
    sleep 0.2
    ip link add wire type veth peer name eth0 netns $far
    ip address add 10.9.0.1/24 dev wire; ip link set wire up
    on() { nsenter --net=/proc/$far/ns/net "$@"; }
    on ip address add 10.9.0.2/24 dev eth0; on ip link set eth0 up
    on %(python)s origin.py & origin=$!
    echo '10.9.0.2 host' >hosts
    %(berth)s front --config front.yaml --listen 127.0.0.1:8080 --access-log log >errors 2>&1 & berth=$!
    until grep -q 'ready$' errors; do sleep 0.05; done
    get() { curl -s -o /dev/null -w '%%{http_code}' --max-time 25 "http://127.0.0.1:8080$1"; }
    gone() { echo >hosts.new; mv hosts.new hosts; }
    until [ "$(get /fast)" = 200 ]; do sleep 0.05; done
    now() { date +%%s.%%N; }
"""


def run(directory, steps):
    (directory / "front.yaml").write_text(RULES)
    (directory / "origin.py").write_text(ORIGIN)
    script = textwrap.dedent(START) % {"python": sys.executable, "berth": BERTH} + textwrap.dedent(steps)
    done = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script],
        cwd=directory, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    said = (directory / "errors").read_text() if (directory / "errors").exists() else ""
    assert done.returncode == 0, done.stdout + done.stderr + said
    words = dict(line.split(" ", 1) for line in done.stdout.strip().split("\n"))
    print(words)
    return words


def test_a_request_that_connects_to_a_machine_that_is_gone_ends_with_its_name(tmp_path):
    words = run(
        tmp_path,
        """
        kill $origin
        sleep 0.3
        # As of a machine without power: what is sent to it vanishes.
        ip neighbour replace 10.9.0.2 lladdr 02:00:00:00:00:99 dev wire nud permanent
        start=$(now)
        get /fast >status & request=$!
        sleep 1.5
        gone
        wait $request
        echo status $(cat status)
        echo took $(awk "BEGIN { print $(now) - $start }")
        kill $berth; wait $berth
        """,
    )
    # The connection may have been made, or have been given up, just before.
    assert words["status"] in ("502", "503", "504")
    assert float(words["took"]) < 5


@pytest.mark.parametrize("request_is_acknowledged", [True, False])
def test_a_request_that_waits_for_a_machine_that_is_gone_ends_soon_after_its_name(tmp_path, request_is_acknowledged):
    before, after = "", ""
    if request_is_acknowledged:
        before = "get /slow >status & request=$!; until [ -e slow ]; do sleep 0.05; done"
    else:
        after = "get /slow >status & request=$!; sleep 0.5"
    words = run(
        tmp_path,
        f"""
        {before}
        ip neighbour replace 10.9.0.2 lladdr 02:00:00:00:00:99 dev wire nud permanent
        {after}
        start=$(now)
        gone
        wait $request
        echo status $(cat status)
        echo took $(awk "BEGIN {{ print $(now) - $start }}")
        kill $berth; wait $berth
        """,
    )
    assert words["status"] in ("502", "503", "504")
    assert float(words["took"]) < 10


def test_a_request_to_a_machine_that_drains_is_served_after_its_name_has_gone(tmp_path):
    words = run(
        tmp_path,
        """
        get /slow >status & request=$!
        until [ -e slow ]; do sleep 0.05; done
        gone
        until [ "$(get /fast)" = 503 ]; do sleep 0.05; done
        sleep 6
        touch go
        wait $request
        echo status $(cat status)
        kill $berth; wait $berth
        """,
    )
    assert words["status"] == "200"
