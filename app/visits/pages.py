"""A visit in under twenty seconds, on a phone: which firm, what came of it, a photo, what is next.

Who was met are contacts, personal data: their names are shown once somebody asks for them, and that
is noted.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor
from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx, settings_of
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render
from app.firms import contacts, queries, search
from app.firms.contact_schemas import Reason
from app.firms.models import Firm
from app.firms.schemas import LARGEST_ID
from app.firms.search_api import note_words
from app.incubation.models import SERVICE_KINDS
from app.pipeline.trail import value_label
from app.support.queries import measures
from app.visits import service

router = APIRouter(prefix="/visits", include_in_schema=False)
FirmNumber = Annotated[int, Query(ge=1, le=LARGEST_ID)]
SUGGESTED = 8
# A phone's photo has some megabytes; the whole form holds six of them.
LARGEST_PHOTO = 20 * 1024**2
LARGEST_FORM = service.MOST_PHOTOS * LARGEST_PHOTO + 65_536
# In the order in which they are done most; the rest is behind a list.
FIRST = ("visit", "application_guidance", "technology", "financing")
VISIT = Reason(purpose="visit")


class VisitForm(BaseModel):
    """A visit's form as it was filled in."""

    kind: str = "visit"
    served_on: str = ""
    effect: str = ""
    next_step: str = ""
    next_on: str = ""
    case_id: str = ""
    met: list[str] = []

    def entry(self) -> service.Entry:
        """As the service takes it; Invalid where a field cannot be read."""
        return service.Entry(
            self.kind, _day("served_on", self.served_on) or today(), self.effect, self.next_step,
            _day("next_on", self.next_on), _number(self.case_id),
            [number for one in self.met if (number := _number(one)) is not None],
        )  # fmt: skip


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _day(name: str, raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        detail = "请填写日期，例如 2026-06-30 (not a date)"
        raise Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}]) from None


Typed = Annotated[str, Form()]


def _filled(
    kind: Typed = "visit", served_on: Typed = "", effect: Typed = "", next_step: Typed = "",
    next_on: Typed = "", case_id: Typed = "", met: Annotated[list[str] | None, Form()] = None,
) -> VisitForm:  # fmt: skip
    return VisitForm(kind=kind, served_on=served_on, effect=effect, next_step=next_step,
                     next_on=next_on, case_id=case_id, met=met or [])  # fmt: skip


Filled = Annotated[VisitForm, Depends(_filled)]


@router.get("")
def start(request: Request, actor: Reader, readings: Noted, db: Db, q: str = "") -> HTMLResponse:
    """Which firm: found by a few letters, or one of the cases one has; and what was done lately."""
    found = _found(db, actor, readings, q)
    return render(
        request, "visits/start.html", q=q, found=found, cases=service.open_cases(db, actor),
        recent=service.recent(db, actor), measures=measures(db), day=today(),
        label=value_label, may=actor.role in KEEPERS,
    )  # fmt: skip


@router.get("/firms")
def suggestions(
    request: Request, actor: Reader, readings: Noted, db: Db, q: str = ""
) -> HTMLResponse:
    """The firms that the letters typed so far may mean."""
    return render(request, "visits/_firms.html", q=q, found=_found(db, actor, readings, q))


def _found(db: Session, actor: Actor, readings: Any, q: str) -> search.Found:
    if not q.strip():
        return search.NOTHING
    found = search.find(db, actor, q, SUGGESTED)
    note_words(readings, q, found)
    return found


@router.get("/contacts")
def met(request: Request, firm_id: FirmNumber, actor: CurrentActor, tx: Tx) -> HTMLResponse:
    """The firm's contacts to choose from; looking is noted, with its purpose."""
    found = contacts.read(tx, actor, firm_id, VISIT)
    return render(request, "visits/_met.html", contacts=found, chosen=[])


@router.get("/new")
def new(
    request: Request, actor: Reader, db: Db, firm_id: FirmNumber | None = None,
    case_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> Response:  # fmt: skip
    """The form, with what can be known filled in; without a firm, one is chosen first."""
    if firm_id is None:
        return RedirectResponse("/visits", status_code=303)
    firm = queries.get(db, actor, firm_id)
    form = VisitForm(served_on=today().isoformat(), case_id=str(case_id or ""))
    return _form(request, db, actor, firm, form)


@router.post("/new", max_body_size=LARGEST_FORM)
def record(
    request: Request, firm_id: FirmNumber, form: Filled, actor: CurrentActor, tx: Tx,
    photos: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:  # fmt: skip
    """Keep the visit, or give the form back with what is wrong."""
    firm = queries.get(tx, actor, firm_id)
    largest = min(settings_of(request).upload_megabytes * 1024**2, LARGEST_PHOTO)
    taken = [(one.filename or "", one.file) for one in photos or () if one.filename]
    try:
        with tx.begin_nested():
            entry = form.entry()
            service.record(tx, actor, firm, entry, taken, largest)
    except AppError as error:
        return _form(request, tx, actor, firm, form, error)
    where = "/visits" if entry.case_id is None else f"/cases/{entry.case_id}"
    answer = RedirectResponse(where, status_code=303)
    notices.leave(request, answer, f"已记录：{firm.name}", f"Recorded: {firm.name}")
    return answer


def _form(
    request: Request, db: Session, actor: Actor, firm: Firm, form: VisitForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    errors = [] if problem is None else problem.extra.get("errors", [])
    cases = service.open_cases(db, actor, firm.id)
    page = render(
        request, "visits/new.html", firm=firm, form=form, cases=cases, problem=problem,
        faults={one.get("pointer", "").strip("/").split("/")[0] for one in errors},
        measures=measures(db), day=today(), label=value_label, first=FIRST, kinds=SERVICE_KINDS,
        may_read=contacts.may_read(db, actor, firm.id), may=actor.role in KEEPERS or cases,
        most=service.MOST_PHOTOS,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
