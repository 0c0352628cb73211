"""Amounts held against thresholds: whether one passes, how far it is off, and how near."""

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import (
    BigInteger,
    Boolean,
    Numeric,
    and_,
    case,
    cast,
    func,
    literal_column,
)

from app.criteria.amounts import Amount, Sql, whole

# Stored steps per unit of a threshold as it is written.
STEPS = {"yuan": 100, "percent": 10_000}


@dataclass(frozen=True)
class Threshold:
    """`top / bottom` in the stored steps of the quantity it is compared with.

    `number` is the top where it is the same for all firms.
    """

    top: Sql
    bottom: int = 1
    number: int | None = None


def steps(value: Fraction, amount: Amount) -> Fraction:
    """A threshold as written, in the quantity's stored steps."""
    if amount.power > 1:
        return (1 + value) ** amount.power - 1
    return value * STEPS.get(amount.unit, 1)


def constant(value: Fraction, amount: Amount) -> Threshold:
    """One number for all firms."""
    exact = steps(value, amount)
    return Threshold(whole(exact.numerator), exact.denominator, exact.numerator)


def reaches(amount: Amount, threshold: Threshold, *, strictly: bool = False) -> Sql:
    """At least (or more than) the threshold; unknown where the interval spans it."""

    def passes(value: Sql) -> Sql:
        left, right = _crosswise(value, amount, threshold)
        return left > right if strictly else left >= right

    if amount.high is None:
        return passes(amount.low)
    return case((passes(amount.low), literal_column("true", Boolean)),
                (~passes(amount.high), literal_column("false", Boolean)))  # fmt: skip


def stays(amount: Amount, threshold: Threshold, *, strictly: bool = False) -> Sql:
    """At most (or less than) the threshold, likewise."""

    def passes(value: Sql) -> Sql:
        left, right = _crosswise(value, amount, threshold)
        return left < right if strictly else left <= right

    if amount.high is None:
        return passes(amount.low)
    return case((passes(amount.high), literal_column("true", Boolean)),
                (~passes(amount.low), literal_column("false", Boolean)))  # fmt: skip


def _crosswise(value: Sql, amount: Amount, threshold: Threshold) -> tuple[Sql, Sql]:
    left = value if threshold.bottom == 1 else value * whole(threshold.bottom)
    right = threshold.top if amount.over is None else threshold.top * amount.over
    return left, right


def shortfall(amount: Amount, threshold: Threshold, *, strictly: bool) -> Sql:
    """Smallest whole number of steps by which the (numerator of the) amount must rise."""
    left, right = _crosswise(amount.low, amount, threshold)
    return _stepwise(right - left, threshold.bottom * amount.gap_steps, strictly=strictly)


def excess(amount: Amount, threshold: Threshold, *, strictly: bool) -> Sql:
    """Smallest whole number of steps by which the (numerator of the) amount must fall."""
    left, right = _crosswise(amount.low, amount, threshold)
    return _stepwise(left - right, threshold.bottom * amount.gap_steps, strictly=strictly)


def _stepwise(distance: Sql, bottom: int, *, strictly: bool) -> Sql:
    """Whole steps that cover the distance; one more where reaching it is not enough."""
    covered = distance if strictly else distance + whole(bottom - 1)
    made = covered if bottom == 1 else _divided(covered, whole(bottom))
    return cast(made + whole(1) if strictly else made, BigInteger)


def _divided(top: Sql, bottom: Sql) -> Sql:
    """The quotient without its fraction."""
    if isinstance(top.type, Numeric) or isinstance(bottom.type, Numeric):
        return func.div(cast(top, Numeric), bottom)
    # SQLAlchemy's own `/` would make it a fraction.
    return top.op("/", precedence=8)(bottom)


TEN_THOUSAND = 10_000
# Ten thousand times as much is still a bigint.
FITS = 2**63 // TEN_THOUSAND - 1
# A bigint from the start, so that products are, too.
MANY: Sql = literal_column(f"{TEN_THOUSAND}::bigint", BigInteger)
MOST: Sql = whole(TEN_THOUSAND - 1)


def closeness(amount: Amount, threshold: Threshold, *, rising: bool, strictly: bool) -> Sql:
    """How near, in ten-thousandths below one: value to threshold, or threshold to value.

    Asked only of what is unmet: a value that must rise lies below its threshold, or upon it where
    reaching it is not enough; one that must fall, above.
    """
    number = threshold.number
    if number is not None and amount.over is None and not isinstance(amount.low.type, Numeric):
        if number <= 0:
            # What can only be missed from below is not near at all.
            return whole(0)
        if number <= FITS:
            share = _to_constant(amount, threshold, number, rising=rising)
            return func.least(share, MOST) if strictly else share
    return _to_any(amount, threshold, rising=rising)


def _to_constant(amount: Amount, threshold: Threshold, number: int, *, rising: bool) -> Sql:
    """The same threshold for all firms: nothing can overflow, or be divided by nought."""
    value, _ = _crosswise(amount.low, amount, threshold)
    if rising:
        return _divided(func.greatest(value, whole(0)) * MANY, whole(number))
    return _divided(whole(number * TEN_THOUSAND), value)


def _to_any(amount: Amount, threshold: Threshold, *, rising: bool) -> Sql:
    left, right = _crosswise(amount.low, amount, threshold)
    near, far = (left, right) if rising else (right, left)
    exact = func.div(cast(near, Numeric) * whole(TEN_THOUSAND), far)
    some = and_(near > whole(0), far > whole(0))
    shares: list[tuple[Sql, Sql]] = [(some, exact)]
    if not isinstance(near.type, Numeric) and not isinstance(far.type, Numeric):
        # Plain integers are ten times faster than `numeric`, and nearly every amount fits.
        fast = _divided(near * whole(TEN_THOUSAND), far)
        shares.insert(0, (and_(some, near <= whole(FITS)), fast))
    share = case(*shares, else_=whole(0))
    return cast(func.least(share, MOST), BigInteger)
