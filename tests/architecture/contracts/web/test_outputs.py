"""The stack's outputs have the values that their names promise."""

import re

from tests.support.contracts.deployed import deployed


def test_people_are_invited_to_the_user_pool() -> None:
    platform = deployed("web-public")
    pool = platform.output("Web", "UserPoolId")
    assert re.fullmatch(r"\$\{\w+/\w+\}", pool), f"UserPoolId is {pool}, must be an id"
    assert platform.find(pool)[0] == "AWS::Cognito::UserPool"
