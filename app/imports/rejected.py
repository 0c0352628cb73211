"""The rejected rows as the uploader's own workbook: reasons in a last column, bad cells coloured.

Up to 5,000 rows the workbook itself is kept, with its widths, formats and other sheets; a larger
one, or a CSV file, is written anew row by row.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import IO, Any

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from app.exchange import files
from app.exchange.headers import REASON
from app.exchange.report import Fault, Report
from app.imports import checking
from app.imports.checking import Edits

LARGEST_KEPT = 5_000
COLOUR, REASON_WIDTH = "FFF3BF", 60
LONGEST = 32_000
Faults = dict[int, list[Fault]]


@contextmanager
def workbook(source: Path, report: Report, locale: str, edits: Edits) -> Iterator[IO[bytes]]:
    """The workbook, with what was typed over it, as a file that is gone after the block."""
    faults: Faults = {}
    for fault in report.faults:
        faulty = faults.setdefault(fault.row, [])
        faulty.append(fault)
    with tempfile.TemporaryFile(prefix="tidu-rejected-") as file:
        if report.encoding == "xlsx" and report.rows <= LARGEST_KEPT:
            _kept(source, report, faults, locale, edits, file)
        else:
            _anew(source, report, faults, locale, edits, file)
        file.seek(0)
        yield file


def _reason(faults: list[Fault], locale: str) -> str:
    columns: dict[str, list[str]] = {}
    for one in faults:
        columns.setdefault(one.detail(locale), []).append(one.column)
    return "; ".join(f"{'、'.join(of)}: {told}" for told, of in columns.items())[:LONGEST]


def _kept(
    source: Path, report: Report, faults: Faults, locale: str, edits: Edits, file: IO[bytes]
) -> None:
    """The uploader's workbook: its table without the rows that were taken."""
    with source.open("rb") as given:  # a path's ending would have to be .xlsx
        book = openpyxl.load_workbook(given)
    old = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    position, title = book.index(old), old.title
    old.title = "-"
    new = book.create_sheet(title, position)
    _split(old)
    wanted = [*range(1, report.header_row + 1), *sorted(faults)]
    for target, row in enumerate(wanted, 1):
        for cell in old[row]:
            _copy(cell, new.cell(target, cell.column))
        for place, typed in edits.get(row, {}).items():
            over = new.cell(target, int(place) + 1, typed)
            over.data_type = "s"  # whatever it begins with
        if row in faults:
            _mark(new, target, faults[row], report, locale)
    for letter, dimension in old.column_dimensions.items():
        new.column_dimensions[letter].width = dimension.width
    last = len(report.headers) + 1
    new.cell(report.header_row, last, REASON[locale == "en"])
    new.column_dimensions[new.cell(1, last).column_letter].width = REASON_WIDTH
    new.freeze_panes = new.cell(report.header_row + 1, 1)
    book.remove(old)
    book.active = position
    book.save(file)


def _split(sheet: Any) -> None:
    """What spans several rows stands in each: some of them may not come back."""
    for span in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(span.coord)
        if span.min_col == span.max_col:
            for row in range(span.min_row + 1, span.max_row + 1):
                _copy(sheet.cell(span.min_row, span.min_col), sheet.cell(row, span.min_col))


def _copy(source: Any, target: Any) -> None:
    target.value = source.value
    if source.has_style:
        target.font, target.fill = copy(source.font), copy(source.fill)
        target.border, target.alignment = copy(source.border), copy(source.alignment)
        target.number_format = source.number_format


def _mark(sheet: Any, row: int, faults: list[Fault], report: Report, locale: str) -> None:
    for fault in faults:
        if fault.column in report.headers:
            cell = sheet.cell(row, report.headers.index(fault.column) + 1)
            cell.fill = PatternFill("solid", start_color=COLOUR)
            cell.comment = Comment(fault.detail(locale), "Tidu")
    reason = sheet.cell(row, len(report.headers) + 1)
    reason.value = _reason(faults, locale)
    reason.data_type = "s"  # whatever it begins with


def _anew(
    source: Path, report: Report, faults: Faults, locale: str, edits: Edits, file: IO[bytes]
) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "tmpdir": str(source.parent)}  # fmt: skip
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        bad = book.add_format({"num_format": "@", "bg_color": f"#{COLOUR}"})
        headers = [*report.headers, REASON[locale == "en"]]
        sheet.set_column(len(headers) - 1, len(headers) - 1, REASON_WIDTH)
        sheet.freeze_panes(1, 0)
        for at, head in enumerate(headers):
            sheet.write_string(0, at, head, bold)
        given = checking.edited(files.read(source, 1_000).rows, edits)
        rows = (row for row in given if row[0] in faults)
        for target, (number, cells) in enumerate(rows, 1):
            wrong = {fault.column for fault in faults[number]}
            for at, head in enumerate(report.headers):
                cell = str(cells[at])[:LONGEST] if at < len(cells) else ""
                sheet.write_string(target, at, cell, bad if head in wrong else text)
            sheet.write_string(target, len(headers) - 1, _reason(faults[number], locale))
