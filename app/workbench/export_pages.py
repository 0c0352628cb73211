"""Lists as files: every row of the query, with the columns that the page shows.

What many rows make is written by a job: the reader is led to where it is asked for.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import Db, Noted, Reader, Readings
from app.core import i18n
from app.pipeline.pages import given
from app.workbench import sheets
from app.workbench.exporting import PAGING, RECORDS, Listed, listed
from app.workbench.sheets import Format

router = APIRouter(include_in_schema=False)
Wanted = Annotated[Format, Query()]
# So many rows are written while somebody waits, in a second or two.
MOST_AT_ONCE = 5_000


@router.get("/firms/export")
def export_register(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """What the register lists, as a file."""
    return _sent(request, readings, db, actor, ("firms", format))


@router.get("/pool/export")
def export_pool(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """What the pool lists, as a file."""
    return _sent(request, readings, db, actor, ("pool", format))


@router.get("/board/export")
def export_board(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """Every card of the board, column by column, as a file."""
    return _sent(request, readings, db, actor, ("board", format))


@router.get("/leads/export")
def export_leads(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """Every lead of every stage, as a file."""
    return _sent(request, readings, db, actor, ("leads", format))


@router.get("/carriers/export")
def export_carriers(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """Every carrier with what it achieved in a year, as a file."""
    return _sent(request, readings, db, actor, ("carriers", format))


@router.get("/records/{path}/export")
def export_records(
    request: Request, path: str, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """What a list of records shows, as a file."""
    return _sent(request, readings, db, actor, (f"{RECORDS}{path}", format))


def _sent(
    request: Request, readings: Readings, db: Session, actor: Actor, wanted: tuple[str, Format]
) -> Response:
    """The file, noted with the number of its rows; or where to have a long one written."""
    of, kind = wanted
    pairs = [pair for pair in given(request) if pair[0] not in PAGING]
    found = listed(db, actor, of, pairs, i18n.locale_of(request))
    if found.count > MOST_AT_ONCE:
        asked = urlencode({"of": of, "on": urlencode(pairs), "format": kind})
        return RedirectResponse(f"/exports/new?{asked}", status_code=303)
    note(readings, found, pairs)
    return sheets.sent(db, found.sheet, kind)


def note(readings: Readings, found: Listed, pairs: list[tuple[str, str]]) -> None:
    """Note who takes which rows away: the filter and their number."""
    asked: dict[str, list[str]] = {}
    for name, value in pairs:
        asked.setdefault(name, []).append(value)
    readings.note(found.noted, purpose="export", filter=asked, row_count=found.count)
