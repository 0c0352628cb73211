"""What each analysis comes to: `views` says it in words and draws it, `api` sends it as it is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Numeric, cast, func, select
from sqlalchemy.orm import Session

from app.analyses import queries
from app.analyses.cubes import ends
from app.analyses.dims import Dim
from app.analyses.queries import Analysis, tally
from app.analyses.survival import Curve, kaplan_meier
from app.firms.moves import STEPS

Counts = Mapping[tuple[str, str], int]
# How waiting can have come out, as tables show it.
ENDINGS = ("straight", "converted", "left", "waiting")


@dataclass(frozen=True)
class Crossed:
    """Firms by one key down and another across."""

    down: Dim
    across: Dim
    counts: Counts

    @property
    def rows(self) -> list[str]:
        """The values down that any firm has, in their order."""
        return _present(self.down, (keys[0] for keys in self.counts))

    @property
    def columns(self) -> list[str]:
        """The values across that any firm has, in their order."""
        return _present(self.across, (keys[1] for keys in self.counts))


def _present(dim: Dim, values: Iterable[str]) -> list[str]:
    there = set(values)
    known = [value for value in dim.values if value in there]
    return [*known, *sorted(there - set(known))]


def crossed(session: Session, asked: Analysis) -> Crossed:
    """By the two keys that the analysis divides its firms by."""
    found = tally(session, asked.cube, (asked.rows, asked.columns))
    counts = {(keys[0], keys[1]): firms for keys, firms in found}
    return Crossed(asked.cube.dims[asked.rows], asked.cube.dims[asked.columns], counts)


# --- R&D intensity ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Intensity:
    """R&D over revenue: of all firms together, and the quarters of their own shares."""

    whole: Decimal
    quarters: Sequence[Decimal]


def intensity(session: Session, asked: Analysis) -> Intensity | None:
    """Over the firms that report both and sold anything; None where there are none."""
    rows = asked.cube.rows
    over, under = cast(rows.c.over, Numeric), cast(rows.c.under, Numeric)
    sums = select(func.sum(over), func.sum(under)).where(rows.c.over.is_not(None), rows.c.under > 0)
    spent, sold = session.execute(sums).one()
    quarters = queries.quartiles(session, over / func.nullif(under, 0))
    return Intensity(spent / sold, quarters) if sold and quarters else None


# --- time in rung -------------------------------------------------------------------------------


def stay(session: Session, asked: Analysis) -> tuple[Crossed, dict[str, list[int]]]:
    """Firms by rung and time on it so far, and each rung's days, sorted; one reading for both."""
    counts: Counter[tuple[str, str]] = Counter()
    days: dict[str, list[int]] = {}
    for (rung, so_far, stood), firms in tally(session, asked.cube, ("rung", "stay", "days")):
        counts[rung, so_far] += firms
        if stood is not None:
            days.setdefault(rung, []).extend([int(stood)] * firms)
    dims = asked.cube.dims
    sorted_days = {rung: sorted(own) for rung, own in days.items()}
    return Crossed(dims["rung"], dims["stay"], counts), sorted_days


def quarter(values: Sequence[int], number: int) -> int | None:
    """The value at or below which so many quarters of the sorted ones lie."""
    return values[-(-len(values) * number // 4) - 1] if values else None


# --- conversion ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cohort:
    """The firms that came to the lower rung in a year (all of them where it is None)."""

    year: str | None
    counts: dict[str, int]
    curve: Curve


def conversion(session: Session, asked: Analysis) -> list[Cohort]:
    """Each year's, and last all of them; empty where nobody came."""
    rows = tally(session, asked.cube, ("cohort", "outcome", "days"))
    years = sorted({str(keys[0]) for keys, _ in rows})
    found = []
    for year in [*years, None] if rows else []:
        own = [row for row in rows if year is None or row[0][0] == year]
        counts = {name: sum(n for keys, n in own if keys[1] == name) for name in ENDINGS}
        found.append(Cohort(year, counts, _curve(own)))
    return found


def _curve(rows: Iterable[tuple[tuple[Any, ...], int]]) -> Curve:
    """The firms that waited at all; who came straight never did."""
    ended: list[int] = []
    converted: list[bool] = []
    for (_, outcome, days), firms in rows:
        if outcome != "straight":
            ended += [days] * firms
            converted += [outcome == "converted"] * firms
    return kaplan_meier(np.array(ended, dtype=np.int64), np.array(converted, dtype=bool))


# --- flows --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """Firms that stood on one rung on the first day and on another, or the same, on the last.

    `share` is of those that stood on the first rung; None for who came from outside.
    """

    first: date
    last: date
    old: str
    new: str
    firms: int
    share: float | None


def flows(session: Session, asked: Analysis) -> list[Flow]:
    """Between the ends of years, from the highest rung down."""
    days = ends(asked.day)
    told = tally(session, asked.cube, [f"on.{day}" for day in days])
    found = []
    for at, (first, last) in enumerate(pairwise(days)):
        counts: Counter[tuple[str, str]] = Counter()
        for keys, firms in told:
            counts[keys[at], keys[at + 1]] += firms
        del counts[STEPS[0], STEPS[0]]
        for (old, new), firms in sorted(counts.items(), key=lambda one: _downwards(one[0])):
            there = sum(n for keys, n in counts.items() if keys[0] == old)
            share = None if old == STEPS[0] else firms / there
            found.append(Flow(first, last, old, new, firms, share))
    return found


def _downwards(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(-STEPS.index(key) for key in keys)
