"""Virtual environments that all local clouds of a checkout share."""

from pathlib import Path

from local_cloud import toolchain


def _made(folder: Path) -> None:
    folder.mkdir()
    (folder / "python").touch()


def test_a_new_environment_does_not_change_the_one_in_use(tmp_path: Path) -> None:
    link = tmp_path / "venv"
    toolchain._provide(link, b"one", _made)
    in_use = link.resolve()
    toolchain._provide(link, b"other", _made)
    assert (in_use / "python").exists()
    assert link.resolve() != in_use
    assert in_use.parent == link.resolve().parent == tmp_path


def test_an_environment_is_made_once_and_reused(tmp_path: Path) -> None:
    link, made = tmp_path / "venv", []

    def make(folder: Path) -> None:
        made.append(folder)
        _made(folder)

    for pins in (b"one", b"one", b"other", b"one"):
        toolchain._provide(link, pins, make)
    assert len(made) == 2
    assert link.resolve() == made[0]


def test_a_moved_checkout_gets_a_new_environment(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        _made(folder)

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    toolchain._provide(first / "venv", b"one", make)
    first.rename(second)
    toolchain._provide(second / "venv", b"one", make)
    assert [folder.parent for folder in made] == [first, second]
    assert (second / "venv").resolve() == made[1]


def test_an_unfinished_environment_is_made_again(tmp_path: Path) -> None:
    link, made = tmp_path / "venv", []

    def fail(folder: Path) -> None:
        made.append(folder)
        _made(folder)
        raise ConnectionError

    for make in (fail, _made):
        try:
            toolchain._provide(link, b"one", make)
        except ConnectionError:
            assert not link.exists()
    assert link.resolve() == made[0]
