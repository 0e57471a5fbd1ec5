"""The last lines of a log, which contains what partners chose."""

from pathlib import Path

from local_cloud.logs import last_lines


def test_no_character_that_a_terminal_obeys_is_in_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nDETAIL: \x1b[2J\x9b\u202e (é)\n", encoding="utf-8")
    assert last_lines(log) == "  first\n  DETAIL: \\x1b[2J\\x9b\\u202e (é)"
