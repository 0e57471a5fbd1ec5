"""Code of a capability is found in Python by its syntax; all other code is unchanged."""

import pytest

from scripts.source_lines import Edited, EditError, remove_capability

MODULES = {"config.greeting", "stacks.greeting"}


def _removed(source: str) -> Edited:
    return remove_capability(source, word="greeting", modules=MODULES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import os\nfrom config.greeting import A, B\n", "import os\n", id="an import"),
        pytest.param(
            "from stacks.greeting import (\n    A,\n    B,\n)\nimport os\n", "import os\n", id="a long import"
        ),
        pytest.param("import stacks.greeting\nimport os\n", "import os\n", id="an import of the module"),
        pytest.param("from config import greeting\nimport os\n", "import os\n", id="an import from the package"),
        pytest.param(
            "class A:\n    x: int\n    # Optional.\n    greeting: G | None = None\n    y: int\n",
            "class A:\n    x: int\n    y: int\n",
            id="a field and the comment above it",
        ),
        pytest.param(
            "f(\n    a=1,\n    greeting=g(\n        2,\n    ),\n    b=3,\n)\n",
            "f(\n    a=1,\n    b=3,\n)\n",
            id="a keyword",
        ),
        pytest.param("f(\n    a=1,\n    greeting=2,  # why\n)\n", "f(\n    a=1,\n)\n", id="a keyword with a comment"),
        pytest.param("f(greeting=1, b=2)\n", "f(b=2)\n", id="the first keyword of a line"),
        pytest.param("f(a=1, greeting=2, b=3)\n", "f(a=1, b=3)\n", id="a keyword in the middle of a line"),
        pytest.param("f(a=1, greeting=2)\n", "f(a=1)\n", id="the last keyword of a line"),
        pytest.param("f(greeting=1)\n", "f()\n", id="the only keyword of a line"),
        pytest.param('f("ü", greeting=1, b="ü")\n', 'f("ü", b="ü")\n', id="a keyword after letters of several bytes"),
        pytest.param(
            "x = 1\n\n# Says hello.\n# Twice.\nif environment.greeting:\n    f(1)\n    f(2)\n\ny = 2\n",
            "x = 1\n\n\ny = 2\n",
            id="a statement under its condition",
        ),
        pytest.param(
            "from config.greeting import G\nLOUD = G(1)\nLOUDER = replace(LOUD, x=2)\nE = f(greeting=LOUDER)\n",
            "E = f()\n",
            id="constants that only it uses",
        ),
        pytest.param("greetings = 1\nf(greeting_days=2)\nx.greeting = 3\n", None, id="other names and attributes"),
    ],
)
def test_code_of_the_capability_is_removed_and_the_rest_is_kept(before: str, after: str | None) -> None:
    edited = _removed(before)
    assert edited.source == (before if after is None else after)
    assert edited.leftovers == []


@pytest.mark.parametrize("also", ["", ", greeting=LOUD"])
def test_a_constant_that_other_code_uses_is_kept_and_reported(also: str) -> None:
    source = "from config.greeting import G\nLOUD = G(1)\nE = f(days=LOUD.days{})\n"
    edited = _removed(source.format(also))
    assert edited.source == source.format("").partition("\n")[2]
    assert edited.leftovers == ["2: G"]


def test_an_else_branch_is_refused() -> None:
    with pytest.raises(EditError, match=r"line 1: .* has an else branch"):
        _removed("if environment.greeting:\n    f()\nelse:\n    g()\n")


def test_an_edit_that_would_leave_invalid_python_is_refused() -> None:
    with pytest.raises(EditError, match="would no longer be valid Python"):
        _removed("class A:\n    greeting: int\n")
