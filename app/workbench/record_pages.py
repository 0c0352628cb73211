"""Records of every kind on pages: the list, one record, and its form."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor
from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.accounts.models import Organisation
from app.core import i18n
from app.core.clock import today
from app.core.errors import NotFound
from app.core.web import render
from app.core.wording import named
from app.criteria import phrases
from app.criteria.kinds import RECORDS
from app.exchange import record_forms
from app.exchange.record_rows import choices
from app.facts import service
from app.firms import documents, queries
from app.firms.api import note_search
from app.firms.models import Firm
from app.firms.record_kinds import FactKind
from app.firms.schemas import LARGEST_ID
from app.pipeline.pages import following, given, tried
from app.pipeline.records import BY_PATH, FAMILIES, WARN_BEFORE
from app.pipeline.service import assess
from app.pipeline.trail import column_label, many_label, table_label
from app.workbench.record_lists import columns, firms_named, totals

router = APIRouter(prefix="/records", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
FirmNumber = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]
UNITS = ("元", "万元", "亿元")


def kind_of(path: str) -> FactKind:
    """The kind of an address; NotFound names no other."""
    if path not in BY_PATH:
        raise NotFound(f"没有“{path}”这一类记录：请从“各类记录”进入 (no such kind)")
    return BY_PATH[path]


class FilledIn(BaseModel):
    """A record's form as it was sent: its items are the kind's own."""

    model_config = ConfigDict(extra="allow")
    credit_code: str = ""
    seen: int = 0

    def typed(self) -> dict[str, list[str]]:
        """Texts by item."""
        extra = self.model_extra or {}
        return {k: [str(e) for e in (v if isinstance(v, list) else [v])] for k, v in extra.items()}


def _words(kind: FactKind) -> dict[str, Any]:
    return {"kind": kind, "title": table_label(kind.table, "insert"),
            "many": many_label(kind.table), "families": FAMILIES,
            "label": lambda name: column_label(name, kind.table), "phrases": phrases,
            "choices": lambda item: choices(kind, item)}  # fmt: skip


@router.get("")
def index(request: Request, actor: Reader) -> HTMLResponse:
    """Every kind of record, by family."""
    by_family = {family: [kind for kind in RECORDS if kind.family == family] for family in FAMILIES}
    return render(request, "records/index.html", kinds=by_family, families=FAMILIES,
                  many_label=many_label)  # fmt: skip


@router.get("/{path}")
def list_page(
    request: Request, path: str, actor: Reader, readings: Noted, db: Db
) -> HTMLResponse:  # fmt: skip
    """The records of a kind that stand, newest first."""
    found = kind_of(path)
    pairs = given(request)
    asked = pairs if any(name == "ordering" for name, _ in pairs) else (
        [*pairs, ("ordering", f"-{found.day}")])  # fmt: skip
    shown = columns(found)
    # What a record is called may be too long for a column, yet its link says it.
    fields = dict.fromkeys(("id", "firm_id", "firm_name", found.named, *(c.name for c in shown)))
    wanted = [*asked, ("fields", ",".join(fields))]
    page, fault = tried(lambda: service.listed(db, actor, found, wanted))
    if page is not None:
        note_search(readings, found.table, pairs, page)
    others = {} if page is None else firms_named(db, actor, found, page.items)
    return render(
        request, "records/list.html", page=page, fault=fault, columns=shown,
        asked=dict(pairs), query=urlencode(pairs), others=others,
        following=following(request, page),
        bodies=_bodies(db, i18n.locale_of(request)), soon=today() + WARN_BEFORE,
        may_keep=actor.role in KEEPERS, **_words(found),
    )  # fmt: skip


@router.get("/{path}/totals")
def totals_part(request: Request, path: str, actor: Reader, db: Db) -> HTMLResponse:
    """What the list adds up to: slow where there are many, so asked for when it is looked at."""
    found = kind_of(path)
    sums = totals(db, actor, found, given(request))
    return render(request, "records/totals.html", totals=sums, **_words(found))


@router.get("/{path}/new")
def new(
    request: Request, path: str, actor: Reader, db: Db, firm_id: FirmNumber = None
) -> HTMLResponse:
    """An empty form, of one firm or of whom its writer names."""
    actor.require("firms:write")
    firm = None if firm_id is None else queries.get(db, actor, firm_id)
    return _form(request, db, actor, kind_of(path), record_forms.empty(), firm)


@router.post("/{path}/new")
def add(
    request: Request, path: str, filled: Annotated[FilledIn, Form()], actor: CurrentActor, tx: Tx,
    firm_id: FirmNumber = None,
) -> Response:  # fmt: skip
    """Keep a new record, and hold its firm against the criteria anew."""
    found = kind_of(path)
    actor.require("firms:write")
    firm = None if firm_id is None else queries.get(tx, actor, firm_id)
    try:
        if firm is None and filled.credit_code.strip():
            firm = _named(tx, actor, filled)
        number = None if firm is None else firm.id
        record_forms.keep(tx, actor, found, filled.typed(), number)
    except record_forms.Refused as refused:
        return _form(request, tx, actor, found, refused.form, firm, code=filled.credit_code)
    return _kept(tx, found, number)


def _named(session: Session, actor: Actor, filled: FilledIn) -> Firm:
    code = filled.credit_code.strip()
    try:
        return queries.by_credit_code(session, actor, code)
    except NotFound:
        form = record_forms.Form(filled.typed(), status=422)
        form.faults["credit_code"] = (
            f"登记簿中没有代码为“{code[:20]}”的企业：请核对或先登记",
            f"no firm {code[:20]!r}: check it, or register it first",
        )
        raise record_forms.Refused(form) from None


def _kept(session: Session, kind: FactKind, firm_id: int | None) -> RedirectResponse:
    if firm_id is None:
        return RedirectResponse(f"/records/{kind.path}", status_code=303)
    assess(session, [firm_id], today())
    return RedirectResponse(f"/firms/{firm_id}#{kind.family}", status_code=303)


@router.get("/{path}/{number}")
def show(request: Request, path: str, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """One record; whoever keeps records corrects it here."""
    found = kind_of(path)
    fact = service.get(db, actor, found, number)
    firm = None if fact.firm_id is None else queries.get(db, actor, fact.firm_id)
    form = record_forms.of(found, fact, _names(db, fact))
    return _form(request, db, actor, found, form, firm, fact)


@router.post("/{path}/{number}")
def correct(
    request: Request, path: str, number: Number, filled: Annotated[FilledIn, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Correct a record that nobody has corrected meanwhile."""
    found = kind_of(path)
    fact = service.to_change(tx, actor, found, number)
    firm = None if fact.firm_id is None else queries.get(tx, actor, fact.firm_id)
    try:
        record_forms.keep(tx, actor, found, filled.typed(), fact.firm_id, fact)
    except record_forms.Refused as refused:
        return _form(request, tx, actor, found, refused.form, firm, fact)
    return _kept(tx, found, fact.firm_id)


