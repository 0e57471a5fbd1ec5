"""Puts findings into lines that fit a terminal."""

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

from checks.changes.guard import OUTPUT, Finding
from checks.changes.replacements import Reader

WIDTH = 110
_LONGEST = 160
_READERS = 4
_ID = 60
_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")


def names(stacks: Iterable[str]) -> dict[str, str]:
    """Stack names by what tells them apart: data for shop-prod-data."""
    whole = list(stacks)
    first, last = min(whole), max(whole)
    cut = first.rfind("-", 0, _shared(first, last)) + 1 if first != last else 0
    return {stack: stack[cut:] for stack in whole}


def shortened(text: str, stacks: Mapping[str, str]) -> str:
    """The text with the stacks' short names, and hashes cut."""
    for stack, name in stacks.items():
        text = re.sub(rf"(?<![\w-]){re.escape(stack)}(?![\w-])", name, text)
    return _HASH.sub(r"\1", text)


def change(old: str, new: str) -> str:
    """Old and new value; of long ones what is different between them, with a little around it."""
    if max(len(old), len(new)) > _LONGEST // 2:
        start = max(_shared(old, new) - 20, 0)
        end = max(_shared(old[::-1], new[::-1]) - 20, 0)
        end = min(end, len(old) - start, len(new) - start)
        old, new = (_inside(value, start, end) for value in (old, new))
    return f"{clipped(old)} -> {clipped(new)}"


def clipped(text: str, longest: int = _LONGEST) -> str:
    """The text, without its middle where it is long."""
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]} … {text[-longest // 3 :]}"


def lines(text: str, *, indent: int, label: str = "", hang: int | None = None) -> list[str]:
    """The text behind its label, wrapped under itself, or `hang` columns further in than the label."""
    first = " " * indent + label
    further = " " * (len(first) if hang is None else indent + hang)
    # A word is cut only where no line is long enough for it.
    whole = wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part for line in whole for part in ([line] if len(line) <= WIDTH else _cut(line, further))]


def _cut(line: str, further: str) -> list[str]:
    start = line[: len(line) - len(line.lstrip())]
    return wrap(line.lstrip(), WIDTH, initial_indent=start, subsequent_indent=further, break_on_hyphens=False)


def finding_lines(
    findings: Iterable[Finding], stacks: Mapping[str, str], *, indent: int = 2, place: bool = True
) -> list[str]:
    """Findings as paragraphs, without the stack where a heading names that; outputs of one fate stand together."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        alike = (finding.consequence, finding.advice) if finding.type == OUTPUT else id(finding)
        groups.setdefault(alike, []).append(finding)
    return [line for group in groups.values() for line in _paragraph(group, stacks, indent=indent, place=place)]


def _paragraph(group: list[Finding], stacks: Mapping[str, str], *, indent: int, place: bool) -> list[str]:
    first = group[0]
    parts = [("construct", first.path)] if first.path else []
    parts += [("change", clipped_change(text)) for finding in group for text in finding.changes]
    parts += [("then", first.consequence)]
    if readers := dict.fromkeys(_brief(reader) for finding in group for reader in finding.readers):
        more = len(readers) - _READERS
        parts += [("read by", ", ".join([*readers][:_READERS]) + (f", and {more} more" if more > 0 else ""))]
        if first.type != OUTPUT:
            parts += [("", "Each keeps the old value until its own stack is deployed with a change.")]
    parts += [("do", first.advice)]
    said = []
    for finding in group:
        subject = f"{finding.place if place else finding.place.id}  {finding.type}"
        said += lines(shortened(subject, stacks), indent=indent)
    for label, text in parts:
        said += lines(shortened(text, stacks), label=f"{label:11}", indent=indent + 4)
    return said


def _brief(reader: Reader) -> str:
    """Ids of rules between security groups are long enough to hide everything else."""
    id_ = reader.place.id if len(reader.place.id) <= _ID else f"{reader.place.id[: _ID - 20]}…{reader.place.id[-20:]}"
    return f"{reader.place.stack}/{id_} ({reader.property})"


def clipped_change(text: str) -> str:
    """A change in words, with long values cut down."""
    old, arrow, new = text.partition(" -> ")
    return change(old, new) if arrow else clipped(text)


def _inside(value: str, start: int, end: int) -> str:
    left, right = "…" if start else "", "…" if end else ""
    return f"{left}{value[start : len(value) - end]}{right}"


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)
