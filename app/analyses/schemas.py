"""What crosses the wire about analyses: codes with their words, counts, exact sums in yuan."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.analyses.cubes import FOUR_YEARS, WAITED
from app.analyses.dims import Dim
from app.analyses.numbers import Cohort, Crossed, Flow, Intensity, quarter
from app.analyses.queries import Held
from app.core.db import FEN_PER_YUAN
from app.firms.catalogue import Label
from app.pipeline.schemas import Day, Query
from app.plans.schemas import Code

Percent = Annotated[Decimal, Field(description="per cent, to two places")]
Codes = Annotated[list[Code], Field(default_factory=list)]
HUNDREDTH = Decimal("0.01")


def percent(share: float | Decimal | None) -> Decimal | None:
    """A share of one as per cent."""
    return None if share is None else (100 * Decimal(share)).quantize(HUNDREDTH)


class AnalysisQuery(Query):
    """For which day, of which firms (all where none is named), and each analysis's own options."""

    as_of: Day | None = None
    rung: Codes
    industry: Codes
    park: Codes
    size: Codes
    age: Codes
    rows: Annotated[Code | None, Field(description="structure: divided down by")] = None
    columns: Annotated[Code | None, Field(description="structure: divided across by")] = None
    lower: Annotated[Code | None, Field(description="conversion: from this rung")] = None
    upper: Annotated[Code | None, Field(description="conversion: to this rung")] = None
    measure: Annotated[Code | None, Field(description="concentration: of which indicator")] = None
    by: Annotated[Code | None, Field(description="concentration: among which groups")] = None
    scope: Annotated[Code | None, Field(description="intensity: whose R&D spending")] = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """As an address of a page says it."""
        given = self.model_dump(mode="json", exclude_none=True)
        return [(name, one) for name, value in given.items()
                for one in (value if isinstance(value, list) else [value])]  # fmt: skip


class ValueOut(BaseModel):
    """A value that firms are divided by."""

    code: str
    label: Label


class AxisOut(BaseModel):
    """What firms are divided by, and its values that any firm has, in order."""

    code: str
    label: Label
    values: list[ValueOut]

    @classmethod
    def of(cls, dim: Dim, values: Iterable[str]) -> "AxisOut":
        """As it is shown."""
        return cls(code=dim.name, label=_label(dim.label), values=[
            ValueOut(code=one, label=_label(dim.values.get(one, (one, one)))) for one in values
        ])  # fmt: skip


def _label(pair: tuple[str, str]) -> Label:
    return Label(zh=pair[0], en=pair[1])


class CountOut(BaseModel):
    """So many firms have both; `…/firms` lists them by the same two keys."""

    row: str
    column: str
    firms: int


class AnalysisOut(BaseModel):
    """On which day."""

    as_of: date


class CrossedOut(AnalysisOut):
    """Firms by one key down and another across; a pair that no firm has is left out."""

    rows: AxisOut
    columns: AxisOut
    items: list[CountOut]


def crossed(found: Crossed) -> dict[str, Any]:
    """The fields of a table."""
    return {
        "rows": AxisOut.of(found.down, found.rows),
        "columns": AxisOut.of(found.across, found.columns),
        "items": [CountOut(row=row, column=column, firms=firms)
                  for (row, column), firms in sorted(found.counts.items())],
    }  # fmt: skip


class StructureOut(CrossedOut):
    """Firms as they are on the day."""

    analysis: Literal["structure"]


class IntensityOut(CrossedOut):
    """R&D over revenue: firms by share and rung; of all together; quarters of the firms' own."""

    analysis: Literal["intensity"]
    whole_percent: Percent | None
    quarters_percent: list[Percent]

    @classmethod
    def numbers(cls, found: Intensity | None) -> dict[str, Any]:
        """What stands beside the table."""
        if found is None:
            return {"whole_percent": None, "quarters_percent": []}
        return {"whole_percent": percent(found.whole),
                "quarters_percent": [percent(one) for one in found.quarters]}  # fmt: skip


