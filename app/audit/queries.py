"""Reads of the trail: entries by filter, the rows of each, what touched one firm."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from app.audit.models import ACTIONS, AuditEntry, AuditLink, AuditRow
from app.core.clock import DISTRICT
from app.core.errors import NotFound
from app.core.fields import BadValueError, Field, Predicate
from app.core.filters import Filters, Sort, Vocabulary
from app.core.paging import Page, page

# Copies of what the trail already says of a firm's own record.
COPIES = ("firm_history",)
ENTRY: tuple[Any, ...] = (
    AuditEntry.id, AuditEntry.at, AuditEntry.user_id, AuditEntry.token_id, AuditEntry.name,
    AuditEntry.role, AuditEntry.organisation_id, AuditEntry.request_id, AuditEntry.reason,
    AuditEntry.table_name, AuditEntry.action, AuditEntry.row_count, AuditEntry.detail,
)  # fmt: skip
CHANGED: tuple[Any, ...] = (
    AuditRow.entry_id, AuditRow.n, AuditRow.firm_id, AuditRow.key, AuditRow.before, AuditRow.after,
)  # fmt: skip
NAMING = text("""
select at, jsonb_build_object('name', name, 'role', role, 'user_id', user_id, 'token_id', token_id,
         'organisation_id', organisation_id, 'request_id', request_id) as acting,
       detail ->> 'purpose' as purpose, detail -> 'filter' as filter,
       (select min(firm_id) from audit_row as r where (r.entry_id, r.at) = (e.id, e.at)) as firm_id
from audit_entry as e
where action = 'read' and table_name = :what
  and jsonb_typeof(detail -> 'filter' -> :key) = 'array' and exists (
    select from jsonb_array_elements_text(detail -> 'filter' -> :key) as n
    where n = any(:numbers))
order by id
""")
APART = text("select * from history_apart(:of, :key, :most)")


def vocabulary(roles: Collection[str], organisations: Mapping[str, int]) -> Vocabulary:
    """What the list of entries understands; bodies are asked for by their codes."""
    found = [
        *_times(),
        Field("name", "text", AuditEntry.name, label=_label("姓名", "Person")),
        Field("user_id", "number", AuditEntry.user_id, label=_label("用户编号", "User number")),
        Field("token_id", "number", AuditEntry.token_id, label=_label("令牌编号", "Token number")),
        Field("organisation", "choice", AuditEntry.organisation_id, choices=organisations,
              convert=organisations.__getitem__, label=_label("单位", "Organisation")),
        Field("role", "choice", AuditEntry.role, choices=roles, label=_label("角色", "Role")),
        Field("reason", "text", AuditEntry.reason, label=_label("理由", "Reason")),
        Field("firm_id", "number", AuditRow.firm_id, wrap=_touched, lookups=("", "in"),
              label=_label("企业编号", "Firm number")),
        Field("request_id", "text", AuditEntry.request_id, lookups=("", "in", "empty"),
              label=_label("请求编号", "Request")),
        Field("reads", "bool", matches=_readings, lookups=("",),
              label=_label("只看读取", "Readings only")),
        *_acts(),
    ]  # fmt: skip
    return Vocabulary({one.name: one for one in found}, {"id": Sort(AuditEntry.id)}, "-id")


def history_vocabulary() -> Vocabulary:
    """What the history of one firm understands."""
    found = [*_times(), *_acts()]
    return Vocabulary({one.name: one for one in found}, {"id": Sort(AuditEntry.id)}, "-id")


def _times() -> list[Field]:
    return [
        Field("since", "date", matches=_since, convert=_begin, lookups=("",),
              label=_label("自", "From")),
        Field("until", "date", matches=_until, convert=_end, lookups=("",),
              label=_label("至", "To")),
    ]  # fmt: skip


def _acts() -> list[Field]:
    return [
        Field("table", "text", AuditEntry.table_name, lookups=("", "n", "in"),
              label=_label("表", "Table")),
        Field("action", "choice", AuditEntry.action, choices=ACTIONS,
              label=_label("动作", "Action")),
    ]  # fmt: skip


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _since(instants: list[datetime]) -> Predicate:
    return AuditEntry.at >= min(instants)


def _until(instants: list[datetime]) -> Predicate:
    return AuditEntry.at < max(instants)


def _begin(raw: str) -> datetime:
    return _instant(raw, timedelta(0))


def _end(raw: str) -> datetime:
    """The day's own end, for the last day is meant as well."""
    return _instant(raw, timedelta(days=1))


