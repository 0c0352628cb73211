"""What the portrait shows beside the checklists: standing with dates, figures, charts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from textwrap import fill
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.firms.catalogue import INDICATORS, Indicator
from app.firms.models import Designation, FirmYear, Submission
from app.firms.queries import LADDERS, RUNG_OF_DESIGNATION, RUNGS
from app.innovation.models import IpRight
from app.pipeline.norms import Place

# A line of a trend within its box, which templates draw.
WIDE, HIGH = 72, 18
TREND = ("revenue_sales", "rd_hnte", "net_profit")
FEWEST_AXES = 3
# Letters of a line beside the radar.
LONGEST_NAME = 16


@dataclass(frozen=True)
class Held:
    """What gives a rung: a kind of title, or None for a residency, and for how long."""

    kind: str | None
    first: date | None
    last: date | None
    now: bool


def steps(
    designations: Iterable[Designation], residencies: Iterable[Any], day: date
) -> dict[str, list[Held]]:
    """What gave or gives each rung of the headline ladder, newest first."""
    found: dict[str, list[Held]] = {rung: [] for rung in RUNGS}
    for one in designations:
        if one.kind in RUNG_OF_DESIGNATION:
            rung = RUNGS[RUNG_OF_DESIGNATION[one.kind] - 1]
            found[rung].append(_held(one.kind, one.valid, day))
    found[RUNGS[0]] += [_held(None, one.during, day) for one in residencies]
    return found


def _held(kind: str | None, span: Any, day: date) -> Held:
    last = None if span.upper is None else span.upper - timedelta(days=1)
    return Held(kind, span.lower, last, day in span)


def ladders(designations: Iterable[Designation], day: date) -> dict[str, str]:
    """The highest step held on each ladder beside the headline one."""
    held = {one.kind for one in designations if day in one.valid}
    highest = {
        name: next((kind for kind in reversed(kinds) if kind in held), None)
        for name, kinds in LADDERS.items()
    }
    return {name: kind for name, kind in highest.items() if kind is not None}


def rights(session: Session, firm_id: int) -> list[IpRight]:
    """Intellectual property rights, newest first."""
    query = select(IpRight).where(IpRight.firm_id == firm_id, IpRight.superseded_at.is_(None))
    return list(session.scalars(query.order_by(IpRight.granted_on.desc().nulls_last(), IpRight.id)))


# --- figures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One figure, where it comes from, and whether a lesser source contradicts it."""

    year: int
    value: Decimal | None
    origin: Submission | None
    disputed: bool


@dataclass(frozen=True)
class Line:
    """One indicator over the years; `trend` is a line through them, if there are two or more."""

    indicator: Indicator
    cells: list[Cell]
    trend: str | None


@dataclass(frozen=True)
class Figures:
    """Years in order, and a line per indicator that has any value or dispute."""

    years: list[int]
    lines: list[Line]


def figures(
    years: Iterable[FirmYear],
    origins: Mapping[tuple[str, int], Submission],
    conflicts: Iterable[Submission],
) -> Figures:
    """The table of figures."""
    disputed = {(one.indicator, one.year) for one in conflicts}
    rows = {row.year: row for row in years}
    order = sorted({*rows, *(year for _, year in disputed)})
    lines = []
    for code, entry in INDICATORS.items():
        cells = [
            Cell(year, _value(rows.get(year), entry), origins.get((code, year)),
                 (code, year) in disputed)
            for year in order
        ]  # fmt: skip
        if any(cell.value is not None or cell.disputed for cell in cells):
            lines.append(Line(entry, cells, _trend([cell.value for cell in cells])))
    return Figures(order, lines)


def _value(row: FirmYear | None, entry: Indicator) -> Decimal | None:
    """In the indicator's unit."""
    value = None if row is None else getattr(row, entry.code)
    if value is None or entry.kind != "percent":
        return None if value is None else Decimal(value)
    return entry.shown(int(value))


def _trend(values: list[Decimal | None]) -> str | None:
    """Points of a line, as a polyline takes them; what is missing is left out."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return None
    low, high = min(value for _, value in known), max(value for _, value in known)
    span, across = (high - low) or Decimal(1), len(values) - 1
    points = [
        (2 + (WIDE - 4) * at / across, HIGH - 2 - (HIGH - 4) * float((value - low) / span))
        for at, value in known
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


# --- charts -------------------------------------------------------------------------------------


def radar(places: list[Place], locale: str, firm: str, median: str) -> dict[str, Any] | None:
    """Percentiles within the pool; an axis without a figure is left out, not drawn as nought."""
    known = [place for place in places if place.rank is not None]
    if len(known) < FEWEST_AXES:
        return None
    return {
        "legend": {"bottom": 0},
        "tooltip": {"trigger": "item"},
        "radar": {
            "radius": "58%", "center": ["50%", "46%"],
            # English names are long.
            "indicator": [{"name": fill(one.measure.label[locale], LONGEST_NAME), "max": 100}
                          for one in known],
        },
        "series": [{
            "type": "radar", "symbolSize": 5,
            "data": [
                {"value": [one.rank for one in known], "name": firm,
                 "areaStyle": {"opacity": 0.18}},
                {"value": [50] * len(known), "name": median, "lineStyle": {"type": "dashed"}},
            ],
        }],
    }  # fmt: skip


def trend(shown: Figures, locale: str) -> dict[str, Any] | None:
    """Sales, R&D and profit over the years, in ten thousand yuan."""
    lines = [line for line in shown.lines if line.indicator.code in TREND]
    if not lines or len(shown.years) < 2:
        return None
    return {
        "legend": {"bottom": 0},
        # The legend may take two lines.
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": 60, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [str(year) for year in shown.years]},
        "yAxis": {"type": "value"},
        "series": [
            {"type": "line", "name": line.indicator.label[locale], "symbolSize": 7,
             "data": [None if c.value is None else float(c.value / 10_000) for c in line.cells]}
            for line in lines
        ],
    }  # fmt: skip
