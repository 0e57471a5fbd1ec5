"""A reason covers one role, its actions and its resources, and names its proof."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.permissions.grants import Grant
from checks.permissions.prohibited import Exemption
from checks.permissions.reasons import FUNCTIONS, Proof, Reason, Reasons, ReasonsError, read

GRANT = Grant(role="Reader", service="lambda.amazonaws.com", action="kms:Decrypt", resources=("KeysData",))
REASON = Reason(role="Reader", actions=("kms:Decrypt",), on="KeysData", why="to read", proof=Proof.PLATFORM)
FILE = """
[[reasons]]
role = "Reader"
actions = ["kms:Decrypt"]
on = "KeysData"
why = "to read"
proof = "Platform"

[[exemptions]]
principal = "lambda.amazonaws.com"
type = "AWS::IAM::Role"
actions = ["sts:AssumeRole"]
why = "no key"
"""


def test_a_reason_covers_its_role_action_and_resource_only() -> None:
    assert REASON.covers(GRANT)
    for other in (
        replace(GRANT, role="Writer"),
        replace(GRANT, action="kms:Encrypt"),
        replace(GRANT, resources=("KeysMessages",)),
        replace(GRANT, resources=("*",)),
    ):
        assert not REASON.covers(other)


def test_a_reason_covers_no_resource_that_it_does_not_name() -> None:
    assert not REASON.covers(replace(GRANT, resources=("KeysData", "KeysMessages")))


def test_a_reason_for_every_function_covers_functions_only() -> None:
    shared = replace(REASON, role=FUNCTIONS)
    assert shared.covers(GRANT)
    assert not shared.covers(replace(GRANT, service="ec2.amazonaws.com"))


def test_a_roles_own_reason_takes_precedence_over_that_of_every_function() -> None:
    shared, wider = replace(REASON, role=FUNCTIONS), replace(REASON, on="")
    assert Reasons(reasons=(shared, REASON)).of(GRANT) == [REASON]
    assert Reasons(reasons=(shared, REASON)).of(replace(GRANT, role="Other")) == [shared]
    assert Reasons(reasons=(REASON, wider)).of(GRANT) == [REASON, wider]


def test_documentation_is_the_proof_only_with_its_source_and_where_nothing_else_proves_it() -> None:
    with pytest.raises(ValueError, match="unproved"):
        replace(REASON, unproved="the emulator can't")
    with pytest.raises(ValueError, match="unproved"):
        replace(REASON, proof=Proof.DOCUMENT, source="a guide")
    with pytest.raises(ValueError, match="source"):
        replace(REASON, proof=Proof.DOCUMENT, unproved="the emulator can't")


def test_reasons_and_exemptions_are_read_from_all_files(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(FILE)
    (tmp_path / "two.toml").write_text("")
    exemption = Exemption(
        principal="lambda.amazonaws.com", type="AWS::IAM::Role", actions=("sts:AssumeRole",), why="no key"
    )
    assert read(sorted(tmp_path.iterdir())) == Reasons(reasons=(REASON,), exemptions=(exemption,))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Platform", "Hearsay", "'Hearsay' is not a valid Proof"),
        ('on = "KeysData"', 'at = "KeysData"', "unexpected keyword argument 'at'"),
        ('why = "no key"', "", "missing 1 required keyword-only argument: 'why'"),
        ('actions = ["kms:Decrypt"]', "", "'actions'"),
        ("[[exemptions]]", "[[exceptions]]", "got exceptions"),
        ("[[exemptions]]", "[[exemptions", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_file_is_reported_with_the_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "permissions.toml"
    file.write_text(FILE.replace(old, new))
    with pytest.raises(ReasonsError, match=r"permissions\.toml") as raised:
        read([file])
    assert message in str(raised.value)
