"""Chances of reaching and keeping a standing, fitted on the register's own years.

A firm that does not hold it is in a cell: the step it stands on and for how long it has. Of each
cell the register's years tell how many firms held it a year later. A cell's chance is a Beta
distribution whose prior is the rate of all cells together, with the weight of `PRIOR_FIRMS`; that
rate has a prior of its own (`PRIOR_RATE`), which is all there is where history is short. Holders
keep it with one chance where a certificate ends within the year and with another where not.
Firms that were not registered a year before come by a Poisson number; who has left is not waited
for.

Years differ, for all firms alike: each year ahead multiplies the chances, and what comes new, by a
random factor of mean one. How much years differ is told by the years behind, beside a prior. And
chances drift, so a year's evidence counts `FADE` of that of the year after it.
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
# The variance of a year's factor, a standard deviation of 0.3, with the weight of two years.
PRIOR_SPREAD, PRIOR_YEARS = 0.09, 2.0
FADE = 0.5
# A chance stays below one.
HIGHEST = 0.98
YEAR = 365.25
TITLE_DAYS = 1096


@dataclass(frozen=True)
class Differing:
    """How much years differ: the variance of their factor, and the years of evidence for it."""

    variance: float
    years: float


@dataclass(frozen=True)
class Fit:
    """Counts of the years behind, with their priors: (successes, failures) of each chance."""

    promoted: Floats
    renewed: tuple[float, float]
    kept: tuple[float, float]
    new: tuple[float, float]
    years: tuple[int, ...]
    differing: Differing
    differing_new: Differing

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


@dataclass(frozen=True)
class Seen:
    """One calendar year: firms tried and promoted by cell, titles renewed and kept, newcomers."""

    tried: Floats
    done: Floats
    renewed: Floats
    kept: Floats
    new: float


def fit(register: Register, of: Bools, years: Iterable[int]) -> Fit:
    """What the given calendar years tell of a standing, the last of them the most."""
    told = tuple(years)
    seen = [_seen(register, of, year) for year in told]
    weights = np.array([FADE ** (told[-1] - year) for year in told])

    def summed(name: str, start: object) -> Floats:
        parts = (weight * getattr(one, name) for weight, one in zip(weights, seen, strict=True))
        found: Floats = sum(parts, start=np.array(start, dtype=np.float64))
        return found

    tried, done = summed("tried", np.zeros(CELLS)), summed("done", np.zeros(CELLS))
    rate = (PRIOR_RATE[0] + done.sum()) / (sum(PRIOR_RATE) + tried.sum())
    promoted = np.stack(
        [done + PRIOR_FIRMS * rate, tried - done + PRIOR_FIRMS * (1 - rate)], axis=1
    )
    rates = promoted[:, 0] / promoted.sum(axis=1)
    renewed, kept = summed("renewed", PRIOR_RENEWED), summed("kept", PRIOR_KEPT)
    new = float(summed("new", PRIOR_NEW[0])), PRIOR_NEW[1] + float(weights.sum())
    return Fit(
        promoted, (renewed[0], renewed[1]), (kept[0], kept[1]), new, told,
        _differing(weights, [(one.done.sum(), one.tried @ rates,
                              one.tried @ (rates * (1 - rates))) for one in seen]),
        _differing(weights, [(one.new, new[0] / new[1], new[0] / new[1]) for one in seen]),
    )  # fmt: skip


def _seen(register: Register, of: Bools, year: int) -> Seen:
    first, last = date(year - 1, 12, 31).toordinal(), date(year, 12, 31).toordinal()
    before, after = register.holds(of, first), register.holds(of, last)
    waiting = register.there(first) & ~before
    at = cells(register, first)
    ends = before & (register.last_end(of, first) <= last)
    return Seen(
        tried=np.bincount(at[waiting], minlength=CELLS).astype(np.float64),
        done=np.bincount(at[waiting & after], minlength=CELLS).astype(np.float64),
        renewed=np.array([(ends & after).sum(), (ends & ~after).sum()], dtype=np.float64),
        kept=np.array([(before & ~ends & after).sum(), (before & ~ends & ~after).sum()],
                      dtype=np.float64),
        new=float(((register.registered > first) & after).sum()),
    )  # fmt: skip


def _differing(weights: Floats, years: list[tuple[float, float, float]]) -> Differing:
    """By moments, from what came of each year, its expected number, and its variance by chance.

    What the years differ beyond chance, over what was expected, is the variance of their factor.
    """
    evidence = float(weights.sum())
    beyond = sum(w * ((came - told) ** 2 - chance)
                 for w, (came, told, chance) in zip(weights, years, strict=True))  # fmt: skip
    whole = sum(w * told**2 for w, (_, told, _) in zip(weights, years, strict=True))
    found = max(beyond, 0.0) / whole if whole else 0.0
    total = PRIOR_YEARS + evidence
    return Differing((PRIOR_YEARS * PRIOR_SPREAD + evidence * found) / total, total)


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
        yearly = np.minimum(known.rates[self.at] * self.weights, HIGHEST)
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
    waiting = ~holding & register.there(day)
    at = cells(register, day)
    end = register.last_end(of, day)
    over = np.maximum(until - end, 0) // TITLE_DAYS + 1
    endings = np.where(holding & (end <= until), over, 0)
    weights = np.ones(len(at)) if odds is None else weighted(at, waiting, odds)
    return Outlook(waiting, holding, at, weights, endings, (until - day) / YEAR)
