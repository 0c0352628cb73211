"""What crosses the wire about assessments: the pool, the funnel, explanations, what-if."""

from collections.abc import Set
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
)

from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import nearest
from app.criteria.facts import WhatIf
from app.criteria.schemas import SetExplanation
from app.firms.catalogue import INDICATORS
from app.firms.schemas import Body, FirmItem, Number, Prose

Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2199, 12, 31))]
Year = Annotated[int, Field(ge=1990, le=2199)]


def written_out(value: object) -> object:
    """A number alone would be taken for seconds since 1970."""
    if ":" not in str(value):
        raise ValueError(
            "应为带时区的时间，如 2026-01-31T08:00:00Z "
            "(a time with its zone, such as 2026-01-31T08:00:00Z)"
        )
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(written_out)]


class PoolItem(FirmItem):
    """One firm beside one criteria set."""

    set: str | None = None
    outcome: str | None = None
    unmet_count: int | None = None
    unknown_count: int | None = None
    gap_count: int | None = None
    readiness: Decimal | None = None
    unmet: list[str] | None = None
    unknown: list[str] | None = None
    gaps: dict[str, Decimal] | None = None
    outcomes: dict[str, str] | None = None


class PoolPage(BaseModel):
    """A page of the pool; `next` is the cursor of the following one."""

    items: list[PoolItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class Funnel(BaseModel):
    """How many firms of the actor's scope stand on each rung; `none` is on no rung."""

    as_of: date
    rungs: dict[str, int]
    total: int


class Query(BaseModel):
    """Parameters of a route that is no list: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class FunnelQuery(Query):
    """For which day."""

    as_of: Day | None = None


class AssessmentQuery(Query):
    """Against which sets, on which day, with what had been recorded by when."""

    sets: Annotated[list[str], Field(alias="set", default_factory=list)]
    as_of: Day | None = None
    known_at: Moment | None = None


class Assessment(BaseModel):
    """One firm against criteria sets, criterion by criterion."""

    firm_id: int
    as_of: date
    sets: list[SetExplanation]


class WhatIfBody(Body):
    """What to suppose: another day, other figures in their units, other judgements.

    A figure that is null is supposed to be missing.
    """

    sets: Annotated[list[str], Field(default_factory=list)]
    as_of: Day | None = None
    figures: Annotated[dict[str, dict[Year, Number | None]], Field(default_factory=dict)]
    judgements: Annotated[dict[str, StrictBool | StrictInt], Field(default_factory=dict)]

    def supposed(self, criteria: Set[str]) -> WhatIf:
        """In stored form; Invalid names every indicator, value or criterion that cannot be."""
        faults: list[dict[str, str]] = []
        figures: dict[tuple[int, str], int | None] = {}
        for code, years in self.figures.items():
            for year, value in years.items():
                stored, fault = _stored(code, value)
                figures[year, code] = stored
                if fault:
                    faults.append({"pointer": f"/figures/{code}/{year}", "detail": fault})
        for name, said in self.judgements.items():
            fault = _misjudged(name, said, criteria)
            if fault:
                faults.append({"pointer": f"/judgements/{name}", "detail": fault})
        if faults:
            raise Invalid(faults[0]["detail"], errors=faults)
        return WhatIf(figures=figures, judgements=self.judgements, as_of=self.as_of or today())


def _stored(code: str, value: Decimal | None) -> tuple[int | None, str | None]:
    entry = INDICATORS.get(code)
    if entry is None:
        return None, f"没有指标 {code} (unknown indicator)" + nearest(code, INDICATORS)
    if value is None:
        return None, None
    if not value.is_finite() or not entry.smallest <= value <= entry.largest:
        span = f"{entry.smallest} – {entry.largest}"
        return (
            None,
            f"{entry.zh} {value} 不在 {span} 之间：请核对单位 (out of range: check the unit)",
        )
    stored = entry.stored(value)
    if stored is None:
        return None, f"{entry.zh} {value} 的小数位过多 (too many decimals)"
    return stored, None


def _misjudged(name: str, said: bool | int, criteria: Set[str]) -> str | None:
    if name not in criteria:
        return f"没有条件 {name} (unknown criterion)" + nearest(name, sorted(criteria))
    if not isinstance(said, bool) and not 0 <= said <= 100:
        return f"{name} 的分值 {said} 应在 0 至 100 之间 (points go from 0 to 100)"
    return None


class JudgementBody(Body):
    """What a person found, yes or no or points, and on what it rests."""

    said: StrictBool | Annotated[StrictInt, Field(ge=0, le=100)]
    evidence: Prose


class JudgementOut(BaseModel):
    """A judgement as recorded."""

    criterion: str
    holds: bool | None
    points: int | None
    evidence: str
    judged_on: date
    recorded_by: str | None


class SettleBody(Body):
    """Whether the contradicting value becomes the best known one, and why."""

    accept: StrictBool
    reason: Prose | None = None
