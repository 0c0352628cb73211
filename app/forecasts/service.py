"""Forecasts of every target for the ends of years, and what is put in their place by judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.forecasts import drawing, model
from app.forecasts.drawing import Spread, spread
from app.forecasts.models import ForecastOverride
from app.forecasts.odds import HISTORY, Known, past_years
from app.forecasts.register import Floats, ordinal
from app.plans.grammar import Stock, TargetRule
from app.plans.parts import value_on
from app.plans.progress import DISTRICT, Board, current
from app.plans.service import demand_analyst, wrong


@dataclass(frozen=True)
class Forecast:
    """One target at the end of a year; without a spread nothing can be said yet.

    `by` is the model behind it: `firms` or `trend`.
    """

    target: TargetRule
    until: date
    goal: Fraction | None
    by: str
    spread: Spread | None
    override: ForecastOverride | None = None


def horizons(board: Board) -> list[date]:
    """The ends of years from this one to the plan's."""
    day, until = board.asked.day, board.version.file.until
    last = max(until.year, day.year)
    return [date(year, 12, 31) for year in range(day.year, last + 1)]


def forecasts(board: Board, targets: Sequence[TargetRule] = ()) -> list[Forecast]:
    """Every target, or some, at every horizon."""
    found = []
    stood = overrides(board.session, board.version.code, board.asked.day)
    known = Known(board)
    for target in targets or board.version.file.targets:
        for until, drawn, by in _drawn(board, target, known):
            goal = _goal(board, target, until)
            told = (
                None
                if drawn is None
                else spread(
                    drawn, None if goal is None else goal[0], strict=goal is not None and goal[1]
                )
            )
            found.append(Forecast(target, until, None if goal is None else goal[0], by, told,
                                  stood.get((target.code, until))))  # fmt: skip
    return found


def _drawn(board: Board, target: TargetRule, known: Known) -> list[tuple[date, Floats | None, str]]:
    ends = horizons(board)
    if not isinstance(target.rule, Stock):
        return [(until, drawn, "trend") for until, drawn in _trends(board, target, ends)]
    register, of = known.register(target), known.spells(target)
    day, odds = ordinal(board.asked.day), known.odds(target)
    fitted = model.fit(register, of, past_years(board.asked.day))
    return [
        (until, drawing.counts(fitted, model.outlook(register, of, day, ordinal(until), odds)),
         "firms")
        for until in ends
    ]  # fmt: skip


def _trends(board: Board, target: TargetRule, ends: list[date]) -> list[tuple[date, Floats | None]]:
    day = board.asked.day
    days = [date(year, 12, 31) for year in range(day.year - HISTORY - 1, day.year)]
    board.count([(target, each) for each in days])
    known = latest_run([(each, _of_year(board, target, each)) for each in days])
    start, values = known[-1][0] if known else days[-1], [value for _, value in known]
    return [(until, drawing.trend(values, (until - start).days / model.YEAR)) for until in ends]


def _of_year(board: Board, target: TargetRule, end: date) -> Fraction | None:
    """The value at a year's end; one entered for an earlier year tells nothing of this one."""
    entered = board.entered(target, end)
    if entered is not None and entered.day.year < end.year:
        return None
    return value_on(board, target, end)


def latest_run(values: Sequence[tuple[date, Fraction | None]]) -> list[tuple[date, Fraction]]:
    """The last values of years that follow each other: over a gap a step is not a year's."""
    run: list[tuple[date, Fraction]] = []
    for day, value in values:
        if value is None:
            continue
        run = [*run, (day, value)] if run and run[-1][0].year == day.year - 1 else [(day, value)]
    return run


def _goal(board: Board, target: TargetRule, until: date) -> tuple[Fraction, bool] | None:
    """What is to be reached by then, where a milestone falls on that day; the district's only."""
    if board.asked.actor.role not in DISTRICT:
        return None
    milestone = current(target, until)
    return (milestone.value, milestone.operator == ">") if milestone.date == until else None


# --- by judgement -------------------------------------------------------------------------------


def overrides(session: Session, plan: str, day: date) -> dict[tuple[str, date], ForecastOverride]:
    """What stands in the place of the model on a day, by target and end of year."""
    rows = session.scalars(
        select(ForecastOverride).where(
            ForecastOverride.plan_code == plan, ForecastOverride.withdrawn_at.is_(None),
            ForecastOverride.expires_on >= day,
        )
    )  # fmt: skip
    return {(row.target_code, row.until): row for row in rows}


def override(
    session: Session, actor: Actor, board: Board, target: TargetRule, given: dict[str, Any]
) -> ForecastOverride:
    """Put a judgement in the model's place, with a reason and a last day."""
    demand_analyst(actor)
    low, expected, high = (given[name] for name in ("low", "expected", "high"))
    if not Decimal(0) <= low <= expected <= high:
        raise wrong("low", "应为 0 ≤ 下限 ≤ 预期 ≤ 上限 (low, expected, high in order)")
    if not given["reason"].strip():
        raise wrong("reason", "请写明理由 (say why)")
    if given["until"] not in horizons(board):
        raise wrong("until", f"{given['until']} 不是方案期内的年末 (not the end of a plan's year)")
    if given["expires_on"] < today():
        raise wrong("expires_on", f"失效日期 {given['expires_on']} 已过 (has passed)")
    _withdraw(session, board.version.code, target.code, given["until"])
    found = ForecastOverride(plan_code=board.version.code, target_code=target.code,
                             set_by=actor.name, **given)  # fmt: skip
    session.add(found)
    session.flush()  # its number is answered
    return found


def _withdraw(session: Session, plan: str, target: str, until: date) -> None:
    old = session.scalars(
        select(ForecastOverride).where(
            ForecastOverride.plan_code == plan, ForecastOverride.target_code == target,
            ForecastOverride.until == until, ForecastOverride.withdrawn_at.is_(None),
        )
    )  # fmt: skip
    for row in old:
        row.withdrawn_at = now()
    session.flush()  # one stands at a time
