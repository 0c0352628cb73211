"""Cases on pages: lists and the board's counts, one's week, one case and what is done with it."""

from collections import defaultdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render
from app.criteria.store import all_sets
from app.firms import queries as firms
from app.firms.api import FirmId
from app.firms.models import Firm
from app.pipeline.document_pages import LARGEST_FORM, largest
from app.pipeline.pages import following, given, tried
from app.pipeline.trail import value_label
from app.support import queries, service, words
from app.support.api import CaseId
from app.support.models import OUTCOMES, STATES, SupportCase
from app.support.playbooks import proposals

router = APIRouter(include_in_schema=False)
ActName = Literal["accept", "start", "hand_back", "assign", "due", "note", "close"]


class ActForm(BaseModel):
    """An act's form as it was filled in."""

    act: ActName
    version: int = 0
    text: str = ""
    outcome: str = ""
    firm_sees: str = ""
    organisation_id: str = ""
    user_id: str = ""
    due_on: str = ""

    def what(self) -> service.Act:
        """As the service takes it; Invalid where a field cannot be read."""
        return service.Act(
            self.act, self.text, self.outcome, self.firm_sees == "yes",
            _number(self.organisation_id), _number(self.user_id), _day(self.due_on),
        )  # fmt: skip


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        raise Invalid("请填写日期，例如 2026-06-30 (not a date)") from None


def criteria_labels(session: Session) -> dict[str, Any]:
    """What criteria and sets are called, by their codes."""
    sets = all_sets(session)
    found: dict[str, Any] = {c.id: c.label for one in sets for c in one.policy.walk()}
    return found | {one.policy.code: one.policy.label for one in sets}


@router.get("/cases")
def listed(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Cases by state, filtered by the address."""
    pairs = given(request)
    asked = pairs or [("open", "true")]
    page, fault = tried(lambda: queries.listed(db, actor, asked))
    return render(
        request, "support/cases.html", page=page, fault=fault, asked=defaultdict(str, asked),
        counts=queries.state_counts(db, actor), measures=queries.measures(db),
        words=words, states=STATES, day=today(), following=following(request, page),
        bodies=accounts.organisations(db, "department"),
    )  # fmt: skip


@router.get("/cases/week")
def week(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What one has before oneself: late, due within a week, not accepted yet."""
    return render(
        request, "support/week.html", week=queries.week(db, actor, today()), day=today(),
        measures=queries.measures(db), words=words,
    )  # fmt: skip


@router.get("/cases/{case_id}")
def show(request: Request, case_id: CaseId, actor: Reader, db: Db) -> HTMLResponse:
    """One case: why, for whom, until when, what happened, what can be done."""
    return _page(request, db, actor, service.get(db, actor, case_id))


def _page(
    request: Request, db: Session, actor: Actor, case: SupportCase,
    problem: AppError | None = None, form: ActForm | None = None,
) -> HTMLResponse:  # fmt: skip
    page = render(
        request, "support/case.html", case=case, firm=db.get_one(Firm, case.firm_id),
        measure=queries.measures(db)[case.measure], labels=criteria_labels(db), words=words,
        entries=service.entries(db, actor, case),
        may_work=service.may_work(actor, case.organisation_id),
        may_route=actor.role is Role.ANALYST, officers=queries.people_of(db, case.organisation_id),
        bodies=accounts.organisations(db), outcomes=OUTCOMES, problem=problem, form=form,
        day=today(), open=case.closed_on is None, services=queries.services(db, case.id),
        label=value_label,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/cases/{case_id}/acts")
def act(
    request: Request, case_id: CaseId, form: Annotated[ActForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Do something with a case."""
    case = service.get(tx, actor, case_id)
    try:
        with tx.begin_nested():
            service.act(tx, actor, case, form.version, form.what())
    except AppError as error:
        tx.refresh(case)
        return _page(request, tx, actor, case, error, form)
    answer = RedirectResponse(f"/cases/{case_id}", status_code=303)
    notices.leave(request, answer, "已记录", "Recorded")
    return answer


@router.post("/cases/{case_id}/files", max_body_size=LARGEST_FORM)
def attach(
    request: Request, case_id: CaseId, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile | None, File()] = None, version: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Keep a file with a case."""
    case = service.get(tx, actor, case_id)
    try:
        with tx.begin_nested():
            if file is None:
                raise Invalid("请选择要上传的文件 (choose a file)")
            named = (file.filename or "", file.file)
            service.attach(tx, actor, case, version, named, largest(settings_of(request)))
    except AppError as error:
        tx.refresh(case)
        return _page(request, tx, actor, case, error)
    return RedirectResponse(f"/cases/{case_id}", status_code=303)


@router.get("/firms/{firm_id}/support")
def of_firm(request: Request, firm_id: FirmId, actor: Reader, db: Db) -> HTMLResponse:
    """A firm's cases and the measures that would help it: a part of the portrait, or a page."""
    firm = firms.get(db, actor, firm_id)
    whole = "hx-request" not in request.headers
    return render(
        request, "support/firm.html" if whole else "support/_firm.html", firm=firm,
        cases=queries.of_firm(db, actor, firm_id), measures=queries.measures(db), words=words,
        proposals=proposals(db, [firm_id], today()).get(firm_id, []), day=today(),
        labels=criteria_labels(db), may_open=actor.role is Role.ANALYST,
    )  # fmt: skip
