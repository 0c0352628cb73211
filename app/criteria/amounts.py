"""Measured quantities as exact whole numbers of SQL, as intervals where answers are missing.

An `Amount` is `low .. high`, each a whole number of stored steps (fen, persons, 1/100 %), over
`over` where it is a ratio: ratios are never divided out, comparisons multiply crosswise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal_column

Sql = ColumnElement[Any]
SMALL = 10_000


def whole(number: int) -> Sql:
    """A constant of the policy, written into the statement."""
    # A product of two plain literals would be computed as integer, and overflow.
    kind = "::bigint" if abs(number) > SMALL else ""
    return literal_column(f"{int(number)}{kind}", BigInteger)


def added(terms: Sequence[Sql]) -> Sql:
    """Terms added up."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@dataclass(frozen=True)
class Amount:
    """A measured quantity; `high` is None where it equals `low`, `over` where it is no ratio."""

    low: Sql
    unit: str
    high: Sql | None = None
    over: Sql | None = None
    # Numerator steps that close a gap have this unit; None where a gap has no amount.
    gap_unit: str | None = None
    # Compound growth compares v1/v0 with (1 + threshold) ** power.
    power: int = 1
    # Numerator steps in one step of the gap: a middle is the sum of two ends, each of which rises.
    gap_steps: int = 1

    def columns(self) -> list[str]:
        """The sheet's columns that hold it."""
        parts = (self.low, self.high, self.over)
        return [str(part.key) for part in parts if part is not None]
