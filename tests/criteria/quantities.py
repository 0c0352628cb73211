"""Quantities of the oracle: figures, ratios, growth, counts and points as exact intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.criteria.facts import FirmFacts, Record, add_months, whole_months, within
from tests.criteria.filters import fits

CATALOGUE = Path(__file__).parents[2] / "app" / "firms" / "indicators.yaml"
KINDS: dict[str, str] = {
    code: entry["kind"]
    for code, entry in yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")).items()
}
# Comparisons, and whether more is better.
HIGHER = {"at_least": True, "more_than": True, "at_most": False, "less_than": False}
LOST_EVERYTHING = Fraction(-1)


@dataclass(frozen=True)
class Interval:
    """Between which numbers a quantity lies; None is an open end, both None is unknown.

    With `root` n > 1 the quantity is the n-th root of the numbers, minus one.
    """

    lo: Fraction | None
    hi: Fraction | None
    root: int = 1


UNKNOWN = Interval(None, None)


def exactly(value: Fraction | int | None) -> Interval:
    """A known number, or unknown."""
    return UNKNOWN if value is None else Interval(Fraction(value), Fraction(value))


def number(written: Any) -> Fraction:
    """A number as sets write it: a whole number, or a percentage."""
    text = str(written)
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def passes(operator: str, value: Interval, threshold: Fraction) -> bool | None:
    """Three-valued comparison of an interval with a threshold."""
    if value.root > 1:
        threshold = (1 + threshold) ** value.root if threshold > -1 else Fraction(0)
    lo, hi = value.lo, value.hi
    if operator in ("at_most", "less_than"):
        opposite = {"at_most": "more_than", "less_than": "at_least"}[operator]
        found = passes(opposite, Interval(lo, hi), threshold)
        return None if found is None else not found
    strict = operator == "more_than"
    if lo is not None and (lo > threshold or (lo == threshold and not strict)):
        return True
    if hi is not None and (hi < threshold or (hi == threshold and strict)):
        return False
    return None


class Measurer:
    """Measures quantities of one firm on one day; `condition` judges conditions inside tiers."""

    def __init__(
        self,
        named: dict[str, Any],
        firm: FirmFacts,
        as_of: date,
        condition: Callable[[dict[str, Any], str], Any],
    ) -> None:
        self.named, self.firm, self.as_of, self.condition = named, firm, as_of, condition

    # Facts

    def figure(self, indicator: str, year: int) -> Fraction | None:
        """A figure of a year counted back from the day; percentages as fractions of one."""
        value = self.firm.figures.get((indicator, self.as_of.year + year))
        if value is None:
            return None
        return Fraction(value) / (100 if KINDS[indicator] == "percent" else 1)

    def years(self, body: dict[str, Any]) -> list[int]:
        """The years a sum goes over, those before registration left out."""
        last = body.get("last", -1)
        registered = self.firm.attributes.get("registered_on")
        wanted = range(last - body["years"] + 1, last + 1)
        return [y for y in wanted if registered is None or self.as_of.year + y >= registered.year]

    def residency(self) -> Record | None:
        """The residency open on the day."""
        return next((r for r in self.firm.residencies if within(r, self.as_of)), None)

    def attribute(self, name: str) -> Any:
        """An attribute of the firm or of its open residency; None if not recorded."""
        if name == "as_of":
            return self.as_of
        if name.startswith("residency."):
            return (self.residency() or {}).get(name.removeprefix("residency."))
        return self.firm.attributes.get(name)

    def holds(self, kinds: list[str]) -> bool:
        """Whether one of the designations is valid on the day."""
        return any(d["kind"] in kinds and within(d, self.as_of) for d in self.firm.designations)

    def incident(self, body: dict[str, Any]) -> bool:
        """Whether one of the incidents lies in the window."""
        if "days" in body:
            first = self.as_of - timedelta(days=body["days"])
        elif "years" in body:
            first = add_months(self.as_of, -12 * body["years"])
        else:
            first = date(self.as_of.year - body["calendar_years"] + 1, 1, 1)
        return any(
            i["kind"] in body["kinds"] and first <= i["day"] <= self.as_of
            for i in self.firm.incidents
        )

    def listed(self, kinds: list[str]) -> bool:
        """Whether the firm is on one of the lists; the day it is taken off it no longer is."""
        return any(
            i["kind"] in kinds
            and i["day"] <= self.as_of
            and (i.get("ended") is None or i["ended"] > self.as_of)
            for i in self.firm.incidents
        )

    # Quantities

    def measure(self, node: dict[str, Any], owner: str = "") -> Interval:
        """The interval of a quantity."""
        ((key, body),) = node.items()
        found: Interval = getattr(self, f"_{key}")(body, owner)
        return found

    def threshold(self, written: Any) -> Fraction | None:
        """A threshold, which may depend on another quantity."""
        if not isinstance(written, dict):
            return number(written)
        by = self.measure(written["by"]).lo
        if by is None:
            return None
        for band in written["bands"]:
            if "upto" not in band or by <= number(band["upto"]):
                return number(band["value"])
        raise ValueError("the last band must have no `upto`")

    def _figure(self, body: dict[str, Any], _owner: str) -> Interval:
        return exactly(self.figure(body["of"], body.get("year", -1)))

    def total(self, body: dict[str, Any]) -> tuple[Fraction | None, int]:
        """The sum over the years that count, and how many they are."""
        values = [self.figure(body["of"], year) for year in self.years(body)]
        known = [v for v in values if v is not None]
        if len(known) < len(values):
            return None, len(values)
        return sum(known, Fraction(0)), len(values)

    def _sum(self, body: dict[str, Any], _owner: str) -> Interval:
        total, years = self.total(body)
        return exactly(total) if years else UNKNOWN

    def _mean(self, body: dict[str, Any], _owner: str) -> Interval:
        total, years = self.total(body)
        return UNKNOWN if total is None or not years else exactly(total / years)

    _yearly_count = _mean

    def _ratio(self, body: dict[str, Any], _owner: str) -> Interval:
        over, under = self.measure(body["of"]).lo, self.measure(body["to"]).lo
        return UNKNOWN if over is None or under is None or under <= 0 else exactly(over / under)

    def _growth(self, body: dict[str, Any], _owner: str) -> Interval:
        now, base = self.figure(body["of"], -1), self.figure(body["of"], -2)
        return UNKNOWN if now is None or base is None or base <= 0 else exactly(now / base - 1)

    def _compound_growth(self, body: dict[str, Any], _owner: str) -> Interval:
        now, base = self.figure(body["of"], -1), self.figure(body["of"], -1 - body["years"])
        if now is None or base is None or base <= 0:
            return UNKNOWN
        return Interval(now / base, now / base, body["years"])

    def _mean_growth(self, body: dict[str, Any], _owner: str) -> Interval:
        years = len(self.years({"years": 3}))
        if years < 2:
            return exactly(LOST_EVERYTHING)
        v1, v2, v3 = (self.figure(body["of"], year) for year in (-3, -2, -1))
        if v2 is not None and v2 <= 0:
            return exactly(LOST_EVERYTHING)
        if v2 is None or v3 is None or (years > 2 and v1 is None):
            return UNKNOWN
        if years == 2 or v1 is None or v1 <= 0:
            return exactly(v3 / v2 - 1)
        return exactly((v2 / v1 + v3 / v2) / 2 - 1)

    def _days(self, body: dict[str, Any], _owner: str) -> Interval:
        start, end = self.attribute(body["from"]), self.attribute(body.get("to", "as_of"))
        return UNKNOWN if start is None or end is None else exactly((end - start).days)

    def _months(self, body: dict[str, Any], _owner: str) -> Interval:
        start, end = self.attribute(body["from"]), self.attribute(body.get("to", "as_of"))
        return UNKNOWN if start is None or end is None else exactly(whole_months(start, end))

    def _months_begun(self, body: dict[str, Any], _owner: str) -> Interval:
        start, end = self.attribute(body["from"]), self.attribute(body.get("to", "as_of"))
        if start is None or end is None:
            return UNKNOWN
        months = whole_months(start, end)
        return exactly(months + (add_months(start, months) < end))

    def _count(self, body: dict[str, Any], _owner: str) -> Interval:
        found = [
            fits(body["record"], record, body.get("where", {}), self.as_of)
            for record in self.firm.records(body["record"])
        ]
        high = found.count(True) + found.count(None)
        complete = body["record"] in self.firm.checked
        return Interval(Fraction(found.count(True)), Fraction(high) if complete else None)

    def _expert(self, body: list[int], owner: str) -> Interval:
        entered = self.firm.judgements.get(owner)
        if entered is None:
            return Interval(Fraction(body[0]), Fraction(body[1]))
        return exactly(int(entered))

    def _tiers(self, body: dict[str, Any], owner: str) -> Interval:
        value = self.measure(body["of"], owner) if "of" in body else UNKNOWN
        otherwise = body.get("otherwise", 0)
        bands = [(self._fits(band, value, owner), band["points"]) for band in body["bands"]]
        low = next((points for fit, points in bands if fit is True), otherwise)
        high = next((points for fit, points in bands if fit is not False), otherwise)
        return Interval(_ends(low)[0], _ends(high)[1])

    def _fits(self, band: dict[str, Any], value: Interval, owner: str) -> bool | None:
        if "when" in band:
            found: bool | None = self.condition(band["when"], owner)
            return found
        (operator,) = set(band) & set(HIGHER)
        return passes(operator, value, number(band[operator]))

    def _points(self, body: dict[str, Any], owner: str) -> Interval:
        parts = [self.measure(part, owner) for part in body["parts"]]
        low = [p.lo for p in parts if p.lo is not None]
        high = [p.hi for p in parts if p.hi is not None]
        cap = number(body["cap"]) if "cap" in body else None
        lo = sum(low, Fraction(0)) if len(low) == len(parts) else None
        hi = sum(high, Fraction(0)) if len(high) == len(parts) else cap
        if cap is not None:
            lo = None if lo is None else min(lo, cap)
            hi = None if hi is None else min(hi, cap)
        return Interval(lo, hi)

    def _best(self, body: list[dict[str, Any]], owner: str) -> Interval:
        members = [self.measure(member, owner) for member in body]
        low = [m.lo for m in members if m.lo is not None]
        high = [m.hi for m in members if m.hi is not None]
        return Interval(max(low) if low else None, max(high) if len(high) == len(members) else None)

    def _middle(self, body: dict[str, Any], owner: str) -> Interval:
        inner = self.measure(body, owner)
        if inner.lo is None or inner.hi is None:
            return UNKNOWN
        return exactly((inner.lo + inner.hi) / 2)

    def _ref(self, name: str, _owner: str) -> Interval:
        return self.measure(self.named[name]["of"], name)


def _ends(points: Any) -> tuple[Fraction, Fraction]:
    """A band's points: one number, or a range."""
    if isinstance(points, list):
        return number(points[0]), number(points[1])
    return number(points), number(points)
