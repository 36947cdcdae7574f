"""examples/two-hosts and examples/containers: the scripts, with real containers."""

import http.server
import tempfile
import threading

import pytest

from harness.example import Example, marks
from harness.load import Load
from harness.stack import host

pytestmark = marks


@pytest.mark.parametrize("example", ["two-hosts"], indirect=True)
def test_two_hosts_answer_from_the_right_container_and_lose_only_the_killed_one(example):
    for number in (1, 2):
        for container in (1, 2):
            answer = example.ask(container, number)
            assert answer.body == b"I am container%03d on h%02d\n" % (container, number)
    seen = example.ask(path="/cgi-bin/request").body.decode()
    assert f"HTTP_HOST={host()}" in seen
    assert "HTTP_X_FORWARDED_FOR=127.0.0.1, 10.77.0.1" in seen.replace(",10", ", 10")

    with Load(lambda: example.ask(2, 1).status) as load:
        load.more(50)
        example.podman("kill", "berth-h01-container001")
        for _ in range(20):
            answer = example.ask(1, 1)
            assert answer.status in (502, 503)
            assert answer.error in ("connection_refused", "destination_unavailable")
        load.more(50)
    assert load.bad == []
    # The same name on the other host is another container.
    assert example.ask(1, 2).body == b"I am container001 on h02\n"

    # up starts what is missing, and only that.
    example.script("up")
    assert example.ask(1, 1).body == b"I am container001 on h01\n"


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_containers_come_and_go_without_a_restart(example):
    assert example.ask(2).body == b"I am container002 on h01\n"
    assert example.ask(3).status == 503
    # The scripts return when what they changed is in force.
    example.script("add", "container003")
    assert example.ask(3).body == b"I am container003 on h01\n"
    example.script("remove", "container003")
    assert example.ask(3).status == 503
    assert example.ask(1).body == b"I am container001 on h01\n"


@pytest.mark.parametrize("name", ["containers", "two-hosts"])
def test_up_fails_clearly_while_another_program_has_the_front_tiers_port(name):
    with tempfile.TemporaryDirectory(prefix="berth-") as directory:
        example = Example(name, directory)
        # It responds to every request, as a front tier might.
        other = http.server.ThreadingHTTPServer(("127.0.0.1", example.port), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        try:
            said = example.end(example.start("up"), code=1)
            assert "in use by another program" in said and "front does not answer" in said
            assert "Try:" not in said
        finally:
            other.shutdown()
            other.server_close()
            example.script("down")
