"""The failures: what happens to one of three endpoints, and when.

A failure begins after a fifth of the time, and ends after seven tenths of it.
"""

import signal
import time
from dataclasses import dataclass, field
from typing import Callable

from . import ledger, load

# Seconds that an application takes to start.
START = 0.5


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    # Gets the Scene; runs beside the load.
    act: Callable
    # When requests are due: of (rate, seconds).
    due: Callable = field(default=load.steady)
    # The load ends when the act does.
    ends_with_act: bool = False


class Scene:
    """What an act sees."""

    def __init__(self, endpoints, proxy, running, seconds):
        self.endpoints, self.proxy, self.load, self.seconds = endpoints, proxy, running, seconds
        self.one = endpoints[1]

    def begin(self):
        self.load.at(self.seconds * 0.2)

    def end(self):
        self.load.at(self.seconds * 0.7)


def nothing(scene):
    pass


def killed(scene):
    scene.begin()
    scene.one.kill()
    scene.end()
    scene.one.start()


def hung(scene):
    scene.begin()
    scene.one.signal(signal.SIGSTOP)
    scene.end()
    scene.one.signal(signal.SIGCONT)


def misbehaving(mode):
    def act(scene):
        scene.begin()
        scene.one.ledger.mode = mode
        scene.end()
        scene.one.ledger.mode = ledger.WELL

    return act


def flapping(scene):
    scene.begin()
    for _ in range(max(1, int(scene.seconds * 0.5 / 2))):
        scene.one.kill()
        time.sleep(1)
        scene.one.start()
        time.sleep(1)


def closing_idle(seconds):
    def act(scene):
        scene.load.at(0)
        for one in scene.endpoints:
            one.ledger.idle = seconds

    return act


def rolling(scene):
    scene.load.at(1)
    for one in scene.endpoints:
        scene.proxy.take_out(one)
        one.end()
        time.sleep(START)
        one.start()
        scene.proxy.put_in(one)
        time.sleep(1)


# Idle connections are closed after 5 s: waves come just then.
IDLE = 5


def idle_waves(rate, seconds):
    return load.waves(rate, 1, IDLE, max(3, int(seconds / IDLE)))


CASES = [
    Case("none", "no failure", nothing),
    Case("killed", "killed: connections are refused", killed),
    Case("hung", "hung: connections are made, no response comes", hung),
    Case("slow", "slow: 200 ms", misbehaving(ledger.SLOW)),
    Case("error", "responds with 500", misbehaving(ledger.ERROR)),
    Case("flapping", "flapping: 1 s down, 1 s up", flapping),
    Case("reset", "resets after the head of the request", misbehaving(ledger.RESET)),
    Case("broken", "resets after the head of its response", misbehaving(ledger.BREAK)),
    Case("idle", "all close idle connections after 5 s, when requests come", closing_idle(IDLE), due=idle_waves),
    Case("race", "all close idle connections after 20 ms", closing_idle(0.02)),
    Case("rolling", "all restarted one by one", rolling, due=lambda rate, _: load.steady(rate, 60), ends_with_act=True),
]
BY_NAME = {case.name: case for case in CASES}
