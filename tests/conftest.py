"""What all tests share."""

from pathlib import Path

import pytest

from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make snapshots` and `make mark-released` ask for them."""
    parser.addoption("--update-snapshots", action="store_true", help="write the templates' snapshots anew")
    parser.addoption("--mark-released", action="store_true", help="keep today's templates as those last released")


# What tests share, one process has: the local cloud, one with nothing deployed, and the environments' templates.
LOCAL_CLOUD, EMPTY_CLOUD, TEMPLATES = "local cloud", "empty cloud", "templates"
# These synthesize much that no other test looks at.
ALONE = ("test_regions", "test_network_space", "test_adding_a_capability")
# Those that take longest; what is short comes last, so that the processes end at about the same time.
LONGEST = (
    *(
        LOCAL_CLOUD,
        TEMPLATES,
        EMPTY_CLOUD,
        "test_app",
        "test_pages",
        "test_regions",
        "test_make_diff",
        "test_real_fork",
    ),
    *("test_adding_a_capability", "test_network_space", "test_supervisor"),
)
MAX_VALUE_IN_A_NAME = 200  # characters
_TESTS = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in a hook of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deals the tests out to the processes that `make test` starts, the longest groups first, files whole."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(
        key=lambda item: (
            LONGEST.index(_group(item)) if _group(item) in LONGEST else len(LONGEST),
            not item.path.is_relative_to(_TESTS / "integration"),
        )
    )


def _group(item: pytest.Item) -> str:
    for cloud in (LOCAL_CLOUD, EMPTY_CLOUD):
        if cloud.replace(" ", "_") in getattr(item, "fixturenames", ()):
            return cloud
    top = item.path.relative_to(_TESTS).parts[0]
    shares = top in ("stacks", "architecture") and item.path.stem not in ALONE
    return TEMPLATES if shares else item.path.stem


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names long and binary values by their argument: compressed bytes hold a time, which no two processes share."""
    binary = isinstance(val, bytes) and not val.isascii()
    return argname if binary or (isinstance(val, str | bytes) and len(val) > MAX_VALUE_IN_A_NAME) else None


@pytest.fixture(params=sorted(ENVIRONMENTS))
def every_environment(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment in turn."""
    return shipped(request.param)


@pytest.fixture
def prod() -> Synthesized:
    """The environment that has everything switched on."""
    return shipped("prod")
