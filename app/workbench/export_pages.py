"""Register and pool as files: every row of the query, with the columns that the page shows."""

import csv
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import xlsxwriter
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from app.accounts.actor import Actor
from app.accounts.auth import Db, Noted, Reader, Readings, reading
from app.core import i18n
from app.core.cells import neutral
from app.core.filters import LARGEST_LIMIT
from app.criteria import phrases
from app.firms.listing import Row
from app.pipeline.pages import given
from app.workbench.benches import Bench, opened
from app.workbench.columns import Column, shown
from app.workbench.words import Words, words_of

router = APIRouter(include_in_schema=False)
# Which page of the list is on the screen says nothing about what its file holds.
PAGING = ("cursor", "limit", "count", "format")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Format = Annotated[Literal["csv", "xlsx"], Query()]
WIDEST, NARROWEST = 40, 8


@dataclass(frozen=True)
class Export:
    """One list to be written: its query, its columns, and what they are called."""

    bench: Bench
    columns: list[Column]
    words: Words

    @property
    def heads(self) -> list[str]:
        """The first row; a number's unit stands in it."""
        return [self._head(one) for one in self.columns]

    def _head(self, column: Column) -> str:
        unit = column.unit if column.numeric else None
        if unit is None or unit not in phrases.UNITS:
            return column.label
        word = self.words.pick(phrases.UNITS[unit])
        return (
            f"{column.label}（{word}）" if self.words.locale == "zh" else f"{column.label} ({word})"
        )

    def pages(self, session: Session) -> Iterator[list[list[Any]]]:
        """Every row of the query, a page of them at a time."""
        bench = self.bench
        wanted = tuple(dict.fromkeys(("id", *(one.name for one in self.columns))))
        filters = replace(bench.filters, columns=wanted, limit=LARGEST_LIMIT, count="none")
        while True:
            page = bench.read(session, filters)
            yield [[self._cell(row, one) for one in self.columns] for row in page.items]
            if page.next is None:
                return
            filters = replace(filters, cursor=page.next)

    def _cell(self, row: Row, column: Column) -> Any:
        """A number or date as it is, everything else in the words of the page."""
        value, name = row.get(column.name), column.name
        if value is None or (column.numeric or name == "readiness") or isinstance(value, date):
            return value
        if isinstance(value, bool):
            return self.words.pick(("是", "yes") if value else ("否", "no"))
        if isinstance(value, list):
            return "；".join(self.words.value(name, one) for one in value)
        if isinstance(value, dict):
            english = self.words.locale == "en" and value.get("name_en")
            return english or value["name"]
        return value if isinstance(value, int | Decimal) else self.words.value(name, value)


@router.get("/firms/export")
def export_register(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Format = "csv"
) -> Response:
    """What the register lists, as a file."""
    return _sent(request, readings, db, _export(request, db, actor, "firms"), format)


@router.get("/pool/export")
def export_pool(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Format = "csv"
) -> Response:
    """What the pool lists, as a file."""
    return _sent(request, readings, db, _export(request, db, actor, "pool"), format)


def _export(request: Request, db: Session, actor: Actor, of: str) -> Export:
    asked = [pair for pair in given(request) if pair[0] not in PAGING]
    bench = opened(db, actor, of, asked)
    words = words_of(db, bench, i18n.locale_of(request))
    return Export(bench, shown(bench, words), words)


def _sent(request: Request, readings: Readings, db: Session, export: Export, kind: str) -> Response:
    """The file, after its reading has been noted with the number of its rows."""
    bench = export.bench
    counted = bench.read(db, replace(bench.filters, columns=("id",), limit=1, count="exact"))
    asked: dict[str, list[str]] = {}
    for name, value in bench.pairs:
        asked.setdefault(name, []).append(value)
    what = "firm" if bench.of == "firms" else bench.of
    readings.note(what, purpose="export", filter=asked, row_count=counted.count)
    return _workbook(db, export) if kind == "xlsx" else _csv(request, export)


# --- CSV ----------------------------------------------------------------------------------------


def _csv(request: Request, export: Export) -> StreamingResponse:
    """A stream; its own transaction reads while it is sent."""

    def sent() -> Iterator[str]:
        # The mark in front tells Excel and WPS that it is UTF-8.
        yield "\ufeff" + _lines([[neutral(head) for head in export.heads]])
        with reading(request) as session:
            for page in export.pages(session):
                yield _lines([[_plain(cell) for cell in row] for row in page])

    headers = {"content-disposition": f'attachment; filename="{export.bench.of}.csv"'}
    return StreamingResponse(sent(), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, int | Decimal) else neutral(cell)


# --- XLSX ---------------------------------------------------------------------------------------


def _workbook(db: Session, export: Export) -> FileResponse:
    """A workbook, written row by row beside the answer and removed after it."""
    with tempfile.NamedTemporaryFile(prefix="tidu-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        _write(path, db, export)
    except BaseException:
        path.unlink()
        raise
    return FileResponse(path, media_type=XLSX, filename=f"{export.bench.of}.xlsx",
                        background=BackgroundTask(path.unlink))  # fmt: skip


def _write(path: Path, db: Session, export: Export) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 1)
        for at, head in enumerate(export.heads):
            sheet.set_column(at, at, _width(head, export.columns[at]))
            sheet.write_string(0, at, head, bold)
        number = 0
        for page in export.pages(db):
            for row in page:
                number += 1
                for at, cell in enumerate(row):
                    _put(sheet, (number, at), cell, day)
        if number:
            sheet.autofilter(0, 0, number, len(export.columns) - 1)


def _width(head: str, column: Column) -> int:
    usual = {"name": 32, "credit_code": 21, "unmet": 36, "unknown": 36}.get(column.name, 14)
    return max(NARROWEST, min(WIDEST, max(usual, len(head))))


def _put(sheet: Any, place: tuple[int, int], cell: Any, day: Any) -> None:
    """Text as text, whatever it begins with; numbers and dates as what they are."""
    if cell is None:
        return
    if isinstance(cell, date):
        sheet.write_datetime(*place, cell, day)
    elif isinstance(cell, int | Decimal):
        sheet.write_number(*place, cell)
    else:
        sheet.write_string(*place, str(cell))