def _instant(raw: str, further: timedelta) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
            first = date.fromisoformat(raw)
            return datetime(first.year, first.month, first.day, tzinfo=DISTRICT) + further
        found = datetime.fromisoformat(raw)
        if found.tzinfo is not None:
            return found
    except (ValueError, OverflowError):
        pass
    raise BadValueError(
        f"{raw!r} 不是日期或时刻，例如 2026-06-30 或 2026-06-30T08:00:00Z (not a date or instant)"
    )


def _touched(condition: Predicate) -> Predicate:
    return AuditEntry.id.in_(select(AuditRow.entry_id).where(condition))


def _readings(wanted: list[bool]) -> Predicate:
    read = AuditEntry.action == "read"
    return or_(*(read if yes else AuditEntry.action != "read" for yes in wanted))


def entries(session: Session, filters: Filters) -> Page:
    """A page of acts, newest first."""
    return page(session, select(*ENTRY), filters, AuditEntry.id)


def history(session: Session, firm_id: int, filters: Filters) -> Page:
    """A page of the acts that touched a firm: its own record and every table with its number."""
    touched = (
        select(AuditRow.entry_id, AuditRow.at)
        .where(AuditRow.firm_id == firm_id)
        .group_by(AuditRow.entry_id, AuditRow.at)
        .subquery()
    )
    query = (
        select(*ENTRY)
        .join(touched, and_(touched.c.entry_id == AuditEntry.id, touched.c.at == AuditEntry.at))
        .where(AuditEntry.action != "read", AuditEntry.table_name.not_in(COPIES))
    )
    return page(session, query, filters, AuditEntry.id)


def apart(
    session: Session, table: str, key: str, most: int
) -> tuple[list[dict[str, Any]], dict[int, list[Row[Any]]]]:
    """The latest acts on what belongs to no firm, and their rows, as far as it is one's to know."""
    given = {"of": table, "key": key, "most": most}
    rows = session.execute(APART, given).all()
    names = [column.key for column in ENTRY]
    acts = {row.id: {name: getattr(row, name) for name in names} for row in rows}
    return list(acts.values()), {row.id: [row] for row in rows}


def entry(session: Session, entry_id: int) -> Row[Any]:
    """One act; NotFound if there is none."""
    found = session.execute(select(*ENTRY).where(AuditEntry.id == entry_id)).first()
    if found is None:
        raise NotFound(f"没有编号为 {entry_id} 的审计记录 (no such entry)")
    return found


def rows_of(
    session: Session,
    acts: Iterable[Mapping[str, Any]],
    *,
    firm_id: int | None = None,
    most: int | None = None,
    after: int = 0,
) -> dict[int, list[Row[Any]]]:
    """The changed rows of each of these acts, perhaps of one firm alone, or the next few."""
    instants = {act["id"]: act["at"] for act in acts}
    if not instants:
        return {}
    query = select(*CHANGED).where(
        AuditRow.entry_id.in_(instants),
        AuditRow.at.between(min(instants.values()), max(instants.values())),
    )
    if firm_id is not None:
        query = query.where(AuditRow.firm_id == firm_id)
    if most is not None:
        query = query.where(AuditRow.n > after, AuditRow.n <= after + most)
    found: dict[int, list[Row[Any]]] = {number: [] for number in instants}
    for row in session.execute(query.order_by(AuditRow.entry_id, AuditRow.n)):
        found[row.entry_id].append(row)
    return found


def counted(session: Session, filters: Filters) -> int:
    """How many lines the export of these acts has."""
    lines = _lines(filters).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(lines) or 0


def streamed(session: Session, filters: Filters) -> Iterator[Row[Any]]:
    """Every act that the filters ask for beside each of its rows, newest first."""
    query = _lines(filters).order_by(AuditEntry.id.desc(), AuditRow.n)
    yield from session.execute(query, execution_options={"yield_per": 1_000})


def _lines(filters: Filters) -> Select[Any]:
    here = and_(AuditRow.entry_id == AuditEntry.id, AuditRow.at == AuditEntry.at)
    return select(*ENTRY, *CHANGED[2:]).outerjoin(AuditRow, here).where(*filters.where)


def head(session: Session) -> tuple[int, str] | None:
    """The chain's last link, as a person may file it."""
    query = select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc()).limit(1)
    found = session.execute(query).first()
    return None if found is None else (found.seq, found.hash.hex())


def readings_of(session: Session, what: str, key: str, numbers: Sequence[int]) -> list[Any]:
    """Readings of `what` whose filter names any of these numbers under `key`, oldest first."""
    given = {"what": what, "key": key, "numbers": [str(number) for number in numbers]}
    return list(session.execute(NAMING, given))
