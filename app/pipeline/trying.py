"""What-if for one firm on a page: which figures there are to slide, and what turns when they do.

The address holds everything: `try.<indicator>.<year>` in the unit that is shown (money in ten
thousand yuan), `set` and `as_of`. So a trial is a link, and nothing is stored.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.fields import nearest
from app.criteria.facts import WhatIf
from app.criteria.schemas import CriterionExplanation, SetExplanation
from app.criteria.store import sets_in_force
from app.firms.catalogue import INDICATORS, Indicator, Label
from app.firms.queries import RUNGS
from app.pipeline.queries import explain

TEN_THOUSAND = 10_000
NAME = re.compile(r"try\.([a-z][a-z0-9_]*)\.(\d{4})", re.ASCII)
NUMBER = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,6})?", re.ASCII)
# Money slides to twice what it is, in steps of a hundredth; and at least so far.
LEAST_MONEY, LEAST_COUNT = Decimal(200), 20
STEPS = 100


@dataclass(frozen=True)
class Slider:
    """One figure to slide: as it is known, as it is supposed, how far it goes."""

    indicator: Indicator
    year: int
    known: Decimal | None
    value: Decimal | None
    low: Decimal
    high: Decimal
    step: Decimal

    @property
    def name(self) -> str:
        """Its parameter."""
        return f"try.{self.indicator.code}.{self.year}"

    @property
    def scale(self) -> int:
        """Units of the indicator to one that is shown."""
        return _scale(self.indicator)


@dataclass(frozen=True)
class Flip:
    """One criterion before and after."""

    label: Label
    before: str
    after: str
    sentence: Label


@dataclass(frozen=True)
class Trial:
    """The set looked at before and after, what flipped, and the highest rung that is met."""

    before: SetExplanation
    after: SetExplanation
    flips: list[Flip]
    rung_before: str | None
    rung_after: str | None


def _scale(entry: Indicator) -> int:
    return TEN_THOUSAND if entry.kind == "money" else 1


def supposed(params: Iterable[tuple[str, str]]) -> dict[tuple[str, int], Decimal]:
    """The figures that an address supposes, in their indicators' units; Invalid names a wrong one.

    An empty field supposes nothing.
    """
    found: dict[tuple[str, int], Decimal] = {}
    for name, raw in params:
        if not name.startswith("try."):
            continue
        named = NAME.fullmatch(name)
        if named is None or named[1] not in INDICATORS:
            code = name.split(".")[1]
            raise _wrong(name, f"没有指标 {code} (unknown indicator)" + nearest(code, INDICATORS))
        if raw != "":
            entry = INDICATORS[named[1]]
            found[entry.code, int(named[2])] = _value(name, entry, raw)
    return found


def _value(name: str, entry: Indicator, raw: str) -> Decimal:
    if NUMBER.fullmatch(raw) is None:
        raise _wrong(name, f"{raw[:40]!r} 不是数字 (not a number)")
    value = Decimal(raw) * _scale(entry)
    if not entry.smallest <= value <= entry.largest:
        raise _wrong(name, f"{entry.zh} {raw} 超出范围：请核对单位 (out of range: check the unit)")
    if entry.stored(value) is None:
        raise _wrong(name, f"{entry.zh} {raw} 的小数位过多 (too many decimals)")
    return value


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(f"{name}: {detail}", errors=[{"parameter": name, "detail": detail}])


def ladder(session: Session, day: date) -> list[str]:
    """The sets of the ladder in force on a day."""
    return [one.policy.code for one in sets_in_force(session, day) if one.policy.rung is not None]


def chosen(codes: list[str], wanted: str, day: date) -> str:
    """The set that is looked at: the one asked for, if it is in force."""
    if wanted in codes:
        return wanted
    detail = f"{day} 没有条件版本 {wanted} (not in force)" + nearest(wanted, codes)
    raise _wrong("set", detail)


def attempt(
    session: Session, firm_id: int, day: date, code: str, given: dict[tuple[str, int], Decimal]
) -> Trial:
    """Hold the firm against the ladder and this set, as it is and as it is supposed to be."""
    codes = list(dict.fromkeys([*ladder(session, day), code]))
    figures = {(year, name): INDICATORS[name].stored(v) for (name, year), v in given.items()}
    now = explain(session, firm_id, day, codes=codes)
    then = explain(session, firm_id, day, codes=codes, what_if=WhatIf(figures=figures, as_of=day))
    before = next(one for one in now if one.code == code)
    after = next(one for one in then if one.code == code)
    return Trial(before, after, _flips(before, after), _highest(now), _highest(then))


def _highest(sets: list[SetExplanation]) -> str | None:
    """The highest rung whose criteria are all met."""
    met = {one.rung for one in sets if one.outcome == "met"}
    return next((rung for rung in reversed(RUNGS) if rung in met), None)


def _flips(before: SetExplanation, after: SetExplanation) -> list[Flip]:
    known = {one.id: one for one in _flat(before.criteria)}
    return [
        Flip(one.label, known[one.id].outcome, one.outcome, one.sentence)
        for one in _flat(after.criteria)
        if one.outcome != known[one.id].outcome
    ]


def _flat(criteria: list[CriterionExplanation]) -> Iterator[CriterionExplanation]:
    for one in criteria:
        yield one
        yield from _flat(one.members)


def sliders(trial: Trial, given: dict[tuple[str, int], Decimal]) -> list[Slider]:
    """A slider for every figure that the set reads, latest year first."""
    found = {
        (figure.indicator, figure.year): figure.value
        for one in _flat(trial.before.criteria)
        for figure in one.figures
    }
    order = list(INDICATORS)
    keys = sorted({*found, *given}, key=lambda key: (-key[1], order.index(key[0])))
    return [_slider(INDICATORS[c], y, found.get((c, y)), given.get((c, y))) for c, y in keys]


def _slider(entry: Indicator, year: int, known: Decimal | None, value: Decimal | None) -> Slider:
    scale = _scale(entry)
    was = None if known is None else known / scale
    now = was if value is None else value / scale
    reach = max(abs(was or Decimal(0)), abs(now or Decimal(0))) * 2
    if entry.kind == "money":
        high = _round_up(max(reach, LEAST_MONEY))
    else:
        high = Decimal(min(max(int(reach), LEAST_COUNT), entry.largest))
        high = Decimal(entry.largest) if entry.kind in ("percent", "points") else high
    low = -high if entry.signed else Decimal(0)
    step = max(high / STEPS, Decimal("0.01")) if entry.kind == "money" else Decimal(1)
    return Slider(entry, year, was, now, low, high, step)


def _round_up(value: Decimal) -> Decimal:
    """To one or two leading digits, so that steps are round too."""
    size = Decimal(10) ** (value.adjusted() - 1)
    return (value / size).to_integral_value(rounding="ROUND_CEILING") * size
