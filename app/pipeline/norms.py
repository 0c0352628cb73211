"""How the pool is spread on a few measures, and where one firm lies in it: the portrait's radar.

Measured over the whole pool once per evaluation and kept; a portrait reads a dozen numbers.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Numeric,
    cast,
    func,
    insert,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.firms.catalogue import Label
from app.firms.models import Designation, FirmYear
from app.pipeline.models import Evaluation, PoolNorm

# Of fewer firms a decile would tell somebody's figures.
FEWEST = 10
TENTHS = [Decimal(n) / 10 for n in range(11)]
MEDIAN = 5
POOL = "pool"


@dataclass(frozen=True)
class Measure:
    """One axis: what is measured, in which unit it is shown."""

    code: str
    label: Label
    unit: str

    def of(self, now: Any, before: Any) -> ColumnElement[Any]:
        """The measure over a year's row and that of the year before; null where a part is."""
        stored = {name: type_coerce(getattr(now, name), BigInteger) for name in PARTS[self.code]}
        top, *under = stored.values()
        if self.code == "growth":
            past = type_coerce(before.revenue_sales, BigInteger)
            return 100 * (cast(top, Numeric) - past) / func.nullif(past, 0)
        if under:
            return 100 * cast(top, Numeric) / func.nullif(under[0], 0)
        return cast(top, Numeric) / (100 if self.unit == "yuan" else 1)


PARTS = {
    "revenue": ("revenue_sales",),
    "growth": ("revenue_sales",),
    "rd_intensity": ("rd_hnte", "revenue_sales"),
    "staff": ("staff_avg",),
    "st_share": ("st_staff_avg", "staff_avg"),
    "hightech_share": ("revenue_hightech", "revenue_total"),
}
MEASURES = (
    Measure("revenue", Label(zh="销售收入", en="Sales revenue"), "yuan"),
    Measure("growth", Label(zh="销售收入增长率", en="Growth of sales"), "percent"),
    Measure("rd_intensity", Label(zh="研发费用占比", en="R&D share of sales"), "percent"),
    Measure("staff", Label(zh="职工总数", en="Staff"), "person"),
    Measure("st_share", Label(zh="科技人员占比", en="Share of S&T staff"), "percent"),
    Measure("hightech_share", Label(zh="高新收入占比", en="High-tech share of income"), "percent"),
)


def keep(session: Session, run: Evaluation) -> None:
    """Measure the pool as of an evaluation's day; measures that few firms have stay unset."""
    now, before = aliased(FirmYear), aliased(FirmYear)
    pool = select(Designation.firm_id).where(
        Designation.kind == POOL,
        Designation.valid.contains(run.as_of),
        Designation.superseded_at.is_(None),
    )
    values = (
        select(*(one.of(now, before).label(one.code) for one in MEASURES))
        .select_from(now)
        .outerjoin(before, (before.firm_id == now.firm_id) & (before.year == now.year - 1))
        .where(now.year == run.as_of.year - 1, now.firm_id.in_(pool))
        .cte("measured")
    )
    spread = union_all(*(_spread(run.id, one.code, values.c[one.code]) for one in MEASURES))
    into = ["evaluation_id", "measure", "firms", "deciles"]
    session.execute(insert(PoolNorm).from_select(into, spread))


def _spread(run: int, code: str, value: ColumnElement[Any]) -> Any:
    tenths = cast(literal(TENTHS, ARRAY(Numeric)), ARRAY(Double))
    deciles = func.percentile_cont(tenths).within_group(value)
    return select(
        literal(run), literal(code), func.count(value), cast(deciles, ARRAY(Numeric))
    ).having(func.count(value) >= FEWEST)


@dataclass(frozen=True)
class Place:
    """One axis for one firm; `rank` is the share of the pool that it is level with or above."""

    measure: Measure
    value: Decimal | None
    median: Decimal
    rank: int | None
    firms: int


def places(session: Session, firm_id: int, day: date) -> list[Place]:
    """Where one firm lies in the pool, by the last evaluation; empty where there was none."""
    known = _known(session)
    if not known:
        return []
    now, before = aliased(FirmYear), aliased(FirmYear)
    row = session.execute(
        select(*(one.of(now, before).label(one.code) for one in MEASURES))
        .select_from(now)
        .outerjoin(before, (before.firm_id == now.firm_id) & (before.year == now.year - 1))
        .where(now.firm_id == firm_id, now.year == day.year - 1)
    ).mappings().first()  # fmt: skip
    values: dict[str, Any] = dict.fromkeys(known) if row is None else dict(row)
    return [_place(one, values[one.code], known[one.code]) for one in MEASURES if one.code in known]


def _known(session: Session) -> dict[str, Any]:
    last = select(func.max(Evaluation.id)).scalar_subquery()
    query = select(PoolNorm.measure, PoolNorm.firms, PoolNorm.deciles)
    return {
        row.measure: row for row in session.execute(query.where(PoolNorm.evaluation_id == last))
    }


def _place(measure: Measure, value: Decimal | None, norm: Any) -> Place:
    rank = None if value is None else _rank(value, norm.deciles)
    return Place(measure, value, norm.deciles[MEDIAN], rank, norm.firms)


def _rank(value: Decimal, deciles: list[Decimal]) -> int:
    """Percentile by straight lines between deciles; the median is at 50."""
    if value >= deciles[-1]:
        return 100
    for step in range(10, 0, -1):
        low, high = deciles[step - 1], deciles[step]
        if value >= low:
            within = (value - low) / (high - low) if high > low else Decimal(1)
            return int(10 * (step - 1) + 10 * within)
    return 0
