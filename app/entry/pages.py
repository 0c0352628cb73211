"""The pages of data entry: what waits, the grid of a year, one firm's form."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor, Role
from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core import i18n
from app.core.clock import today
from app.core.errors import Invalid
from app.core.web import local_path, render
from app.criteria import phrases
from app.criteria.compiler import LoadedSet
from app.criteria.store import sets_in_force
from app.duties.catalogue import DUTIES
from app.entry import columns, queries, service, showing, waiting
from app.entry.schemas import CellsIn, CellsOut, FilledIn, Unit
from app.exchange.readings import EARLIEST_YEAR
from app.firms import queries as firms
from app.firms.api import FirmId, note_search
from app.firms.catalogue import INDICATORS
from app.firms.flag_models import FLAG_KINDS
from app.firms.models import DESIGNATION_KINDS, Firm
from app.firms.reporting import settle
from app.firms.schemas import LARGEST_ID
from app.pipeline import pool
from app.pipeline.pages import Pairs, following, given, tried
from app.pipeline.service import assess

router = APIRouter(include_in_schema=False)
OWN = ("year", "unit", "columns")
# What the form of the grid asks for by itself; every other filter is carried along.
IN_FORM = (*OWN, "set", "q", "outcome", "unknown", "ordering", "limit", "cursor")
ROWS = (50, 100, 200, 500, 1000)
WORDS = {
    "phrases": phrases,
    "indicators": INDICATORS,
    "groups": columns.GROUPS,
    "units": columns.UNITS,
    "unit_of": columns.unit_of,
    "designation_kinds": DESIGNATION_KINDS,
    "duties": DUTIES,
    "flag_kinds": FLAG_KINDS,
}


@dataclass(frozen=True)
class Asked:
    """What an address asks of the grid, and the first thing that is wrong with it."""

    loaded: LoadedSet
    year: int
    unit: Unit
    codes: tuple[str, ...]
    filters: Pairs
    fault: str | None


@router.get("/waiting")
def what_waits(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What waits for a keeper of firms: duties, conflicts, rows that did not come in."""
    loaded, fault = _set_of(db, [pair for pair in given(request) if pair[0] == "set"])
    return render(
        request,
        "entry/waiting.html",
        waiting=waiting.everything(db, actor, today()),
        loaded=loaded,
        fault=fault,
        day=today(),
        may_write=actor.role in KEEPERS,
        may_settle=actor.role is Role.ANALYST,
        **WORDS,
    )


