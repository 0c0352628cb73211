"""What crosses the wire about figures: rows of lists, a firm's figures, and their indicators."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from app.firms.catalogue import INDICATORS, Indicator, Label
from app.firms.models import Submission
from app.firms.queries import FigureOf


class FigureItem(BaseModel):
    """One figure of a list, in its indicator's unit; `fields=` decides which columns."""

    id: int | None = None
    firm_id: int | None = None
    credit_code: str | None = None
    indicator: str | None = None
    year: int | None = None
    value: Decimal | None = None
    state: str | None = Field(None, description="best, replaced, conflict or settled")
    source: str | None = None
    origin_ref: str | None = None
    recorded_by: str | None = None
    recorded_at: datetime | None = None


class FigurePage(BaseModel):
    """A page of figures; `next` is the cursor of the following one."""

    items: list[FigureItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class FigureOut(BaseModel):
    """One best known figure in its indicator's unit, and where it comes from."""

    indicator: str
    label: Label
    year: int
    value: Decimal
    unit: str
    source: str | None
    origin_ref: str | None
    recorded_by: str | None
    recorded_at: datetime | None


class ConflictOut(BaseModel):
    """A figure of a lesser source that contradicts the best known one."""

    id: int
    indicator: str
    label: Label
    year: int
    value: Decimal | None
    best: Decimal | None
    source: str
    recorded_by: str | None
    recorded_at: datetime


class FiguresOut(BaseModel):
    """A firm's figures, newest year first, and what awaits a decision."""

    items: list[FigureOut]
    conflicts: list[ConflictOut]


UNITS = {"money": "yuan", "percent": "percent", "points": "point", "count": "person"}


def unit_of(entry: Indicator) -> str:
    """The unit of an indicator's values."""
    return entry.unit or UNITS[entry.kind]


def figure_out(found: FigureOf) -> FigureOut:
    """A figure with its provenance."""
    entry, row = found.indicator, found.submission
    return FigureOut(
        indicator=entry.code,
        label=entry.label,
        year=found.year,
        value=found.value,
        unit=unit_of(entry),
        source=row and row.source,
        origin_ref=row and row.origin_ref,
        recorded_by=row and row.recorded_by,
        recorded_at=row and row.recorded_at,
    )


def conflict_out(row: Submission, best: Decimal | None) -> ConflictOut:
    """An open conflict beside the value that stands."""
    entry = INDICATORS[row.indicator]
    return ConflictOut(
        id=row.id,
        indicator=row.indicator,
        label=entry.label,
        year=row.year,
        value=None if row.value is None else entry.shown(row.value),
        best=best,
        source=row.source,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )


class IndicatorOut(BaseModel):
    """One indicator of the catalogue."""

    code: str
    label: Label
    definition: Label
    kind: str
    unit: str
    smallest: Decimal
    largest: Decimal
    held_by: str
    at_most: str | None


class IndicatorsOut(BaseModel):
    """The catalogue of indicators."""

    items: list[IndicatorOut]


def indicators_out() -> IndicatorsOut:
    """Every indicator as people and programs need to know it."""
    return IndicatorsOut(
        items=[
            IndicatorOut(
                code=entry.code,
                label=entry.label,
                definition=entry.definition,
                kind=entry.kind,
                unit=unit_of(entry),
                smallest=Decimal(entry.smallest),
                largest=Decimal(entry.largest),
                held_by=entry.held_by,
                at_most=entry.at_most,
            )
            for entry in INDICATORS.values()
        ]
    )
