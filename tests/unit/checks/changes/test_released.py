"""Released templates are kept and read, and accepted changes are excluded from the findings."""

from pathlib import Path

import pytest

from checks.changes import released
from checks.changes.comparable import ChangesError
from checks.changes.guard import Finding, findings
from checks.templates import ResourceId
from tests.support.changes_sketch import DATA, Sketch

ENTRY = """[[accepted]]
environments = ["dev"]
resource = "sketch-data/Bucket"
change = "DeletionPolicy"
reason = "it was empty"
"""
BASE = Sketch().add("Bucket", "AWS::S3::Bucket", attributes={"DeletionPolicy": "Retain"}, BucketName="a")


def _accepted(change: str) -> released.AcceptedChange:
    return released.AcceptedChange(
        environments=("dev",), resource="sketch-data/Bucket", change=change, reason="it was empty"
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


def test_templates_are_kept_masked_and_with_construct_paths(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "sketch-old.json").write_text("{}")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Metadata": {"k": 1}, "Key": "a" * 64}}}
    path = {ResourceId(stack="sketch-data", logical_id="Bucket"): "Dev/Data/Bucket"}
    released.write("dev", released.with_paths({"sketch-data": template}, path), folder=tmp_path)
    metadata = {"k": 1, "aws:cdk:path": "Dev/Data/Bucket"}
    assert released.read("dev", folder=tmp_path) == {
        "sketch-data": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Metadata": metadata, "Key": "<hash>"}}}
    }


def test_an_environment_that_was_never_released_is_refused_with_those_that_were(tmp_path: Path) -> None:
    with pytest.raises(ChangesError, match="only for no environment"):
        released.read("dev", folder=tmp_path / "nowhere")
    released.write("prod", {"app-prod-data": {}}, folder=tmp_path)
    with pytest.raises(ChangesError, match="'dev', only for prod"):
        released.read("dev", folder=tmp_path)


def test_accepted_changes_are_read_and_incomplete_ones_refused(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text("# nothing\n")
    assert released.accepted(file) == []
    file.write_text(ENTRY)
    assert released.accepted(file) == [_accepted("DeletionPolicy")]
    for incomplete in (
        ENTRY.replace("it was empty", ""),
        ENTRY.replace("reason", "because"),
        ENTRY.replace('change = "DeletionPolicy"\n', ""),
        ENTRY + 'more = "x"\n',
    ):
        file.write_text(incomplete)
        with pytest.raises(ChangesError, match="change, environments, reason, resource"):
            released.accepted(file)
    file.write_text("[[accepted")
    with pytest.raises(ChangesError, match="no valid TOML"):
        released.accepted(file)


def test_an_accepted_change_excludes_no_other_change_of_the_same_resource() -> None:
    accepted = [_accepted("DeletionPolicy")]
    assert released.not_accepted(_weaker(), accepted, "dev") == []
    (finding,) = released.not_accepted(_renamed(), accepted, "dev")
    assert finding.changes == ("logical id: Bucket -> Store",)
    assert released.not_accepted(_renamed(), [_accepted("logical id")], "dev") == []


def test_an_accepted_change_excludes_nothing_in_other_environments_and_resources() -> None:
    accepted = [_accepted("DeletionPolicy")]
    assert released.not_accepted(_weaker(), accepted, "prod") == _weaker()
    other = BASE.changed().add("Other", "AWS::S3::Bucket", attributes={"DeletionPolicy": "Retain"})
    new = other.changed()
    new.stacks[DATA]["Resources"]["Other"]["DeletionPolicy"] = "Delete"
    assert len(released.not_accepted(findings(other.templates, new.templates), accepted, "dev")) == 1


def test_a_finding_keeps_its_changes_that_are_not_accepted() -> None:
    (finding,) = released.not_accepted(_replaced(), [_accepted("BucketName")], "dev")
    assert finding.changes == ("BucketNamePrefix: a -> b",)


def test_an_accepted_change_applies_only_to_findings_about_it() -> None:
    assert _accepted("DeletionPolicy").applies_to(_weaker())
    assert not _accepted("DeletionPolicy").applies_to(_renamed())
    assert not _accepted("DeletionPolicy").applies_to([])


def test_the_entries_to_paste_are_complete_except_for_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    renamed_stack = BASE.changed()
    renamed_stack.stacks["renamed-data"] = renamed_stack.stacks.pop(DATA)
    for found in (_weaker(), _renamed(), _replaced(), findings(BASE.templates, renamed_stack.templates)):
        file.write_text(released.entries(found, "dev"))
        with pytest.raises(ChangesError, match="none of them empty"):
            released.accepted(file)
        file.write_text(released.entries(found, "dev").replace('reason = ""', 'reason = "nobody needs it"'))
        assert released.not_accepted(found, released.accepted(file), "dev") == []
    assert released.entries(_weaker(), "dev") == ENTRY.replace("it was empty", "")
