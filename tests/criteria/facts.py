"""What the oracle knows of a firm, and how case files write it down in natural notation."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
RECORDS = (
    "designations",
    "residencies",
    "rights",
    "awards",
    "standards",
    "rd_bodies",
    "incidents",
)
MONTHS_A_YEAR = 12


@dataclass
class FirmFacts:
    """Everything that criteria read about one firm; an absent answer is None, never zero.

    Figures are in the indicator's unit: yuan, persons, points, percentage points. `to` of a
    designation, residency or research body is its last day.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    figures: dict[tuple[str, int], Decimal | None] = field(default_factory=dict)
    designations: list[Record] = field(default_factory=list)
    residencies: list[Record] = field(default_factory=list)
    rights: list[Record] = field(default_factory=list)
    awards: list[Record] = field(default_factory=list)
    standards: list[Record] = field(default_factory=list)
    rd_bodies: list[Record] = field(default_factory=list)
    incidents: list[Record] = field(default_factory=list)
    judgements: dict[str, bool | int] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)

    def records(self, kind: str) -> list[Record]:
        """Records of the kind that a `count` names."""
        return {
            "ip_right": self.rights,
            "award": self.awards,
            "standard": self.standards,
            "rd_body": self.rd_bodies,
        }[kind]


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The base with changes laid over it, key by key; null removes, a list replaces a list."""
    whole: dict[str, Any] = deepcopy(dict(base))
    for key, value in change.items():
        if value is None:
            whole.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(whole.get(key), dict):
            whole[key] = merged(whole[key], value)
        else:
            whole[key] = deepcopy(value)
    return whole


def parsed(raw: Mapping[str, Any]) -> FirmFacts:
    """Facts from natural notation; unknown keys are refused."""
    allowed = {"firm", "figures", "judgements", "checked", *RECORDS}
    if strange := set(raw) - allowed:
        raise ValueError(f"unknown facts: {sorted(strange)}")
    figures = {
        (indicator, int(year)): None if value is None else Decimal(str(value))
        for indicator, years in raw.get("figures", {}).items()
        for year, value in years.items()
    }
    return FirmFacts(
        attributes=dict(raw.get("firm", {})),
        figures=figures,
        judgements=dict(raw.get("judgements", {})),
        checked=set(raw.get("checked", ())),
        **{kind: [record for r in raw.get(kind, ()) for record in _repeated(r)]
           for kind in RECORDS},
    )  # fmt: skip


def _repeated(record: Record) -> list[Record]:
    """`times: 5` stands for five equal records."""
    single = {key: value for key, value in record.items() if key != "times"}
    return [dict(single) for _ in range(record.get("times", 1))]


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a month that is too short."""
    index = day.year * MONTHS_A_YEAR + day.month - 1 + months
    year, month = divmod(index, MONTHS_A_YEAR)
    following = date(year + (month == 11), (month + 1) % MONTHS_A_YEAR + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def whole_months(start: date, end: date) -> int:
    """Full months from one day to another."""
    months = (end.year - start.year) * MONTHS_A_YEAR + end.month - start.month
    return months - (add_months(start, months) > end)


def within(record: Record, day: date) -> bool:
    """Whether the record's `from`..`to` (both included, `to` may be open) contains the day."""
    return record["from"] <= day and (record.get("to") is None or day <= record["to"])
