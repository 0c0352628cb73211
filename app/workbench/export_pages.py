"""Register and pool as files: every row of the query, with the columns that the page shows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import Db, Noted, Reader, Readings
from app.core import i18n
from app.core.filters import LARGEST_LIMIT
from app.criteria import phrases
from app.firms.listing import Row
from app.pipeline.fields import places
from app.pipeline.pages import given
from app.workbench import sheets
from app.workbench.benches import Bench, opened
from app.workbench.columns import Column, shown
from app.workbench.sheets import Sheet
from app.workbench.words import Words, words_of

router = APIRouter(include_in_schema=False)
# Which page of the list is on the screen says nothing about what its file holds.
PAGING = ("cursor", "limit", "count", "format")
Format = Annotated[Literal["csv", "xlsx"], Query()]
WIDEST, NARROWEST = 40, 8
# A column of the heat map: one criterion's outcome, which rows hold together.
SPOT, OUTCOMES = "outcome.", "outcomes"


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
        names = (OUTCOMES if one.name.startswith(SPOT) else one.name for one in self.columns)
        wanted = tuple(dict.fromkeys(("id", *names)))
        filters = replace(bench.filters, columns=wanted, limit=LARGEST_LIMIT, count="none")
        while True:
            page = bench.read(session, filters)
            yield [[self._cell(row, one) for one in self.columns] for row in page.items]
            if page.next is None:
                return
            filters = replace(filters, cursor=page.next)

    def _cell(self, row: Row, column: Column) -> Any:
        """A number or date as it is, everything else in the words of the page."""
        if column.name.startswith(SPOT):
            return self.words.value("outcome", row[OUTCOMES][column.name.removeprefix(SPOT)])
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
    return Export(bench, _heat(bench, words) if bench.display == "heat" else shown(bench, words),
                  words)  # fmt: skip


def _heat(bench: Bench, words: Words) -> list[Column]:
    """The columns of the heat map: the firm, how ready it is, and each criterion."""
    assert bench.loaded is not None  # only the pool has one
    heads = [(name, words.label(name)) for name in ("name", "credit_code", "readiness")]
    heads += [(SPOT + one.criterion.id, one.criterion.label[words.locale])
              for one in places(bench.loaded) if one.outer]  # fmt: skip
    return [Column(name, label, None, False, None, "none") for name, label in heads]


def _sent(request: Request, readings: Readings, db: Session, export: Export, kind: str) -> Response:
    """The file, after its reading has been noted with the number of its rows."""
    bench = export.bench
    counted = bench.read(db, replace(bench.filters, columns=("id",), limit=1, count="exact"))
    asked: dict[str, list[str]] = {}
    for name, value in bench.pairs:
        asked.setdefault(name, []).append(value)
    what = "firm" if bench.of == "firms" else bench.of
    readings.note(what, purpose="export", filter=asked, row_count=counted.count)
    widths = [_width(head, one) for head, one in zip(export.heads, export.columns, strict=True)]
    return sheets.sent(request, db, Sheet(bench.of, export.heads, widths, export.pages), kind)


def _width(head: str, column: Column) -> int:
    usual = {"name": 32, "credit_code": 21, "unmet": 36, "unknown": 36}.get(column.name, 14)
    return max(NARROWEST, min(WIDEST, max(usual, len(head))))
