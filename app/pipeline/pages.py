"""The pages people use every day: home, register, pool, portrait, criteria."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts import admin_pages
from app.accounts import queries as accounts
from app.accounts.actor import KEEPERS, Actor, Role
from app.accounts.auth import CurrentActor, Db, Noted, Reader, reader
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render
from app.criteria import phrases
from app.criteria.store import all_sets, get_sets, measures, sets_in_force, sources
from app.firms import listing, queries
from app.firms.api import FirmId, note_search
from app.firms.catalogue import INDICATORS
from app.firms.contact_schemas import PURPOSES
from app.firms.contacts import may_read
from app.firms.divisions import names as divisions
from app.firms.models import DESIGNATION_KINDS, Contact, FirmYear
from app.pipeline import pool
from app.pipeline.queries import explain

router = APIRouter(include_in_schema=False)
Pairs = list[tuple[str, str]]
WORDS = {
    "phrases": phrases,
    "divisions": divisions,
    "rungs": queries.RUNGS,
    "indicators": INDICATORS,
    "designation_kinds": DESIGNATION_KINDS,
    "purposes": PURPOSES,
}


@dataclass(frozen=True)
class Opened:
    """The portrait's contacts: closed, or open for a purpose; `on` is whose form had a problem."""

    contacts: list[Contact] | None = None
    purpose: str | None = None
    problem: AppError | None = None
    typed: Any = None
    on: int | None = None


CLOSED = Opened()


@router.get("/")
def home(request: Request, actor: CurrentActor, db: Db) -> Response:
    """What waits for each role: accounts, the trail, or where the district stands today."""
    if actor.role is Role.ADMIN:
        return admin_pages.overview(request, db)
    if actor.role is Role.AUDITOR:
        return RedirectResponse("/audit", status_code=303)
    reader(actor)
    return render(
        request,
        "pipeline/home.html",
        funnel=queries.funnel(db, actor, today()),
        sets=sets_in_force(db, today()),
        **WORDS,
    )


@router.get("/firms")
def register(request: Request, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """The register."""
    pairs = given(request)
    page, fault = tried(lambda: listing.register(db, actor, pairs))
    if page is not None:
        note_search(readings, "firm", pairs, page)
    return render(
        request,
        "pipeline/register.html",
        page=page,
        fault=fault,
        given=defaultdict(str, pairs),
        following=following(request, page),
        asked=urlencode([(k, v) for k, v in pairs if k != "cursor"]),
        parks=accounts.organisations(db, "park"),
        **WORDS,
    )


@router.get("/pool")
def pool_page(request: Request, actor: Reader, readings: Noted, db: Db) -> HTMLResponse:
    """The pool through one criteria set."""
    pairs = given(request)
    page, fault = tried(lambda: pool.listing(db, actor, pairs))
    if page is not None:
        note_search(readings, "pool", pairs, page)
    chosen, _ = tried(lambda: pool.chosen_set(db, pairs, today()))
    return render(
        request,
        "pipeline/pool.html",
        page=page,
        fault=fault,
        given=defaultdict(str, pairs),
        sets=sets_in_force(db, today()),
        chosen=chosen,
        following=following(request, page),
        asked=urlencode([(k, v) for k, v in pairs if k != "cursor"]),
        **WORDS,
    )


def given(request: Request) -> Pairs:
    """A form sends its empty fields too; they filter nothing."""
    return [(key, value) for key, value in request.query_params.multi_items() if value != ""]


def tried(build: Any) -> tuple[Any, str | None]:
    """A list, or the sentence that says which filter is wrong."""
    try:
        return build(), None
    except Invalid as error:
        return None, error.detail


def following(request: Request, page: Any) -> str | None:
    """The next page's address."""
    if page is None or page.next is None:
        return None
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor" and v != ""]
    return f"{request.url.path}?{urlencode([*pairs, ('cursor', page.next)])}"


@router.get("/firms/{firm_id}")
def portrait(
    request: Request, firm_id: FirmId, actor: Reader, db: Db, as_of: date | None = None
) -> HTMLResponse:
    """One firm: standing, checklists with articles and gaps, figures with their source."""
    return portrait_page(request, db, actor, firm_id, as_of)


def portrait_page(
    request: Request,
    db: Session,
    actor: Actor,
    firm_id: int,
    as_of: date | None = None,
    opened: Opened = CLOSED,
) -> HTMLResponse:
    """The portrait of a firm on a day; its contacts are there only if they were opened."""
    day = as_of or today()
    firm = queries.get(db, actor, firm_id)
    page = render(
        request,
        "pipeline/portrait.html",
        firm=firm,
        day=day,
        rung=queries.rung_of(db, firm.id, day),
        sets=explain(db, firm.id, day),
        designations=queries.designations(db, firm.id),
        residencies=queries.residencies(db, firm.id),
        park=queries.park_on(db, firm.id, day),
        former_names=queries.former_names(db, firm.id),
        figures=_figures(queries.years_of(db, firm.id)),
        provenance=queries.best_submissions(db, firm.id),
        conflicts=queries.open_conflicts(db, firm.id),
        measures=measures(),
        sources=sources(),
        opened=opened,
        may_open=may_read(db, actor, firm_id),
        may_keep=actor.role in KEEPERS,
        **WORDS,
    )
    page.status_code = 200 if opened.problem is None else opened.problem.status
    return page


def _figures(years: list[FirmYear]) -> dict[str, Any]:
    """Years in order, and a row per indicator that has any value, in the indicator's unit."""
    shown = sorted(years, key=lambda y: y.year)
    rows = {}
    for code, entry in INDICATORS.items():
        found = {y.year: getattr(y, code) for y in shown}
        if any(value is not None for value in found.values()):
            exact = entry.kind == "percent"
            rows[code] = {
                year: entry.shown(int(value)) if exact and value is not None else value
                for year, value in found.items()
            }
    return {"years": [y.year for y in shown], "rows": rows}


@router.get("/criteria")
def criteria(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every version of every set."""
    return render(
        request,
        "pipeline/criteria.html",
        sets=[s.policy for s in all_sets(db)],
        day=today(),
        **WORDS,
    )


@router.get("/criteria/{code}")
def criteria_set(request: Request, code: str, actor: Reader, db: Db) -> HTMLResponse:
    """One set with its articles, confidence and sources."""
    policy = get_sets(db, [code])[0].policy
    return render(
        request,
        "pipeline/criteria_set.html",
        policy=policy,
        measures=measures(),
        sources=sources(),
        rules=list(policy.walk()),
        **WORDS,
    )
