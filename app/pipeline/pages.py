"""The pages people use every day: home, register, pool, criteria."""

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.accounts import queries as accounts
from app.accounts.auth import Db, Noted, Reader
from app.core import charts
from app.core.clock import today
from app.core.errors import Invalid
from app.core.web import render
from app.criteria import phrases
from app.criteria.store import sets_in_force
from app.firms import listing, queries
from app.firms.api import note_search
from app.firms.catalogue import INDICATORS
from app.firms.contact_schemas import PURPOSES
from app.firms.divisions import names as divisions
from app.firms.models import DESIGNATION_KINDS
from app.pipeline import pool

router = APIRouter(include_in_schema=False)
Pairs = list[tuple[str, str]]
WORDS = {
    "charts": charts,
    "phrases": phrases,
    "divisions": divisions,
    "rungs": queries.RUNGS,
    "indicators": INDICATORS,
    "designation_kinds": DESIGNATION_KINDS,
    "purposes": PURPOSES,
}


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
