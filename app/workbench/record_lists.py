"""Lists of records: their columns, what their amounts add up to, and the same as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.db import FEN_PER_YUAN
from app.core.filters import LARGEST_LIMIT, parse
from app.facts import service
from app.firms.catalogue import Label
from app.firms.models import Firm
from app.firms.queries import visible
from app.firms.record_items import CHOSEN, Described, Item
from app.firms.record_kinds import FactKind
from app.pipeline.trail import column_label, value_label

# Too long for a table; a record's own page shows them.
LONG = ("prose", *CHOSEN)
ASKED_OF_A_PAGE = ("ordering", "cursor", "limit", "count", "fields")
MOST_GROUPS = 60


@dataclass(frozen=True)
class Total:
    """How many records of a year and particular kind there are, and what they add up to."""

    year: int | None
    particular: Label | None
    count: int
    firms: int
    amount: Decimal | None


def columns(kind: FactKind) -> tuple[Item, ...]:
    """What a list shows of each record beside its firm."""
    return tuple(one for one in kind.items if one.kind not in LONG)


def totals(
    session: Session, actor: Actor, kind: FactKind, pairs: list[tuple[str, str]]
) -> list[Total]:
    """What the filtered records add up to, by year and particular kind, newest first."""
    asked = [pair for pair in pairs if pair[0] not in ASKED_OF_A_PAGE]
    filters = parse(asked, kind.vocabulary())
    model, item = kind.model, kind.particular
    year = func.date_part("year", getattr(model, kind.day)).label("year")
    groups = [year] if item is None else [year, getattr(model, item.name).label("particular")]
    counted: list[Any] = [func.count(), func.count(model.firm_id.distinct())]
    if kind.paid:
        counted.append(func.sum(type_coerce(model.amount, BigInteger)))
    query = service.standing(actor, kind, *groups, *counted).where(*filters.where)
    query = query.group_by(*groups).order_by(year.desc().nulls_last(), *groups[1:])
    return [
        _total(kind, item, len(groups), row) for row in session.execute(query.limit(MOST_GROUPS))
    ]


def _total(kind: FactKind, item: Item | None, grouped: int, row: Any) -> Total:
    count, firms, *amount = row[grouped:]
    value = row[1] if item is not None else None
    said = None if item is None or value is None else value_label(kind.table, item.name, value)
    paid = amount[0] if amount else None
    return Total(None if row[0] is None else int(row[0]), said, count, firms,
                 None if paid is None else Decimal(paid) / FEN_PER_YUAN)  # fmt: skip


def heads(kind: FactKind, locale: str) -> list[str]:
    """The first row of a file; money is in yuan."""
    firm = (Label(zh="企业名称", en="Firm"), Label(zh="统一社会信用代码", en="Credit code"))
    found = [one[locale] for one in firm]
    for item in columns(kind):
        label = column_label(item.name, kind.table)[locale]
        unit = ("（元）" if locale == "zh" else " (yuan)") if item.kind == "money" else ""
        found.append(f"{label}{unit}")
    return found


def pages(
    session: Session, actor: Actor, kind: FactKind, pairs: list[tuple[str, str]],
    bodies: dict[int, str], locale: str,
) -> Iterator[list[list[Any]]]:  # fmt: skip
    """Every row of the query, in words, a page of them at a time."""
    shown = columns(kind)
    names = ("firm_name", "credit_code", *(item.name for item in shown))
    asked = [
        pair for pair in pairs if pair[0] not in ("cursor", "limit", "count", "fields", "format")
    ]
    asked += [("fields", ",".join(names)), ("limit", str(LARGEST_LIMIT)), ("count", "none")]
    cursor: list[tuple[str, str]] = []
    while True:
        page = service.listed(session, actor, kind, [*asked, *cursor])
        firms = firms_named(session, actor, kind, page.items)
        yield [
            [row["firm_name"], row["credit_code"],
             *(cell(kind, item, row[item.name], bodies, locale, firms) for item in shown)]
            for row in page.items
        ]  # fmt: skip
        if page.next is None:
            return
        cursor = [("cursor", page.next)]


def firms_named(
    session: Session, actor: Actor, kind: FactKind, rows: Sequence[Mapping[str, Any]]
) -> dict[int, str]:
    """The other firms that records name, as far as the actor may know of them."""
    items = [one.name for one in kind.items if one.kind == "firm"]
    wanted = {row[name] for row in rows for name in items if row[name] is not None}
    if not wanted:
        return {}
    query = select(Firm.id, Firm.name).where(Firm.id.in_(wanted), visible(actor))
    return {number: name for number, name in session.execute(query)}


def cell(
    kind: Described, item: Item, value: Any, bodies: Mapping[int, str], locale: str,
    firms: Mapping[int, str] = MappingProxyType({}),
) -> Any:  # fmt: skip
    """A value as a file shows it: numbers and dates as they are, everything else in words."""
    if item.kind == "firm":
        return firms.get(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[locale][value]
    if isinstance(value, list):
        return "；".join(str(cell(kind, item, one, bodies, locale)) for one in value)
    if item.kind in ("choice", "choices"):
        return value_label(kind.table, item.name, value)[locale]
    if item.kind == "organisation":
        return bodies.get(value, str(value))
    return value if isinstance(value, int | Decimal | date) else str(value)
