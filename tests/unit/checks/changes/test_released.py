"""What is kept as released, and what is accepted of it."""

from pathlib import Path

import pytest

from checks.changes import released
from checks.changes.errors import ChangesError
from checks.changes.guard import Finding, findings
from checks.templates import Place
from tests.support.changes_sketch import DATA, Sketch

ENTRY = """[[accepted]]
environments = ["dev"]
resource = "shop-dev-data/Bucket"
change = "DeletionPolicy"
reason = "it was empty"
"""
BASE = Sketch().add("Bucket", "AWS::S3::Bucket", attributes={"DeletionPolicy": "Retain"}, BucketName="a")


def _accepted(change: str) -> released.Accepted:
    return released.Accepted(
        environments=("dev",), resource="shop-dev-data/Bucket", change=change, reason="it was empty"
    )


def _weaker() -> list[Finding]:
    new = BASE.changed()
    new.stacks[DATA]["Resources"]["Bucket"]["DeletionPolicy"] = "Delete"
    return findings(BASE.templates, new.templates)


def _renamed() -> list[Finding]:
    return findings(BASE.templates, BASE.changed().remove("Bucket").add("Store", "AWS::S3::Bucket").templates)


def _replaced() -> list[Finding]:
    """Two properties of one resource, each of which would replace it."""
    old = BASE.changed().put("Bucket", BucketNamePrefix="a")
    return findings(old.templates, old.changed().put("Bucket", BucketName="b", BucketNamePrefix="b").templates)


def test_templates_come_back_masked_and_with_construct_paths(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "shop-dev-old.json").write_text("{}")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Metadata": {"k": 1}, "Key": "a" * 64}}}
    path = {Place(stack="shop-dev-data", id="Bucket"): "Dev/Data/Bucket"}
    released.write("dev", released.with_paths({"shop-dev-data": template}, path), folder=tmp_path)
    metadata = {"k": 1, "aws:cdk:path": "Dev/Data/Bucket"}
    assert released.read("dev", folder=tmp_path) == {
        "shop-dev-data": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Metadata": metadata, "Key": "<hash>"}}}
    }


def test_an_environment_that_was_never_released_is_refused_with_those_that_were(tmp_path: Path) -> None:
    with pytest.raises(ChangesError, match="only for no environment"):
        released.read("dev", folder=tmp_path / "nowhere")
    released.write("prod", {"shop-prod-data": {}}, folder=tmp_path)
    with pytest.raises(ChangesError, match="'dev', only for prod: `make mark-released`"):
        released.read("dev", folder=tmp_path)


def test_acceptances_are_read_and_poor_ones_refused(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text("# nothing\n")
    assert released.accepted(file) == []
    file.write_text(ENTRY)
    assert released.accepted(file) == [_accepted("DeletionPolicy")]
    for poor in (
        ENTRY.replace("it was empty", ""),
        ENTRY.replace("reason", "because"),
        ENTRY.replace('change = "DeletionPolicy"\n', ""),
        ENTRY + 'more = "x"\n',
    ):
        file.write_text(poor)
        with pytest.raises(ChangesError, match="change, environments, reason, resource"):
            released.accepted(file)
    file.write_text("[[accepted")
    with pytest.raises(ChangesError, match="no TOML"):
        released.accepted(file)


def test_an_acceptance_lets_pass_the_change_that_it_names_and_no_other_of_the_same_resource() -> None:
    accepted = [_accepted("DeletionPolicy")]
    assert released.left(_weaker(), accepted, "dev") == []
    (finding,) = released.left(_renamed(), accepted, "dev")
    assert finding.changes == ("logical id: Bucket -> Store",)
    assert released.left(_renamed(), [_accepted("logical id")], "dev") == []


def test_an_acceptance_lets_nothing_pass_elsewhere() -> None:
    accepted = [_accepted("DeletionPolicy")]
    assert released.left(_weaker(), accepted, "prod") == _weaker()
    other = BASE.changed().add("Other", "AWS::S3::Bucket", attributes={"DeletionPolicy": "Retain"})
    new = other.changed()
    new.stacks[DATA]["Resources"]["Other"]["DeletionPolicy"] = "Delete"
    assert len(released.left(findings(other.templates, new.templates), accepted, "dev")) == 1


def test_of_several_changes_those_are_left_that_nobody_accepted() -> None:
    (finding,) = released.left(_replaced(), [_accepted("BucketName")], "dev")
    assert finding.changes == ("BucketNamePrefix: a -> b",)


def test_an_acceptance_is_answered_by_its_own_change_alone() -> None:
    assert _accepted("DeletionPolicy").answered(_weaker())
    assert not _accepted("DeletionPolicy").answered(_renamed())
    assert not _accepted("DeletionPolicy").answered([])


def test_the_entries_to_paste_lack_nothing_but_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    renamed_stack = BASE.changed()
    renamed_stack.stacks["acme-dev-data"] = renamed_stack.stacks.pop(DATA)
    for found in (_weaker(), _renamed(), _replaced(), findings(BASE.templates, renamed_stack.templates)):
        file.write_text(released.entries(found, "dev"))
        with pytest.raises(ChangesError, match="none of them empty"):
            released.accepted(file)
        file.write_text(released.entries(found, "dev").replace('reason = ""', 'reason = "nobody needs it"'))
        assert released.left(found, released.accepted(file), "dev") == []
    assert released.entries(_weaker(), "dev") == ENTRY.replace("it was empty", "")
