"""Sums of a list's numeric columns over every firm of its query."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Numeric, and_, cast, func, literal_column, type_coerce
from sqlalchemy.orm import Session, aliased

from app.firms.catalogue import INDICATORS
from app.firms.models import Firm, FirmYear
from app.pipeline.fields import places
from app.pipeline.pool import GAP
from app.workbench.benches import Bench
from app.workbench.columns import FIGURE, is_summed

FEN = 100


@dataclass(frozen=True)
class Total:
    """What a column adds up to, exactly, and how many firms have a value in it.

    `total` is None where adding up says nothing, as for percentages and ranks.
    """

    total: Decimal | None
    known: int


def totals(session: Session, bench: Bench) -> tuple[int, dict[str, Total]]:
    """Number of firms, and the totals by column; one statement."""
    years: dict[int, Any] = {}
    asked = {name: _stored(bench, name, years) for name in bench.columns if is_summed(name)}
    parts = [part for stored, _ in asked.values()
             for part in (func.sum(cast(stored, Numeric)), func.count(stored))]  # fmt: skip
    query = bench.found(func.count(), *parts)
    for year, table in years.items():
        query = query.outerjoin(table, and_(table.firm_id == Firm.id, table.year == year))
    firms, *found = session.execute(query).one()
    pairs = zip(found[::2], found[1::2], strict=True)
    return firms, {
        name: Total(None if total is None or scale is None else Decimal(total) / scale, known)
        for (name, (_, scale)), (total, known) in zip(asked.items(), pairs, strict=True)
    }


def _stored(bench: Bench, name: str, years: dict[int, Any]) -> tuple[Any, int | None]:
    """A column as it is stored, and how many steps make one of its unit."""
    if name.startswith(FIGURE):
        return _figure(bench, name, years)
    if name.startswith(GAP):
        return _gap(bench, name)
    return type_coerce(Firm.registered_capital, BigInteger), FEN


def _figure(bench: Bench, name: str, years: dict[int, Any]) -> tuple[Any, int | None]:
    _, code, *given = name.split(".")
    year = int(given[0]) if given else bench.day.year - 1
    table = years.setdefault(year, aliased(FirmYear, name=f"of_{year}"))
    entry = INDICATORS[code]
    stored = type_coerce(getattr(table, code), BigInteger)
    return stored, entry.scale if entry.kind in ("money", "count") else None


def _gap(bench: Bench, name: str) -> tuple[Any, int | None]:
    assert bench.loaded is not None
    place = next(one for one in places(bench.loaded) if one.criterion.id == name.removeprefix(GAP))
    stored = literal_column(f"assessment.gaps[{int(place.index)}]", BigInteger)
    return stored, place.scale
