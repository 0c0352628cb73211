"""What crosses the wire about forecasts; counts are expected values, and so not whole."""

from datetime import date

from pydantic import BaseModel

from app.forecasts.backtest import BackTest
from app.forecasts.nearest import Way
from app.forecasts.service import Forecast


class SpreadOut(BaseModel):
    """An expected value, its 80 % interval, and the chance to reach the goal."""

    expected: float
    low: float
    high: float
    chance: float | None


class OverrideOut(BaseModel):
    """What somebody put in the model's place."""

    expected: float
    low: float
    high: float
    reason: str
    expires_on: date
    set_by: str | None


class ForecastOut(BaseModel):
    """One target at the end of a year; `model` is null where nothing can be said yet."""

    target: str
    until: date
    goal: float | None
    by: str
    model: SpreadOut | None
    override: OverrideOut | None

    @classmethod
    def of(cls, one: Forecast) -> "ForecastOut":
        """As it is shown."""
        told, stood = one.spread, one.override
        return cls(
            target=one.target.code, until=one.until, by=one.by,
            goal=None if one.goal is None else float(one.goal),
            model=None if told is None else SpreadOut(
                expected=told.expected, low=told.low, high=told.high, chance=told.reached),
            override=None if stood is None else OverrideOut(
                expected=float(stood.expected), low=float(stood.low), high=float(stood.high),
                reason=stood.reason, expires_on=stood.expires_on, set_by=stood.set_by),
        )  # fmt: skip


class ForecastsOut(BaseModel):
    """Every target at the end of every year of the plan."""

    plan: str
    as_of: date
    draws: int
    items: list[ForecastOut]


class CandidateOut(BaseModel):
    """A firm that might come to count."""

    id: int
    name: str
    chance: float
    readiness: float | None
    unmet: list[str]
    unknown: list[str]


class WayOut(BaseModel):
    """What it takes to meet the target."""

    until: date
    goal: float
    holding: int
    staying: float
    coming: float
    new: float
    short: int
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, one: Way) -> "WayOut":
        """As it is shown."""
        return cls(until=one.until, goal=float(one.goal), holding=one.holding,
                   staying=one.staying, coming=one.coming, new=one.new, short=one.short,
                   candidates=[CandidateOut(**vars(each)) for each in one.candidates])  # fmt: skip


class PastOut(BaseModel):
    """A past year as it would have been forecast, and as it came."""

    year: int
    expected: float
    low: float
    high: float
    came: int
    inside: bool


class BinOut(BaseModel):
    """Firms of like chance."""

    firms: int
    told: float
    came: float


class BackTestOut(BaseModel):
    """How well past years would have been told; `inside` of them came within their interval.

    `chance_of_so_few` is that of as few or fewer, if the intervals were to be believed.
    """

    years: list[PastOut]
    inside: int
    chance_of_so_few: float
    calibration: list[BinOut]
    mean_absolute_error: float
    brier: float
    brier_of_the_mean: float

    @classmethod
    def of(cls, one: BackTest) -> "BackTestOut":
        """As it is shown."""
        return cls(
            years=[PastOut(year=each.year, expected=each.told.expected, low=each.told.low,
                           high=each.told.high, came=each.came, inside=each.inside)
                   for each in one.years],
            inside=one.inside, chance_of_so_few=one.luck,
            calibration=[BinOut(**vars(each)) for each in one.bins],
            mean_absolute_error=one.error, brier=one.brier, brier_of_the_mean=one.plain,
        )  # fmt: skip


class ForecastDetail(BaseModel):
    """One target: its forecasts, what would have to be true, and the back-test."""

    plan: str
    as_of: date
    items: list[ForecastOut]
    way: WayOut | None
    backtest: BackTestOut | None
