"""Target lists as units and analysts work on them; every step works by forms."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx, settings_of
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Invalid, TooLarge
from app.core.web import HEADERS, render
from app.firms.schemas import LARGEST_ID
from app.plans import store
from app.plans.service import demand_analyst, wrong
from app.plans.target_pages import WORDS, day_of
from app.target_lists import reporting, service
from app.target_lists.models import ListEntry, TargetList
from app.target_lists.standing import climbed, get, standings, visible_lists

router = APIRouter(prefix="/target-lists", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Year = Annotated[int, Query(ge=1990, le=2199)]
LARGEST_MEGABYTES = 20
LARGEST_FORM = LARGEST_MEGABYTES * 1024**2 + 65_536
Step = Callable[[Session, Actor, TargetList], None]
STEPS: dict[str, tuple[Step, str, str]] = {
    "issue": (service.issue, "清单已下达", "The list was issued"),
    "accept": (service.accept, "清单已接受", "The list was accepted"),
    "close": (service.close, "清单已关闭", "The list was closed"),
}


class DraftForm(BaseModel):
    """Which lists to draft."""

    year: str = ""
    kind: str = ""


class SayForm(BaseModel):
    """What is said about one target of a list."""

    target: str = ""
    value: str = ""
    month: str = ""
    due_on: str = ""
    text: str = ""
    evidence: str = ""


class ReportForm(SayForm):
    """A report of a month; a browser sends an empty file where none is chosen."""

    file: UploadFile | None = None


@router.get("")
def show(request: Request, actor: Reader, db: Db, year: Year | None = None) -> HTMLResponse:
    """The lists of a year with their lights."""
    return _lists(request, db, actor, year or today().year)


@router.post("")
def draft(
    request: Request, form: Annotated[DraftForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Draft the lists of a kind of unit."""
    demand_analyst(actor)
    year = _number("year", form.year)
    if year != int(year) or not 1990 <= year <= 2199:
        raise wrong("year", f"{form.year} 不是年份 (not a year)")
    made = service.draft(tx, actor, store.in_force(tx, today()), int(year), form.kind)
    answer = RedirectResponse(f"/target-lists?year={int(year)}", status_code=303)
    notices.leave(request, answer, f"起草了 {made} 份清单", f"{made} lists were drafted")
    return answer


