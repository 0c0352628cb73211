"""Leaf conditions to SQL: comparisons and questions about records, each a column of the sheet."""

from dataclasses import dataclass
from math import lcm
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, case, cast, func, literal_column, null, or_, true

from app.criteria import conditions as cond
from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.amounts import Amount, Sql, whole
from app.criteria.comparing import (
    Threshold,
    constant,
    excess,
    reaches,
    shortfall,
    stays,
    steps,
)
from app.criteria.grammar import Node
from app.criteria.measuring import Measuring, key
from app.criteria.records import AS_OF, Records
from app.criteria.sheet import Sheet

ZERO = literal_column("0", Integer)
COMPARED: dict[type[Any], str] = {kind: next(iter(kind.model_fields)) for kind in cond.COMPARISONS}


def comparison(node: Any) -> cond.Compared:
    """The inside of a comparison, whichever it is."""
    found: cond.Compared = getattr(node, COMPARED[type(node)])
    return found


@dataclass(frozen=True)
class Test:
    """One leaf condition as columns of the sheet, for the explanation."""

    condition: Node
    holds: str
    amount: Amount | None = None
    threshold: str | None = None
    bottom: int = 1
    gap: str | None = None
    # What decides the tier of a banded threshold.
    by: Amount | None = None

    def columns(self) -> list[str]:
        """The sheet's columns that an explanation reads."""
        names = [self.holds, *filter(None, (self.threshold, self.gap))]
        amounts = [amount for amount in (self.amount, self.by) if amount is not None]
        return names + [name for amount in amounts for name in amount.columns()]


def no_gap() -> Sql:
    """No amount closes it."""
    return cast(null(), BigInteger)


class Leaves:
    """Compiles leaf conditions over measured quantities and records."""

    def __init__(self, sheet: Sheet, records: Records, measuring: Measuring) -> None:
        self.sheet = sheet
        self.records = records
        self.measuring = measuring

    def name_of(self, node: Any, owner: str) -> str:
        """Equal leaves of different sets share one column."""
        personal = owner if isinstance(node, cond.Judged) else ""
        return f"t{key(node, personal or self.owner_of(node, owner))}"

    def holds(self, node: Any, owner: str) -> Sql:
        """True, false or unknown."""
        return self.sheet.define(self.name_of(node, owner), lambda: self._test(node, owner))

    def owner_of(self, node: Any, owner: str) -> str:
        """References mean other quantities in other sets, experts' points other owners."""
        if any(isinstance(inner, quant.Ref | quant.Expert) for inner in p.nodes(node)):
            return owner + str(sorted(self.measuring.named))
        return ""

    def _test(self, node: Any, owner: str) -> Sql:
        records = self.records
        match node:
            case cond.AtLeast() | cond.MoreThan():
                amount, threshold = self.compared(comparison(node), owner)
                return reaches(amount, threshold, strictly=isinstance(node, cond.MoreThan))
            case cond.AtMost() | cond.LessThan():
                amount, threshold = self.compared(comparison(node), owner)
                return stays(amount, threshold, strictly=isinstance(node, cond.LessThan))
            case cond.Holds():
                return or_(*(records.holds(kind) for kind in node.holds))
            case cond.Judged():
                return records.judged(owner)
            case cond.NoIncident():
                return records.no_incident(node.no_incident)
            case cond.NotListed():
                return records.not_listed(node.not_listed)
            case cond.Known():
                return case((records.attribute(node.known).is_not(None), true()))
            case cond.StartsWith():
                attribute = records.attribute(node.starts_with.field)
                prefixes: list[Sql] = [literal_column(f"'{x}%'") for x in node.starts_with.prefix]
                return or_(*(attribute.like(prefix) for prefix in prefixes))
            case cond.IsTrue():
                of, _, column = node.is_true.rpartition(".")
                return records.residency(column) if of else records.attribute(column)
            case cond.Resident():
                return records.resident()
            case cond.ResidencyField():
                field_ = records.residency("field")
                return field_.in_([literal_column(f"'{x}'") for x in node.residency_field])
        raise TypeError(f"no SQL for {type(node).__name__}")

    def noted(self, node: Any, owner: str) -> Test:
        """The leaf as columns for the explanation."""
        name = self.name_of(node, owner)
        if not isinstance(node, cond.COMPARISONS):
            return Test(node, name)
        compared = comparison(node)
        amount, threshold = self.compared(compared, owner)
        top = self.sheet.define(f"{name}_t", lambda: self.compared(compared, owner)[1].top)
        gap = None
        if amount.gap_unit is not None:
            gap = f"{name}_g"
            self.sheet.define(gap, lambda: self._amount_missing(node, owner))
        banded = compared.value
        by = self.measuring.measure(banded.by, owner) if isinstance(banded, cond.Banded) else None
        return Test(node, name, amount, str(top.key), threshold.bottom, gap, by)

    def _amount_missing(self, node: Any, owner: str) -> Sql:
        compared = comparison(node)
        amount, threshold = self.compared(compared, owner)
        if isinstance(node, cond.AtMost | cond.LessThan):
            if amount.gap_unit == "day":
                return no_gap()  # an age cannot be lowered
            return excess(amount, threshold, strictly=isinstance(node, cond.LessThan))
        if isinstance(compared.of, quant.Months):
            return self._days_to_month(compared.of, threshold)
        return shortfall(amount, threshold, strictly=isinstance(node, cond.MoreThan))

    def _days_to_month(self, of: quant.Months, threshold: Threshold) -> Sql:
        start = self.measuring.moment(of.months.start)
        due = start + func.make_interval(ZERO, cast(threshold.top, Integer))
        return cast(cast(due, Date) - AS_OF, BigInteger)

    def compared(self, compared: cond.Compared, owner: str) -> tuple[Amount, Threshold]:
        """The two sides of a comparison."""
        amount = self.measuring.measure(compared.of, owner)
        if not isinstance(compared.value, cond.Banded):
            return amount, constant(compared.value, amount)
        return amount, self._banded(compared.value, amount, owner)

    def _banded(self, banded: cond.Banded, amount: Amount, owner: str) -> Threshold:
        by = self.measuring.measure(banded.by, owner)
        values = [steps(band.value, amount) for band in banded.bands]
        bottom = 1
        for value in values:
            bottom = lcm(bottom, value.denominator)
        cases = [
            (stays(by, constant(band.upto, by)) if band.upto is not None else by.low.is_not(None),
             whole(int(value * bottom)))
            for band, value in zip(banded.bands, values, strict=True)
        ]  # fmt: skip
        return Threshold(case(*cases), bottom)

    # --- industries ---------------------------------------------------------------------------

    def by_case(self, node: cond.ByIndustry, build: Any, unfit: Sql) -> Sql:
        """What `build` makes of the rule of the firm's industry."""
        cases = [(self._in(case_.industry), build(case_.rule)) for case_ in node.by_industry.cases]
        rest = node.by_industry.otherwise
        known = self.records.attribute("industry_code").is_not(None)
        if rest is not None:
            cases.append((known, build(rest)))
        return case(*cases, else_=unfit)

    def industry_fits(self, node: cond.ByIndustry) -> Sql | None:
        """Whether there is a rule for the firm's industry; None where there always is."""
        if node.by_industry.otherwise is not None:
            return None
        return or_(*(self._in(case_.industry) for case_ in node.by_industry.cases))

    def _in(self, industries: tuple[str, ...]) -> Sql:
        code = self.records.attribute("industry_code")
        return or_(*(code.like(literal_column(f"'{prefix}%'")) for prefix in industries))
