"""What a list can be filtered by: fields, their lookups, and how typed values are read."""

import operator
import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_

from app.core.clock import today

Kind = Literal["text", "choice", "number", "date", "bool"]
Sql = SQLColumnExpression[Any]
Predicate = ColumnElement[bool]

COMPARING = ("lt", "lte", "gt", "gte", "between")
SEARCHING = ("ic", "nic", "isw", "iew")
LOOKUPS: dict[Kind, tuple[str, ...]] = {
    "text": ("", "n", "in", "empty", *SEARCHING),
    "choice": ("", "n", "in", "empty"),
    "number": ("", "n", "in", "empty", *COMPARING),
    "date": ("", "n", "in", "empty", *COMPARING),
    "bool": ("", "n", "empty"),
}
# A negation excludes: repeated, none of the values may hold, and a missing value passes.
NEGATED = {"n": "", "nic": "ic"}
YES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
# `today`, `today-30d`, `today+3m`; an unescaped plus in an address arrives as a space.
RELATIVE = re.compile(r"today((?P<sign>[ +-])(?P<many>[0-9]{1,3})(?P<unit>[dwmy]))?")
LARGEST_NUMBER = 10**17
LONGEST_VALUE = 500
SHOWN_CHOICES = 12


class BadValueError(ValueError):
    """A value that a field refuses: the reason, and the nearest right value if there is one."""


@dataclass(frozen=True)
class Field:
    """One thing a list can be filtered by.

    `expression` is compared with the value; where the value lies in other rows, `wrap` turns the
    comparison into "has such a row". A field that is not a column gives `matches` instead (any of
    these values), and `filled` where it can be empty. `convert` brings a typed value into
    stored form.
    """

    name: str
    kind: Kind
    expression: Sql | None = None
    choices: Collection[str] | None = None
    wrap: Callable[[Predicate], Predicate] | None = None
    matches: Callable[[list[Any]], Predicate] | None = None
    filled: Predicate | None = None
    convert: Callable[[str], Any] | None = None
    lookups: tuple[str, ...] | None = None
    label: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    # What orders a list that few enough rows are left of; unknown values come last.
    order: Sql | None = None
    # Whether a list can show it as a column, too.
    shown: bool = True
    # A code in capitals: what one starts with is a range of its index.
    capitals: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """The lookups it understands; the empty one is equality."""
        if self.lookups is not None:
            return self.lookups
        if self.matches is not None:
            return ("", "n", "in") if self.filled is None else ("", "n", "in", "empty")
        return LOOKUPS[self.kind]

    def value(self, raw: str) -> Any:
        """A typed value in stored form; BadValueError says why not."""
        if len(raw) > LONGEST_VALUE:
            raise BadValueError(
                f"超过 {LONGEST_VALUE} 个字符 (longer than {LONGEST_VALUE} characters)"
            )
        if "\x00" in raw:
            raise BadValueError("含有空字符 (contains a null character)")
        if self.choices is not None and raw not in self.choices:
            raise BadValueError(not_among(raw, self.choices))
        return self.convert(raw) if self.convert is not None else PARSE[self.kind](raw)

    def condition(self, lookup: str, raws: list[str]) -> Predicate:
        """What one parameter, perhaps repeated, asks for."""
        if lookup not in NEGATED:
            return self._one_of(lookup, raws)
        found = self._one_of(NEGATED[lookup], raws)
        if self.wrap is None and self.matches is None:
            # A missing value is not the one that is excluded.
            found = func.coalesce(found, false())
        return not_(found)

    def _one_of(self, lookup: str, raws: list[str]) -> Predicate:
        if lookup == "empty":
            return or_(*(not_(self._filled()) if _truth(r) else self._filled() for r in raws))
        if self.matches is not None:
            return self.matches([self.value(one) for raw in raws for one in _listed(lookup, raw)])
        # Inside the one "has such a row", so that the planner sees a single join.
        compared = or_(*(self._compared(lookup, raw) for raw in raws))
        return compared if self.wrap is None else self.wrap(compared)

    def _filled(self) -> Predicate:
        if self.filled is not None:
            return self.filled
        there = self._column().is_not(None)
        return there if self.wrap is None else self.wrap(there)

    def _compared(self, lookup: str, raw: str) -> Predicate:
        column = self._column()
        match lookup:
            case "ic":
                return column.icontains(self.value(raw), autoescape=True)
            case "isw" if self.capitals:
                return column.startswith(self.value(raw).upper(), autoescape=True)
            case "isw":
                return column.istartswith(self.value(raw), autoescape=True)
            case "iew":
                return column.iendswith(self.value(raw), autoescape=True)
            case "between":
                low, high = self._bounds(raw)
                return and_(column >= low, column <= high)
        values = [self.value(one) for one in _listed(lookup, raw)]
        if lookup == "in":
            return column.in_(values)
        comparing = {"": operator.eq, "lt": operator.lt, "lte": operator.le, "gt": operator.gt,
                     "gte": operator.ge}  # fmt: skip
        compared: Predicate = comparing[lookup](column, values[0])
        return compared

    def _column(self) -> Sql:
        if self.expression is None:
            raise TypeError(f"{self.name} has neither an expression nor `matches`")
        return self.expression

    def _bounds(self, raw: str) -> tuple[Any, Any]:
        parts = raw.split(",")
        if len(parts) != 2:
            raise BadValueError(f"{raw!r} 不是“下限,上限” (give two values as low,high)")
        return self.value(parts[0]), self.value(parts[1])


