"""Register and pool as CSV: every row of the filter in the order of the list, streamed."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from app.accounts.auth import Db, Noted, Reader, Readings, reading
from app.core import i18n
from app.core.cells import neutral
from app.core.clock import today
from app.core.filters import LARGEST_LIMIT, Filters, Vocabulary, parse
from app.core.paging import Page
from app.firms import fields as firm_fields
from app.firms import listing
from app.pipeline import fields, pool

router = APIRouter(include_in_schema=False)
REGISTER = ("name", "credit_code", "rung", "registered_on", "region_code", "park")
POOL = ("name", "rung", "outcome", "gap_count", "readiness", "unmet", "unknown")
# Which page of the list is on the screen says nothing about what its file holds.
PAGING = ("cursor", "limit", "count")
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Export:
    """One list to be written: how to read a page of it, and what its columns are called."""

    what: str
    filters: Filters
    read: Callable[[Session, Filters], Page]
    heads: list[str]
    words: Mapping[str, str]


@router.get("/firms/export")
def export_register(request: Request, actor: Reader, readings: Noted, db: Db) -> StreamingResponse:
    """What the register lists, as CSV."""
    day, locale = today(), i18n.locale_of(request)
    vocabulary = firm_fields.vocabulary(db, day)
    filters = _filters(request, vocabulary, REGISTER)
    found = Export(
        "firm",
        filters,
        lambda session, asked: listing.firms(session, actor, asked, day),
        _heads(vocabulary, filters, locale),
        {},
    )
    return _sent(request, readings, db, found)


@router.get("/pool/export")
def export_pool(request: Request, actor: Reader, readings: Noted, db: Db) -> StreamingResponse:
    """What the pool lists, as CSV."""
    day, locale = today(), i18n.locale_of(request)
    loaded = pool.chosen_set(db, _asked(request), day)
    vocabulary = fields.vocabulary(db, loaded, day)
    filters = _filters(request, vocabulary, POOL)
    found = Export(
        "pool",
        filters,
        lambda session, asked: pool.firms(session, actor, loaded, asked, day),
        _heads(vocabulary, filters, locale),
        {c.id: c.label[locale] for c in loaded.policy.walk()},
    )
    return _sent(request, readings, db, found)


def _asked(request: Request) -> Pairs:
    given = request.query_params.multi_items()
    return [(name, value) for name, value in given if value != "" and name not in PAGING]


def _filters(request: Request, vocabulary: Vocabulary, usual: tuple[str, ...]) -> Filters:
    found = parse(_asked(request), vocabulary)
    return replace(found, columns=found.columns or usual, limit=LARGEST_LIMIT, count="none")


def _heads(vocabulary: Vocabulary, filters: Filters, locale: str) -> list[str]:
    found = [(name, vocabulary.find(name)) for name in filters.columns]
    return [name if field is None else field.label.get(locale, name) for name, field in found]


def _sent(request: Request, readings: Readings, db: Session, export: Export) -> StreamingResponse:
    """The file; its own transaction reads while it is sent."""
    counted = export.read(db, replace(export.filters, limit=1, count="exact"))
    asked: dict[str, list[str]] = {}
    for name, value in _asked(request):
        asked.setdefault(name, []).append(value)
    readings.note(export.what, purpose="export", filter=asked, row_count=counted.count)

    def sent() -> Iterator[str]:
        with reading(request) as session:
            yield from _lines(session, export)

    headers = {"content-disposition": f'attachment; filename="{export.what}.csv"'}
    return StreamingResponse(sent(), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(session: Session, export: Export) -> Iterator[str]:
    """A piece per page of rows; the mark in front tells Excel and WPS that it is UTF-8."""
    yield "\ufeff" + _csv([[neutral(head) for head in export.heads]])
    filters: Filters | None = export.filters
    while filters is not None:
        page = export.read(session, filters)
        columns = export.filters.columns
        yield _csv([[_cell(row.get(c), export.words) for c in columns] for row in page.items])
        filters = None if page.next is None else replace(filters, cursor=page.next)


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any, words: Mapping[str, str]) -> Any:
    """A number as it is, a place by its name, criteria by their labels, text made harmless."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, list):
        return neutral("；".join(words.get(one, one) for one in value))
    if isinstance(value, dict):
        named = value.get("name")
        gaps = "；".join(f"{words.get(k, k)} {v}" for k, v in value.items())
        return neutral(gaps if named is None else named)
    return neutral(value)
