"""Home for each role, and the cockpit: where the district stands, in one look."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts import admin_pages
from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, reader
from app.accounts.queries import organisations
from app.core import charts
from app.core.clock import today
from app.core.errors import NotFound
from app.core.web import render
from app.criteria.compiler import LoadedSet
from app.criteria.store import sets_in_force
from app.firms import flags
from app.firms.flag_models import FLAG_KINDS
from app.firms.industries import SECTIONS
from app.firms.moves import STEPS
from app.firms.queries import RUNGS, funnel
from app.pipeline import pool
from app.plans import cockpit
from app.plans.measuring import Asked
from app.plans.progress import Board
from app.plans.store import in_force
from app.plans.target_pages import WORDS
from app.support import queries as cases

router = APIRouter(include_in_schema=False)
NEAREST = 8


@router.get("/")
def home(request: Request, actor: CurrentActor, db: Db) -> Response:
    """What waits for each role: accounts, the trail, the cockpit, or firms to be helped on."""
    match actor.role:
        case Role.ADMIN:
            return admin_pages.overview(request, db)
        case Role.AUDITOR:
            return RedirectResponse("/audit", status_code=303)
        case Role.LEADER:
            return cockpit_page(request, reader(actor), db)
    day = today()
    sets = sets_in_force(db, day)
    loaded = _certified(sets)
    return render(
        request,
        "plans/home.html",
        funnel=funnel(db, reader(actor), day),
        sets=sets,
        loaded=loaded,
        kinds=FLAG_KINDS,
        flagged=flags.counts(db, actor, day),
        conflicts=cockpit.conflicts(db, actor, day),
        nearest=None if loaded is None else _nearest(db, actor, loaded, day),
        rungs=RUNGS,
        work=cases.workload(db, actor, day),
    )


@router.get("/cockpit")
def cockpit_page(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Rungs, flow, funnel, industries and parks; every number opens its firms."""
    day = today()
    standing = cockpit.standing(db, actor, day)
    return render(
        request,
        "plans/cockpit.html",
        day=day,
        start=cockpit.start_of_year(day),
        week=day - cockpit.WEEK,
        standing=standing,
        loaded=_certified(sets_in_force(db, day)),
        parks=_parks(db, standing),
        industries=_industries(standing),
        steps=STEPS,
        charts=charts,
        **WORDS,
    )


@router.get("/cockpit/stay")
def stay(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """How long firms have stood on their rungs: a part of the cockpit that comes after it."""
    stays = cockpit.dwell(db, actor, today())
    return render(request, _part(request, "stay"), stays=stays, rungs=RUNGS)


@router.get("/cockpit/targets")
def targets_part(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """The plan's targets as they stand: the same."""
    day = today()
    board = Board(db, Asked(actor, day), in_force(db, day))
    return render(request, _part(request, "cockpit_targets"), rows=board.all(),
                  lights=board.lights, **WORDS)  # fmt: skip


@router.get("/cockpit/readiness")
def readiness_part(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """How ready those without the title are for it: the same."""
    loaded = _certified(sets_in_force(db, today()))
    if loaded is None:
        raise NotFound("今天没有现行的认定条件 (no criteria are in force)")
    found = cockpit.readiness(db, actor, loaded, today())
    return render(request, _part(request, "readiness"), loaded=loaded, readiness=found,
                  charts=charts)  # fmt: skip


def _part(request: Request, name: str) -> str:
    """A part's template: by itself for the page that asks for it, else as a page of its own."""
    alone = "hx-request" in request.headers
    return f"plans/_{name}.html" if alone else f"plans/{name}.html"


def _certified(sets: list[LoadedSet]) -> LoadedSet | None:
    """The criteria of high-tech enterprises: what most firms of the district strive for."""
    return next((one for one in sets if one.policy.rung == pool.DEFAULT_RUNG), None)


def _nearest(db: Session, actor: Actor, loaded: LoadedSet, day: date) -> list[dict[str, Any]]:
    asked = [("set", loaded.policy.code), ("designation__n", cockpit.TITLE),
             ("gap_count__between", f"1,{cockpit.NEAR}"), ("ordering", "gap_count,-readiness"),
             ("limit", str(NEAREST)), ("count", "none")]  # fmt: skip
    return pool.listing(db, actor, asked, day).items


def _industries(standing: cockpit.Standing) -> list[tuple[str, tuple[str, str], cockpit.Counts]]:
    """Filter, names and counts of each section, the largest first, the unknown last."""
    found = []
    for letter, counts in standing.industries.items():
        if letter is None:
            found.append(("industry_code__empty=true", ("未填行业", "Not given"), counts))
        else:
            names = SECTIONS.get(letter, (letter, letter))
            found.append((f"industry_code__isw={letter}", names, counts))
    return sorted(found, key=_largest_first)


def _parks(
    db: Session, standing: cockpit.Standing
) -> list[tuple[str, tuple[str, str], cockpit.Counts]]:
    """The same of each park."""
    known = {park.id: park for park in organisations(db, "park")}
    found = []
    for number, counts in standing.parks.items():
        if number is None:
            found.append(("park__empty=true", ("不在园区", "In no park"), counts))
        else:
            park = known[number]
            names = (park.name, park.name_en or park.name)
            found.append((f"park={park.code}", names, counts))
    return sorted(found, key=_largest_first)


def _largest_first(row: tuple[str, tuple[str, str], cockpit.Counts]) -> tuple[bool, int, str]:
    return "__empty" in row[0], -sum(row[2].values()), row[0]
