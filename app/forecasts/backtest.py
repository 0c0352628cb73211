"""How well the model would have told past years, from what the years before them said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import comb

import numpy as np

from app.forecasts import drawing, model
from app.forecasts.drawing import Spread, spread
from app.forecasts.odds import past_years
from app.forecasts.register import Bools, Floats, Register, ordinal, read
from app.plans.counting import kinds_of
from app.plans.grammar import Stock, TargetRule
from app.plans.progress import Board

LEARNT = 5
TENTHS = 10
DRAWS = 2_000
# What the interval promises, and how unlikely so few hits may be before it is not believed.
PROMISED, DOUBTED = 0.8, 0.1


@dataclass(frozen=True)
class PastYear:
    """A year as it would have been forecast at its beginning, and as it came."""

    year: int
    told: Spread
    came: int

    @property
    def error(self) -> float:
        """What was expected too much."""
        return self.told.expected - self.came

    @property
    def inside(self) -> bool:
        """Whether it came within the 80 % interval."""
        return self.told.low <= self.came <= self.told.high


@dataclass(frozen=True)
class Bin:
    """Firms of like chance: how many, the mean chance, and the share that came to hold it."""

    firms: int
    told: float
    came: float


@dataclass(frozen=True)
class BackTest:
    """Past years, calibration, and the Brier score beside that of the plain mean."""

    years: list[PastYear]
    bins: list[Bin]
    brier: float
    plain: float

    @property
    def error(self) -> float:
        """The mean absolute error in firms."""
        return sum(abs(one.error) for one in self.years) / len(self.years)

    @property
    def inside(self) -> int:
        """How many of the years came within their interval."""
        return sum(one.inside for one in self.years)

    @property
    def luck(self) -> float:
        """How likely so few, or fewer, would be if the intervals held what they promise."""
        number = len(self.years)
        return sum(comb(number, hits) * PROMISED**hits * (1 - PROMISED) ** (number - hits)
                   for hits in range(self.inside + 1))  # fmt: skip

    @property
    def is_doubtful(self) -> bool:
        """Whether past years speak against the interval."""
        return self.luck < DOUBTED


def backtest(board: Board, target: TargetRule) -> BackTest | None:
    """None where the target is no standing of firms, or nobody held it in the years behind."""
    if not isinstance(target.rule, Stock):
        return None
    register = read(board.session, board.asked, target.rule.stock.industry)
    of = register.kinds(kinds_of(target.rule.stock))
    return looked_back(register, of, past_years(board.asked.day))


def looked_back(register: Register, of: Bools, tried: Iterable[int]) -> BackTest | None:
    """Some past years of a standing; None where nobody held it then.

    Readiness of past years is not on record, so the firms of a cell are taken alike.
    """
    years, told, came = [], [], []
    for year in tried:
        first, last = ordinal(date(year - 1, 12, 31)), ordinal(date(year, 12, 31))
        known = model.fit(register, of, range(year - LEARNT, year))
        ahead = model.outlook(register, of, first, last)
        after = register.holds(of, last)
        years.append(PastYear(year, _told(known, ahead), int(after.sum())))
        there = ahead.waiting | ahead.holding
        told.append(ahead.chances(known)[there])
        came.append(after[there])
    if not any(one.came for one in years):
        return None
    return _scored(years, np.concatenate(told), np.concatenate(came))


def _told(known: model.Fit, ahead: model.Outlook) -> Spread:
    return spread(drawing.counts(known, ahead, DRAWS), None, strict=False)


def _scored(years: list[PastYear], told: Floats, came: Bools) -> BackTest:
    at = np.minimum((told * TENTHS).astype(int), TENTHS - 1)
    bins = [
        Bin(int((at == n).sum()), float(told[at == n].mean()), float(came[at == n].mean()))
        for n in range(TENTHS) if (at == n).any()
    ]  # fmt: skip
    mean = came.mean()
    return BackTest(years, bins, float(((told - came) ** 2).mean()), float(mean * (1 - mean)))
