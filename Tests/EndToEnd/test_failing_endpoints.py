"""`Benchmarks/failures` in small: an endpoint is killed, resets, or is restarted, and every request is counted."""

import os
import subprocess
import sys

import pytest

from harness.tier import BERTH, REPO


@pytest.mark.parametrize("case", ["killed", "reset", "rolling"])
def test_clients_see_no_failure_that_is_avoidable_and_no_post_is_seen_twice(case):
    done = subprocess.run(
        [sys.executable, os.path.join(REPO, "Benchmarks/failures"), "--berth", BERTH, "--proxy", "berth", "--case", case,
         "--rate", "200", "--seconds", "4"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    # It ends with an error if Berth showed what it must not.
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not measured" not in done.stdout
