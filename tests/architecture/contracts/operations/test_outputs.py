"""The stack's outputs are what their names say."""

import re

import pytest

from tests.support.contracts.deployed import CASES, deployed


@pytest.mark.parametrize("case", [name for name, environment in CASES.items() if environment.operations])
def test_commands_ask_the_operations_function(case: str) -> None:
    name = deployed(case).output("Operations", "OperationsFunctionName")
    handler = deployed(case).find(name)[1]["Handler"]
    assert handler.startswith("operations."), f"OperationsFunctionName is {name}, which runs {handler}"
    assert re.fullmatch(r"\$\{\w+/\w+\}", name), f"OperationsFunctionName is {name}, and not a name"
