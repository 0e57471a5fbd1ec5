"""Reads Excel workbooks (.xlsx): the only sheet that has cells becomes CSV text.

The library holds a whole sheet in memory. So a workbook is refused by its size, and by that of its sheet, before it is
opened. The library also reads an error such as #N/A as an empty cell, and drops the zeros before a number that has
the format 00000. Both are looked up in the sheet's XML.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tabular.declaration import Dataset, Field, folded
from tabular.types import quote

from .content import MAX_RECORD_BYTES
from .refusal import RefusedError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MAGIC = b"PK\x03\x04"
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_CELLS = 8_000_000  # 32 bytes each, empty ones too
_MEBIBYTE = 1024 * 1024
_PIECE_CHARACTERS = 64 * 1024
_EXACT_DIGITS = 15  # Excel changes the digits after these

_SEND_CSV = 'Save it as "CSV UTF-8", which has no such limit, and send it again.'
_OTHER_KINDS = {
    "xl/workbook.bin": "The file is a binary Excel workbook (.xlsb): save it as an Excel workbook (.xlsx).",
    "content.xml": "The file is an OpenDocument file: save a spreadsheet as an Excel workbook (.xlsx) or as CSV UTF-8.",
    "word/document.xml": "The file is a Word document: send the rows as CSV, JSON Lines or an Excel workbook (.xlsx).",
}
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"

_PREFIX = rb"(?:\w+:)?"
_ROW = re.compile(rb"<" + _PREFIX + rb"row\b")
_CELL = re.compile(rb"<" + _PREFIX + rb"c[\s>]")
_ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)([0-9]*)["']""")
_FILLED = re.compile(rb"<" + _PREFIX + rb"(?:v|is)\b[^<>]*>[^<]*(?:[^<\s]|<" + _PREFIX + rb"[tr]\b)")
_CONTENT = re.compile(rb"v>([^<]*)<")
_UNCALCULATED = re.compile(
    rb'<c\b(?![^<>]*\bt="str")[^<>]*>\s*<f\b[^<>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
_BREAKS = re.compile("[\r\n]")
_ADDRESS_BYTES = 100
_STYLE = re.compile(rb'\bs="([0-9]+)"')


Cells = dict[int, dict[int, str]]  # by row and column, both counted from 0


class Workbook:
    """A workbook with rows of a dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._errors: Cells = {}

    def csv_lines(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Each row of the sheet as a record of comma-separated values; raises RefusedError.

        A row with an error gets an additional empty value, so that no fast path takes it.
        """
        data = _received(pieces)
        name, found = _looked_up(data)
        sheet = _sheet(data, name)
        del data
        first_column = sheet.start[1] if sheet.start else 0
        fields: list[Field | None] | None = None
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        for number, cells in enumerate(sheet.iter_rows()):
            if fields is None and any(cell != "" for cell in cells):
                values = [" ".join(str(cell).split()) for cell in cells]
                fields = [self._field(value) for value in values]
            else:
                values = [_text(cell, field) for cell, field in zip(cells, fields or (), strict=False)]
            if fields is not None and number in found:
                changed = {column - first_column: value for column, value in found.pop(number).items()}
                values = [changed.get(column, value) for column, value in enumerate(values)]
                errors = {column: value for column, value in changed.items() if fields[column] and not value.isdigit()}
                if errors:
                    self._errors[number] = errors
                    values.append("")
            writer.writerow(values if _fits(values) else [_BREAKS.sub(" ", value) for value in values])
            if text.tell() >= _PIECE_CHARACTERS:
                yield text.getvalue().encode("utf-8", "surrogatepass")
                text.seek(0)
                text.truncate()
        yield text.getvalue().encode("utf-8", "surrogatepass")

    def faults(self, line_number: int, header: list[str]) -> list[str]:
        """The reasons against a row with errors such as #N/A; empty if it has none."""
        errors = self._errors.pop(line_number - 1, {})
        return [f"{header[column]} is an error of the spreadsheet, {text}" for column, text in errors.items()]

    def _field(self, name: str) -> Field | None:
        column = self._dataset.names_in_files.get(folded(name))
        return self._dataset.by_name[column] if column else None


def _received(pieces: Iterator[bytes]) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_FILE_BYTES:
            raise RefusedError(
                f"The file is a ZIP archive or an Excel workbook with more than {MAX_FILE_BYTES // _MEBIBYTE} MiB. "
                f"{_SEND_CSV}"
            )
    return bytes(data)


def _looked_up(data: bytes) -> tuple[str, Cells]:
    """The name of the only sheet with cells, and what the library doesn't say about its cells."""
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
    size = sum(each.file_size for each in archive.infolist())
    if size > MAX_UNPACKED_BYTES:
        raise RefusedError(
            f"The Excel workbook has {size // _MEBIBYTE:,} MiB when it is unpacked; the limit is "
            f"{MAX_UNPACKED_BYTES // _MEBIBYTE} MiB. {_SEND_CSV}"
        )
    # This reads no more than the size that was added up, and finds parts that are larger.
    if damaged := archive.testzip():
        raise zipfile.BadZipFile(damaged)


def _only_sheet(archive: zipfile.ZipFile) -> tuple[str, Cells]:
    targets = {
        each.get("Id"): posixpath.normpath(posixpath.join("/xl", each.get("Target", "")))[1:]
        for each in _parsed(archive, _RELATIONS)
    }
    filled = {}
    for each in _parsed(archive, _WORKBOOK).findall(".//{*}sheet"):
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
    if without := _UNCALCULATED.search(xml):
        cell = _ADDRESS.search(without[0])
        raise RefusedError(
            f"The Excel workbook has formulas without values{f', first in {_name(cell)}' if cell else ''}: "
            "open it in Excel, save it, and send it again."
        )
    return name, _cells(xml, archive)


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 - expat limits entities since 2.4.1


def _check_area(xml: bytes) -> None:
    """Raise RefusedError if there are too many cells between the first and the last one."""
    rows = [match.start() for match in _ROW.finditer(xml)]
    # A row or cell without an address follows the one before it.
    width, height = 0, len(rows)
    for start, end in pairwise([*rows, len(xml)]):
        width = max(width, len(_CELL.findall(xml, start, end)))
    for start in range(0, len(xml), _MEBIBYTE):
        found = _ADDRESS.findall(xml, start, start + _MEBIBYTE + _ADDRESS_BYTES)
        width = max(width, *(_column(letters) + 1 for letters in {letters for letters, _ in found}), 0)
        height = max(height, *(int(number) for number in {number for _, number in found} if number), 0)
    cells = width * height
    if cells > MAX_CELLS:
        raise RefusedError(
            f"The sheet has {cells:,} cells, from the first to the last one that is filled; the limit is "
            f"{MAX_CELLS:,}. Delete cells far away from the rows. Or: {_SEND_CSV}"
        )


def _name(address: re.Match[bytes]) -> str:
    return b"".join(address.groups(b"")).decode()


def _cells(xml: bytes, archive: zipfile.ZipFile) -> Cells:
    """The errors, and the numbers that have a format of zeros, such as 00000."""
    found: Cells = defaultdict(dict)
    widths = _zero_formats(archive)
    styles = b"|".join(str(style).encode() for style in widths)
    wanted = rb't="e"' + (rb'|s="(?:' + styles + rb')"' if styles else b"")
    start = re.compile(rb"<" + _PREFIX + rb"c\s([^<>]*\b(?:" + wanted + rb")[^<>/]*)>")
    for cell in start.finditer(xml):
        address = _ADDRESS.search(cell[1])
        content = _CONTENT.search(xml, cell.end(), xml.find(b"c>", cell.end()))
        if not content:
            continue
        if not address or not address[1] or not address[2]:
            raise RefusedError("The Excel workbook has cells without an address: save it in Excel, and send it again.")
        value = content[1].decode("ascii", "replace")
        style = _STYLE.search(cell[1])
        if b't="' not in cell[1] and value.isdigit() and style:
            value = value.zfill(widths[int(style[1])])
        elif b't="e"' not in cell[1]:
            continue
        found[int(address[2]) - 1][_column(address[1])] = value
    return found


def _zero_formats(archive: zipfile.ZipFile) -> dict[int, int]:
    """The styles that show a number with zeros before it, and how many digits they show."""
    if _STYLES not in archive.namelist():
        return {}
    root = _parsed(archive, _STYLES)
    formats = {each.get("numFmtId"): each.get("formatCode", "") for each in root.findall(".//{*}numFmt")}
    shown = [formats.get(each.get("numFmtId"), "") for each in root.findall("./{*}cellXfs/{*}xf")]
    return {style: len(code) for style, code in enumerate(shown) if re.fullmatch("00+", code)}


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _sheet(data: bytes, name: str) -> CalamineSheet:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - few files need it

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name)
    except CalamineError as error:
        raise RefusedError(
            f"The Excel workbook can't be read ({error}): save it in Excel, and send it again."
        ) from error


