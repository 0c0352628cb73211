"""What would have to be true to meet a target: how many more firms, which, and what they lack."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.criteria.compiler import LoadedSet
from app.criteria.policy import Outcome
from app.criteria.store import sets_in_force
from app.firms.models import Firm
from app.forecasts import model
from app.forecasts.odds import Known, past_years
from app.forecasts.register import ordinal
from app.pipeline.models import Assessment
from app.plans.counting import kinds_of
from app.plans.grammar import Stock, TargetRule
from app.plans.progress import Board, current, needed

SHOWN = 30


@dataclass(frozen=True)
class Candidate:
    """A firm that might come to count, its chance, and the criteria it lacks for the title."""

    id: int
    name: str
    chance: float
    readiness: float | None
    unmet: list[str]
    unknown: list[str]


@dataclass(frozen=True)
class Way:
    """What it takes by a day.

    `staying` is expected of those who hold it now, `coming` of those who do not, `new` of firms
    that are not there yet; `short` is how many more than expected it takes.
    """

    until: date
    goal: Fraction
    holding: int
    staying: float
    coming: float
    new: float
    short: int
    candidates: list[Candidate]
    labels: dict[str, Any]


def way(board: Board, target: TargetRule) -> Way | None:
    """To the target's milestone; None where it is no standing of firms, or its day has passed."""
    day = board.asked.day
    milestone = current(target, day)
    if not isinstance(target.rule, Stock) or milestone.date <= day:
        return None
    read = Known(board)
    register, of = read.register(target), read.spells(target)
    known = model.fit(register, of, past_years(day))
    ahead = model.outlook(register, of, ordinal(day), ordinal(milestone.date), read.odds(target))
    chances = ahead.chances(known)
    staying, coming = chances[ahead.holding].sum(), chances[ahead.waiting].sum()
    new = known.new[0] / known.new[1] * ahead.years
    goal = needed(target, milestone)
    order = np.argsort(np.where(ahead.waiting, -chances, 1.0), kind="stable")
    first = [(int(register.ids[at]), float(chances[at])) for at in order[:SHOWN]
             if ahead.waiting[at]]  # fmt: skip
    loaded = _set_of(board.session, day, kinds_of(target.rule.stock))
    return Way(
        milestone.date, goal, int(ahead.holding.sum()), float(staying), float(coming), float(new),
        max(ceil(float(goal) - staying - coming - new), 0),
        _candidates(board.session, first, loaded), _labels(loaded),
    )  # fmt: skip


def _set_of(session: Session, day: date, titles: list[str]) -> LoadedSet | None:
    """The criteria by which the title is granted."""
    return next((one for one in sets_in_force(session, day) if one.policy.title in titles), None)


def _labels(loaded: LoadedSet | None) -> dict[str, Any]:
    if loaded is None:
        return {}
    return {one.id: one.label for one in loaded.policy.walk()}


def _candidates(
    session: Session, first: list[tuple[int, float]], loaded: LoadedSet | None
) -> list[Candidate]:
    ids = [number for number, _ in first]
    names = dict(session.execute(select(Firm.id, Firm.name).where(Firm.id.in_(ids))).all())
    verdicts: dict[int, Any] = {}
    if loaded is not None:
        rows = session.execute(
            select(Assessment.firm_id, Assessment.readiness, Assessment.outcomes)
            .where(Assessment.set_id == loaded.id, Assessment.firm_id.in_(ids))
        )  # fmt: skip
        verdicts = {row.firm_id: row for row in rows}
    return [
        Candidate(number, names[number], chance, *_lacks(verdicts.get(number), loaded))
        for number, chance in first
    ]


def _lacks(verdict: Any, loaded: LoadedSet | None) -> tuple[float | None, list[str], list[str]]:
    """Readiness, and the criteria that are unmet and unknown."""
    if verdict is None or loaded is None:
        return None, [], []
    criteria = list(loaded.policy.walk())
    outcomes = Outcome.unpack(verdict.outcomes, len(criteria))
    told = list(zip(criteria, outcomes, strict=True))
    unmet = [one.id for one, outcome in told if outcome is Outcome.UNMET]
    unknown = [one.id for one, outcome in told if outcome is Outcome.UNKNOWN]
    return float(verdict.readiness), unmet, unknown
