"""Templates to download: empty, or filled in with what is known of one's firms."""

from contextlib import ExitStack
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from app.accounts.actor import Actor
from app.accounts.auth import Db, Noted, Reader, Readings
from app.core.resource import Resource
from app.imports import filling

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Name = Annotated[str, Path(pattern="^[a-z-]{2,40}$")]
Filled = Annotated[bool, Query(description="With what is known of the firms that `on` lists.")]
Year = Annotated[int | None, Query(ge=1990, le=2199, description="Of figures: which year's.")]
On = Annotated[
    str, Query(max_length=4_000, description="The register's query; empty: every firm of yours.")
]
pages = APIRouter(prefix="/imports/templates", include_in_schema=False)
api = APIRouter(prefix="/api/v1/imports/templates", tags=["imports"], route_class=Resource)


@pages.get("/{name}")
def download(
    name: Name, actor: Reader, readings: Noted, db: Db, filled: Filled = False, year: Year = None,
    on: On = "",
) -> FileResponse:  # fmt: skip
    """One template, in the reader's language."""
    return _sent(db, actor, readings, name, (filled, year, on))


@api.get("/{name}", operation_id="get_template", response_class=FileResponse,
         responses={200: {"content": {XLSX: {}}}})  # fmt: skip
def get_template(
    name: Name, actor: Reader, readings: Noted, db: Db, filled: Filled = False, year: Year = None,
    on: On = "",
) -> FileResponse:  # fmt: skip
    """A workbook to fill in and send to `/imports`."""
    return _sent(db, actor, readings, name, (filled, year, on))


def _sent(
    db: Session, actor: Actor, readings: Readings, name: str, asked: tuple[bool, int | None, str]
) -> FileResponse:
    filled, year, on = asked
    wanted = filling.template(name)
    title = wanted.title[actor.locale] + (f" {year}" if year else "")
    named = f"attachment; filename=\"{name}.xlsx\"; filename*=UTF-8''{quote(title)}.xlsx"
    with ExitStack() as until_sent:
        path, rows = until_sent.enter_context(
            filling.written(db, actor, wanted, year=year, on=on if filled else None)
        )
        if filled:
            said = {"template": name, "year": year, "on": on}
            readings.note("firm", purpose="export", filter=said, row_count=rows)
        return FileResponse(path, media_type=XLSX, headers={"content-disposition": named},
                            background=BackgroundTask(until_sent.pop_all().close))  # fmt: skip