@router.get("/waiting/further")
def what_else_waits(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Flags, titles that end, figures that are missing or old: comes after the page."""
    loaded, fault = _set_of(db, [pair for pair in given(request) if pair[0] == "set"])
    part = "hx-request" in request.headers
    return render(
        request,
        "entry/_further.html" if part else "entry/further.html",
        further=waiting.further(db, actor, loaded, today()),
        loaded=loaded,
        sets=sets_in_force(db, today()),
        fault=fault,
        day=today(),
        part=part,
        **WORDS,
    )


def _set_of(session: Session, pairs: Pairs) -> tuple[LoadedSet, str | None]:
    """The set asked for, or the usual one beside the sentence that says what is wrong."""
    loaded, fault = tried(lambda: pool.chosen_set(session, pairs, today()))
    return loaded or pool.chosen_set(session, [], today()), fault


@router.get("/entry")
def grid(request: Request, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """A year's figures of many firms, to be filled in as in a spreadsheet."""
    asked = _asked(request, db)
    page, fault = None, asked.fault
    if fault is None:
        page, fault = tried(lambda: queries.rows(db, actor, asked.filters, asked.loaded))
    rows: list[dict[str, Any]] = []
    if page is not None:
        note_search(readings, "pool", asked.filters, page)
        rows = _rows(db, actor, page.items, asked, i18n.locale_of(request))
    pairs = given(request)
    return render(
        request,
        "entry/grid.html",
        rows=rows,
        page=page,
        fault=fault,
        asked=asked,
        years=range(today().year, EARLIEST_YEAR - 1, -1),
        sizes=ROWS,
        sets=sets_in_force(db, today()),
        given=defaultdict(str, pairs),
        carried=[pair for pair in pairs if pair[0] not in IN_FORM],
        following=following(request, page),
        may_write=actor.role in KEEPERS,
        ready=sum(row["firm"]["outcome"] == "met" for row in rows),
        **WORDS,
    )


def _asked(request: Request, session: Session) -> Asked:
    pairs = given(request)
    filters = [pair for pair in pairs if pair[0] not in OWN]
    loaded, no_set = _set_of(session, [pair for pair in filters if pair[0] == "set"])
    said = dict(pairs)
    year, no_year = tried(lambda: _year(said.get("year")))
    unit, no_unit = tried(lambda: _unit(request, said.get("unit")))
    codes, no_column = tried(
        lambda: columns.chosen([value for name, value in pairs if name == "columns"], loaded)
    )
    return Asked(
        loaded, year or today().year - 1, unit or "yuan", codes or (), filters,
        no_set or no_year or no_unit or no_column,
    )  # fmt: skip


def _year(raw: str | None) -> int:
    if raw is None:
        return today().year - 1
    if raw.isascii() and raw.isdigit() and EARLIEST_YEAR <= int(raw) <= today().year:
        return int(raw)
    raise _wrong("year", f"{raw} 不在 {EARLIEST_YEAR}–{today().year} (year out of range)")


def _unit(request: Request, raw: str | None) -> Unit:
    """As asked for, else what readers of the language count in."""
    match raw:
        case "wan" | "yuan" | "yi":
            return raw
        case None:
            return "yuan" if i18n.locale_of(request) == "en" else "wan"
    raise _wrong("unit", f"{raw} 应为 wan、yuan 或 yi (not one of wan, yuan, yi)")


def _wrong(parameter: str, detail: str) -> Invalid:
    return Invalid(f"{parameter}: {detail}", errors=[{"parameter": parameter, "detail": detail}])


def _rows(
    session: Session, actor: Actor, items: list[dict[str, Any]], asked: Asked, locale: str
) -> list[dict[str, Any]]:
    found = queries.cells(session, actor, [i["id"] for i in items], asked.year, asked.codes)
    return [
        {
            "firm": item,
            "cells": [showing.cell(found, (item["id"], c), asked.unit, locale)
                      for c in asked.codes],
        }
        for item in items
    ]  # fmt: skip


@router.post("/entry/cells")
def save_cells(request: Request, body: CellsIn, actor: CurrentActor, tx: Tx) -> CellsOut:
    """Save a block of cells; each has its own result, and the same block twice changes nothing."""
    loaded = pool.chosen_set(tx, [("set", body.set)] if body.set else [], today())
    done = service.save(tx, actor, body)
    found = queries.cells(tx, actor, done.firms, body.year, done.columns)
    locale = i18n.locale_of(request)
    stands = queries.standings(tx, done.firms, loaded)
    return CellsOut(
        cells=[showing.result(cell, found, body.unit, locale) for cell in done.cells],
        firms=[showing.standing(stand, locale) for stand in stands],
    )


@router.get("/entry/{firm_id}")
def firm_form(
    request: Request, firm_id: FirmId, actor: Reader, db: Db, year: int | None = None
) -> HTMLResponse:
    """One firm's figures of a year as a plain form, for whom the grid is not the right thing."""
    firm = firms.get(db, actor, firm_id)
    return _form_page(request, db, actor, firm, _year(None if year is None else str(year)))


def _form_page(
    request: Request, session: Session, actor: Actor, firm: Firm, year: int,
    done: service.Saved | None = None,
) -> HTMLResponse:  # fmt: skip
    unit, locale = _unit(request, None), i18n.locale_of(request)
    found = queries.cells(session, actor, [firm.id], year, list(INDICATORS))
    cells = {code: showing.cell(found, (firm.id, code), unit, locale) for code in INDICATORS}
    for cell in () if done is None else done.cells:
        cells[cell.column] = showing.result(cell, found, unit, locale)
    loaded = pool.chosen_set(session, [], today())
    stands = queries.standings(session, [firm.id], loaded)
    page = render(
        request,
        "entry/form.html",
        firm=firm,
        year=year,
        years=range(today().year, EARLIEST_YEAR - 1, -1),
        unit=unit,
        cells=cells,
        done=done,
        faulty=[c for c in cells.values() if c.fault],
        loaded=loaded,
        stand=showing.standing(stands[0], locale) if stands else None,
        may_write=actor.role in KEEPERS,
        may_settle=actor.role is Role.ANALYST,
        **WORDS,
    )
    page.status_code = 422 if done is not None and any(c.fault for c in done.cells) else 200
    return page


@router.post("/entry/conflicts/{submission_id}")
def settle_conflict(
    submission_id: Annotated[int, Path(ge=1, le=LARGEST_ID)],
    accept: Annotated[bool, Form()],
    actor: CurrentActor,
    tx: Tx,
    back: Annotated[str, Form(max_length=2000)] = "/waiting",
) -> RedirectResponse:
    """Decide which of two values stands, and go back to where one came from."""
    actor.require("figures:write")
    row = settle(tx, actor, submission_id, accept=accept)
    assess(tx, [row.firm_id], today())
    return RedirectResponse(local_path(back), status_code=303)


@router.post("/entry/{firm_id}")
def save_form(
    request: Request,
    firm_id: FirmId,
    actor: CurrentActor,
    tx: Tx,
    filled: Annotated[FilledIn, Form()],
) -> HTMLResponse:
    """Save what was changed in a firm's form; what nobody touched stays as it is meanwhile."""
    actor.require("figures:write")
    firm = firms.get(tx, actor, firm_id)
    changed = filled.changed(firm_id)
    year = _year(str(filled.year))
    block = CellsIn(year=year, unit=filled.unit, cells=changed) if changed else None
    done = service.Saved([], frozenset()) if block is None else service.save(tx, actor, block)
    return _form_page(request, tx, actor, firm, year, done)