@router.get("/{path}/{number}/remove")
def ask_removal(request: Request, path: str, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """Whether withdrawing is meant."""
    found = kind_of(path)
    actor.require("firms:write")
    fact = service.get(db, actor, found, number)
    return render(request, "records/remove.html", fact=fact, **_words(found))


@router.post("/{path}/{number}/remove")
def remove(path: str, number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """Withdraw a record; the history keeps it."""
    found = kind_of(path)
    fact = service.to_change(tx, actor, found, number)
    service.withdraw(tx, fact)
    return _kept(tx, found, fact.firm_id)


def _form(  # noqa: PLR0913 - what a form shows
    request: Request, db: Session, actor: Actor, kind: FactKind, form: record_forms.Form,
    firm: Firm | None, fact: Any = None, *, code: str = "",
) -> HTMLResponse:  # fmt: skip
    stands = fact is None or fact.superseded_at is None
    page = render(
        request, "records/form.html", form=form, firm=firm, fact=fact, code=code,
        bodies=_said(db, i18n.locale_of(request)), units=UNITS, stands=stands,
        documents=[] if firm is None else documents.listed(db, firm.id),
        may_keep=actor.role in KEEPERS and stands,
        fault=lambda name: _pick(request, form.faults.get(name)),
        problem=_pick(request, form.problem), **_words(kind),
    )  # fmt: skip
    page.status_code = form.status
    return page


def _pick(request: Request, words: tuple[str, str] | None) -> str | None:
    return None if words is None else words[i18n.LOCALES.index(i18n.locale_of(request))]


def _organisations(db: Session) -> Sequence[Organisation]:
    return db.scalars(select(Organisation).order_by(Organisation.name)).all()


def _bodies(db: Session, locale: str) -> dict[int, str]:
    return {one.id: named(one, locale) for one in _organisations(db)}


def _said(db: Session, locale: str) -> dict[str, str]:
    """What an organisation is called in the reader's language, by the name that a form sends."""
    return {one.name: named(one, locale) for one in _organisations(db)}


def _names(db: Session, fact: Any) -> dict[str, dict[int, str]]:
    """What an organisation is called, and the code of another firm that a record names."""
    other = getattr(fact, "parent_id", None)
    codes = select(Firm.id, Firm.credit_code).where(Firm.id == other)
    return {"organisation": _bodies(db, "zh"),
            "firm": {n: code or "" for n, code in db.execute(codes)} if other else {}}  # fmt: skip
