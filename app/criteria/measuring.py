"""Quantities to SQL: exact whole numbers, as intervals where answers are missing.

An `Amount` is `low .. high`, each a whole number of stored steps (fen, persons, 1/100 %), over
`over` where it is a ratio: ratios are never divided out, comparisons multiply crosswise.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    SmallInteger,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    null,
    or_,
)

from app.criteria import policy as p
from app.criteria.records import AS_OF, Records
from app.criteria.sheet import Sheet
from app.firms.catalogue import INDICATORS

Sql = ColumnElement[Any]
# Stored steps per unit of a threshold as it is written.
STEPS = {"yuan": 100, "percent": 10_000}


SMALL = 10_000


def whole(number: int) -> Sql:
    """A constant of the policy, written into the statement."""
    # A product of two plain literals would be computed as integer, and overflow.
    kind = "::bigint" if abs(number) > SMALL else ""
    return literal_column(f"{int(number)}{kind}", BigInteger)


def no_number() -> Sql:
    """The unknown number."""
    return cast(null(), BigInteger)


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


def key(node: p.Node, owner: str = "") -> str:
    """Equal quantities of different sets share one column."""
    text = f"{owner}|{type(node).__name__}|{node.model_dump_json(by_alias=True)}"
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()


def has_expert(node: p.Node) -> bool:
    """Whether points of a person decide it, so that its owner's name matters."""
    return any(isinstance(inner, p.Expert) for inner in p.nodes(node))


