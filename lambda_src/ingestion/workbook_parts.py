"""Looks into a workbook's parts before the library opens it: limits, the only sheet, and what the library leaves out.

The library reads an error such as #N/A as an empty cell, and forgets what a number's format adds, such as the zeros of
00000. Both are looked up in the sheet's XML.

The patterns for XML must take time in proportion to the text, also for text that no program writes: a match can't be
interrupted at the deadline, and a few hundred bytes of a ZIP archive can be megabytes of XML.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections import defaultdict
from itertools import pairwise
from xml.etree import ElementTree

from tabular.types import quote

from .refusal import RefusedError

MEBIBYTE = 1024 * 1024
SEND_CSV = 'Save it as "CSV UTF-8", which has no such limit, and send it again.'
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_CELLS = 8_000_000  # 32 bytes each, empty ones too
MAX_TEXT_BYTES = 256 * 1024 * 1024  # of all cells: the library copies a shared text for each cell that has it
_MAX_TREE_BYTES = 8 * 1024 * 1024  # of a part that is read as a tree, which takes 30 times as much memory
MAX_PARTS = 10_000  # Excel makes some dozens
_PART = b"PK\x01\x02"  # the beginning of an entry in the list of parts

_OTHER_KINDS = {
    "xl/workbook.bin": "The file is a binary Excel workbook (.xlsb): save it as an Excel workbook (.xlsx).",
    "content.xml": "The file is an OpenDocument file: save a spreadsheet as an Excel workbook (.xlsx) or as CSV UTF-8.",
    "word/document.xml": "The file is a Word document: send the rows as CSV, JSON Lines or an Excel workbook (.xlsx).",
}
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_SHARED_TEXTS = "xl/sharedStrings.xml"

_PREFIX = rb"(?:\w+:)?"
_IS = rb"""\s*+=\s*+["']"""  # XML allows both kinds of quotes, and blanks before them
_ROW = re.compile(rb"<" + _PREFIX + rb"row\b")
_CELL = re.compile(rb"<" + _PREFIX + rb"c[\s>]")
# Without the digits of a number that is far too large.
_ADDRESS = re.compile(rb"\br" + _IS + rb"""([A-Za-z]{0,8}+)[A-Za-z]*+0*+([0-9]{0,9}+)[0-9]*+["']""")
_ADDRESS_BYTES = 100
_FILLED = re.compile(rb"<" + _PREFIX + rb"(?:v|is)\b[^<>]*>[^<]*(?:[^<\s]|<" + _PREFIX + rb"[tr]\b)")
_CONTENT = re.compile(rb"v>([^<]*)<")
_UNCALCULATED = re.compile(
    rb"<c\b(?![^<>]*\bt" + _IS + rb"str)[^<>]*+>\s*+<f\b[^<>]*+>(?:(?<=/>)|[^<]*+</f>)\s*+"
    rb"(?:(?:<v\s*+/>|<v>\s*+</v>)\s*+)?+</c>"
)
_STYLE = re.compile(rb"\bs" + _IS + rb"([0-9]+)")
_KIND = re.compile(rb"\bt" + _IS + rb"(\w+)")
_FORMULA = re.compile(rb"<(" + _PREFIX + rb")c\b([^<>]*+)>\s*+<\1f\b")
_TEXT_END = re.compile(rb"</" + _PREFIX + rb"si\s*+>|<" + _PREFIX + rb"si\b[^<>]*+(?<=/)>")
_HAS_TEXT = re.compile(rb"\bt" + _IS + rb"s\b")
_TEXT_NUMBER = re.compile(
    rb"<" + _PREFIX + rb"c\s(?=[^<>]*\bt" + _IS + rb"s\b)[^<>]*+>\s*+<" + _PREFIX + rb"v>([0-9]{1,9}+)<"
)
_CALCULATE = re.compile(rb"\bfullCalcOnLoad" + _IS + rb"(?:1|true)\b")
# What a format adds around a number without being seen: the language, a color, room for a character, and filling.
_UNSEEN = re.compile(r"\[\$-[0-9A-Fa-f,]+\]|\[[A-Za-z]+[0-9]*\]|_.|\*.")
_SECTION = re.compile(r'(?:"[^"]*"|\\.|[^;"\\])*')
_MOST_STYLES = 100  # in a pattern, which tries them one after the other
_PLAIN_FORMAT = re.compile(r"(?i:general)|@|#*|(?:#+,##)?0(?:\.[0#]+)?(?:E\+0+)?|")

# What the library doesn't say about cells: an error's name, or how many digits the format of a number shows, or 0 if
# the format shows other text. By row and column, both counted from 0.
Cells = dict[int, dict[int, str | int]]


def look_up(data: bytes) -> tuple[str, Cells]:
    """The name of the only sheet with cells, and what the library doesn't say about its cells; raises RefusedError."""
    # Before the list is read, which takes much more memory than it has bytes. Parts may contain these bytes by chance.
    if data.count(_PART) > MAX_PARTS:
        raise RefusedError(f"The ZIP archive or Excel workbook has more than {MAX_PARTS:,} parts. {SEND_CSV}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive)
            return _only_sheet(archive)
    except (zipfile.BadZipFile, zlib.error, SyntaxError, LookupError, ValueError, RuntimeError, OSError) as error:
        raise RefusedError(f"The ZIP archive or Excel workbook is damaged ({error}): send it again.") from error


def _check_archive(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if _WORKBOOK not in names:
        other = next((reason for name, reason in _OTHER_KINDS.items() if name in names), None)
        raise RefusedError(other or "The file is a ZIP archive: send the files that it contains, each by itself.")
    # The library finds a part in any case and with backslashes. What is checked must be what it reads.
    if len(set(map(_part, archive.namelist()))) < len(archive.namelist()):
        raise zipfile.BadZipFile("two parts have the same name")
    size = sum(each.file_size for each in archive.infolist())
    if size > MAX_UNPACKED_BYTES:
        raise RefusedError(
            f"The Excel workbook has {size // MEBIBYTE:,} MiB when it is unpacked; the limit is "
            f"{MAX_UNPACKED_BYTES // MEBIBYTE} MiB. {SEND_CSV}"
        )
    # This reads no more than the size that was added up, and finds parts that are larger.
    if damaged := archive.testzip():
        raise zipfile.BadZipFile(damaged)


def _only_sheet(archive: zipfile.ZipFile) -> tuple[str, Cells]:
    relations = _parsed(archive, _RELATIONS)
    targets = {
        each.get("Id"): posixpath.normpath(posixpath.join("/xl", each.get("Target", "")))[1:] for each in relations
    }
    if len(targets) < len(relations):
        raise zipfile.BadZipFile("two relationships have the same id")
    filled = {}
    sheets = _parsed(archive, _WORKBOOK).findall(".//{*}sheet")
    if len({each.get("name") for each in sheets}) < len(sheets):
        raise zipfile.BadZipFile("two sheets have the same name")
    for each in sheets:
        identifier = next((value for key, value in each.items() if key.endswith("}id")), None)
        path = targets.get(identifier, "")
        if each.get("state", "visible") == "visible" and path in archive.namelist():
            xml = archive.read(path)
            if _FILLED.search(xml):
                filled[each.get("name", "")] = xml
    if not filled:
        raise RefusedError("The Excel workbook is empty.")
    if len(filled) > 1:
        raise RefusedError(
            f"The Excel workbook has several sheets with cells, {', '.join(map(quote, filled))}: "
            "send each in a workbook of its own."
        )
    ((name, xml),) = filled.items()
    _check_area(xml)
    _check_texts_size(xml, archive)
    if without := _UNCALCULATED.search(xml):
        cell = _ADDRESS.search(without[0])
        raise RefusedError(
            f"The Excel workbook has formulas without values{f', first in {_name(cell)}' if cell else ''}: "
            "open it in Excel, save it, and send it again."
        )
    if _CALCULATE.search(archive.read(_WORKBOOK)) and (formula := _FORMULA.search(xml)):
        cell = _ADDRESS.search(formula[2])
        raise RefusedError(
            f"The Excel workbook has formulas that were never calculated{f', first in {_name(cell)}' if cell else ''}: "
            "open it in Excel, save it, and send it again."
        )
    return name, _cells(xml, archive)


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > _MAX_TREE_BYTES:
        raise RefusedError(
            f"The part {name} of the Excel workbook has more than {_MAX_TREE_BYTES // MEBIBYTE} MiB. {SEND_CSV}"
        )
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 - expat limits entities since 2.4.1


def _check_area(xml: bytes) -> None:
    """Raise RefusedError if there are too many cells between the first and the last one."""
    rows = [match.start() for match in _ROW.finditer(xml)]
    # A row or cell without an address follows the one before it.
    width, height = 0, len(rows)
    for start, end in pairwise([*rows, len(xml)]):
        width = max(width, len(_CELL.findall(xml, start, end)))
    for start in range(0, len(xml), MEBIBYTE):
        found = _ADDRESS.findall(xml, start, start + MEBIBYTE + _ADDRESS_BYTES)
        width = max(width, *(_column(letters) + 1 for letters in {letters for letters, _ in found}), 0)
        height = max(height, *(int(number) for number in {number for _, number in found} if number), 0)
    cells = width * height
    if cells > MAX_CELLS:
        raise RefusedError(
            f"The sheet has {cells:,} cells, from the first to the last one that is filled; the limit is "
            f"{MAX_CELLS:,}. Delete cells far away from the rows. Or: {SEND_CSV}"
        )


def _check_texts_size(xml: bytes, archive: zipfile.ZipFile) -> None:
    """Raise RefusedError if the texts of all cells are too large together. Cells may share a text."""
    part = next((name for name in archive.namelist() if _part(name) == _part(_SHARED_TEXTS)), None)
    if part is None:
        return
    shared = archive.read(part)
    plain = b"<![CDATA[" not in shared and b"<!--" not in shared
    sizes = list(map(len, _TEXT_END.split(shared))) if plain else [len(shared)]
    most, cells = max(sizes), len(_HAS_TEXT.findall(xml))
    if most * cells <= MAX_TEXT_BYTES:
        return
    size = 0
    for match in _TEXT_NUMBER.finditer(xml):
        number = int(match[1])
        size += sizes[number] if number < len(sizes) else most
        cells -= 1
    # Cells that are written in an unusual way count as those with the longest text.
    if size + most * max(cells, 0) > MAX_TEXT_BYTES:
        raise RefusedError(
            f"The texts of all cells have more than {MAX_TEXT_BYTES // MEBIBYTE} MiB together. "
            "Split the workbook into smaller ones."
        )


def _part(name: str) -> str:
    """The name of a part as the library compares it."""
    return name.replace("\\", "/").casefold()


def _name(address: re.Match[bytes]) -> str:
    return b"".join(address.groups(b"")).decode()


def _cells(xml: bytes, archive: zipfile.ZipFile) -> Cells:
    """The errors, and the numbers of which the format shows more than their digits."""
    found: Cells = defaultdict(dict)
    widths = _special_formats(archive)
    styles = b"|".join(str(style).encode() for style in widths) if len(widths) <= _MOST_STYLES else b"[0-9]++"
    wanted = rb"t" + _IS + rb"e\b" + (rb"|s" + _IS + rb"(?:" + styles + rb")\b" if styles else b"")
    start = re.compile(rb"<" + _PREFIX + rb"c\s(?=[^<>]*\b(?:" + wanted + rb"))([^<>]*+)>")
    end = 0
    for cell in start.finditer(xml):
        address = _ADDRESS.search(cell[1])
        kind, style = _KIND.search(cell[1]), _STYLE.search(cell[1])
        width = widths.get(int(style[1])) if style else None
        is_error = kind is not None and kind[1] == b"e"
        if cell[1].endswith(b"/") or (kind and kind[1] not in (b"e", b"n")) or (not is_error and width is None):
            continue
        if cell.start() < end:
            raise zipfile.BadZipFile("a cell begins inside another one")
        end = xml.find(b"c>", cell.end())
        if end < 0:
            raise zipfile.BadZipFile("a cell has no end")
        content = _CONTENT.search(xml, cell.end(), end)
        if not content:
            continue
        if not address or not address[1] or not address[2]:
            raise RefusedError("The Excel workbook has cells without an address: save it in Excel, and send it again.")
        value: str | int | None = content[1].decode("ascii", "replace") if is_error else width
        if value is not None:
            found[int(address[2]) - 1][_column(address[1])] = value
    return found


def _special_formats(archive: zipfile.ZipFile) -> dict[int, int]:
    """The styles that show a number with zeros before it, and how many digits they show: 0 if with other text."""
    if _STYLES not in archive.namelist():
        return {}
    root = _parsed(archive, _STYLES)
    formats = {each.get("numFmtId"): each.get("formatCode", "") for each in root.findall(".//{*}numFmt")}
    shown = [formats.get(each.get("numFmtId"), "") for each in root.findall("./{*}cellXfs/{*}xf")]
    digits = {code: _shown_digits(code) for code in set(shown)}
    widths = {style: digits[code] for style, code in enumerate(shown)}
    return {style: width for style, width in widths.items() if width is not None}


def _shown_digits(code: str) -> int | None:
    """How many digits at least a format shows: 0 if it shows other text too, None if it shows just the number."""
    section = _SECTION.match(code)
    positive = _UNSEEN.sub("", section[0] if section else code).strip()
    if _PLAIN_FORMAT.fullmatch(positive):
        return None
    return len(positive) if re.fullmatch("00+", positive) else 0


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1