@router.get("/{number}")
def one(request: Request, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """One list: goals, values, lights, reports and notices."""
    return _one(request, db, actor, number)


@router.post("/{number}/report", max_body_size=LARGEST_FORM)
def report(
    request: Request, number: Number, form: Annotated[ReportForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """A unit's report of a month, with a file if there is one; or the page with what is wrong."""
    found = get(tx, actor, number, lock=True)
    file = form.file if form.file is not None and form.file.filename else None
    largest = min(settings_of(request).upload_megabytes, LARGEST_MEGABYTES) * 1024**2
    try:
        with tx.begin_nested():
            given = {"target": form.target, "month": day_of(f"{form.month}-01", "month"),
                     "value": _number("value", form.value), "text": form.text[:2000],
                     "evidence": form.evidence[:500]}  # fmt: skip
            reporting.report(tx, actor, found, given,
                             None if file is None else (file.filename or "", file.file),
                             largest)  # fmt: skip
    except (Invalid, TooLarge) as error:
        return _one(request, tx, actor, number, error, form)
    answer = RedirectResponse(f"/target-lists/{number}", status_code=303)
    notices.leave(request, answer, "月报已提交", "The report was kept")
    return answer


@router.get("/reports/{number}/file")
def evidence(number: Number, actor: Reader, db: Db) -> Response:
    """The file that a report gives as evidence; only to be saved."""
    found = reporting.file_of(db, actor, number)
    headers = HEADERS | {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
        "cache-control": "private, no-store",
    }
    return Response(found.content, media_type=found.media, headers=headers)


@router.post("/{number}/{step}")
def act(
    request: Request, number: Number, step: str, form: Annotated[SayForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """A step of the list, or something said about one target; or the page with what is wrong."""
    found = get(tx, actor, number, lock=True)
    try:
        said = _act(tx, actor, found, step, form)
    except Invalid as error:
        return _one(request, tx, actor, number, error, form)
    answer = RedirectResponse(f"/target-lists/{number}", status_code=303)
    notices.leave(request, answer, *said)
    return answer


def _act(
    session: Session, actor: Actor, found: TargetList, step: str, form: SayForm
) -> tuple[str, str]:
    text = form.text[:2000]
    match step:
        case "issue" | "accept" | "close":
            does, zh, en = STEPS[step]
            does(session, actor, found)
            return zh, en
        case "goal":
            goal = _number("value", form.value)
            service.set_goal(session, actor, found, form.target, goal, text)
            return "目标值已修改", "The goal was changed"
        case "propose":
            value = _number("value", form.value)
            service.propose(session, actor, found, form.target, value, text)
            return "意见已提交", "Your proposal was kept"
        case "notify":
            due = day_of(form.due_on, "due_on")
            service.notify(session, actor, found, form.target, due, text)
            return "督办已发出", "The notice was sent"
    raise wrong("step", f"没有步骤 {step[:40]} (no such step)")


@router.post("/notices/{number}/{step}")
def on_notice(
    request: Request, number: Number, step: str, form: Annotated[SayForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Answer a notice, or close it."""
    if step not in ("answer", "close"):
        raise wrong("step", f"没有步骤 {step[:40]} (no such step)")
    does = service.answer if step == "answer" else service.close_notice
    found = does(tx, actor, number, form.text)
    answer = RedirectResponse(f"/target-lists/{found.id}", status_code=303)
    notices.leave(request, answer, "已记录", "Kept")
    return answer


def _number(field: str, raw: str) -> Decimal:
    try:
        found = Decimal(raw.replace(",", "").strip())
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or abs(found) >= 10**15 or found != round(found, 4):
        raise wrong(field, f"{raw[:40]!r} 不是数字 (not a number)")
    return found


def _lists(request: Request, db: Session, actor: Actor, year: int) -> HTMLResponse:
    found = standings(db, actor, visible_lists(db, actor, year))
    plan = store.in_force(db, today())
    return render(
        request, "target_lists/list.html", found=found, year=year, climbed=climbed, day=today(),
        years=range(plan.file.since.year, plan.file.until.year + 1), kinds=service.KINDS,
        lights=store.lights(db), sums=_sums(found), targets={t.code: t for t in plan.file.targets},
        **WORDS,
    )  # fmt: skip


def _sums(found: list[Any]) -> list[tuple[str, str, Any, Any]]:
    """Of parks and of incubators: the goals' sum beside the district's own."""
    sums: dict[tuple[str, str], Any] = {}
    for one in found:
        for item in one.items:
            if one.body.kind != "department":
                key = (one.body.kind, item.target.code)
                sums[key] = sums.get(key, 0) + item.goal
    whole = {item.target.code: item.goal for one in found if one.body.kind == "department"
             for item in one.items}  # fmt: skip
    return [(kind, code, total, whole.get(code)) for (kind, code), total in sums.items()]


def _one(
    request: Request, db: Session, actor: Actor, number: int, fault: AppError | None = None,
    given: SayForm | None = None,
) -> HTMLResponse:  # fmt: skip
    found = get(db, actor, number)
    entries = db.scalars(
        select(ListEntry).where(ListEntry.list_id == number).order_by(ListEntry.id.desc())
    ).all()
    told = standings(db, actor, [found])[0]
    files = reporting.names(db, [each.id for item in told.items for each in item.reports])
    page = render(
        request, "target_lists/one.html", one=told, entries=entries, files=files,
        mine=actor.organisation_id == found.organisation_id, climbed=climbed, day=today(),
        lights=store.lights(db), fault=fault, given=given or SayForm(), month=_month(found),
        **WORDS,
    )  # fmt: skip
    page.status_code = 200 if fault is None else fault.status
    return page


def _month(found: TargetList) -> str:
    """The month that is reported on: this one, within the list's year."""
    day = min(today(), date(found.year, 12, 31))
    return f"{day:%Y-%m}"
