"""What is kept as released, and what is accepted of it."""

from pathlib import Path

import pytest

from tools.changes import released
from tools.changes.errors import ChangesError
from tools.changes.templates import Place

ENTRY = '[[accepted]]\nenvironments = ["dev"]\nresource = "shop-dev-data/Bucket"\nreason = "it was empty"\n'


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
    assert released.accepted(file) == [
        released.Accepted(environments=("dev",), resource="shop-dev-data/Bucket", reason="it was empty")
    ]
    for poor in (ENTRY.replace("it was empty", ""), ENTRY.replace("reason", "because"), ENTRY + 'more = "x"\n'):
        file.write_text(poor)
        with pytest.raises(ChangesError, match="environments, reason, resource"):
            released.accepted(file)
    file.write_text("[[accepted")
    with pytest.raises(ChangesError, match="no TOML"):
        released.accepted(file)
