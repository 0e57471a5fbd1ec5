"""Templates of files to download: the header of a dataset's files and one row that its rules accept."""

from __future__ import annotations

import io

from tabular.declaration import Dataset, Field
from tabular.types import BadValueError

from .export import BYTE_ORDER_MARK, csv_text

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 24  # in characters
_ROWS = 1_048_575  # of a sheet of Excel, after the header
# Excel's limits for the note that it shows beside a selected cell.
_MAX_TITLE, _MAX_NOTE = 32, 255


def example(field: Field) -> str:
    """A value that the field's rules accept; empty if the declaration gives none."""
    for found in (field.example, field.column.example):
        try:
            field.column.check(str(found))
        except BadValueError:
            continue
        return str(found)
    return ""


def csv_template(dataset: Dataset) -> bytes:
    """As CSV. Where numbers have a decimal comma, spreadsheets separate columns by semicolons."""
    comma = any(each.options.get("decimalChar") == "," for each in dataset.fields)
    rows = [dataset.columns, [example(each) for each in dataset.fields]]
    return (BYTE_ORDER_MARK + csv_text(rows, delimiter=";" if comma else ",")).encode()


def xlsx_template(dataset: Dataset) -> bytes:
    """As a workbook of Excel, which shows each column's rule beside a selected cell.

    All cells are text, so that Excel changes nothing that is typed into them: no leading zero, no date.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - takes a tenth of a second, and few people download a template

    content = io.BytesIO()
    with Workbook(content, {"in_memory": True}) as workbook:
        bold, text = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
        sheet = workbook.add_worksheet(dataset.name[:31])
        sheet.freeze_panes(1, 0)
        for number, field in enumerate(dataset.fields):
            sheet.set_column(number, number, _WIDTH, text)
            sheet.write_string(0, number, field.name, bold)
            sheet.write_string(1, number, example(field), text)
            note = f"{'Required' if field.required else 'Optional'}. {field.column.rule}"
            shown = {"input_title": field.label[:_MAX_TITLE], "input_message": note[:_MAX_NOTE]}
            sheet.data_validation(1, number, _ROWS, number, {"validate": "any", **shown})
    return content.getvalue()
