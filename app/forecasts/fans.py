"""A forecast as a fan: what was, what was due, and what is expected, over one line of time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from app.forecasts.service import Forecast
from app.plans.grammar import TargetRule
from app.plans.parts import Point

PER_TEN_THOUSAND = 10_000
Values = list[float | None]


@dataclass
class Fan:
    """Series over the same days; `low` and `width` are the interval. Money in 10,000 yuan."""

    labels: list[str] = field(default_factory=list)
    actual: Values = field(default_factory=list)
    due: Values = field(default_factory=list)
    middle: Values = field(default_factory=list)
    low: Values = field(default_factory=list)
    width: Values = field(default_factory=list)

    def add(self, day: object, *values: float | None) -> None:
        """One day: actual, due, expected, low, and the width above it."""
        self.labels.append(str(day))
        series = (self.actual, self.due, self.middle, self.low, self.width)
        for one, value in zip(series, values, strict=True):
            one.append(None if value is None else round(value, 2))


def fan(target: TargetRule, history: list[Point], found: Iterable[Forecast]) -> Fan:
    """The past up to its last point, from which the interval opens."""
    per = PER_TEN_THOUSAND if target.unit == "yuan" else 1
    made = Fan()
    for point in history:
        value, last = _of(point.value, per), point is history[-1]
        start = (value, value, 0.0 if value is not None else None) if last else (None, None, None)
        made.add(point.day, value, _of(point.expected, per), *start)
    for one in found:
        if one.spread is not None:
            low, high = one.spread.low / per, one.spread.high / per
            made.add(
                one.until, None, _of(one.goal, per), one.spread.expected / per, low, high - low
            )
    return made


def _of(value: Fraction | None, per: int) -> float | None:
    return None if value is None else float(value) / per
