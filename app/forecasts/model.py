"""Chances of reaching and keeping a standing, fitted on the register's own years.

A firm that does not hold it is in a cell: the step it stands on and for how long it has. Of each
cell the register's years tell how many firms held it a year later. A cell's chance is a Beta
distribution whose prior is the rate of all cells together, with the weight of `PRIOR_FIRMS`; that
rate has a prior of its own (`PRIOR_RATE`), which is all there is where history is short. Holders
keep it with one chance where a certificate ends within the year and with another where not.
Firms that were not there a year before come by a Poisson number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.forecasts.register import STEPS, Bools, Floats, Ints, Register

BANDS = (365, 3 * 365)
CELLS = STEPS * (len(BANDS) + 1)
# Beta(1, 49): one firm in fifty a year, with the weight of fifty.
PRIOR_RATE = (1.0, 49.0)
PRIOR_FIRMS = 20.0
# Of certificates that end three in four are renewed; of those that do not one in a hundred is lost.
PRIOR_RENEWED = (15.0, 5.0)
PRIOR_KEPT = (99.0, 1.0)
# Half a newcomer in half a year of evidence.
PRIOR_NEW = (0.5, 0.5)
YEAR = 365.25
TITLE_DAYS = 1096


@dataclass(frozen=True)
class Fit:
    """Counts of the years behind, with their priors: (successes, failures) of each chance."""

    promoted: Floats
    renewed: tuple[float, float]
    kept: tuple[float, float]
    new: tuple[float, float]
    years: tuple[int, ...]

    @property
    def rates(self) -> Floats:
        """The mean chance of each cell in a year."""
        rates: Floats = self.promoted[:, 0] / self.promoted.sum(axis=1)
        return rates


def cells(register: Register, day: int) -> Ints:
    """Each firm's cell on a day."""
    step, since = register.standing(day)
    band = np.searchsorted(np.array(BANDS), np.maximum(day - since, 0), side="right")
    found: Ints = step * (len(BANDS) + 1) + band
    return found


def fit(register: Register, of: Bools, years: Iterable[int]) -> Fit:
    """What the given calendar years tell of a standing."""
    tried, done = np.zeros(CELLS), np.zeros(CELLS)
    renewed, kept = np.array(PRIOR_RENEWED), np.array(PRIOR_KEPT)
    new = np.array(PRIOR_NEW)
    told = tuple(years)
    for year in told:
        first, last = date(year - 1, 12, 31).toordinal(), date(year, 12, 31).toordinal()
        before, after = register.holds(of, first), register.holds(of, last)
        there = register.registered <= first
        waiting = there & ~before
        at = cells(register, first)
        tried += np.bincount(at[waiting], minlength=CELLS)
        done += np.bincount(at[waiting & after], minlength=CELLS)
        ends = before & (register.last_end(of, first) <= last)
        renewed += ((ends & after).sum(), (ends & ~after).sum())
        kept += ((before & ~ends & after).sum(), (before & ~ends & ~after).sum())
        new += ((~there & after).sum(), 1)
    rate = (PRIOR_RATE[0] + done.sum()) / (sum(PRIOR_RATE) + tried.sum())
    promoted = np.stack(
        [done + PRIOR_FIRMS * rate, tried - done + PRIOR_FIRMS * (1 - rate)], axis=1
    )
    return Fit(promoted, (renewed[0], renewed[1]), (kept[0], kept[1]), (new[0], new[1]), told)


def weighted(at: Ints, waiting: Bools, odds: Floats) -> Floats:
    """Weights whose mean is one in each cell: they tell firms of a cell apart, not cells."""
    found = np.ones(len(at))
    sums = np.bincount(at[waiting], weights=odds[waiting], minlength=CELLS)
    counts = np.bincount(at[waiting], minlength=CELLS)
    means = np.divide(sums, counts, out=np.ones(CELLS), where=counts > 0)
    found[waiting] = odds[waiting] / means[at[waiting]]
    return found


@dataclass(frozen=True)
class Outlook:
    """Firms and their chances from a day to another."""

    waiting: Bools
    holding: Bools
    at: Ints
    weights: Floats
    endings: Ints
    years: float

    def chances(self, known: Fit) -> Floats:
        """Each firm's mean chance to hold it on the later day."""
        yearly = np.minimum(known.rates[self.at] * self.weights, 0.98)
        found = np.where(self.waiting, 1 - (1 - yearly) ** self.years, 0.0)
        renewed, kept = (one[0] / sum(one) for one in (known.renewed, known.kept))
        stays = np.where(self.endings > 0, renewed**self.endings, kept**self.years)
        chances: Floats = np.where(self.holding, stays, found)
        return chances


def outlook(
    register: Register, of: Bools, day: int, until: int, odds: Floats | None = None
) -> Outlook:
    """Where every firm stands on a day, for a forecast until another."""
    holding = register.holds(of, day)
    waiting = ~holding & (register.registered <= day)
    at = cells(register, day)
    end = register.last_end(of, day)
    over = np.maximum(until - end, 0) // TITLE_DAYS + 1
    endings = np.where(holding & (end <= until), over, 0)
    weights = np.ones(len(at)) if odds is None else weighted(at, waiting, odds)
    return Outlook(waiting, holding, at, weights, endings, (until - day) / YEAR)
