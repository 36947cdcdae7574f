"""examples/two-hosts and examples/containers: the scripts, with real containers."""

import pytest

from harness import wait
from harness.example import marks
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
    example.script("add", "container003")
    wait.until(lambda: example.ask(3).status == 200, what="the new container to be known")
    assert example.ask(3).body == b"I am container003 on h01\n"
    example.script("remove", "container003")
    wait.until(lambda: example.ask(3).status == 503, what="the old container to be forgotten")
    assert example.ask(1).body == b"I am container001 on h01\n"
