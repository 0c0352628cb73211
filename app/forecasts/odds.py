"""What forecasts of standings read, each thing once: registers, readiness, and who grows."""

from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Float, Integer, cast, func, select, type_coerce
from sqlalchemy.types import BigInteger

from app.criteria.store import sets_in_force
from app.firms.models import FirmYear
from app.forecasts.register import Bools, Floats, Ints, Register, columns, places_of, read
from app.pipeline.models import Assessment
from app.plans.counting import figure_year, kinds_of
from app.plans.grammar import Stock, TargetRule
from app.plans.progress import Board

HISTORY = 5
# How much a tenth of readiness more than usual changes the odds within a cell, and a growing
# or shrinking revenue: priors of judgement, stated in docs/method.md.
PER_TENTH = 1.35
USUAL = 0.7
GROWING, SHRINKING = 1.2, 0.85


def past_years(day: date) -> range:
    """The calendar years that the model learns from: those that are over, the last few."""
    return range(day.year - HISTORY, day.year)


class Known:
    """The facts behind the forecasts of one board's targets."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._registers: dict[tuple[str, ...], Register] = {}
        self._ready: dict[tuple[int, ...], tuple[Ints, Floats]] = {}
        self._grown: tuple[Ints, Ints] | None = None

    def register(self, target: TargetRule) -> Register:
        """The firms that the target is about, with all that they held and hold."""
        sections = _rule(target).stock.industry
        if sections not in self._registers:
            self._registers[sections] = read(self.board.session, self.board.asked, sections)
        return self._registers[sections]

    def spells(self, target: TargetRule) -> Bools:
        """Which of the register's spells count for the target."""
        return self.register(target).kinds(kinds_of(_rule(target).stock))

    def odds(self, target: TargetRule) -> Floats:
        """Each firm's odds beside others in its cell: readiness for the title, and trend."""
        register = self.register(target)
        found = np.ones(len(register.ids))
        firms, ready = self._readiness(kinds_of(_rule(target).stock))
        _multiply(register, found, firms, PER_TENTH ** (10 * (ready - USUAL)))
        firms, grew = self._growth()
        _multiply(register, found, firms, np.where(grew > 0, GROWING, SHRINKING))
        return found

    def _readiness(self, titles: list[str]) -> tuple[Ints, Floats]:
        """Firms, and how ready each is for one of the titles, as last evaluated."""
        session = self.board.session
        sets = tuple(one.id for one in sets_in_force(session, self.board.asked.day)
                     if one.policy.title in titles)  # fmt: skip
        if sets not in self._ready:
            best = func.max(cast(Assessment.readiness, Float)).label("ready")
            firms, ready = columns(session, select(Assessment.firm_id, best)
                                   .where(Assessment.set_id.in_(sets))
                                   .group_by(Assessment.firm_id))  # fmt: skip
            self._ready[sets] = firms, ready
        return self._ready[sets]

    def _growth(self) -> tuple[Ints, Ints]:
        """Firms of which two years' sales are known, and whether the later are higher."""
        if self._grown is None:
            year = figure_year(self.board.asked.day)
            sales: Any = type_coerce(FirmYear.__table__.c.revenue_sales, BigInteger)
            late = func.max(sales).filter(FirmYear.year == year)
            early = func.max(sales).filter(FirmYear.year == year - 1)
            grew = cast(late > early, Integer).label("grew")
            firms, grown = columns(self.board.session, select(FirmYear.firm_id, grew)
                                   .where(FirmYear.year.in_((year, year - 1)))
                                   .group_by(FirmYear.firm_id)
                                   .having(late.is_not(None), early.is_not(None)))  # fmt: skip
            self._grown = firms, grown
        return self._grown


def _rule(target: TargetRule) -> Stock:
    assert isinstance(target.rule, Stock)
    return target.rule


def _multiply(register: Register, odds: Floats, firms: Ints, factors: Floats) -> None:
    at, there = places_of(register.ids, firms)
    odds[at[there]] *= factors[there]
