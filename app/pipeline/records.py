"""The records of one firm of all kinds, by one statement; the families they are shown in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.db import FEN_PER_YUAN
from app.criteria.kinds import RECORDS
from app.firms.catalogue import Label
from app.firms.models import Firm
from app.firms.record_kinds import FactKind
from app.innovation.models import IpRight
from app.pipeline.trail import value_label

BY_PATH: Mapping[str, FactKind] = {kind.path: kind for kind in RECORDS}
FAMILIES: Mapping[str, Label] = {
    "incubation": Label(zh="孵化与服务", en="Incubation and services"),
    "innovation": Label(zh="创新", en="Innovation"),
    "funding": Label(zh="科技金融", en="Finance"),
    "talent": Label(zh="人才", en="Talent"),
    "leading": Label(zh="领军与上市", en="Leading firms and listings"),
    "services": Label(zh="科技服务与案例", en="Service providers and stories"),
    "standing": Label(zh="信用", en="Standing"),
}
# A quarter ahead: long enough for a fee to be applied for and paid.
WARN_BEFORE = timedelta(days=90)
FIRM = bindparam("firm_id", type_=Integer)


@dataclass(frozen=True)
class Told:
    """A record in a line: what it is called, its particular kind, its days and amount."""

    kind: FactKind
    id: int
    day: date | None
    until: date | None
    due: date | None
    called: str
    # A closed value of the column `particular` of the kind.
    value: str | None
    amount: Decimal | None

    @property
    def particular(self) -> Label | None:
        """Its particular kind, in words."""
        item = self.kind.particular
        if item is None or self.value is None:
            return None
        return value_label(self.kind.table, item.name, self.value)

    def is_due(self, day: date) -> bool:
        """Whether it is time to warn of its due day."""
        open_ = self.until is None or self.until > day
        return self.due is not None and open_ and self.due <= day + WARN_BEFORE


def of_firm(session: Session, firm_id: int) -> list[Told]:
    """Every record of a firm that stands, newest first."""
    rows = session.execute(_statement(), {"firm_id": firm_id})
    return [
        Told(BY_PATH[row.path], row.id, row.day, row.until, row.due, row.called or "", row.value,
             None if row.amount is None else Decimal(row.amount) / FEN_PER_YUAN)
        for row in rows
    ]  # fmt: skip


@cache
def _statement() -> CompoundSelect[Any]:
    found = union_all(*map(_of, RECORDS))
    return found.order_by(found.selected_columns.day.desc().nulls_last(), "path", "id")


def _of(kind: FactKind) -> Select[Any]:
    model, columns = kind.model, kind.model.__table__.c
    value = None if kind.particular is None else kind.particular.name
    days = {name: columns[column] if column else cast(null(), Date)
            for name, column in (("until", kind.until), ("due", kind.due))}  # fmt: skip
    amount = type_coerce(columns.amount, BigInteger) if kind.paid else cast(null(), BigInteger)
    return select(
        literal(kind.path).label("path"),
        model.id,
        columns[kind.day].label("day"),
        *(column.label(name) for name, column in days.items()),
        func.coalesce(_called(kind), "").label("called"),
        (columns[value] if value else cast(null(), Text)).label("value"),
        amount.label("amount"),
    ).where(model.firm_id == FIRM, model.superseded_at.is_(None))


def _called(kind: FactKind) -> Any:
    """What a record is called; one that names another firm, as far as the reader knows of it."""
    column = kind.model.__table__.c[kind.named]
    if any(one.name == kind.named and one.kind == "firm" for one in kind.items):
        return select(Firm.name).where(Firm.id == column).scalar_subquery()
    return cast(column, Text)


def by_family(told: Iterable[Told]) -> dict[str, dict[FactKind, list[Told]]]:
    """A firm's records by family and kind, in the order of the declaration; rights stand apart."""
    found: dict[FactKind, list[Told]] = {}
    for one in told:
        found.setdefault(one.kind, []).append(one)
    families: dict[str, dict[FactKind, list[Told]]] = {}
    for kind in RECORDS:
        if kind in found and kind.model is not IpRight:
            families.setdefault(kind.family, {})[kind] = found[kind]
    return families
