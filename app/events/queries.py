"""Read the feed: the trail's rows as events, each kind named `record.change`."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.db import FEN_PER_YUAN, Base, Yuan
from app.core.errors import AppError, Invalid
from app.events.schemas import EventOut
from app.firms.catalogue import INDICATORS
from app.firms.models import Submission

KEPT = timedelta(days=90)
PLACES = 24
KIND = re.compile(r"([a-z_]{1,40})(?:\.([a-z_]{1,40}))?")
CHANGES = {"insert": "created", "update": "updated", "delete": "deleted"}
# A figure is a version of one indicator's value for one year.
TABLES_OF = {"figure": "submission"}
# Written beside a value for our own use.
OWN = {"name_search", "pinyin", "recorded_at", "version", "outcomes", "gaps"}
HEAD = text("select feed_head()")
OLDEST = text("select feed_oldest(:since)")
NEXT = text("select * from feed_after(:after, :records, :most)").bindparams(
    bindparam("records", type_=ARRAY(Text))
)
# As `assessment` stores them.
OUTCOMES = ("unmet", "met", "unknown", "not_applicable")
FLAG_KEY = ("kind", "subject", "since")
SETS = text("select id::text, code from criteria_set")


class Expired(AppError):
    """What followed the position is no longer in the feed."""

    status = 410
    title = "变更记录已过期"


@dataclass(frozen=True)
class Read:
    """What was found, and from where to read on."""

    items: list[EventOut]
    next: int
    full: bool
    oldest: int


def head(session: Session) -> int:
    """The position after everything committed so far."""
    return _end_of(session.scalar(HEAD) or 0)


def oldest(session: Session) -> int:
    """The position before the oldest event that is kept."""
    first: int = session.scalar(OLDEST, {"since": now() - KEPT}) or 1
    return _end_of(first - 1)


def check_position(session: Session, after: int) -> int:
    """The oldest position; Expired if events after `after` have left the feed."""
    first = oldest(session)
    if 0 < after < first:
        raise Expired(
            f"序号 {after} 之后的变更已超过 {KEPT.days} 天：请全量同步后从 {first} 继续 "
            f"(expired: read everything anew, then go on after {first})",
            oldest=first,
        )
    return first


def check_reached(session: Session, after: int) -> None:
    """Expired if the feed has never come so far: its database was restored from a backup."""
    if after > head(session):
        first = oldest(session)
        raise Expired(
            f"本服务从未给出过序号 {after}（数据库可能由备份恢复）：请全量同步后从 {first} 继续 "
            f"(a position never reached: read everything anew, then go on after {first})",
            oldest=first,
        )


def check_kinds(kinds: list[str]) -> None:
    """Invalid names a kind that cannot be one."""
    for kind in kinds:
        if not KIND.fullmatch(kind):
            raise Invalid(
                f"变更类型 {kind!r} 有误：应如 figure.changed 或 firm (such as firm.updated)",
                errors=[{"parameter": "kind", "detail": f"{kind!r} is no kind"}],
            )


def read(session: Session, after: int, kinds: Collection[str], most: int) -> Read:
    """The next events that the declared actor may know of; Expired if some have left the feed."""
    first = check_position(session, after)
    after = max(after, first)
    records = [_table(kind) for kind in kinds] or None
    rows = session.execute(NEXT, {"after": after, "records": records, "most": most}).all()
    found = [row for row in rows if row.table_name is not None]
    marks = [row.seq for row in rows if row.table_name is None]
    position = marks[0] if marks else (found[-1].seq if found else after)
    said = _Said(session, found)
    events = [said.event(row) for row in found]
    wanted = [event for event in events if not kinds or _is_of(event.kind, kinds)]
    # At the end nothing may have been looked at: a reader never goes back.
    return Read(wanted, max(position, after), full=not marks, oldest=first)


def _table(kind: str) -> str:
    record = kind.partition(".")[0]
    return TABLES_OF.get(record, record)


def _is_of(kind: str, kinds: Collection[str]) -> bool:
    return any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in kinds)


def _end_of(link: int) -> int:
    return 0 if link <= 0 else (link << PLACES) + (1 << PLACES) - 1


class _Said:
    """What a page of rows refers to, read once for all."""

    def __init__(self, session: Session, rows: list[Row[Any]]) -> None:
        numbers = [int(row.key) for row in rows if row.table_name == "submission"]
        query = select(Submission.id, Submission.year, Submission.indicator, Submission.value,
                       Submission.source).where(Submission.id.in_(numbers))  # fmt: skip
        # As of the change the firm was the reader's; its figure is told of though it moved since.
        self.figures: dict[int, Any] = {}
        if numbers:
            self.figures = {row.id: row for row in session.execute(query)}
        verdicts = any(row.table_name == "assessment" for row in rows)
        self.sets = {number: code for number, code in session.execute(SETS)} if verdicts else {}

    def event(self, row: Row[Any]) -> EventOut:
        """One row as an event."""
        record, change = row.table_name, CHANGES[row.action]
        named: dict[str, Any] = {"id": _number(row.key)}
        before, after = _plain(record, row.before), _plain(record, row.after)
        if record == "submission":
            record, change, named, after = self._figure(row)
            before = None
        elif record == "assessment":
            named = {"set": self.sets.get(row.key, row.key)}
        elif record == "flag":
            named = dict(zip(FLAG_KEY, row.key.split("/"), strict=True))
            change = "closed" if (row.after or {}).get("closed_on") else change
        elif change == "updated" and "superseded_at" in (row.after or {}):
            change = "superseded"
        return EventOut(
            seq=row.seq, kind=f"{record}.{change}", at=row.at, firm_id=row.firm_id, record=named,
            before=before, after=after, by=row.name, request_id=row.request_id,
        )  # fmt: skip

    def _figure(self, row: Row[Any]) -> tuple[str, str, dict[str, Any], dict[str, Any] | None]:
        said = dict(row.after or row.before or {})
        kept = self.figures.get(int(row.key))
        if kept is not None:
            said = {"year": kept.year, "indicator": kept.indicator, "value": kept.value,
                    "source": kept.source, **said}  # fmt: skip
        settled = row.action == "update"
        taken = "effective_at" in (row.after or {})
        change = "changed" if taken else ("conflict_settled" if settled else "conflict")
        if row.action == "delete":
            change = "deleted"
        named = {"year": said.get("year"), "indicator": said.get("indicator")}
        value = _value(said.get("indicator"), said.get("value"))
        return "figure", change, named, {"value": value, "source": said.get("source")}


def _number(key: str) -> int | str:
    return int(key) if key.isdecimal() else key


def _plain(record: str, values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    money = _money_of(record)
    found = {
        name: str(Decimal(value) / FEN_PER_YUAN) if name in money and value is not None else value
        for name, value in values.items()
        if name not in OWN
    }
    outcome = found.get("outcome")
    if isinstance(outcome, int):
        found["outcome"] = OUTCOMES[outcome]
    return found


@lru_cache
def _money_of(record: str) -> frozenset[str]:
    """The columns of a table that are kept in fen."""
    table = Base.metadata.tables.get(record)
    if table is None:
        return frozenset()
    return frozenset(c.name for c in table.columns if isinstance(c.type, Yuan))


def _value(indicator: str | None, stored: int | None) -> str | int | None:
    """In the unit of the interface: exact yuan or percent as text, persons as they are."""
    known = INDICATORS.get(indicator or "")
    if stored is None or known is None or known.kind not in ("money", "percent"):
        return stored
    return str(Decimal(stored) / 100)
