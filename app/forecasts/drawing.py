"""Draws of a future count: chances, then the years' common luck, then firms: three doubts."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from app.forecasts.model import CELLS, HIGHEST, Differing, Fit, Outlook
from app.forecasts.register import Floats

DRAWS = 10_000
LOW, HIGH = 10, 90
# Firms of a cell are drawn together in so many groups of like weight.
GROUPS = 6
# The most that years are taken to differ: a variance of their factor.
WIDEST = 4.0
SEED = 2023_2027


@dataclass(frozen=True)
class Spread:
    """An expected value with its 80 % interval, and the share of draws that reach the goal."""

    expected: float
    low: float
    high: float
    reached: float | None


def spread(drawn: Floats, goal: Fraction | None, *, strict: bool) -> Spread:
    """What the draws come to."""
    low, high = np.percentile(drawn, [LOW, HIGH])
    reached = None
    if goal is not None:
        past = drawn > float(goal) if strict else drawn >= float(goal)
        reached = float(past.mean())
    return Spread(float(drawn.mean()), float(low), float(high), reached)


def counts(known: Fit, ahead: Outlook, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """So many draws of how many firms will hold it."""
    random = np.random.default_rng(seed)
    total = np.zeros(draws)
    rates = random.beta(known.promoted[:, 0, None], known.promoted[:, 1, None], (CELLS, draws))
    luck = _luck(known.differing, ahead.years, draws, random)
    for cell, weight, firms in _groups(ahead):
        chance = 1 - (1 - np.minimum(rates[cell] * weight * luck, HIGHEST)) ** ahead.years
        total += random.binomial(firms, chance)
    renewed, kept = random.beta(*known.renewed, draws), random.beta(*known.kept, draws)
    endings = ahead.endings[ahead.holding]
    total += random.binomial(int((endings == 0).sum()), kept**ahead.years)
    for times in np.unique(endings[endings > 0]):
        total += random.binomial(int((endings == times).sum()), renewed**times)
    shape, rate = known.new
    luck = _luck(known.differing_new, ahead.years, draws, random)
    total += random.poisson(random.gamma(shape, 1 / rate, draws) * luck * ahead.years)
    return total


def _luck(told: Differing, years: float, draws: int, random: np.random.Generator) -> Floats:
    """The mean factor of the years ahead: Gamma of mean one, its variance as doubtful as it is."""
    variance = told.variance * told.years / random.chisquare(told.years, draws)
    variance = np.minimum(variance / max(years, 1.0), WIDEST)
    found: Floats = random.gamma(1 / variance, variance)
    return found


def _groups(ahead: Outlook) -> list[tuple[int, float, int]]:
    """Cell, mean weight and number of the firms that wait, in few groups."""
    at, weights = ahead.at[ahead.waiting], ahead.weights[ahead.waiting]
    found = []
    for cell in np.unique(at):
        own = np.sort(weights[at == cell])
        for part in np.array_split(own, GROUPS if own[0] != own[-1] else 1):
            if len(part):
                found.append((int(cell), float(part.mean()), len(part)))
    return found


def trend(values: Sequence[Fraction], years: float, draws: int = DRAWS) -> Floats | None:
    """Draws of what goes on as it went from year to year; None from fewer than three values.

    Yearly steps are taken for normal with unknown mean and spread, so their next is Student's t.
    """
    if len(values) < 3:
        return None
    steps = np.diff(np.array([float(value) for value in values]))
    number = len(steps)
    doubt = steps.std(ddof=1) * np.sqrt(years + years**2 / number)
    random = np.random.default_rng(SEED)
    drawn: Floats = (
        float(values[-1]) + steps.mean() * years + doubt * random.standard_t(number - 1, draws)
    )
    return np.maximum(drawn, 0)
