"""Keyset paging: a page, and an opaque cursor that says where the next one starts.

A cursor holds the order keys of the last row and the digest of the query it belongs to, so it is
refused by any other query. Rows without a value come last whichever way the list is ordered, and
the row's number settles ties, so no row is shown twice or left out.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    RowMapping,
    Select,
    SQLColumnExpression,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.filters import Filters, Sort

Sql = SQLColumnExpression[Any]
Predicate = ColumnElement[bool]
# Counting stops here unless an exact count is asked for: nobody reads on to the end.
CAP = 1_000
# An order that no index has is worked out for so many rows at most.
MOST_WORKED_OUT = 5_000
KEY = "_key_"


class BadCursor(Invalid):
    """The cursor is damaged or belongs to another query."""


@dataclass(frozen=True)
class Page:
    """Some of the rows of a list, where to go on, and how many there are."""

    items: list[dict[str, Any]]
    next: str | None
    count: int | None
    count_is_exact: bool | None


def page(session: Session, query: Select[Any], filters: Filters, number: Sql) -> Page:
    """The rows of `query` that the filters ask for; `number` is the row's unique number.

    One statement, and a second for the count where the page does not already tell it.
    """
    found = query.where(*filters.where)
    counted = _counted_for_order(session, found, filters)
    sorts = [one.sort.expression for one in filters.order]
    keys = [expression.label(f"{KEY}{i}") for i, expression in enumerate(sorts)]
    rows = ordered(found.add_columns(*keys, number.label(f"{KEY}id")), filters, number)
    if filters.cursor is not None:
        rows = rows.where(_after(filters, filters.cursor, number))
    result = session.execute(rows.limit(filters.limit + 1))
    columns = result.keys()
    names = [name for name in columns if not name.startswith(KEY)]  # the keys come last
    got = result.all()
    more = len(got) > filters.limit
    shown = got[: filters.limit]
    whole = filters.cursor is None and not more
    count, exact = (len(shown), True) if whole else _count(session, found, filters, counted)
    return Page(
        items=[dict(zip(names, row, strict=False)) for row in shown],
        next=_cursor(filters, shown[-1]._mapping) if more else None,
        count=None if filters.count == "none" else count,
        count_is_exact=None if filters.count == "none" else exact,
    )


def _counted_for_order(session: Session, found: Select[Any], filters: Filters) -> int | None:
    """How many rows there are, where they have to be put in an order that no index has; Invalid
    where they are too many for that.
    """
    slow = next((one.name for one in filters.order if one.sort.worked_out), None)
    if slow is None:
        return None
    total = _total(session, found, MOST_WORKED_OUT)
    if total <= MOST_WORKED_OUT:
        return total
    detail = (f"超过 {MOST_WORKED_OUT} 行不能按 {slow} 排序：请先缩小范围 "
              "(too many rows for this order: narrow the list first)")  # fmt: skip
    raise Invalid(f"ordering: {detail}", errors=[{"parameter": "ordering", "detail": detail}])


def _total(session: Session, found: Select[Any], at_most: int | None) -> int:
    """How many rows there are; one more than so many where there are more."""
    counted = found.with_only_columns(literal(1), maintain_column_froms=True).order_by(None)
    if at_most is not None:
        counted = counted.limit(at_most + 1)
    return session.scalar(select(func.count()).select_from(counted.subquery())) or 0


def ordered(query: Select[Any], filters: Filters, number: Sql) -> Select[Any]:
    """The rows of a query as the filters order them."""
    return query.order_by(*_ordering(filters, number))


def _ordering(filters: Filters, number: Sql) -> list[Sql]:
    terms = []
    for one in filters.order:
        term = one.sort.expression.desc() if one.descending else one.sort.expression.asc()
        terms.append(term.nulls_last() if one.sort.nullable and one.descending else term)
    return [*terms, number.desc() if _backwards(filters) else number.asc()]


def _backwards(filters: Filters) -> bool:
    """Ties follow the last key, so that one index serves the whole order, read either way."""
    return bool(filters.order) and filters.order[-1].descending


def _count(
    session: Session, found: Select[Any], filters: Filters, counted: int | None
) -> tuple[int | None, bool]:
    if filters.count == "none":
        return None, False
    most = CAP if filters.count == "capped" else None
    total = _total(session, found, most) if counted is None else counted
    if filters.count == "capped" and total > CAP:
        return CAP, False
    return total, True


def _cursor(filters: Filters, row: RowMapping) -> str:
    values = [row[f"{KEY}{i}"] for i in range(len(filters.order))]
    plain = [v if v is None or isinstance(v, int) else str(v) for v in values]
    plain_text = json.dumps([filters.digest, plain, row[f"{KEY}id"]], ensure_ascii=False)
    return base64.urlsafe_b64encode(plain_text.encode()).decode().rstrip("=")


def _after(filters: Filters, cursor: str, number: Any) -> Predicate:
    values, last = _read(filters, cursor, number)
    down = _backwards(filters)
    beyond_id = number < last if down else number > last
    simple = all(not o.sort.nullable and o.descending == down for o in filters.order)
    if simple:
        # A row comparison is a range of the index; the general form below is not.
        left = tuple_(*(o.sort.expression for o in filters.order), number)
        keys = [literal(v, o.sort.expression.type) for v, o in
                zip(values, filters.order, strict=True)]  # fmt: skip
        right = tuple_(*keys, literal(last, number.type))
        return left < right if down else left > right
    ways: list[Predicate] = []
    same: list[Predicate] = []
    for value, one in zip(values, filters.order, strict=True):
        if value is not None:
            ways.append(and_(*same, _beyond(value, one.sort, one.descending)))
        same.append(_equal(value, one.sort))
    return or_(*ways, and_(*same, beyond_id))


def _beyond(value: Any, sort: Sort, descending: bool) -> Predicate:
    column = sort.expression
    further = column < value if descending else column > value
    return or_(further, column.is_(None)) if sort.nullable else further


def _equal(value: Any, sort: Sort) -> Predicate:
    same: Predicate = sort.expression.is_(None) if value is None else sort.expression == value
    return same


def _read(filters: Filters, raw: str, number: Any) -> tuple[list[Any], int]:
    """The cursor's keys in their columns' types."""
    try:
        padded = raw.encode("ascii") + b"=" * (-len(raw) % 4)
        digest, values, last = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if digest != filters.digest:
            raise _bad("属于另一个查询 (belongs to another query)")
        keys = [_typed(v, one.sort) for v, one in zip(values, filters.order, strict=True)]
        beyond = 2**63 if isinstance(number.type, BigInteger) else 2**31
        if isinstance(last, bool) or not isinstance(last, int) or not 0 <= last < beyond:
            raise ValueError(last)
    except (ValueError, TypeError, InvalidOperation, binascii.Error, RecursionError) as error:
        raise _bad("已损坏 (is damaged)") from error
    return keys, last


def _typed(value: Any, sort: Sort) -> Any:
    kind = sort.expression.type.python_type
    if value is None and sort.nullable:
        return None
    if kind is int and isinstance(value, int):
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is Decimal:
        found = Decimal(value)
        if not found.is_finite() or abs(found) > 10**6:
            raise ValueError(value)
        return found
    if kind is not str:
        raise ValueError(value)
    return value


def _bad(reason: str) -> BadCursor:
    detail = f"游标{reason}：去掉 cursor，从第一页重新开始 (drop it and start from the first page)"
    return BadCursor(detail, errors=[{"parameter": "cursor", "detail": detail}])
