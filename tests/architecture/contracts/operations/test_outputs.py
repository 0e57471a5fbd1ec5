"""The stack's outputs have the values that their names promise."""

import re

import pytest

from tests.support.contracts.deployed import CASES, deployed


@pytest.mark.parametrize("case", [name for name, environment in CASES.items() if environment.operations])
def test_commands_invoke_the_operations_function(case: str) -> None:
    name = deployed(case).output("Operations", "OperationsFunctionName")
    handler = deployed(case).find(name)[1]["Handler"]
    assert handler.startswith("operations."), f"OperationsFunctionName is {name}, which runs {handler}"
    assert re.fullmatch(r"\$\{\w+/\w+\}", name), f"OperationsFunctionName is {name}, must be a name"