class Measuring:
    """Builds the columns of quantities; `condition` compiles the conditions inside tiers."""

    def __init__(self, sheet: Sheet, records: Records) -> None:
        self.sheet = sheet
        self.records = records
        self.named: dict[str, p.NamedQuantity] = {}
        self.condition: Callable[[Any, str], Sql]
        self._built: dict[str, Amount] = {}

    def measure(self, node: Any, owner: str) -> Amount:
        """The columns of one quantity; `owner` is the named quantity or criterion it belongs to."""
        if isinstance(node, p.Ref):
            return self.part(node.ref)
        name = key(node, owner if has_expert(node) else "")
        if name not in self._built:
            built, reads = self.sheet.gather(lambda: self._build(node, owner))
            for prefix, expression in (("v", built.low), ("h", built.high), ("d", built.over)):
                if expression is not None:
                    self.sheet.add(prefix + name, expression, reads)
            self._built[name] = built
        built = self._built[name]
        read = self.sheet.read
        return replace(
            built,
            low=read(f"v{name}"),
            high=None if built.high is None else read(f"h{name}"),
            over=None if built.over is None else read(f"d{name}"),
        )

    def part(self, name: str) -> Amount:
        """A named quantity of the set at hand."""
        return self.measure(self.named[name].of, name)

    def _build(self, node: Any, owner: str) -> Amount:
        """One branch per quantity of the grammar."""
        match node:
            case p.Figure():
                return self._figure(node.figure.of, node.figure.year)
            case p.Sum():
                return self._sum(node.sum)
            case p.Mean():
                return self._mean(node.mean)
            case p.YearlyCount():
                return self._mean(node.yearly_count)
            case p.Ratio():
                return self._ratio(node.ratio, owner)
            case p.Growth():
                return self._growth(node.growth.of, 1)
            case p.CompoundGrowth():
                return self._growth(node.compound_growth.of, node.compound_growth.years)
            case p.MeanGrowth():
                return self._mean_growth(node.mean_growth.of)
            case p.Count():
                low, high = self.records.count(node.count)
                return Amount(low, node.count.record, high, gap_unit=node.count.record)
            case p.Days() | p.Months():
                return self._between(node)
            case p.MonthsBegun():
                return self._months(node.months_begun, begun=True)
            case p.Expert():
                return self._expert(node.expert, owner)
            case p.Tiers():
                return self._tiers(node.tiers, owner)
            case p.Total():
                return self._total(node.points, owner)
            case p.Best():
                return self._best(node, owner)
            case p.Middle():
                span = self.measure(node.middle, owner)
                high = span.low if span.high is None else span.high
                return Amount(span.low + high, "point", over=whole(2))
        raise TypeError(f"no SQL for {type(node).__name__}")

    # --- figures ------------------------------------------------------------------------------

    def year(self, indicator: str, back: int) -> Sql:
        """One figure's stored value, `back` years from the year of application."""
        return self.records.figure(indicator, back)

    def _first_year(self) -> Sql:
        return self.sheet.define(
            "first_year",
            lambda: (
                cast(extract("year", self.records.attribute("registered_on")), Integer)
                - cast(extract("year", AS_OF), Integer)
            ),
        )

    def _figure(self, indicator: str, back: int) -> Amount:
        unit = _unit(indicator)
        return Amount(self.year(indicator, back), unit, gap_unit=unit)

    def _terms(self, span: p.Span) -> list[Sql]:
        """Values of the span; 0 for years before the one in which the firm was registered."""
        newest, *older = span.back
        lived = [
            case((self._first_year() > literal_column(str(back)), whole(0)),
                 else_=self.year(span.of, back))
            for back in older
        ]  # fmt: skip
        return [self.year(span.of, newest), *lived]

    def _sum(self, span: p.Span) -> Amount:
        unit = _unit(span.of)
        return Amount(_added(self._terms(span)), unit, gap_unit=unit)

    def _mean(self, span: p.Span) -> Amount:
        total = self._sum(span)
        years = [
            case((self._first_year() > literal_column(str(back)), whole(0)), else_=whole(1))
            for back in span.back[1:]
        ]
        return Amount(total.low, total.unit, over=_added([whole(1), *years]), gap_unit=total.unit)

    def _ratio(self, ratio: p.RatioOf, owner: str) -> Amount:
        top, bottom = self.measure(ratio.of, owner), self.measure(ratio.to, owner)
        low = top.low if bottom.over is None else top.low * bottom.over
        base = bottom.low if top.over is None else bottom.low * top.over
        # Nothing can be said of a share in nothing.
        over = case((base > whole(0), base))
        return Amount(low, "ratio", over=over, gap_unit=top.gap_unit)

    def _growth(self, indicator: str, years: int) -> Amount:
        new, base = self.year(indicator, -1), self.year(indicator, -1 - years)
        over = case((base > whole(0), base))
        return Amount(new - base, "ratio", over=over, gap_unit=_unit(indicator), power=years)

    def _mean_growth(self, indicator: str) -> Amount:
        """195号 三（七）4: two rates averaged, with its rules for zero bases and young firms."""
        v1, v2, v3 = (cast(self.year(indicator, back), Numeric) for back in (-3, -2, -1))
        first = self._first_year()
        one = literal_column("1", Numeric)
        short = or_(first == whole(-2), v1 <= whole(0))
        low = case(
            (or_(first >= whole(-1), v2 <= whole(0)), -one),
            (short, v3 - v2),
            else_=v2 * v2 + v3 * v1 - whole(2) * v1 * v2,
        )
        over = case(
            (or_(first >= whole(-1), v2 <= whole(0)), one), (short, v2), else_=whole(2) * v1 * v2
        )
        return Amount(low, "ratio", over=over)

    # --- dates and points ---------------------------------------------------------------------

    def moment(self, name: str) -> Sql:
        """A date by the name the grammar gives it."""
        if name == "as_of":
            return AS_OF
        if name == "residency.from":
            return self.records.residency("start")
        return self.records.attribute("registered_on")

    def _between(self, node: p.Days | p.Months) -> Amount:
        if isinstance(node, p.Days):
            span = self.moment(node.days.end) - self.moment(node.days.start)
            return Amount(cast(span, Integer), "day", gap_unit="day")
        return self._months(node.months, begun=False)

    def _months(self, span: p.Between, *, begun: bool) -> Amount:
        start, end = self.moment(span.start), self.moment(span.end)
        calendar = cast(
            (extract("year", end) - extract("year", start)) * whole(12)
            + extract("month", end) - extract("month", start),
            Integer,
        )  # fmt: skip
        # A month is full on the same day of a later month, or on that month's last day.
        same_day = cast(start + func.make_interval(whole(0), calendar), Date)
        if begun:
            months = case((same_day >= end, calendar), else_=calendar + whole(1))
        else:
            months = case((same_day <= end, calendar), else_=calendar - whole(1))
        return Amount(months, "month", gap_unit="day")

    def _expert(self, span: tuple[int, int], owner: str) -> Amount:
        points = self.records.points(owner)
        low, high = (func.coalesce(points, whole(bound)) for bound in span)
        return Amount(low, "point", high, gap_unit="point")

    def _tiers(self, tiers: p.TiersOf, owner: str) -> Amount:
        of = None if tiers.of is None else self.measure(tiers.of, owner)
        tests = [self._band(band, of, owner) for band in tiers.bands]
        low = case(
            *((test, whole(band.points[0])) for test, band in zip(tests, tiers.bands, strict=True)),
            else_=whole(tiers.otherwise[0]),
        )
        high = case(
            *((test.is_not(False), whole(band.points[1]))
              for test, band in zip(tests, tiers.bands, strict=True)),
            else_=whole(tiers.otherwise[1]),
        )  # fmt: skip
        return Amount(low, "point", high, gap_unit="point")

    def _band(self, band: p.Band, of: Amount | None, owner: str) -> Sql:
        if band.when is not None:
            return self.condition(band.when, owner)
        assert of is not None
        bound = band.at_least if band.at_least is not None else band.more_than
        assert bound is not None
        return reaches(of, constant(bound, of), strictly=band.more_than is not None)

    def _total(self, total: p.PointsOf, owner: str) -> Amount:
        parts = [self.measure(part, owner) for part in total.parts]
        low = _added([part.low for part in parts])
        high = _added([part.low if part.high is None else part.high for part in parts])
        if total.cap is not None:
            low, high = func.least(low, whole(total.cap)), func.least(high, whole(total.cap))
        return Amount(low, "point", high, gap_unit="point")

    def _best(self, best: p.Best, owner: str) -> Amount:
        found = [self.measure(each, owner) for each in best.best]
        highs = [each.low if each.high is None else each.high for each in found]
        high = case((and_(*(h.is_not(None) for h in highs)), func.greatest(*highs)))
        low = func.greatest(*(each.low for each in found))
        return Amount(low, found[0].unit, high, gap_unit=found[0].gap_unit)


