"""What crosses the wire about targets; exact numbers are decimals, rounded only to be shown."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from app.accounts.models import Organisation
from app.firms.schemas import Body, FirmItem, Number, Text
from app.pipeline.schemas import Day, Moment, Query
from app.plans.grammar import Milestone
from app.plans.measuring import Measure
from app.plans.progress import Progress

PLACES = Decimal("0.0001")
Code = Annotated[str, Field(max_length=100)]


def decimal(value: Fraction | None) -> Decimal | None:
    """A fraction to four places."""
    if value is None:
        return None
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(PLACES).normalize() + 0


class TargetsQuery(Query):
    """For which day, as known when, of which plan."""

    as_of: Day | None = None
    known_at: Moment | None = None
    plan: Code | None = None


class TargetQuery(TargetsQuery):
    """Divided by whom."""

    by: Literal["park", "incubator", "department"] = "park"


class MilestoneOut(BaseModel):
    """What is to be reached by the end of a day."""

    date: date
    operator: str
    value: Decimal
    stretch: bool

    @classmethod
    def of(cls, one: Milestone) -> "MilestoneOut":
        """As it is shown."""
        return cls(date=one.date, operator=one.operator, value=decimal(one.value) or Decimal(0),
                   stretch=one.stretch)  # fmt: skip


class StartOut(BaseModel):
    """Where the trajectory begins, and how one knows."""

    date: date
    value: Decimal
    basis: str


class EnteredOut(BaseModel):
    """A figure that somebody entered."""

    date: date
    value: Decimal
    source: str
    document: str
    stale: bool


class TargetOut(BaseModel):
    """A target on a day; `value` is null where it is not known, which is not zero."""

    code: str
    label: dict[str, str]
    unit: str
    value: Decimal | None
    known: str | None
    firms: int | None
    unknown_firms: int | None
    milestone: MilestoneOut
    milestones: list[MilestoneOut]
    met: bool | None
    missing: Decimal | None
    start: StartOut | None
    expected: Decimal | None
    pace: Decimal | None
    light: Literal["green", "amber", "red", "unknown"]
    entered: EnteredOut | None
    lead: list[str]

    @classmethod
    def of(cls, one: Progress, lead: tuple[str, ...]) -> "TargetOut":
        """As it is shown."""
        start, entered, counted = one.start, one.entered, one.measure
        return cls(
            code=one.target.code, label=one.target.label.model_dump(), unit=one.target.unit,
            value=decimal(one.value), known=one.known, lead=list(lead),
            firms=None if counted is None else counted.firms,
            unknown_firms=None if counted is None else counted.unknown,
            milestone=MilestoneOut.of(one.milestone),
            milestones=[MilestoneOut.of(each) for each in one.target.milestones],
            met=one.met, missing=decimal(one.missing),
            start=None if start is None else StartOut(
                date=start.day, value=decimal(start.value) or Decimal(0), basis=start.basis),
            expected=decimal(one.expected), pace=decimal(one.pace), light=one.light,
            entered=None if entered is None else EnteredOut(
                date=entered.day, value=decimal(entered.value) or Decimal(0),
                source=entered.source, document=entered.document, stale=one.stale),
        )  # fmt: skip


class TargetsOut(BaseModel):
    """Every target of one version of a plan on a day."""

    plan: str
    adopted_on: date
    as_of: date
    known_at: AwareDatetime | None
    green: int
    amber: int
    items: list[TargetOut]


class PartOut(BaseModel):
    """What one body answers for; without a code those for whom nobody does."""

    code: str | None
    name: str | None
    name_en: str | None
    value: Decimal | None
    part: int
    whole: int | None
    firms: int
    unknown_firms: int

    @classmethod
    def of(cls, body: Organisation | None, one: Measure) -> "PartOut":
        """As it is shown."""
        return cls(
            code=None if body is None else body.code, name=None if body is None else body.name,
            name_en=None if body is None else body.name_en, value=decimal(one.value),
            part=one.part, whole=one.whole, firms=one.firms, unknown_firms=one.unknown,
        )  # fmt: skip


class TargetDetail(TargetOut):
    """A target with its parts, which add up: the sums of `part` and `whole` are the target's."""

    plan: str
    as_of: date
    by: str
    parts: list[PartOut]


class TargetFirm(FirmItem):
    """One firm behind a number: what it adds above and below the line."""

    part: int | None = None
    whole: int | None = None
    unknown: bool | None = None


class TargetFirms(BaseModel):
    """A page of the firms behind a number."""

    items: list[TargetFirm]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class FigureBody(Body):
    """A figure to be entered: a target's value or baseline, or the population."""

    series: Code
    about: Literal["value", "baseline"] = "value"
    day: Day
    value: Number
    source: Annotated[str, Field(max_length=40)]
    document: Text


class FigureOut(BaseModel):
    """A figure as it is kept."""

    id: int
    series: str
    about: str
    day: date
    value: Decimal
    source: str
    document: str
