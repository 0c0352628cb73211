"""One figure on the portrait: typed in with its unit, weighed against better sources, settled."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import KEEPERS, Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.errors import AppError, Conflict, Invalid, NotFound, Stale
from app.core.web import render
from app.exchange import typing_in
from app.firms import queries, reporting
from app.firms.api import FirmId
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.models import Firm, Submission
from app.firms.schemas import LARGEST_ID
from app.pipeline.pages import WORDS
from app.pipeline.service import assess

router = APIRouter(prefix="/firms/{firm_id}", include_in_schema=False)
Year = Annotated[int, Path(ge=1990, le=2199)]
SubmissionId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
FIELD = "pipeline/figure.html"


@router.get("/figures")
def choose(firm_id: FirmId, actor: Reader, indicator: str = "", year: int = 0) -> RedirectResponse:
    """To the figure that a form names."""
    if indicator not in INDICATORS or not 1990 <= year <= today().year:
        return RedirectResponse(f"/firms/{firm_id}#figures", status_code=303)
    return RedirectResponse(f"/firms/{firm_id}/figures/{year}/{indicator}", status_code=303)


@router.get("/figures/{year}/{indicator}")
def figure(
    request: Request, firm_id: FirmId, year: Year, indicator: str, actor: Reader, db: Db
) -> HTMLResponse:
    """One figure: every value that was ever sent, what stands against it, and the form."""
    return _page(request, db, actor, queries.get(db, actor, firm_id), (_entry(indicator), year))


class FigureForm(BaseModel):
    """A value in a unit, and which submission its writer saw (0: none)."""

    value: str = Field("", max_length=80)
    unit: str = ""
    seen: int = 0


@router.post("/figures/{year}/{indicator}")
def report(
    request: Request, firm_id: FirmId, year: Year, indicator: str,
    form: Annotated[FigureForm, Form()], actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Store it; a better source's value stays until somebody settles the conflict."""
    actor.require("figures:write")
    firm, entry = queries.get(tx, actor, firm_id), _entry(indicator)
    try:
        with tx.begin_nested():
            tx.refresh(firm, with_for_update=True)  # nobody comes between the look and the change
            _demand_seen(tx, firm_id, entry, year, form.seen)
            given = typing_in.read(entry, form.value, form.unit)
            done = reporting.report_figures(tx, actor, firm, year, {entry.code: given})
    except AppError as error:
        return _page(request, tx, actor, firm, (entry, year), problem=error, typed=form)
    assess(tx, [firm_id], today())
    if done.conflicts:
        detail = "更高级的来源已有不同的值：您的值已记录，等待科技局分析员裁定 (kept as a conflict)"
        return _page(request, tx, actor, firm, (entry, year), problem=Conflict(detail))
    return RedirectResponse(f"/firms/{firm_id}#figures", status_code=303)


@router.get("/conflicts/{submission_id}")
def closed(firm_id: FirmId, submission_id: SubmissionId, actor: Reader) -> RedirectResponse:
    """An address that was only posted to."""
    return RedirectResponse(f"/firms/{firm_id}#figures", status_code=303)


@router.post("/conflicts/{submission_id}")
def settle(
    request: Request, firm_id: FirmId, submission_id: SubmissionId, actor: CurrentActor, tx: Tx,
    decision: Annotated[str, Form()] = "", reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Accept the contradicting value, or keep the one that stands; either with the reason."""
    actor.require("figures:write")
    firm = queries.get(tx, actor, firm_id)
    row = tx.get(Submission, submission_id)
    if row is None or row.firm_id != firm_id:
        raise NotFound("没有这个数据冲突 (no such conflict)")
    entry = INDICATORS[row.indicator]
    try:
        if decision not in ("accept", "keep") or not reason.strip():
            raise Invalid("请选择采用哪个值，并写明理由 (choose a value and say why)")
        with tx.begin_nested():
            reporting.settle(
                tx, actor, submission_id, accept=decision == "accept", reason=reason.strip()
            )
    except AppError as error:
        return _page(request, tx, actor, firm, (entry, row.year), problem=error)
    assess(tx, [firm_id], today())
    return RedirectResponse(f"/firms/{firm_id}#figures", status_code=303)


def _entry(code: str) -> Indicator:
    if code not in INDICATORS:
        raise NotFound("没有这个指标：请从目录中选择 (no such indicator)")
    return INDICATORS[code]


def _history(session: Session, firm_id: int, entry: Indicator, year: int) -> list[Submission]:
    query = select(Submission).where(
        Submission.firm_id == firm_id,
        Submission.indicator == entry.code,
        Submission.year == year,
    )
    return list(
        session.scalars(query.order_by(Submission.recorded_at.desc(), Submission.id.desc()))
    )


def _best(history: list[Submission]) -> Submission | None:
    return next((one for one in history if one.effective_at and not one.superseded_at), None)


def _demand_seen(session: Session, firm_id: int, entry: Indicator, year: int, seen: int) -> None:
    """Whoever changes a figure has seen the one that stands."""
    best = _best(_history(session, firm_id, entry, year))
    if (best.id if best else 0) != seen:
        raise Stale(
            "这个值刚被别人改过：请对照最新值，确认后再保存 (changed meanwhile: compare first)"
        )


def _page(
    request: Request, session: Session, actor: Actor, firm: Firm, place: tuple[Indicator, int], *,
    problem: AppError | None = None, typed: FigureForm | None = None,
) -> HTMLResponse:  # fmt: skip
    entry, year = place
    history = _history(session, firm.id, entry, year)
    page = render(
        request, FIELD, firm=firm, entry=entry, year=year, history=history, best=_best(history),
        open_ones=[one for one in history if not one.effective_at and not one.settled_at],
        problem=problem, typed=typed, units=list(typing_in.UNITS), usual=typing_in.USUAL_UNIT,
        may_keep=actor.role in KEEPERS, may_settle=actor.role is Role.ANALYST, **WORDS,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
