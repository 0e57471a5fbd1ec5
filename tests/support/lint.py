"""Runs cfn-lint on synthesized templates, once per template and test run."""

import json
import tempfile
from functools import cache
from pathlib import Path

from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from tests.support.synthesis import Template

# By the regions and the template's text: environments and variants share many.
_known: dict[tuple[tuple[str, ...], str], list[str]] = {}


def findings(templates: dict[str, Template], *, regions: tuple[str, ...] = ("us-east-1",)) -> list[str]:
    """The findings of cfn-lint, except ids that .cfnlintrc ignores: rule, message, stack and line of the template."""
    texts = {stack: json.dumps(template, indent=1) for stack, template in templates.items()}
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for stack, text in texts.items():
            if (regions, text) not in _known:
                files[stack] = Path(folder, f"{stack}.json")
                files[stack].write_text(text)
        if files:
            linter = _linter()
            linter.config = ConfigMixIn(["--template", *map(str, files.values()), "--regions", *regions])
            matches = list(linter.run())
            for stack, file in files.items():
                _known[regions, texts[stack]] = [
                    f"{match.rule.id} {match.message} (line {match.linenumber})"
                    for match in matches
                    if Path(match.filename) == file
                ]
    return [f"{stack}: {found}" for stack, text in texts.items() for found in _known[regions, text]]


@cache
def _linter() -> Runner:
    """With its rules, which take a second to load."""
    return Runner(ConfigMixIn([]))
