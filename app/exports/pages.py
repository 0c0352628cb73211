"""Long lists as files in the browser: asked for, followed, fetched; the page may be left."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core import i18n
from app.core.web import render
from app.exports import service
from app.exports.content import stream
from app.exports.models import ExportFile
from app.firms.schemas import LARGEST_ID
from app.pipeline.records import BY_PATH
from app.pipeline.trail import table_label
from app.workbench.export_pages import note
from app.workbench.exporting import RECORDS
from app.workbench.sheets import Format

router = APIRouter(prefix="/exports", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
SHOWN = 50
LISTS = {"firms": ("企业登记簿", "Register"), "pool": ("培育池", "Pool"),
         "board": ("梯次看板", "Board"), "leads": ("招商线索", "Leads"),
         "carriers": ("孵化载体", "Incubators")}  # fmt: skip


class Wanted(BaseModel):
    """Which list, by which query, as what."""

    of: Annotated[str, Field(max_length=60)] = ""
    on: Annotated[str, Field(max_length=service.LONGEST_QUERY)] = ""
    format: Format = "xlsx"


def _called(request: Request, of: str) -> str:
    locale = i18n.locale_of(request)
    kind = BY_PATH.get(of.removeprefix(RECORDS))
    if kind is not None:
        return table_label(kind.table, "insert")[locale]
    return LISTS[of][locale == "en"] if of in LISTS else of


@router.get("")
def exports(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What one has asked for, the latest first."""
    found = [(one, _called(request, one.of)) for one in service.latest(db, actor, SHOWN)]
    return render(request, "exports/exports.html", files=found, kept=service.KEPT.days)


@router.get("/new")
def new(
    request: Request, wanted: Annotated[Wanted, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """How many rows it would be."""
    found = service.looked_at(db, actor, wanted.of, wanted.on, i18n.locale_of(request))
    return render(request, "exports/new.html", wanted=wanted, count=found.count,
                  columns=len(found.sheet.heads), called=_called(request, wanted.of))  # fmt: skip


@router.post("")
def ask(
    request: Request, wanted: Annotated[Wanted, Form()], actor: Reader, readings: Noted, tx: Tx
) -> RedirectResponse:
    """Have it written."""
    asked, found = service.ask(tx, actor, wanted.of, wanted.on, wanted.format,
                               i18n.locale_of(request))  # fmt: skip
    note(readings, found, [("query", wanted.on)])
    return RedirectResponse(f"/exports/{asked.id}", status_code=303)


@router.get("/{number}")
def one(request: Request, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """One file and how far it is."""
    return _page(request, "exports/export.html", service.get(db, actor, number))


def _page(request: Request, template: str, found: ExportFile) -> HTMLResponse:
    return render(request, template, file=found, called=_called(request, found.of),
                  kept=service.KEPT.days)  # fmt: skip


@router.get("/{number}/state")
def state(request: Request, number: Number, actor: Reader, db: Db) -> Response:
    """How far it is; when it is written, the page as a whole is asked for."""
    found = service.get(db, actor, number)
    if not found.is_busy:
        return Response(headers={"hx-redirect": f"/exports/{number}"})
    return _page(request, "exports/_progress.html", found)


@router.get("/{number}/content")
def content(request: Request, number: Number, actor: Reader, db: Db) -> StreamingResponse:
    """The file."""
    return stream(request, service.get(db, actor, number))


@router.post("/{number}/cancel")
def cancel(number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """Call it off."""
    return RedirectResponse(f"/exports/{service.call_off(tx, actor, number).id}", status_code=303)
