import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from harness import tier  # noqa: E402
from harness.stack import Stack  # noqa: E402


def pytest_configure():
    if not os.access(tier.BERTH, os.X_OK):
        raise pytest.UsageError(f"no berth at {tier.BERTH}: build it (swift build -c release) or set BERTH")


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """Both tiers with default settings, shared by all tests that break nothing."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    yield stack
    stack.stop()


@pytest.fixture
def make_stack(tmp_path):
    """A stack of the test's own, with settings of its own."""
    made = []

    def make(**settings):
        made.append(Stack(tmp_path / f"stack{len(made)}", **settings))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()
