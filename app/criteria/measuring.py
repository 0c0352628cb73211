"""Quantities to SQL: a column each, the same for all sets that measure the same."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Numeric,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    or_,
)

from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.amounts import Amount, Sql, added, whole
from app.criteria.comparing import constant, reaches
from app.criteria.grammar import Node
from app.criteria.records import AS_OF, Records
from app.criteria.sheet import Sheet
from app.firms.catalogue import INDICATORS


def key(node: Node, owner: str = "") -> str:
    """Equal quantities of different sets share one column."""
    text = f"{owner}|{type(node).__name__}|{node.model_dump_json(by_alias=True)}"
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()


def has_expert(node: Node) -> bool:
    """Whether points of a person decide it, so that its owner's name matters."""
    return any(isinstance(inner, quant.Expert) for inner in p.nodes(node))


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
        if isinstance(node, quant.Ref):
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
            case quant.Figure():
                return self._figure(node.figure.of, node.figure.year)
            case quant.Sum():
                return self._sum(node.sum)
            case quant.Mean():
                return self._mean(node.mean)
            case quant.YearlyCount():
                return self._mean(node.yearly_count)
            case quant.Ratio():
                return self._ratio(node.ratio, owner)
            case quant.Growth():
                return self._growth(node.growth.of, 1)
            case quant.CompoundGrowth():
                return self._growth(node.compound_growth.of, node.compound_growth.years)
            case quant.MeanGrowth():
                return self._mean_growth(node.mean_growth.of)
            case quant.Count():
                low, high = self.records.count(node.count)
                unit = counted_in(node)
                return Amount(low, unit, high, gap_unit=unit)
            case quant.Amounts():
                low, high = self.records.total(node.amounts)
                return Amount(low, "yuan", high, gap_unit="yuan")
            case quant.Days() | quant.Months():
                return self._between(node)
            case quant.MonthsBegun():
                return self._months(node.months_begun, begun=True)
            case quant.Expert():
                return self._expert(node.expert, owner)
            case quant.Tiers():
                return self._tiers(node.tiers, owner)
            case quant.Total():
                return self._total(node.points, owner)
            case quant.Best():
                return self._best(node, owner)
            case quant.Middle():
                span = self.measure(node.middle, owner)
                high = span.low if span.high is None else span.high
                return Amount(span.low + high, "point", over=whole(2),
                              gap_unit=span.gap_unit, gap_steps=2)  # fmt: skip
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
        gap_unit = "place" if unit == "rank" else unit
        return Amount(self.year(indicator, back), unit, gap_unit=gap_unit)

    def _terms(self, span: quant.Span) -> list[Sql]:
        """Values of the span; 0 for years before the one in which the firm was registered."""
        newest, *older = span.back
        lived = [
            case((self._first_year() > literal_column(str(back)), whole(0)),
                 else_=self.year(span.of, back))
            for back in older
        ]  # fmt: skip
        return [self.year(span.of, newest), *lived]

    def _sum(self, span: quant.Span) -> Amount:
        unit = _unit(span.of)
        return Amount(added(self._terms(span)), unit, gap_unit=unit)

    def _mean(self, span: quant.Span) -> Amount:
        total = self._sum(span)
        years = [
            case((self._first_year() > literal_column(str(back)), whole(0)), else_=whole(1))
            for back in span.back[1:]
        ]
        return Amount(total.low, total.unit, over=added([whole(1), *years]), gap_unit=total.unit)

    def _ratio(self, ratio: quant.RatioOf, owner: str) -> Amount:
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

    def _between(self, node: quant.Days | quant.Months) -> Amount:
        if isinstance(node, quant.Days):
            span = self.moment(node.days.end) - self.moment(node.days.start)
            return Amount(cast(span, Integer), "day", gap_unit="day")
        return self._months(node.months, begun=False)

    def _months(self, span: quant.Between, *, begun: bool) -> Amount:
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

    def _tiers(self, tiers: quant.TiersOf, owner: str) -> Amount:
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

    def _band(self, band: quant.Band, of: Amount | None, owner: str) -> Sql:
        if band.when is not None:
            return self.condition(band.when, owner)
        assert of is not None
        bound = band.at_least if band.at_least is not None else band.more_than
        assert bound is not None
        return reaches(of, constant(bound, of), strictly=band.more_than is not None)

    def _total(self, total: quant.PointsOf, owner: str) -> Amount:
        parts = [self.measure(part, owner) for part in total.parts]
        low = added([part.low for part in parts])
        high = added([part.low if part.high is None else part.high for part in parts])
        if total.cap is not None:
            low, high = func.least(low, whole(total.cap)), func.least(high, whole(total.cap))
        return Amount(low, "point", high, gap_unit="point")

    def _best(self, best: quant.Best, owner: str) -> Amount:
        found = [self.measure(each, owner) for each in best.best]
        highs = [each.low if each.high is None else each.high for each in found]
        high = case((and_(*(h.is_not(None) for h in highs)), func.greatest(*highs)))
        low = func.greatest(*(each.low for each in found))
        return Amount(low, found[0].unit, high, gap_unit=found[0].gap_unit)


def counted_in(node: quant.Count) -> str:
    """The unit of a number of records."""
    return "record" if isinstance(node.count, quant.RecordsOf) else node.count.record


def _unit(indicator: str) -> str:
    entry = INDICATORS[indicator]
    named = {"money": "yuan", "percent": "percent", "points": "point"}
    return entry.unit or named.get(entry.kind, "person")
