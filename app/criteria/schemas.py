"""What an explanation says, the same for page, API, export and command line."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from app.firms.catalogue import Label


class FigureUsed(BaseModel):
    """One figure a criterion read; `value` is empty where it is missing."""

    indicator: str
    label: Label
    year: int
    value: Decimal | None
    unit: str
    source: str | None = None
    recorded_at: datetime | None = None
    held_by: str


class Part(BaseModel):
    """Points of a named quantity: an interval where answers or experts' points are missing."""

    id: str
    label: Label
    low: int
    high: int


class TestOutcome(BaseModel):
    """One comparison or question inside a criterion; ratios are shown as percentages."""

    outcome: str
    quantity: Label
    comparator: str | None = None
    value: Decimal | None = None
    value_high: Decimal | None = None
    threshold: Decimal | None = None
    tier: Label | None = Field(None, description="why this threshold, where it has tiers")
    unit: str | None = None
    gap: Decimal | None = None
    gap_unit: str | None = None
    sentence: Label


class CriterionExplanation(BaseModel):
    """One criterion: outcome, tests with value and threshold, gap, figures used and citation."""

    id: str
    label: Label
    document: str
    article: str
    confidence: str
    note: Label | None
    disabled: Label | None
    measures: list[str]
    outcome: str
    gap: Decimal | None
    gap_unit: str | None
    sentence: Label
    tests: list[TestOutcome]
    figures: list[FigureUsed]
    parts: list[Part]
    members: list["CriterionExplanation"]


class SetExplanation(BaseModel):
    """One firm against one criteria set on one date."""

    code: str
    title: str
    rung: str | None
    purpose: str
    label: Label
    document: str
    since: date
    until: date | None
    reviewed: date
    origin: str
    note: Label | None
    as_of: date
    known_at: datetime | None
    outcome: str
    unmet_count: int
    unknown_count: int
    gap_count: int
    readiness: Decimal
    criteria: list[CriterionExplanation]
