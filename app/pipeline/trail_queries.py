"""Pages of the trail in words: a firm's history, the auditor's entries, the lines of an export."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.audit import queries
from app.core.cells import neutral
from app.core.clock import DISTRICT
from app.core.filters import Filters, Vocabulary, parse
from app.core.paging import Page
from app.pipeline.trail import Teller

Pairs = list[tuple[str, str]]
# Of each entry of a list; the entry's own page has them all.
FIRST_ROWS = 5
ROWS_OF_A_PAGE = 100
HEADERS = {
    "zh": ("编号", "时间", "姓名", "用户编号", "令牌编号", "角色", "单位编号", "请求", "理由", "表",
           "动作", "行数", "说明", "企业编号", "记录", "修改前", "修改后"),
    "en": ("id", "at", "name", "user_id", "token_id", "role", "organisation_id", "request_id",
           "reason", "table", "action", "row_count", "detail", "firm_id", "key", "before", "after"),
}  # fmt: skip
BYTE_ORDER_MARK = "\ufeff"


def history(session: Session, firm_id: int, params: Pairs) -> Page:
    """A page of what was done to a firm that the caller may know of."""
    filters = parse(params, queries.history_vocabulary())
    found = queries.history(session, firm_id, filters)
    rows = queries.rows_of(session, found.items, firm_id=firm_id)
    teller = Teller(session, found.items, rows)
    return replace(found, items=[teller.item(act) for act in found.items])


def apart(session: Session, table: str, key: int) -> list[dict[str, Any]]:
    """What was done to a lead or carrier, newest first."""
    acts, rows = queries.apart(session, table, str(key), ROWS_OF_A_PAGE)
    teller = Teller(session, acts, rows)
    return [teller.item(act) for act in acts]


def vocabulary(session: Session) -> Vocabulary:
    """What the auditor can filter by."""
    codes = {code: number for code, number in session.execute(
        select(Organisation.code, Organisation.id).order_by(Organisation.code))}  # fmt: skip
    return queries.vocabulary([role.value for role in Role], codes)


def entries(session: Session, params: Pairs) -> Page:
    """A page of the whole trail; each act with its first rows."""
    filters = parse(params, vocabulary(session))
    found = queries.entries(session, filters)
    rows = queries.rows_of(session, found.items, most=FIRST_ROWS)
    teller = Teller(session, found.items, rows)
    return replace(found, items=[teller.item(act, every=True) for act in found.items])


def entry(session: Session, entry_id: int, after: int) -> tuple[dict[str, Any], int | None]:
    """One act with some of its rows, and after which number the next ones begin."""
    act = dict(queries.entry(session, entry_id)._mapping)
    rows = queries.rows_of(session, [act], most=ROWS_OF_A_PAGE, after=after)
    item = Teller(session, [act], rows).item(act, every=True)
    beyond = after + ROWS_OF_A_PAGE
    return item, beyond if beyond < act["row_count"] and rows[entry_id] else None


def asked(params: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The filter of an export as it was given, for its note."""
    found: dict[str, list[str]] = {}
    for name, value in params:
        found.setdefault(name, []).append(value)
    return found


def lines(session: Session, filters: Filters, locale: str) -> Iterator[str]:
    """The export's text, a line per changed row; it is made while it is sent."""
    yield BYTE_ORDER_MARK + _line(HEADERS[locale])
    for row in queries.streamed(session, filters):
        yield _line((
            row.id, f"{row.at.astimezone(DISTRICT):%Y-%m-%d %H:%M:%S.%f%z}", row.name, row.user_id,
            row.token_id, row.role, row.organisation_id, row.request_id, row.reason,
            row.table_name, row.action, row.row_count, _json(row.detail), row.firm_id, row.key,
            _json(row.before), _json(row.after),
        ))  # fmt: skip


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _line(cells: Iterable[object]) -> str:
    made = io.StringIO()
    csv.writer(made).writerow([neutral(cell) for cell in cells])
    return made.getvalue()
