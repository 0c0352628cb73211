"""Register and pool: the pages on which analysts narrow down, compare and decide."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor, Role
from app.accounts.auth import Db, Noted, Reader, Readings
from app.core import i18n
from app.core.errors import Invalid
from app.core.web import render
from app.criteria.store import sets_in_force
from app.firms.api import note_search
from app.pipeline.fields import places
from app.pipeline.pages import WORDS, given, tried
from app.views import service as views
from app.workbench import columns, comparing, conditions, facets, totals
from app.workbench.benches import Bench, from_query, opened
from app.workbench.words import Words, words_of

router = APIRouter(include_in_schema=False)
ListName = Literal["firms", "pool"]


@router.get("/firms")
def register(request: Request, actor: Reader, readings: Noted, db: Db) -> Response:
    """The register."""
    return _list(request, db, actor, readings, "firms")


@router.get("/pool")
def pool_page(request: Request, actor: Reader, readings: Noted, db: Db) -> Response:
    """The pool through one criteria set."""
    return _list(request, db, actor, readings, "pool")


def _list(
    request: Request, db: Session, actor: Actor, readings: Readings, of: ListName
) -> Response:
    pairs = given(request)
    if not request.query_params:
        number = views.opens_with(db, actor, of)
        if number is not None:
            return RedirectResponse(f"/{of}?view={number}", status_code=303)
    bench, fault = tried(lambda: opened(db, actor, of, pairs))
    page, wrong = (None, fault) if bench is None else tried(lambda: bench.page(db))
    if page is not None:
        note_search(readings, {"firms": "firm", "pool": "pool"}[of], bench.pairs, page)
    saved = views.listed(db, actor, of)
    shown = {} if bench is None or page is None else _shown(request, db, bench, page)
    origin = None if bench is None else bench.view or bench.based_on
    return render(
        request,
        "workbench/list.html",
        of=of,
        page=page,
        bench=bench,
        fault=fault or wrong,
        saved=saved,
        current=next((one for one, _ in saved if one.id == origin), None),
        sets=sets_in_force(db, bench.day) if bench is not None and of == "pool" else [],
        may_decide=actor.role is Role.ANALYST,
        may_enter=actor.role in KEEPERS,
        **shown,
        **WORDS,
    )


def _shown(request: Request, db: Session, bench: Bench, page: Any) -> dict[str, Any]:
    """The page's rows and what stands around them, in words."""
    words = words_of(db, bench, i18n.locale_of(request))
    return {
        "told": words,
        "columns": columns.shown(bench, words),
        "conditions": conditions.conditions(bench, words),
        "asked": dict(bench.pairs),
        "following": _following(bench, page),
        "outer": [one.criterion for one in places(bench.loaded) if one.outer]
        if bench.loaded is not None else [],
        "compared": comparing.rows(bench, words, page.items) if bench.display == "compare" else [],
    }  # fmt: skip


def _following(bench: Bench, page: Any) -> str | None:
    """The next page's address."""
    if page.next is None:
        return None
    return f"{bench.path}?{bench.query}&{urlencode({'cursor': page.next})}"


# --- parts of the page that take their time -----------------------------------------------------


class Carried(BaseModel):
    """A list's query, encoded once more, as forms and parts of the page carry it along."""

    on: str = Field(default="", max_length=8000)


@dataclass(frozen=True)
class Asked:
    """The list that a part of the page belongs to, and its words."""

    request: Request
    bench: Bench
    words: Words

    def page(self, template: str, **values: Any) -> HTMLResponse:
        """A page about that list."""
        return render(
            self.request, template, of=self.bench.of, bench=self.bench, told=self.words,
            on=self.bench.query, **values, **WORDS,
        )  # fmt: skip


def _asked(request: Request, db: Session, actor: Actor, of: ListName, on: str) -> Asked:
    bench = from_query(db, actor, of, on)
    return Asked(request, bench, words_of(db, bench, i18n.locale_of(request)))