def _unit(indicator: str) -> str:
    entry = INDICATORS[indicator]
    named = {"money": "yuan", "percent": "percent", "points": "point"}
    return entry.unit or named.get(entry.kind, "person")


def _added(terms: list[Sql]) -> Sql:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


# --- thresholds and comparisons --------------------------------------------------------------


@dataclass(frozen=True)
class Threshold:
    """`top / bottom` in the stored steps of the quantity it is compared with."""

    top: Sql
    bottom: int = 1


def steps(value: Fraction, amount: Amount) -> Fraction:
    """A threshold as written, in the quantity's stored steps."""
    if amount.power > 1:
        return (1 + value) ** amount.power - 1
    return value * STEPS.get(amount.unit, 1)


def constant(value: Fraction, amount: Amount) -> Threshold:
    """One number for all firms."""
    exact = steps(value, amount)
    return Threshold(whole(exact.numerator), exact.denominator)


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
    return _stepwise(right - left, threshold.bottom, strictly=strictly)


def excess(amount: Amount, threshold: Threshold, *, strictly: bool) -> Sql:
    """Smallest whole number of steps by which the (numerator of the) amount must fall."""
    left, right = _crosswise(amount.low, amount, threshold)
    return _stepwise(left - right, threshold.bottom, strictly=strictly)


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


def closeness(amount: Amount, threshold: Threshold, *, rising: bool) -> Sql:
    """How near, in ten-thousandths below one: value to threshold, or threshold to value."""
    left, right = _crosswise(amount.low, amount, threshold)
    near, far = (left, right) if rising else (right, left)
    exact = func.div(cast(near, Numeric) * whole(TEN_THOUSAND), far)
    # What can only be missed from below is not near at all.
    some = and_(near > whole(0), far > whole(0))
    shares: list[tuple[Sql, Sql]] = [(some, exact)]
    if not isinstance(near.type, Numeric) and not isinstance(far.type, Numeric):
        # Plain integers are ten times faster than `numeric`, and nearly every amount fits.
        fast = _divided(near * whole(TEN_THOUSAND), far)
        shares.insert(0, (and_(some, near <= whole(FITS)), fast))
    share = case(*shares, else_=whole(0))
    return cast(func.least(share, whole(TEN_THOUSAND - 1)), SmallInteger)
