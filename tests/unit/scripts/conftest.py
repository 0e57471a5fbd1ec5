"""A small repository with two optional capabilities, `greeting` and `farewell`."""

import subprocess
from pathlib import Path

import pytest

FILES = {
    "config/capability.py": "class Capability:\n    pass\n",
    "config/greeting.py": "from config.capability import Capability\n\n\nclass GreetingConfig(Capability):\n    pass\n",
    "config/farewell.py": "from config.capability import Capability\n\n\nclass FarewellConfig(Capability):\n    pass\n",
    "config/network.py": "class NetworkConfig:\n    pass\n",
    "config/model.py": """\
from config.farewell import FarewellConfig
from config.greeting import GreetingConfig
from config.network import NetworkConfig


class Environment:
    name: str
    project: str = "stall"
    account: str | None = None
    network: NetworkConfig
    greeting: GreetingConfig | None = None
    farewell: FarewellConfig | None = None
""",
    "config/environments.py": """\
from config.greeting import GreetingConfig
from config.model import Environment

LOUD = GreetingConfig(words=3)

DEV = Environment(
    name="dev",
    zones=2,
    days=7,
    # Visitors expect it.
    greeting=LOUD,
)
""",
    "stacks/platform.py": """\
from stacks.greeting import GreetingStack


def build(environment):
    print("network")

    # Says hello.
    if environment.greeting:
        GreetingStack(environment.greeting)

    print("data")
""",
    "stacks/greeting.py": "class GreetingStack:\n    pass\n",
    "components/network/__init__.py": "",
    "components/greeting/__init__.py": "",
    "components/greeting/words.py": 'WORDS = ("hello",)\n',
    "lambda_src/greeter/requirements.in": "",
    "docs/runbook/greeting.md": "# Greeting\n",
    "tests/unit/greeting/test_words.py": "",
    "tests/stacks/test_greeting_stack.py": "",
    "tests/architecture/test_released.py": "def test_nothing_is_lost() -> None:\n    pass\n",
    "tests/snapshots/dev/data.json": "days=7\n",
    "tests/snapshots/dev/greeting.json": "hello\n",
    "tests/released/dev/stall-dev-data.json": "days=7\n",
    "tests/released/dev/stall-dev-greeting.json": "hello\n",
    "README.md": """\
# A stall

The stall sells apples.

<!-- capability: greeting -->
It greets.
<!-- end: greeting -->

| Page | for |
|---|---|
| docs/runbook/greeting.md | hello | <!-- capability: greeting -->
| docs/data.md | rows |
""",
    "CHANGELOG.md": "- The stall has a greeting.\n",
    ".gitattributes": """\
tests/snapshots/**/*.json generated-by=snapshots
tests/released/**/*.json generated-by=mark-released
requirements*.txt generated-by=lock
""",
    # Stand-ins for `make snapshots` and `make mark-released`: they write a file that depends on the configuration.
    "Makefile": """\
WRITE = grep -o "days=[0-9]*" config/environments.py >
NAME = $(shell sed -n 's/.*project: str = "\\(.*\\)"/\\1/p' config/model.py)
setup: ; @true
snapshots: setup ; @mkdir -p tests/snapshots/dev; $(WRITE) tests/snapshots/dev/data.json
mark-released: setup ; @rm -f tests/released/dev/*-data.json; $(WRITE) tests/released/dev/$(NAME)-dev-data.json
""",
}


class Repository:
    """A git work tree."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.tree, check=True, capture_output=True, text=True).stdout

    def read(self, path: str) -> str:
        return (self.tree / path).read_text()

    def write(self, path: str, text: str) -> None:
        self.write_bytes(path, text.encode())

    def write_bytes(self, path: str, content: bytes) -> None:
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replaces the first occurrence."""
        text = self.read(path)
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new, 1))

    def sign(self) -> None:
        """Commits need an author."""
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.com")

    def start(self) -> None:
        """Commits the files."""
        self.git("init", "--quiet", "--initial-branch", "main")
        self.sign()
        self.commit("first")

    def commit(self, message: str = "change") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    @property
    def files(self) -> set[str]:
        return {path for path in self.git("ls-files").split() if (self.tree / path).exists()}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The small repository, with everything committed."""
    made = Repository(tmp_path / "stand")
    for path, text in FILES.items():
        made.write(path, text)
    made.start()
    return made
