"""Reads Excel workbooks (.xlsx): the only sheet that has cells becomes CSV text.

The library holds a whole sheet in memory. So a workbook is refused by its size, and by that of its sheet, before it is
opened (workbook_parts.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tabular.declaration import Dataset, Field, folded
from tabular.types.grouping import machine_number

from .content import MAX_RECORD_BYTES
from .refusal import RefusedError
from .workbook_parts import MEBIBYTE, SEND_CSV, look_up

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MAGIC = b"PK\x03\x04"
MAX_FILE_BYTES = 64 * 1024 * 1024
_PIECE_CHARACTERS = 64 * 1024
_EXACT_DIGITS = 15  # Excel changes the digits after these
_BREAKS = re.compile("[\r\n]")
_OTHER_TEXT = "shows another text than the cell holds, {}: format the column as text, and write the values as they are"
_NOT_A_CODE = "is {} in the workbook, where a code must be text or a whole number: format the column as text"


class Workbook:
    """A workbook with rows of a dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._faults: dict[int, dict[int, str]] = {}

    def csv_lines(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Each row of the sheet as a record of comma-separated values; raises RefusedError.

        A row with a fault ends in an empty value too many, so that no fast path takes it.
        """
        data = _received(pieces)
        name, found = look_up(data)
        sheet = _sheet(data, name)
        del data
        first_column = sheet.start[1] if sheet.start else 0
        fields: list[Field | None] | None = None
        texts: list[tuple[int, Field]] = []
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        for number, cells in enumerate(sheet.iter_rows()):
            special = {column - first_column: each for column, each in found.pop(number, {}).items()}
            if fields is None and any(cell != "" for cell in cells):
                values = [" ".join(str(cell).split()) for cell in cells]
                fields = [self._field(value) for value in values]
                texts = [(column, field) for column, field in enumerate(fields) if field and field.type == "string"]
            else:
                values = [_text(cell, field) for cell, field in zip(cells, fields or (), strict=False)]
                faults = _check_texts(cells, values, texts, special)
                for column, each in special.items():
                    if fields and fields[column] and isinstance(each, str):
                        faults[column] = f"is an error of the spreadsheet, {each}"  # one that the library knows
                        values[column] = each
                if faults:
                    self._faults[number] = faults
                    values.append("")
            writer.writerow(values if _fits(values) else _in_one_line(values))
            if text.tell() >= _PIECE_CHARACTERS:
                yield text.getvalue().encode("utf-8", "surrogatepass")
                text.seek(0)
                text.truncate()
        yield text.getvalue().encode("utf-8", "surrogatepass")

    def faults(self, line_number: int) -> dict[int, str]:
        """The reasons against cells of a row, such as an error #N/A, by their columns; empty if there are none."""
        return self._faults.pop(line_number - 1, {})

    def _field(self, name: str) -> Field | None:
        column = self._dataset.names_in_files.get(folded(name))
        return self._dataset.by_name[column] if column else None


def _received(pieces: Iterator[bytes]) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_FILE_BYTES:
            raise RefusedError(
                f"The file is a ZIP archive or an Excel workbook with more than {MAX_FILE_BYTES // MEBIBYTE} MiB. "
                f"{SEND_CSV}"
            )
    return bytes(data)


def _check_texts(
    cells: Sequence[object], values: list[str], texts: Sequence[tuple[int, Field]], special: dict[int, str | int]
) -> dict[int, str]:
    """Put the zeros that a format shows before numbers in columns of text; the reasons against cells, by column.

    A cell can't be trusted if a program shows it otherwise, or has probably changed it.
    """
    faults = {}
    for column, field in texts:
        cell, shown = cells[column], special.get(column)
        if isinstance(cell, str):
            continue
        is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
        is_whole = is_number and cell >= 0 and cell % 1 == 0  # type: ignore[operator]
        if field.semantic_type == "code" and not is_whole:
            kind = f"the number {values[column]}" if is_number else "true or false"
            faults[column] = _NOT_A_CODE.format(kind if isinstance(cell, int | float) else "a date or a time")
        elif isinstance(shown, int) and is_whole and shown:
            values[column] = values[column].zfill(shown)
        elif isinstance(shown, int) and is_number:
            faults[column] = _OTHER_TEXT.format(values[column])
    return faults


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
        return machine_number(field, _number(cell)) if field else _number(cell)
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
    characters = sum(map(len, values))
    if characters < MAX_RECORD_BYTES // 8:  # a character has at most 4 bytes, and a quote is doubled
        return True
    if characters > MAX_RECORD_BYTES:
        return False
    text = io.StringIO(newline="")
    csv.writer(text).writerow(values)
    return len(text.getvalue().encode("utf-8", "surrogatepass")) <= MAX_RECORD_BYTES


def _in_one_line(values: list[str]) -> list[str]:
    """The values of a record that is too long, up to the one with which it is too long."""
    found: list[str] = []
    left = MAX_RECORD_BYTES
    for value in values:
        found.append(_BREAKS.sub(" ", value[: MAX_RECORD_BYTES + 1]))
        left -= len(value)
        if left < 0:
            break
    return found


def _number(number: float) -> str:
    """All digits that Excel shows. A number with more keeps its exponent, because some of its digits are wrong."""
    if abs(number) >= 10**_EXACT_DIGITS:
        return repr(float(number))
    return format(Decimal(f"{number:.{_EXACT_DIGITS}g}"), "f")


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(length.days * 86_400 + length.seconds, 60)
    return f"PT{minutes // 60}H{minutes % 60}M{seconds}S"
