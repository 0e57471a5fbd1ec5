"""Templates of files to download: the header of a dataset's files and one row that its rules accept."""

from __future__ import annotations

import io
from contextlib import suppress

from tabular.declaration import Dataset, Field
from tabular.types import BadValueError

from . import values
from .export import BYTE_ORDER_MARK, csv_text

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 24  # in characters
_ROWS = 1_048_575  # of a sheet of Excel, after the header
# Excel's limits for the note that it shows beside a selected cell.
_MAX_TITLE, _MAX_NOTE = 32, 255


def example(field: Field) -> str:
    """A value that the field's rules accept; empty if the declaration gives none."""
    for found in filter(None, (_declared_example(field), field.column.example)):
        with suppress(BadValueError):
            field.column.check(found)
            return found
    return ""


def _declared_example(field: Field) -> str:
    if isinstance(field.example, float):
        return str(field.example).replace(".", field.options.get("decimalChar", "."))
    return values.exact(field.example)


def csv_template(dataset: Dataset) -> bytes:
    """The template as CSV, with semicolons if numbers have a decimal comma, as spreadsheets write such files."""
    comma = any(each.options.get("decimalChar") == "," for each in dataset.fields)
    rows = [dataset.columns, [example(each) for each in dataset.fields]]
    return (BYTE_ORDER_MARK + csv_text(rows, delimiter=";" if comma else ",")).encode()


def xlsx_template(dataset: Dataset) -> bytes:
    """The template as an Excel workbook, which shows a column's rule beside the selected cell.

    All cells are text, so that Excel changes nothing that is typed into them: no leading zero, no date.
    """
    # Imported here because few people download a template. The library has no types.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as workbook:
        bold, text = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
        sheet = workbook.add_worksheet(dataset.name[:31])
        sheet.freeze_panes(1, 0)
        for number, field in enumerate(dataset.fields):
            sheet.set_column(number, number, _WIDTH, text)
            sheet.write_string(0, number, field.name, bold)
            sheet.write_string(1, number, example(field), text)
            note = f"{'Required' if field.required else 'Optional'}. {values.rule(field)}"
            shown = {"input_title": field.label[:_MAX_TITLE], "input_message": note[:_MAX_NOTE]}
            sheet.data_validation(1, number, _ROWS, number, {"validate": "any", **shown})
    return content.getvalue()
