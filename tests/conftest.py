"""Fixtures and hooks of all tests."""

from pathlib import Path

import pytest

from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped
from tests.support.variants import EVERY


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make snapshots` and `make mark-released` ask for them."""
    parser.addoption("--update-snapshots", action="store_true", help="write the templates' snapshots again")
    parser.addoption("--mark-released", action="store_true", help="keep the current templates as the released ones")


# Tests that share one of these run in the same process: the local cloud, an empty one, the environments' templates.
LOCAL_CLOUD, EMPTY_CLOUD, TEMPLATES = "local cloud", "empty cloud", "templates"
# These synthesize many templates that no other test uses.
ALONE = ("test_regions", "test_network_space", "test_changing_page", "test_adding_a_capability")
# The groups that take longest start first, so that all processes end at about the same time.
LONGEST = (
    *(
        LOCAL_CLOUD,
        TEMPLATES,
        EMPTY_CLOUD,
        "test_app",
        "test_pages",
        "test_regions",
        "test_make_plan",
        "test_real_fork",
    ),
    *("test_adding_a_capability", "test_network_space", "test_supervisor"),
)
MAX_VALUE_IN_A_NAME = 200  # characters
_TESTS = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in a hook of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Distributes the tests to the processes of `make test`: the longest groups first, each file in one process."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(
        key=lambda item: (
            LONGEST.index(_group(item)) if _group(item) in LONGEST else len(LONGEST),
            not item.path.is_relative_to(_TESTS / "integration"),
        )
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """`make mark-released` says which environments there are, if it is for none of them."""
    if session.config.getoption("--mark-released") and not session.items:
        names = ", ".join(name for name in EVERY if name != "local")
        raise pytest.UsageError(f"nothing is marked as released: ENV must be one of {names}")


def _group(item: pytest.Item) -> str:
    for cloud in (LOCAL_CLOUD, EMPTY_CLOUD):
        if cloud.replace(" ", "_") in getattr(item, "fixturenames", ()):
            return cloud
    top = item.path.relative_to(_TESTS).parts[0]
    shares = top in ("stacks", "architecture") and item.path.stem not in ALONE
    return TEMPLATES if shares else item.path.stem


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names long and binary values by their argument. Compressed bytes contain a time, which differs by process."""
    binary = isinstance(val, bytes) and not val.isascii()
    return argname if binary or (isinstance(val, str | bytes) and len(val) > MAX_VALUE_IN_A_NAME) else None


@pytest.fixture(params=sorted(ENVIRONMENTS))
def every_environment(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment in turn."""
    return shipped(request.param)


@pytest.fixture
def prod() -> Synthesized:
    """The environment in which everything is switched on."""
    return shipped("prod")
