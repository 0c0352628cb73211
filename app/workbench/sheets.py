"""Lists as files: CSV that Excel and WPS open rightly, and XLSX; what was typed stays data."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from fastapi import Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from app.accounts.auth import reading
from app.core.cells import neutral

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Sheet:
    """A list to be written: its first row, how wide its columns are, and its rows in pages."""

    name: str
    heads: list[str]
    widths: list[int]
    pages: Callable[[Session], Iterator[list[list[Any]]]]


def sent(request: Request, db: Session, sheet: Sheet, kind: str) -> Response:
    """The file of a kind."""
    return _workbook(db, sheet) if kind == "xlsx" else _csv(request, sheet)


# --- CSV ----------------------------------------------------------------------------------------


def _csv(request: Request, sheet: Sheet) -> StreamingResponse:
    """A stream; its own transaction reads while it is sent."""

    def lines() -> Iterator[str]:
        # The mark in front tells Excel and WPS that it is UTF-8.
        yield "\ufeff" + _lines([[neutral(head) for head in sheet.heads]])
        with reading(request) as session:
            for page in sheet.pages(session):
                yield _lines([[_plain(cell) for cell in row] for row in page])

    headers = {"content-disposition": f'attachment; filename="{sheet.name}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, int | Decimal) else neutral(cell)


# --- XLSX ---------------------------------------------------------------------------------------


def _workbook(db: Session, sheet: Sheet) -> FileResponse:
    """A workbook, written row by row beside the answer and removed after it."""
    with tempfile.NamedTemporaryFile(prefix="tidu-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        _write(path, db, sheet)
    except BaseException:
        path.unlink()
        raise
    return FileResponse(path, media_type=XLSX, filename=f"{sheet.name}.xlsx",
                        background=BackgroundTask(path.unlink))  # fmt: skip


def _write(path: Path, db: Session, sheet: Sheet) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(path, options) as book:
        written = book.add_worksheet()
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        written.freeze_panes(1, 1)
        for at, (head, width) in enumerate(zip(sheet.heads, sheet.widths, strict=True)):
            written.set_column(at, at, width)
            written.write_string(0, at, head, bold)
        number = 0
        for page in sheet.pages(db):
            for row in page:
                number += 1
                for at, cell in enumerate(row):
                    _put(written, (number, at), cell, day)
        if number:
            written.autofilter(0, 0, number, len(sheet.heads) - 1)


def _put(written: Any, place: tuple[int, int], cell: Any, day: Any) -> None:
    """Text as text, whatever it begins with; numbers and dates as what they are."""
    if cell is None:
        return
    if isinstance(cell, date):
        written.write_datetime(*place, cell, day)
    elif isinstance(cell, int | Decimal):
        written.write_number(*place, cell)
    else:
        written.write_string(*place, str(cell))
