"""Formats findings as lines that fit a terminal."""

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

from checks.changes.guard import OUTPUT, Finding
from checks.changes.replacements import OutputReader

WIDTH = 110
_LONGEST = 160
_READERS = 4
_ID = 60
_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")


def names(stacks: Iterable[str]) -> dict[str, str]:
    """Short names of stacks, without the prefix that all of them share."""
    whole = list(stacks)
    first, last = min(whole), max(whole)
    cut = first.rfind("-", 0, _shared(first, last)) + 1 if first != last else 0
    return {stack: stack[cut:] for stack in whole}


def shortened(text: str, stacks: Mapping[str, str]) -> str:
    """The text with short stack names and shortened hashes."""
    for stack, name in stacks.items():
        text = re.sub(rf"(?<![\w-]){re.escape(stack)}(?![\w-])", name, text)
    return _HASH.sub(r"\1", text)


def change(old: str, new: str) -> str:
    """Old and new value; of long values only the different part, with some context."""
    if max(len(old), len(new)) > _LONGEST // 2:
        start = max(_shared(old, new) - 20, 0)
        end = max(_shared(old[::-1], new[::-1]) - 20, 0)
        end = min(end, len(old) - start, len(new) - start)
        old, new = (_inside(value, start, end) for value in (old, new))
    return f"{clipped(old)} -> {clipped(new)}"


def clipped(text: str, longest: int = _LONGEST) -> str:
    """The text; a long one without its middle."""
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]} … {text[-longest // 3 :]}"


def lines(text: str, *, indent: int, label: str = "", hang: int | None = None) -> list[str]:
    """The text after its label, wrapped below itself, or `hang` columns further in than the label."""
    first = " " * indent + label
    further = " " * (len(first) if hang is None else indent + hang)
    # A word is broken only if it is longer than a line.
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=further, break_on_hyphens=False)


def finding_lines(
    findings: Iterable[Finding], stacks: Mapping[str, str], *, indent: int = 2, with_stack: bool = True
) -> list[str]:
    """Findings as paragraphs, grouped by outputs with the same consequence; without stacks if a heading names them."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        alike = (finding.consequence, finding.advice) if finding.type == OUTPUT else id(finding)
        groups.setdefault(alike, []).append(finding)
    return [
        line for group in groups.values() for line in _paragraph(group, stacks, indent=indent, with_stack=with_stack)
    ]


def _paragraph(group: list[Finding], stacks: Mapping[str, str], *, indent: int, with_stack: bool) -> list[str]:
    first = group[0]
    parts = [("construct", first.path)] if first.path else []
    parts += [("change", clipped_change(text)) for finding in group for text in finding.changes]
    parts += [("effect", first.consequence)]
    if readers := dict.fromkeys(_brief(reader) for finding in group for reader in finding.readers):
        more = len(readers) - _READERS
        parts += [("read by", ", ".join([*readers][:_READERS]) + (f", and {more} more" if more > 0 else ""))]
        if first.type != OUTPUT:
            parts += [("", "Each keeps the old value until its own stack is deployed with a change.")]
    parts += [("do", first.advice)]
    found = []
    for finding in group:
        subject = f"{finding.resource_id if with_stack else finding.resource_id.logical_id}  {finding.type}"
        found += lines(shortened(subject, stacks), indent=indent)
    for label, text in parts:
        found += lines(shortened(text, stacks), label=f"{label:11}", indent=indent + 4)
    return found


def _brief(reader: OutputReader) -> str:
    """The reader, with a long logical id shortened, such as that of a rule between two security groups."""
    name = reader.resource_id.logical_id
    name = name if len(name) <= _ID else f"{name[: _ID - 20]}…{name[-20:]}"
    return f"{reader.resource_id.stack}/{name} ({reader.property})"


def clipped_change(text: str) -> str:
    """A change with long values shortened."""
    old, arrow, new = text.partition(" -> ")
    return change(old, new) if arrow else clipped(text)


def _inside(value: str, start: int, end: int) -> str:
    left, right = "…" if start else "", "…" if end else ""
    return f"{left}{value[start : len(value) - end]}{right}"


def _shared(one: str, other: str) -> int:
    """The length of the common prefix."""
    shorter = min(len(one), len(other))
    return next((index for index in range(shorter) if one[index] != other[index]), shorter)
