"""Lists as files: every row of the query, with the columns that the page shows.

What many rows make is written by a job: the reader is led to where it is asked for.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.auth import Db, Noted, Reader, Readings
from app.core import i18n
from app.pipeline.pages import given
from app.workbench import sheets
from app.workbench.exporting import PAGING, Listed, listed
from app.workbench.sheets import Format

router = APIRouter(include_in_schema=False)
Wanted = Annotated[Format, Query()]
# So many rows are written while somebody waits, in a second or two.
MOST_AT_ONCE = 5_000


@router.get("/firms/export")
@router.get("/pool/export")
@router.get("/board/export")
@router.get("/leads/export")
@router.get("/carriers/export")
@router.get("/records/{path}/export")
def export(
    request: Request, actor: Reader, readings: Noted, db: Db, format: Wanted = "csv"
) -> Response:
    """What a list shows, as a file noted with its rows; or where to have a long one written."""
    of = request.url.path.strip("/").removesuffix("/export")
    pairs = [pair for pair in given(request) if pair[0] not in PAGING]
    found = listed(db, actor, of, pairs, i18n.locale_of(request))
    if found.count > MOST_AT_ONCE:
        asked = urlencode({"of": of, "on": urlencode(pairs), "format": format})
        return RedirectResponse(f"/exports/new?{asked}", status_code=303)
    note(readings, found, pairs)
    return sheets.sent(db, found.sheet, format)


def note(readings: Readings, found: Listed, pairs: list[tuple[str, str]]) -> None:
    """Note who takes which rows away: the filter and their number."""
    asked: dict[str, list[str]] = {}
    for name, value in pairs:
        asked.setdefault(name, []).append(value)
    readings.note(found.noted, purpose="export", filter=asked, row_count=found.count)