@router.get("/lists/{of}/facets")
def facets_part(
    request: Request, of: ListName, query: Annotated[Carried, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """How the list's firms are spread over the values of its fields."""
    asked = _asked(request, db, actor, of, query.on)
    found = facets.facets(db, asked.bench, asked.words)
    return asked.page("workbench/facets.html", facets=found)


@router.get("/lists/{of}/totals")
def totals_part(
    request: Request, of: ListName, query: Annotated[Carried, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """What the list's numeric columns add up to."""
    asked = _asked(request, db, actor, of, query.on)
    firms, found = totals.totals(db, asked.bench)
    shown = columns.shown(asked.bench, asked.words)
    return asked.page("workbench/totals.html", firms=firms, totals=found, columns=shown)


# --- conditions ---------------------------------------------------------------------------------


class FieldAsked(Carried):
    """A field, by its name or by what people call it; of a condition to change, all of it."""

    field: str = Field(default="", max_length=200)
    lookup: str = ""
    value: str = Field(default="", max_length=500)
    changing: str = ""


class ConditionAsked(FieldAsked):
    """A condition as it was filled in."""

    lookup: str = conditions.EQUAL
    year: str = ""
    beside: str = ""

    def draft(self) -> conditions.Draft:
        """The condition; `beside` is the place of the one it is an alternative to."""
        name = f"{self.field}.{self.year}" if self.year else self.field
        sound = self.beside.isascii() and self.beside.isdigit() and len(self.beside) < 4
        place = int(self.beside) if sound else None
        return conditions.Draft(name, self.lookup, self.value, place)


@router.get("/lists/{of}/filter")
def filter_page(
    request: Request, of: ListName, query: Annotated[FieldAsked, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """Which field, and then how it is compared."""
    asked = _asked(request, db, actor, of, query.on)
    draft = conditions.Draft(query.field.strip(), query.lookup, query.value)
    return _filter(asked, draft, changing=query.changing)


@router.get("/lists/{of}/filter/add")
def add_filter(
    request: Request, of: ListName, query: Annotated[ConditionAsked, Query()], actor: Reader,
    db: Db,
) -> Response:  # fmt: skip
    """The list with one more condition, or the form with what is wrong."""
    asked, draft = _asked(request, db, actor, of, query.on), query.draft()
    try:
        pairs = conditions.added(asked.bench, draft)
    except Invalid as error:
        page = _filter(asked, draft, error, query.changing)
        page.status_code = error.status
        return page
    return RedirectResponse(asked.bench.address(pairs), status_code=303)


def _filter(
    asked: Asked, draft: conditions.Draft, problem: Invalid | None = None, changing: str = ""
) -> HTMLResponse:
    bench, words = asked.bench, asked.words
    offered = conditions.groups(bench, words)
    names = [name for group in offered for name in group.fields]
    field = bench.vocabulary.find(draft.field) if draft.field else None
    like = [] if field else columns.fields_like(bench, names, words, draft.field)
    if draft.field and len(like) == 1:
        field = bench.vocabulary.find(like[0])
    if field is None:
        groups = [group.only(like) for group in offered]
        return asked.page("workbench/fields.html", groups=groups, typed=draft.field)
    return asked.page(
        "workbench/filter.html", field=field, draft=draft, problem=problem, changing=changing,
        lookups=conditions.lookups(field, words), choices=words.choices(field),
        hint=conditions.hint(field, words), years=conditions.years(bench, field.name),
        meaning=conditions.meaning(field.name, words.locale),
        conditions=conditions.conditions(bench, words),
    )  # fmt: skip


# --- columns ------------------------------------------------------------------------------------


class ColumnsAsked(Carried):
    """The columns chosen so far, and the next step; `add` is what was typed for another."""

    column: list[str] = []
    act: str = ""
    add: str = Field(default="", max_length=200)
    year: str = ""


@router.get("/lists/{of}/columns")
def columns_page(
    request: Request, of: ListName, query: Annotated[ColumnsAsked, Query()], actor: Reader, db: Db
) -> Response:
    """Which columns, in which order; every step is a form, the last one leads to the list."""
    asked = _asked(request, db, actor, of, query.on)
    bench, words = asked.bench, asked.words
    chosen = columns.only_known(bench, query.column) or list(bench.columns)
    if query.act in ("done", "usual"):
        wanted = ",".join(chosen) if query.act == "done" else None
        return RedirectResponse(bench.with_(fields=wanted), status_code=303)
    typed = query.add.strip() if query.act == "add" else ""
    found = columns.fields_like(bench, columns.offered(bench), words, typed) if typed else []
    act = query.act
    if len(found) == 1:
        act, found, typed = f"add:{found[0]}", [], ""
    chosen = columns.only_known(bench, columns.changed(chosen, act, query.year))

    def labelled(names: list[str]) -> dict[str, str]:
        return {name: words.label(name) for name in names}

    return asked.page(
        "workbench/columns.html", chosen=labelled(chosen), offered=labelled(columns.offered(bench)),
        found=labelled(found), typed=typed, years=columns.years(bench), year=query.year,
    )  # fmt: skip
