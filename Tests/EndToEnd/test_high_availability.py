"""examples/ha: two front tiers that share an address, three members of etcd, two hosts: one part after the other fails."""

import os
import re
import tempfile

from harness.example import Example, marks

pytestmark = marks

MACHINES = "berth-ha-"
# One line of what `run` prints: the phase, the requests in it, those that were lost, the longest time without one served.
LINE = re.compile(r"^(.+?) +(\d+) +(\d+) +([\d.]+) s", re.MULTILINE)


def test_an_address_moves_when_a_front_tier_or_its_machine_fails_and_etcd_may_lose_its_leader():
    with tempfile.TemporaryDirectory(prefix="berth-") as directory:
        example = Example("ha", directory)
        try:
            said = example.script("run")
        finally:
            example.script("down")
        assert not os.path.exists(example.run)
    assert [name for name in os.listdir("/run/netns") if name.startswith(MACHINES)] == []
    print(said)
    phases = {name: (int(requests), int(lost)) for name, requests, lost, _ in LINE.findall(said)}
    assert len(phases) == 6 and all(requests > 0 for requests, _ in phases.values())
    for name in ("no fault", "it starts again", "it is back", "leader of etcd killed (kill -9)"):
        assert phases[name][1] == 0, name
    # What was lost while an address moved is counted; requests were served again, or `run` had failed.
    for name in ("front tier killed (kill -9)", "power of the other machine fails"):
        requests, lost = phases[name]
        assert 0 < lost < requests, name
