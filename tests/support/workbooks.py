"""Makes Excel workbooks from the XML of their cells."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# The styles of cells: none, a date, a date with a time, a length of time, and five digits.
DATE, MOMENT, LENGTH, FIVE_DIGITS = 1, 2, 3, 4
_FORMATS = ("General", "dd.mm.yyyy", "yyyy-mm-dd hh:mm:ss", "[h]:mm", "00000")
OTHER = len(_FORMATS)  # the style of the format that a workbook is made with


def text(value: str) -> str:
    """A cell with text."""
    return f't="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is>'


def number(value: float | str, style: int = 0) -> str:
    """A cell with a number, which is a date if its style says so."""
    return f's="{style}"><v>{value}</v>'


def error(name: str) -> str:
    """A cell with a formula that failed."""
    return f't="e"><f>NA()</f><v>{name}</v>'


def boolean(value: bool) -> str:
    """A cell with true or false."""
    return f't="b"><v>{value:d}</v>'


def sheet_data(rows: dict[int, list[str]]) -> str:
    """Rows by their number, each with its cells from column A on; an empty one is left out."""
    found = []
    for row, cells in rows.items():
        inside = "".join(f'<c r="{chr(65 + at)}{row}" {cell}</c>' for at, cell in enumerate(cells) if cell)
        found.append(f'<row r="{row}">{inside}</row>')
    return "".join(found)


def workbook(
    sheets: dict[str, str],
    *,
    hidden: tuple[str, ...] = (),
    more: dict[str, bytes] | None = None,
    other_format: str = "General",
    properties: str = "",
) -> bytes:
    """An .xlsx file with the XML of each sheet's rows. `properties` is XML behind the list of sheets."""
    codes = [quoteattr(code) for code in (*_FORMATS, other_format)]
    states = ("visible", "hidden")
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" state="{states[name in hidden]}" r:id="r{at}"/>'
        for at, name in enumerate(sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    targets += f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode={code}/>' for at, code in enumerate(codes))
    styles = "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(len(codes)))
    root = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    shown = f"<numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs>"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">{root}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
        f"{properties}</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{targets}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{shown}</styleSheet>',
        **{
            f"xl/worksheets/sheet{at}.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            for at, rows in enumerate(sheets.values(), 1)
        },
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (more or {})).items():
            archive.writestr(name, content)
    return file.getvalue()
