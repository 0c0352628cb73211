"""Long tables as XLSX in constant memory: XlsxWriter's frame, with rows written between its parts.

Millions of cells are too many to call XlsxWriter for each in the time that an export may take.
So it makes a workbook with the first row and one of each kind of cell, which is taken apart there.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from app.core.clock import DISTRICT

Pages = Iterator[list[list[Any]]]
ROWS = "xl/worksheets/sheet1.xml"
# Deflate's level: a third larger than the usual one makes it, in half the time.
LEVEL = 3
LONGEST = 32_767
# Day 1 is 1 January 1900, and 1900 was a leap year to spreadsheets: sound from March on.
DAY_ZERO, FIRST_DAY = date(1899, 12, 30).toordinal(), date(1900, 3, 1)
# What XML cannot hold is written as _xHHHH_, and so is what looks like that.
SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
STYLE = re.compile(rb'<c r="[AB]2" s="(\d+)"')
DAY_SECONDS = 24 * 60 * 60
DIMENSION = re.compile(rb"<dimension[^>]*/>")


@dataclass(frozen=True)
class _Frame:
    """A workbook without its rows: what stands before and after them, and all other entries."""

    before: bytes
    after: bytes
    styles: list[str]
    others: list[tuple[str, bytes]]


def write(path: Path, heads: list[str], widths: list[int], pages: Pages) -> None:
    """Write a table: text as text, whatever it begins with; numbers and dates as what they are."""
    first = _frame(heads, widths, 0)
    row_of = _writer(len(heads), *first.styles)
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as book:
        with book.open(ROWS, "w", force_zip64=True) as out:
            out.write(first.before)
            for page in pages:
                out.write("".join(map(row_of, range(number + 2, number + 2 + len(page)), page))
                          .encode())  # fmt: skip
                number += len(page)
            last = _frame(heads, widths, number)
            out.write(last.after)
        for name, content in last.others:
            book.writestr(name, content)


def _frame(heads: list[str], widths: list[int], rows: int) -> _Frame:
    """The workbook of so many rows, of which one is in it and taken out again."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False,
                                    "strings_to_urls": False}) as book:  # fmt: skip
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.freeze_panes(1, 1)
        for at, (head, width) in enumerate(zip(heads, widths, strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, head, bold)
        sheet.write_datetime(1, 0, FIRST_DAY, day)
        sheet.write_datetime(1, 1, FIRST_DAY, instant)
        if rows:
            sheet.autofilter(0, 0, rows, len(heads) - 1)
    with zipfile.ZipFile(made) as parts:
        others = [(one, parts.read(one)) for one in parts.namelist() if one != ROWS]
        before, _, rest = DIMENSION.sub(b"", parts.read(ROWS)).partition(b'<row r="2"')
        sample, end, after = rest.partition(b"</sheetData>")
    styles = [number.decode() for number in STYLE.findall(sample)]
    return _Frame(before, end + after, styles, others)


def shown(instant: datetime) -> datetime:
    """An instant as the district's clocks show it: cells of spreadsheets know no zone."""
    return instant.astimezone(DISTRICT).replace(tzinfo=None) if instant.tzinfo else instant


def _writer(width: int, dated: str, timed: str) -> Callable[[int, list[Any]], str]:
    """What writes one row by its number, given the styles of days and of instants."""
    letters = [xl_col_to_name(at) for at in range(width)]

    def cell(place: str, value: Any) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t{text(value)}</t></is></c>'
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
        if isinstance(value, int | Decimal):
            return f'<c r="{place}"><v>{value}</v></c>'
        if isinstance(value, datetime):
            return moment(place, shown(value))
        if isinstance(value, date) and value >= FIRST_DAY:
            return f'<c r="{place}" s="{dated}"><v>{value.toordinal() - DAY_ZERO}</v></c>'
        return cell(place, str(value))

    def moment(place: str, value: datetime) -> str:
        if value.date() < FIRST_DAY:
            return cell(place, value.isoformat(" ", "seconds"))
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        day = value.toordinal() - DAY_ZERO + seconds / DAY_SECONDS
        return f'<c r="{place}" s="{timed}"><v>{day}</v></c>'

    def row(number: int, cells: list[Any]) -> str:
        filled = [cell(f"{letters[at]}{number}", value)
                  for at, value in enumerate(cells) if value is not None]  # fmt: skip
        return f'<row r="{number}">{"".join(filled)}</row>'

    return row


def text(value: str) -> str:
    """A text as the rest of its element, after the name; spaces at its ends are kept."""
    said = SPECIAL.sub(_escaped, value[:LONGEST]) if SPECIAL.search(value) else value[:LONGEST]
    return f">{said}" if said == said.strip() else f' xml:space="preserve">{said}'


def _escaped(found: re.Match[str]) -> str:
    return NAMED.get(found[0]) or f"_x{ord(found[0]):04X}_"