class SpanOut(BaseModel):
    """Days that the firms of a rung have stood on it: the quarters of them."""

    rung: str
    firms: int
    quarters_days: list[int]

    @classmethod
    def of(cls, rung: str, days: list[int]) -> "SpanOut":
        """Of days that are sorted."""
        found = [quarter(days, n) or 0 for n in (1, 2, 3)]
        return cls(rung=rung, firms=len(days), quarters_days=found)


class StayOut(CrossedOut):
    """Firms by rung and how long they have stood on it so far."""

    analysis: Literal["stay"]
    spans: list[SpanOut]


class WithinOut(BaseModel):
    """Converted within so many years, with the 95 % interval; who still waits is censored."""

    years: int
    percent: Percent
    low: Percent
    high: Percent
    at_risk: int


class CohortOut(BaseModel):
    """Firms that came to the lower rung in a year; all of them where it is null."""

    year: str | None
    straight: int
    converted: int
    left: int
    waiting: int
    within: Annotated[list[WithinOut], Field(description="as long as anybody was seen")]
    median_days: int | None

    @classmethod
    def of(cls, one: Cohort) -> "CohortOut":
        """As it is shown."""
        points = ((year, one.curve.at(year * FOUR_YEARS // 4)) for year in range(1, WAITED + 1))
        within = [
            WithinOut(years=year, percent=percent(point.share), low=percent(point.low),
                      high=percent(point.high), at_risk=point.at_risk)
            for year, point in points if point is not None
        ]  # fmt: skip
        return cls(year=one.year, **one.counts, within=within, median_days=one.curve.median)


class ConversionOut(AnalysisOut):
    """From one rung to a higher one, by the year of coming to the lower one."""

    analysis: Literal["conversion"]
    lower: str
    upper: str
    items: list[CohortOut]


class FlowOut(BaseModel):
    """Firms that stood on one rung on a day and on another, or the same, on a later one."""

    first: date
    last: date
    old: str
    new: str
    firms: int
    percent: Annotated[Percent | None, Field(description="of those on the old rung")]

    @classmethod
    def of(cls, one: Flow) -> "FlowOut":
        """As it is shown."""
        return cls(**{name: getattr(one, name) for name in ("first", "last", "old", "new",
                                                            "firms")},
                   percent=percent(one.share))  # fmt: skip


class FlowsOut(AnalysisOut):
    """Between the ends of years, up to the day."""

    analysis: Literal["flows"]
    items: list[FlowOut]


class GroupOut(BaseModel):
    """What a group of firms holds of an indicator, and how much of it its largest have."""

    code: str
    firms: int
    unknown: int
    yuan: Decimal
    largest_percent: Percent | None
    four_percent: Percent | None
    ten_percent: Percent | None
    hhi: int | None

    @classmethod
    def of(cls, code: str, one: Held) -> "GroupOut":
        """As it is shown."""
        largest, four, ten = (None if (share := one.share(part)) is None else percent(share / 100)
                              for part in (one.largest, one.four, one.ten))  # fmt: skip
        return cls(code=code, firms=one.firms, unknown=one.unknown,
                   yuan=Decimal(one.total) / FEN_PER_YUAN, largest_percent=largest,
                   four_percent=four, ten_percent=ten, hhi=one.hhi)  # fmt: skip


class ConcentrationOut(AnalysisOut):
    """Of an indicator of the last full year, among groups."""

    analysis: Literal["concentration"]
    measure: str
    by: str
    items: list[GroupOut]


AnyAnalysis = Annotated[
    StructureOut | IntensityOut | StayOut | ConversionOut | FlowsOut | ConcentrationOut,
    Field(discriminator="analysis"),
]


class FirmOut(BaseModel):
    """A firm, and the value it has of each key of the analysis."""

    id: int
    name: str
    credit_code: str | None
    keys: dict[str, str]


class FirmsOut(BaseModel):
    """The firms behind a number, a page of them."""

    items: list[FirmOut]
    next: str | None
    count: int | None
    count_is_exact: bool | None