def _truth(raw: str) -> bool:
    if raw not in YES:
        raise BadValueError(not_among(raw, ("true", "false")))
    return YES[raw]


def _number(raw: str) -> Decimal:
    # The shape first: Decimal would take 1e999999, NaN and full-width digits.
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,6})?", raw):
        raise BadValueError(
            f"{raw!r} 不是数字，例如 1500000 或 0.5 (not a number such as 1500000 or 0.5)"
        )
    found = Decimal(raw)
    if abs(found) > LARGEST_NUMBER:
        raise BadValueError(f"{raw} 过大 (too large)")
    return found


def whole_number(raw: str) -> int:
    """A whole number that fits a database integer."""
    found = _number(raw)
    if found != int(found) or abs(found) >= 2**31:
        raise BadValueError(f"{raw} 不是可用的整数 (not a usable whole number)")
    return int(found)


def _date(raw: str) -> date:
    if (found := RELATIVE.fullmatch(raw)) is not None:
        return _shifted(today(), found)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise BadValueError(
        f"{raw!r} 不是日期，例如 2026-06-30 或 today+90d "
        "(not a date such as 2026-06-30 or today+90d)"
    )


def _shifted(day: date, by: re.Match[str]) -> date:
    """So many days, weeks, months or years from a day; a month's last day where it has no such."""
    if by["many"] is None:
        return day
    many = int(by["many"]) * (-1 if by["sign"] == "-" else 1)
    if by["unit"] in "dw":
        return day + timedelta(days=many * (7 if by["unit"] == "w" else 1))
    months = day.year * 12 + day.month - 1 + many * (12 if by["unit"] == "y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


PARSE: dict[Kind, Callable[[str], Any]] = {
    "text": str,
    "choice": str,
    "number": _number,
    "date": _date,
    "bool": _truth,
}


def _listed(lookup: str, raw: str) -> list[str]:
    return raw.split(",") if lookup == "in" else [raw]


def not_among(raw: str, choices: Iterable[str]) -> str:
    """Why a value outside a closed list is refused."""
    return f"没有值 {raw!r} (no such value)" + nearest(raw, choices)


def nearest(name: str, known: Iterable[str]) -> str:
    """The closest right spelling, or the list where nothing is close."""
    options = list(known)
    if close := get_close_matches(name, options, n=1, cutoff=0.5):
        return f"；最接近的是 {close[0]} (did you mean {close[0]}?)"
    more = "…" if len(options) > SHOWN_CHOICES else ""
    listed = ", ".join(options[:SHOWN_CHOICES])
    return f"；可用：{listed}{more} (use one of these)"
