"""What is added to the trail beside what triggers write: notes of readings; months put away."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.audit.ddl import PARTITIONED
from app.audit.models import AuditArchive
from app.core.clock import DISTRICT, today
from app.core.errors import Conflict, NotFound

# On line for at least so long, whoever asks.
SHORTEST_KEPT = timedelta(days=180)
NOTE = text("select audit_read(:what, cast(:said as jsonb), :row_count, :firm_id)")
THERE = text("select to_regclass(:name) is not null")
LINKS_OF_MONTH = text("""
select count(*) as entries,
       sha256(coalesce(string_agg(hash, ''::bytea order by seq), ''::bytea)) as digest
from audit_link where entry_at >= :first and entry_at < :beyond
""")


def note_read(
    session: Session,
    what: str,
    *,
    purpose: str | None = None,
    filter: Mapping[str, Any] | None = None,
    row_count: int | None = None,
    firm_id: int | None = None,
) -> None:
    """Note one reading by whoever acts in this transaction: of what, why, and by which filter.

    The values that were read are not kept. A transaction that only reads cannot note: its route
    hands the note to `Readings` of accounts.auth.
    """
    said = {"purpose": purpose, "filter": None if filter is None else dict(filter)}
    given = {
        "what": what,
        "said": json.dumps({k: v for k, v in said.items() if v is not None}, default=str),
        "row_count": row_count or 0,
        "firm_id": firm_id,
    }
    session.execute(NOTE, given)


def archive_month(session: Session, month: date) -> AuditArchive:
    """Take an old month out of the trail: its partitions become tables of their own.

    Its links stay in the chain, and the act itself is in the trail. Whoever owns the database then
    files those tables elsewhere and drops them.
    """
    first = month.replace(day=1)
    beyond = (first + timedelta(days=31)).replace(day=1)
    if beyond > today() - SHORTEST_KEPT:
        raise Conflict(
            f"{first:%Y-%m} 的审计记录须在线保存至少 {SHORTEST_KEPT.days} 天："
            "请以后再归档 (kept on line for that long)"
        )
    names = [f"{table}_{first:%Y_%m}" for table in PARTITIONED]
    if not all(session.scalar(THERE, {"name": name}) for name in names):
        raise NotFound(f"没有 {first:%Y-%m} 的审计分区：请核对月份 (no such month)")
    if session.get(AuditArchive, first) is not None:
        raise Conflict(f"{first:%Y-%m} 已归档：请核对月份 (archived already)")
    span = {"first": _midnight(first), "beyond": _midnight(beyond)}
    links = session.execute(LINKS_OF_MONTH, span).one()
    for table, name in zip(PARTITIONED, names, strict=True):
        session.execute(text(f"alter table {table} detach partition {name}"))
    record = AuditArchive(month=first, entries=links.entries, digest=links.digest)
    session.add(record)
    session.flush()  # the act is noted in the transaction that does it
    return record


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=DISTRICT)
