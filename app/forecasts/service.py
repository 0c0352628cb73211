"""Forecasts of every target for the ends of years, and what is put in their place by judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from sqlalchemy import func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.criteria.store import sets_in_force
from app.firms.models import FirmYear
from app.forecasts import drawing, model
from app.forecasts.drawing import Spread, spread
from app.forecasts.models import ForecastOverride
from app.forecasts.register import Floats, Register, ordinal, read
from app.pipeline.models import Assessment
from app.plans.counting import figure_year, kinds_of
from app.plans.grammar import Stock, TargetRule
from app.plans.parts import value_on
from app.plans.progress import DISTRICT, Board, current
from app.plans.service import demand_analyst, wrong

HISTORY = 5
# How much a tenth of readiness more than usual changes the odds within a cell, and a growing
# or shrinking revenue: priors of judgement, stated in docs/method.md.
PER_TENTH = 1.35
USUAL = 0.7
GROWING, SHRINKING = 1.2, 0.85


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


@dataclass(frozen=True)
class Known:
    """What every standing's forecast needs: the register, and the odds of its firms."""

    register: Register
    odds: Floats


def horizons(board: Board) -> list[date]:
    """The ends of years from this one to the plan's."""
    day, until = board.asked.day, board.version.file.until
    last = max(until.year, day.year)
    return [date(year, 12, 31) for year in range(day.year, last + 1)]


def forecasts(board: Board, targets: Sequence[TargetRule] = ()) -> list[Forecast]:
    """Every target, or some, at every horizon."""
    found = []
    stood = overrides(board.session, board.version.code, board.asked.day)
    registers: dict[tuple[str, ...], Register] = {}
    for target in targets or board.version.file.targets:
        for until, drawn, by in _drawn(board, target, registers):
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


def _drawn(
    board: Board, target: TargetRule, registers: dict[tuple[str, ...], Register]
) -> list[tuple[date, Floats | None, str]]:
    ends = horizons(board)
    if not isinstance(target.rule, Stock):
        return [(until, drawn, "trend") for until, drawn in _trends(board, target, ends)]
    sections = target.rule.stock.industry
    register = registers.setdefault(sections, read(board.session, board.asked, sections))
    day = ordinal(board.asked.day)
    of = register.kinds(kinds_of(target.rule.stock))
    known = model.fit(register, of, past_years(board.asked.day))
    odds = odds_of(board, target, register)
    return [
        (until, drawing.counts(known, model.outlook(register, of, day, ordinal(until), odds)),
         "firms")
        for until in ends
    ]  # fmt: skip


def past_years(day: date) -> range:
    """The calendar years that the model learns from: those that are over, the last few."""
    return range(day.year - HISTORY, day.year)


def _trends(board: Board, target: TargetRule, ends: list[date]) -> list[tuple[date, Floats | None]]:
    day = board.asked.day
    days = [date(year, 12, 31) for year in range(day.year - HISTORY - 1, day.year)]
    board.count([(target, each) for each in days])
    values = [value for each in days if (value := value_on(board, target, each)) is not None]
    start = days[-1]
    return [(until, drawing.trend(values, (until - start).days / model.YEAR)) for until in ends]


def _goal(board: Board, target: TargetRule, until: date) -> tuple[Fraction, bool] | None:
    """What is to be reached by then, where a milestone falls on that day; the district's only."""
    if board.asked.actor.role not in DISTRICT:
        return None
    milestone = current(target, until)
    return (milestone.value, milestone.operator == ">") if milestone.date == until else None


def odds_of(board: Board, target: TargetRule, register: Register) -> Floats:
    """Each firm's odds beside those of others in its cell: readiness for the title, and trend."""
    assert isinstance(target.rule, Stock)
    found = np.ones(len(register.ids))
    titles = kinds_of(target.rule.stock)
    sets = [one.id for one in sets_in_force(board.session, board.asked.day)
            if one.policy.title in titles]  # fmt: skip
    if sets:
        rows = board.session.execute(
            select(Assessment.firm_id, func.max(Assessment.readiness))
            .where(Assessment.set_id.in_(sets))
            .group_by(Assessment.firm_id)
        ).all()
        _multiply(register, found, [(f, PER_TENTH ** (10 * (float(r) - USUAL))) for f, r in rows])
    year = figure_year(board.asked.day)
    sales = type_coerce(FirmYear.__table__.c.revenue_sales, BigInteger)
    late = func.max(sales).filter(FirmYear.year == year)
    early = func.max(sales).filter(FirmYear.year == year - 1)
    grown = board.session.execute(
        select(FirmYear.firm_id, late > early)
        .where(FirmYear.year.in_((year, year - 1)))
        .group_by(FirmYear.firm_id)
        .having(late.is_not(None), early.is_not(None))
    ).all()
    _multiply(register, found, [(f, GROWING if grew else SHRINKING) for f, grew in grown])
    return found


def _multiply(register: Register, odds: Floats, rows: list[tuple[int, float]]) -> None:
    if not rows or not len(register.ids):
        return
    numbers = np.array([row[0] for row in rows])
    factors = np.array([row[1] for row in rows])
    at = np.minimum(np.searchsorted(register.ids, numbers), len(register.ids) - 1)
    known = register.ids[at] == numbers
    odds[at[known]] *= factors[known]


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