def _text(cell: object, field: Field | None) -> str:
    """A cell as it would stand in a CSV file of the dataset."""
    options = field.options if field else {}
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(options.get("trueValues" if cell else "falseValues", [str(cell).lower()])[0])
    if isinstance(cell, int | float):
        return _number(cell).replace(".", options.get("decimalChar", "."))
    if isinstance(cell, date):
        return _day(cell, field)
    return _duration(cell) if isinstance(cell, timedelta) else str(cell)


def _day(day: date, field: Field | None) -> str:
    """A date or a datetime. Programs may write a date as its midnight, and a midnight as its date."""
    if field and field.type == "datetime" and not isinstance(day, datetime):
        day = datetime.combine(day, time())
    if field and field.type == "date" and isinstance(day, datetime) and day.time() == time():
        day = day.date()
    return day.strftime(field.format) if field and "%" in field.format else day.isoformat()


def _fits(values: list[str]) -> bool:
    """Whether the record is short enough. A longer one is rejected line by line, so it must have only one line."""
    if sum(map(len, values)) < MAX_RECORD_BYTES // 8:  # a character has at most 4 bytes, and a quote is doubled
        return True
    text = io.StringIO(newline="")
    csv.writer(text).writerow(values)
    return len(text.getvalue().encode("utf-8", "surrogatepass")) <= MAX_RECORD_BYTES


def _number(number: float) -> str:
    """All digits that Excel shows. A number with more keeps its exponent, because some of its digits are wrong."""
    if abs(number) >= 10**_EXACT_DIGITS:
        return repr(float(number))
    return format(Decimal(f"{number:.{_EXACT_DIGITS}g}"), "f")


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(length.days * 86_400 + length.seconds, 60)
    return f"PT{minutes // 60}H{minutes % 60}M{seconds}S"
