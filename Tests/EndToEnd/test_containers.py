"""Real containers under podman, known by its API alone: they come, go, restart and take over addresses."""

import threading

import pytest

from harness import stack, wait, wire
from harness.engine import Engine
from harness.example import marks
from harness.tier import Tier

pytestmark = marks

RULES = f"""\
rules:
  - name: saas
    host: {stack.SAAS}
    to: 'berth-${{container}}:8080'
  - name: labelled
    host: '~^(?<name>[a-z]+)\\.test\\.priv$'
    to: '${{name}}'
timeouts: {{ connect: 300ms }}
names:
  - containers: {{ socket: %s }}
"""

AT_MOST = 1.0


@pytest.fixture
def engine(example):
    engine = Engine(example.run)
    yield engine
    engine.stop()


@pytest.fixture
def tier(engine, tmp_path):
    tier = Tier("local", str(tmp_path), RULES % engine.socket)
    yield tier
    tier.stop()


def ask(tier, container):
    return wire.ask(tier.port, stack.host(container))


def named(tier, name):
    return wire.ask(tier.port, f"{name}.test.priv")


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_containers_are_served_as_they_come_and_go(example, engine, tier):
    wait.until(lambda: ask(tier, 1).status == 200, what="the containers that run already")
    assert ask(tier, 2).body == b"I am container002 on h01\n"
    assert ask(tier, 3).status == 503

    example.script("add", "container003")
    wait.within(AT_MOST, lambda: ask(tier, 3).status == 200, "a new container")
    engine.podman("kill", "berth-container003")
    wait.within(AT_MOST, lambda: ask(tier, 3).status == 503, "a container that was killed")
    engine.podman("start", "berth-container003")
    wait.within(AT_MOST, lambda: ask(tier, 3).status == 200, "one that was started again")
    engine.podman("rm", "--force", "--time", "0", "berth-container003")
    wait.within(AT_MOST, lambda: ask(tier, 3).status == 503, "one that was removed")

    engine.container("berth-labelled", "shop", "--label", "berth.name=shop,store", "--label", "berth.port=8080")
    wait.within(AT_MOST, lambda: named(tier, "shop").status == 200, "a labelled container")
    assert named(tier, "store").body == b"I am shop on h01\n"
    engine.container("berth-drained", "drained", "--label", "berth.name=shop", "--label", "berth.port=8080",
                     "--label", "berth.drain=true")  # fmt: skip
    engine.container("berth-sole", "sole", "--label", "berth.name=sole", "--label", "berth.down=true")
    engine.container("berth-odd", "odd", "--label", "berth.name=odd", "--label", "berth.weight=much")
    wait.until(lambda: "berth.weight must be from 0 to 65535, not 'much'" in tier.said(), what="the log to say so")
    assert {named(tier, "shop").body for _ in range(6)} == {b"I am shop on h01\n"}
    assert named(tier, "sole").status == 503 and named(tier, "odd").status == 503
    engine.remove("berth-drained", "berth-sole", "berth-odd")
    engine.container("berth-private", "private", "--label", "berth.name=private", "--label", "berth.enable=false")
    assert named(tier, "private").status == 503

    # The engine's API dies: what is served stays; afterwards what changed meanwhile is known.
    engine.stop()
    wait.until(lambda: "name source down" in tier.said(), what="the log to say that it is down")
    assert ask(tier, 1).status == 200
    engine.podman("rm", "--force", "--time", "0", "berth-labelled")
    engine.container("berth-container004", "container004")
    engine.start()
    wait.until(lambda: ask(tier, 4).status == 200, what="what came while the engine was away")
    wait.until(lambda: named(tier, "shop").status == 503, what="what went while the engine was away")
    engine.podman("rm", "--force", "--time", "0", "berth-container004", "berth-private")


@pytest.mark.parametrize("example", ["containers"], indirect=True)
def test_an_address_that_another_container_takes_over_is_never_served_under_the_old_name(example, engine, tier):
    wait.until(lambda: ask(tier, 1).status == 200, what="the containers that run already")
    address = "10.79.0.200"
    stop = threading.Event()
    seen = {"alpha": {}, "beta": {}}

    def load(name):
        answers = seen[name]
        while not stop.is_set():
            answer = named(tier, name)
            key = (answer.status, bytes(answer.body) if answer.status == 200 else b"")
            answers[key] = answers.get(key, 0) + 1

    def count():
        return sum(sum(answers.values()) for answers in seen.values())

    threads = [threading.Thread(target=load, args=(name,)) for name in seen]
    for thread in threads:
        thread.start()
    try:
        swaps = 0
        while swaps < 3 or count() < 10_000:
            for name in seen:
                engine.container(f"berth-{name}", name, "--label", f"berth.name={name}",
                                 "--label", "berth.port=8080", "--ip", address, "--mac-address", "aa:bb:cc:00:00:01")  # fmt: skip
                wait.within(AT_MOST, lambda: named(tier, name).status == 200, f"{name} on the address")
                engine.podman("rm", "--force", "--time", "0", f"berth-{name}")
                swaps += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"{count()} requests, {swaps} swaps: {seen}")
    for name, answers in seen.items():
        served = {body for status, body in answers if status == 200}
        assert served == {b"I am %s on h01\n" % name.encode()}, answers
