"""Targets as people look at them: all of them, one with its parts and its way, and its firms."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.accounts.queries import organisations
from app.core import charts, notices
from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import BadValueError, Field
from app.core.web import render
from app.firms.models import SOURCES
from app.plans import firms, service, store
from app.plans.api import TargetCode
from app.plans.counting import DIVISIONS
from app.plans.measuring import Asked
from app.plans.parts import history, parts
from app.plans.progress import Board, Progress
from app.plans.wording import sentence

router = APIRouter(prefix="/targets", include_in_schema=False)
Typed = Annotated[str, Query(max_length=40)]
ShortText = Annotated[str, Form(max_length=10)]
MOST_POINTS = 40


@router.get("")
def show(
    request: Request, actor: Reader, db: Db, as_of: Typed = "", plan: Typed = ""
) -> HTMLResponse:
    """Every target of the plan on a day."""
    day = day_of(as_of)
    version = store.in_force(db, day, plan or None)
    board = Board(db, Asked(actor, day), version)
    rows = board.all()
    return render(
        request, "plans/targets.html", day=day, version=version, rows=rows,
        versions=store.versions(db), lights=board.lights, tasks=_tasks(version, rows),
        bodies=bodies(db), **WORDS,
    )  # fmt: skip


@router.post("/lights")
def set_lights(
    request: Request, actor: CurrentActor, tx: Tx,
    green: ShortText = "", amber: ShortText = "",
) -> Response:  # fmt: skip
    """Where green and amber begin."""
    service.demand_analyst(actor)
    service.set_lights(tx, actor, whole_number("green", green), whole_number("amber", amber))
    answer = RedirectResponse("/targets", status_code=303)
    notices.leave(request, answer, "亮灯规则已更新", "The rule of the lights was changed")
    return answer


@router.get("/{code}")
def one(
    request: Request, code: TargetCode, actor: Reader, db: Db, as_of: Typed = "",
    by: Typed = "park",
) -> HTMLResponse:  # fmt: skip
    """One target: its value, its way so far, its parts, and what was entered for it."""
    return _one(request, db, Asked(actor, day_of(as_of)), code, by)


def _one(
    request: Request, db: Session, asked: Asked, code: str, by: str,
    fault: Invalid | None = None, given: "FigureForm | None" = None,
) -> HTMLResponse:  # fmt: skip
    by = by if by in DIVISIONS else "park"
    day = asked.day
    version = store.in_force(db, day)
    board = Board(db, asked, version)
    target = store.target_of(version.file, code)
    way = history(board, target, days_of(version.file.since, day))
    page = render(
        request, "plans/target.html", day=day, version=version, one=board.of(target),
        by=by, parts=parts(board, target, by), way=way, rule=sentence(target),
        series=board.series, charts=charts,
        leads=version.file.leads(target), bodies=bodies(db), sources=SOURCES, fault=fault,
        given=given or FigureForm(), **WORDS,
    )  # fmt: skip
    page.status_code = 200 if fault is None else fault.status
    return page


class FigureForm(BaseModel):
    """A figure as it was filled in."""

    about: str = "value"
    day: str = ""
    value: str = ""
    source: str = "statistics_bureau"
    document: str = ""

    def figure(self) -> dict[str, Any]:
        """What is to be kept; Invalid names the field."""
        try:
            value = Decimal(self.value.replace(",", "").strip())
        except InvalidOperation:
            raise service.wrong("value", f"{self.value[:40]!r} 不是数字 (not a number)") from None
        if not value.is_finite():
            raise service.wrong("value", f"{self.value[:40]!r} 不是数字 (not a number)")
        return {"day": day_of(self.day, "day"), "value": value, "source": self.source,
                "document": self.document[:500]}  # fmt: skip


@router.post("/{code}/figures")
def enter(
    request: Request, code: TargetCode, form: Annotated[FigureForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Keep a value or a baseline; or the page again with what is wrong."""
    service.demand_analyst(actor)
    version = store.in_force(tx, today())
    series = code if code == service.POPULATION else store.target_of(version.file, code).code
    try:
        service.enter(tx, actor, version.file, series, form.about, form.figure())
    except Invalid as error:
        if code == service.POPULATION:
            raise
        return _one(request, tx, Asked(actor, today()), code, "park", error, form)
    back = "/targets" if code == service.POPULATION else f"/targets/{code}"
    answer = RedirectResponse(back, status_code=303)
    notices.leave(request, answer, "已记录，旧值保留在历史中", "Kept; the old value is on record")
    return answer


@router.get("/{code}/firms")
def behind(request: Request, code: TargetCode, actor: Reader, db: Db) -> HTMLResponse:
    """Exactly the firms that a number counts."""
    params = request.query_params.multi_items()
    counted = firms.asked_for(db, code, params)
    found = firms.listing(db, actor, counted, [("count", "exact"), *params])
    query = [(name, value) for name, value in params if name != "cursor"]
    following = found.next and f"?{urlencode([*query, ('cursor', found.next)])}"
    return render(request, "plans/target_firms.html", counted=counted, found=found,
                  following=following, bodies=bodies(db), **WORDS)  # fmt: skip


# --- what pages share ---------------------------------------------------------------------------


def shown(given: Fraction | Decimal | None, unit: str) -> str:
    """A value in its unit, as short as it stays true: whole things whole, the rest two places."""
    if given is None:
        return "—"
    value = Fraction(given)
    if unit == "yuan":
        return f"{float(value / 10_000):,.2f}"
    if value.denominator == 1:
        return f"{int(value):,}"
    return f"{float(value):,.2f}"


WORDS: dict[str, Any] = {"shown": shown}


def bodies(session: Session) -> dict[str, tuple[str, str]]:
    """Names of every body by its code, in both languages."""
    return {one.code: (one.name, one.name_en or one.name) for one in organisations(session)}


def day_of(raw: str, field: str = "as_of") -> date:
    """A day as typed; today if none is. Invalid names the field."""
    if not raw:
        return today()
    try:
        found: date = Field(field, "date").value(raw)
    except BadValueError as error:
        raise Invalid(f"{field}: {error}",
                      errors=[{"parameter": field, "detail": str(error)}]) from error  # fmt: skip
    return found


def whole_number(field: str, raw: str) -> int:
    """A whole number as typed; Invalid names the field."""
    if not (raw.isascii() and raw.isdigit()):
        raise service.wrong(field, f"{raw[:20]!r} 不是整数 (not a whole number)")
    return int(raw)


def days_of(since: date, day: date) -> list[date]:
    """Ends of quarters from the eve of the plan to a day, and the day."""
    ends = [date(year, month, 1) - timedelta(days=1)
            for year in range(since.year, day.year + 1) for month in (1, 4, 7, 10)]  # fmt: skip
    return [*[end for end in ends if end < day][-MOST_POINTS:], day]


def _tasks(version: store.Version, rows: list[Progress]) -> list[tuple[Any, list[Progress]]]:
    """Every task with its targets."""
    return [(task, [row for row in rows if task.code in row.target.tasks])
            for task in version.file.tasks]  # fmt: skip
