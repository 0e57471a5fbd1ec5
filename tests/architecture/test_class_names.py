"""A class name has one meaning in the whole tree."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PRODUCT = (
    "bench",
    "checks",
    "components",
    "config",
    "local_cloud",
    "ops",
    "scripts",
    "stacks",
    "tabular",
)
# Each runtime has its own `Settings`, which read its environment (house style, rule 12).
SETTINGS = "Settings"


def test_no_two_classes_have_the_same_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for folder in (*(ROOT / name for name in PRODUCT), *ROOT.glob("*_src")):
        for file in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(file.relative_to(ROOT)))
    assert {"Environment", "Ingestion", "Platform"} <= places.keys()
    several = {name: files for name, files in places.items() if len(files) > 1 and name != SETTINGS}
    assert not several, "\n".join(f"{name}: {', '.join(files)}" for name, files in sorted(several.items()))
