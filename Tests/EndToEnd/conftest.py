import os
import random
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

# Set before the tests read it: workers of pytest-xdist inherit it.
os.environ.setdefault("BERTH_E2E_SEED", str(random.randrange(1 << 32)))

from harness import tier  # noqa: E402
from harness.example import Example  # noqa: E402
from harness.greeter import Greeters  # noqa: E402
from harness.stack import Stack  # noqa: E402


def pytest_configure():
    if not os.access(tier.BERTH, os.X_OK):
        raise pytest.UsageError(f"no berth at {tier.BERTH}: build it (swift build -c release) or set BERTH")


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"BERTH_E2E_SEED={os.environ['BERTH_E2E_SEED']}")


@pytest.fixture
def things():
    """What a test starts; stopped in the opposite order."""
    started = []
    yield started
    for one in reversed(started):
        one.stop()


@pytest.fixture
def stopping(things):
    """Has a thing stopped at the test's end, and returns it."""

    def stopping(thing):
        things.append(thing)
        return thing

    return stopping


@pytest.fixture
def greeters(stopping):
    """The port of two containers, at 127.0.7.1 and 127.0.7.2: each returns its own address."""
    return stopping(Greeters()).port


@pytest.fixture
def example(request):
    """One of the examples, up."""
    # podman takes no path of more than 50 characters for its run root: pytest's own are longer.
    with tempfile.TemporaryDirectory(prefix="berth-") as directory:
        example = Example(request.param, directory)
        try:
            example.script("up")
            yield example
        finally:
            example.script("down")
        assert not os.path.exists(example.run)


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
