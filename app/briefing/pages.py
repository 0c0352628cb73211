"""One screen for a meeting: readable from afar, printable on A4, each number opening its firms."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import Db, Reader
from app.core import charts
from app.core.clock import today
from app.core.web import render
from app.firms.catalogue import Label
from app.forecasts import service as forecasting
from app.forecasts.fans import Fan, fan
from app.forecasts.service import Forecast
from app.plans import store
from app.plans.grammar import TargetRule
from app.plans.measuring import Asked
from app.plans.parts import history
from app.plans.progress import Board, Progress
from app.plans.service import wrong
from app.plans.target_pages import WORDS, day_of
from app.rankings import service as rankings
from app.rankings.models import KINDS
from app.rankings.pages import table
from app.target_lists.models import SupervisionNotice
from app.target_lists.standing import climbed, standings, visible_lists

router = APIRouter(prefix="/briefing", include_in_schema=False)
Typed = Annotated[str, Query(max_length=40)]
FANS = 2


@dataclass(frozen=True)
class Change:
    """A target now, and on the day of the last meeting."""

    now: Progress
    then: Progress

    @property
    def added(self) -> Fraction | None:
        """What came since; unknown where either is."""
        if self.now.value is None or self.then.value is None:
            return None
        return self.now.value - self.then.value


@router.get("")
def show(
    request: Request, actor: Reader, db: Db, since: Typed = "", screen: bool = False
) -> HTMLResponse:
    """The screen; `since` is the day of the last meeting, else the end of last month."""
    day = today()
    then = day_of(since, "since") if since else day.replace(day=1) - timedelta(days=1)
    if then >= day:
        raise wrong("since", f"上次会议日期 {then} 应早于今天 (before today)")
    board = Board(db, Asked(actor, day), store.in_force(db, day))
    return render(
        request, "briefing/screen.html", day=day, since=then, screen=screen,
        changes=_changes(db, actor, board, then), lights=board.lights,
        ranks=_ranks(db, actor, day.year),
        weights=rankings.WEIGHTS, measures=rankings.MEASURES, notices=_open(db, actor, day),
        day_of_climb=climbed, charts=charts, **WORDS,
    )  # fmt: skip


@router.get("/forecast")
def forecast(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """What is expected at the plan's end: a part of the screen that comes after it."""
    day = today()
    board = Board(db, Asked(actor, day), store.in_force(db, day))
    last = forecasting.horizons(board)[-1]
    told = forecasting.forecasts(board)
    part = "hx-request" in request.headers
    template = "briefing/_forecast.html" if part else "briefing/forecast.html"
    return render(request, template, found=[one for one in told if one.until == last], last=last,
                  fans=_fans(board, told), charts=charts, **WORDS)  # fmt: skip


def _fans(board: Board, told: list[Forecast]) -> list[tuple[TargetRule, Fan]]:
    """The first targets of the plan that can be told, from year's end to year's end."""
    version, day = board.version.file, board.asked.day
    days = [*(date(year, 12, 31) for year in range(version.since.year - 1, day.year)), day]
    sure = dict.fromkeys(one.target.code for one in told if one.spread is not None)
    found = []
    for target in (store.target_of(version, code) for code in list(sure)[:FANS]):
        own = [one for one in told if one.target.code == target.code]
        found.append((target, fan(target, history(board, target, days), own)))
    return found


def _changes(session: Session, actor: Actor, board: Board, then: date) -> list[Change]:
    before = Board(session, Asked(actor, then), board.version)
    return [Change(now, was) for now, was in zip(board.all(), before.all(), strict=True)]


def _ranks(session: Session, actor: Actor, year: int) -> list[dict[str, Any]]:
    """The kinds of units in which anybody has a rank this year."""
    found = [table(session, actor, kind, year, None) for kind in KINDS]
    return [one for one in found if any(row.rank for row in one["rows"])]


def _open(session: Session, actor: Actor, day: date) -> list[tuple[str, Label, SupervisionNotice]]:
    """Notices that are not answered: unit, target and notice."""
    lists = standings(session, actor, visible_lists(session, actor, day.year))
    return [
        (one.body.name, item.target.label, notice)
        for one in lists
        for item in one.items
        for notice in item.notices
        if notice.answered_on is None and notice.closed_on is None
    ]
