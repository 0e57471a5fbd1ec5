"""Digests that show changes of the local cloud's own code, which restart it."""

from pathlib import Path

import pytest

from local_cloud.digests import own_code_digest


@pytest.mark.parametrize("name", ["cloud.py", "emulator/patches.py", "emulator/own_types.json", "requirements.txt"])
def test_code_and_pinned_versions_count(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("one")
    before = own_code_digest(tmp_path)
    file.write_text("other")
    assert own_code_digest(tmp_path) != before


def test_compiled_python_does_not_count(tmp_path: Path) -> None:
    before = own_code_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "cloud.cpython-311.pyc").touch()
    assert own_code_digest(tmp_path) == before
