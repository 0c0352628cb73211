"""How long firms wait, where some still do: the Kaplan-Meier estimate with its interval.

A firm that still waits, or left, is censored: it counts among those at risk until the day it was
last seen, and never as converted nor as refused. The 95 % interval is Greenwood's on the scale of
log(−log S), which stays between 0 and 1 (Kalbfleisch and Prentice).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Point:
    """By a day: the share that has converted, its 95 % interval, how many still were at risk."""

    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True)
class Curve:
    """Days on which something happened, the share still waiting after each, and its Greenwood sum.

    `last` is the longest that anybody was seen: nothing is known beyond it.
    """

    days: Ints
    waiting: Floats
    greenwood: Floats
    ended: Ints
    last: int

    def at(self, day: int) -> Point | None:
        """What is known by a day; None beyond what anybody was seen, unless nobody waits."""
        place = int(np.searchsorted(self.days, day, side="right")) - 1
        still = 1.0 if place < 0 else float(self.waiting[place])
        if day > self.last and still > 0:
            return None
        at_risk = int((self.ended >= day).sum())
        if place < 0 or still in (0.0, 1.0):
            return Point(1 - still, 1 - still, 1 - still, at_risk)
        spread = Z95 * np.sqrt(self.greenwood[place]) / abs(np.log(still))
        low, high = (still ** np.exp(sign * spread) for sign in (-1, 1))
        return Point(1 - still, 1 - float(low), 1 - float(high), at_risk)

    @property
    def median(self) -> int | None:
        """The day by which half has converted; None while fewer have."""
        there = np.flatnonzero(self.waiting <= 0.5)
        return int(self.days[there[0]]) if len(there) else None


def kaplan_meier(ended: Ints, converted: NDArray[np.bool_]) -> Curve:
    """The curve of firms by the days until each converted or was last seen.

    One last seen on a day is at risk on that day.
    """
    days = np.unique(ended[converted])
    at_risk = np.array([(ended >= day).sum() for day in days], dtype=np.float64)
    events = np.array([(ended[converted] == day).sum() for day in days], dtype=np.float64)
    rest = at_risk - events
    waiting = np.cumprod(rest / at_risk).astype(np.float64)
    terms = np.divide(events, at_risk * rest, out=np.zeros(len(days)), where=rest > 0)
    return Curve(days, waiting, np.cumsum(terms), ended, int(ended.max()) if len(ended) else 0)
