"""The chain, recomputed from the trail as it stands: what was altered, removed or slipped in.

Nothing here relies on the functions that made the chain; only the texts of the values come from
the database. A trail of any length is read once, in the memory of one batch.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from app.core.clock import DISTRICT
from app.core.errors import Conflict, Invalid

BATCH = 500
NOTHING = bytes(32)
MOST_FINDINGS = 1_000
HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
Progress = Callable[[int], None]

LINKS = text("""
select link.seq, link.entry_id, link.entry_at, link.hash, entry.*
from audit_link as link
left join lateral (
  select id, at, user_id, token_id, name, role, organisation_id, request_id, reason, table_name,
         action, row_count, detail::text as detail, digest
  from audit_entry where id = link.entry_id order by at = link.entry_at desc limit 1
) as entry on true
where link.seq > :last order by link.seq limit :batch
""")
ROWS = text("""
select entry_id, at, firm_id, before::text as before, after::text as after, key from audit_row
where entry_id = any(:entries) and at between :first and :last order by entry_id, n
""")
WITHOUT_LINK = text("""
select id, at from audit_entry as entry where not exists (
  select from audit_link as link where (link.entry_id, link.entry_at) = (entry.id, entry.at))
order by id limit :most
""")
WITHOUT_ENTRY = text("""
select entry_id, at, count(*) as rows from audit_row as changed where not exists (
  select from audit_entry as entry where (entry.id, entry.at) = (changed.entry_id, changed.at))
group by entry_id, at order by entry_id limit :most
""")
ARCHIVES = text("""
select month, entries, digest, archived_at, exists (
  select from audit_entry as entry join audit_row as changed on changed.entry_id = entry.id
  where entry.table_name = 'audit_archive' and entry.action = 'insert'
    and changed.key = archive.month::text) as told
from audit_archive as archive order by month
""")


@dataclass(frozen=True)
class Head:
    """The last link: filed outside, it proves later that nothing before it was touched."""

    seq: int = 0
    hash: bytes = NOTHING

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def read(cls, raw: str) -> "Head":
        """From `SEQ:HASH`; Invalid says what it should look like."""
        found = HEAD.fullmatch(raw.strip().lower())
        if found is None:
            raise Invalid(f"{raw!r} is no head: give SEQ:HASH as `tidu audit verify` printed it")
        return cls(int(found[1]), bytes.fromhex(found[2]))


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `altered`, `removed`, `inserted` or `cut`."""

    kind: str
    detail: str
    seq: int | None = None
    entry_id: int | None = None
    at: datetime | None = None


@dataclass
class _Month:
    """An archived month as its record tells it, and as the links add up."""

    record: Any
    entries: int = 0
    missing: int = 0
    sum: Any = field(default_factory=hashlib.sha256)


@dataclass
class Verified:
    """What was read, and what is wrong with it."""

    entries: int = 0
    rows: int = 0
    archived: int = 0
    head: Head = field(default_factory=Head)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        found = [vars(finding) for finding in self.findings]
        return {"ok": self.sound, "entries": self.entries, "rows": self.rows,
                "archived": self.archived, "head": str(self.head), "findings": found}  # fmt: skip


def verify(
    connection: Connection, filed: Head | None = None, progress: Progress = lambda _: None
) -> Verified:
    """Recompute the whole chain as it stands at one instant; `filed` is a head of earlier times."""
    if connection.scalar(text("select to_regclass('audit_link')")) is None:
        raise Conflict("this database keeps no trail yet: run tidu migrate")
    walk = _Walk(connection, filed)
    for batch in _batches(connection):
        walk.follow(batch)
        progress(walk.found.entries)
    walk.finish()
    return walk.found


def _batches(connection: Connection) -> Iterator[list[Row[Any]]]:
    last = 0
    while batch := list(connection.execute(LINKS, {"last": last, "batch": BATCH})):
        yield batch
        last = batch[-1].seq


class _Walk:
    """From link to link; what does not fit is noted, and the walk goes on from what is stored."""

    def __init__(self, connection: Connection, filed: Head | None) -> None:
        self.connection = connection
        self.found = Verified()
        self.filed = filed
        self.filed_seen = filed is None or filed == Head()
        self.months = {row.month: _Month(row) for row in connection.execute(ARCHIVES)}
        self.altered: set[int] = set()
        # The hash of the link before as it is stored, None where that link is missing; and the hash
        # that its entry would have given it.
        self.stored: bytes | None = NOTHING
        self.meant = NOTHING

    def follow(self, links: list[Row[Any]]) -> None:
        """The next links, whose rows are read together."""
        digests = self._digests([link for link in links if link.id is not None])
        for link in links:
            self._check_gap(link)
            if link.id is None:
                self._check_archived(link)
                self.meant = link.hash
            else:
                self._check_entry(link, digests[link.id])
            self.stored = link.hash
            if (month := self.months.get(_month(link.entry_at))) is not None:
                month.entries += 1
                month.sum.update(link.hash)
            self.found.head = Head(link.seq, link.hash)
            if self.filed is not None and link.seq == self.filed.seq:
                self._check_filed(link)

    def _digests(self, links: list[Row[Any]]) -> dict[int, bytes]:
        """The digest over each entry's rows as they stand."""
        if not links:
            return {}
        sums = {link.id: hashlib.sha256() for link in links}
        instants = {link.id: link.at for link in links}
        given = {"entries": list(sums), "first": min(instants.values()),
                 "last": max(instants.values())}  # fmt: skip
        streamed = self.connection.execution_options(stream_results=True, yield_per=2_000)
        for row in streamed.execute(ROWS, given):
            if row.at != instants[row.entry_id]:
                continue  # told below as a row without an entry
            values = (row.firm_id, row.before, row.after, row.key)
            plain = "\x1f".join("" if value is None else str(value) for value in values)
            sums[row.entry_id].update(hashlib.sha256(plain.encode()).digest())
            self.found.rows += 1
        return {number: made.digest() for number, made in sums.items()}

    def _check_gap(self, link: Row[Any]) -> None:
        before = self.found.head.seq
        if link.seq != before + 1:
            missing = f"{before + 1}" if link.seq == before + 2 else f"{before + 1}–{link.seq - 1}"
            self._note("removed", f"of the chain link {missing} is missing", seq=before + 1)
            self.stored = None

    def _check_archived(self, link: Row[Any]) -> None:
        month = self.months.get(_month(link.entry_at))
        if month is not None:
            month.missing += 1
            self.found.archived += 1
            return
        self._note("removed", "the entry of this link is missing", link.seq, link.entry_id,
                   link.entry_at)  # fmt: skip

    def _check_entry(self, link: Row[Any], digest: bytes) -> None:
        self.found.entries += 1
        if digest != link.digest:
            self._note("altered", "rows of this entry were altered, removed or added", link.seq,
                       link.id, link.at)  # fmt: skip
        if self.stored is None:  # after a gap there is nothing to hold it against
            self.meant = link.hash
            return
        computed = _hash(self.stored, link)
        if self.stored != self.meant and _hash(self.meant, link) == link.hash:
            self._tell_link_apart()
            computed = link.hash
        elif computed != link.hash:
            told = "the entry does not fit its link"
            self._note("altered", told, link.seq, link.id, link.at)
        self.meant = computed

    def _tell_link_apart(self) -> None:
        """The link before was altered, not its entry: the chain goes on from what it should be."""
        for index, last in reversed(list(enumerate(self.found.findings))):
            if last.seq == self.found.head.seq and "does not fit" in last.detail:
                told = "the link was altered, not its entry"
                self.found.findings[index] = replace(last, detail=told)
                return

    def _check_filed(self, link: Row[Any]) -> None:
        self.filed_seen = True
        if self.filed is not None and link.hash != self.filed.hash:
            self._note("altered", "the chain up to the filed head is not the one it was filed for",
                       link.seq)  # fmt: skip

    def finish(self) -> None:
        """What only shows when all links are known."""
        if not self.filed_seen and self.filed is not None:
            told = f"the chain ends at {self.found.head.seq}, the filed head is {self.filed.seq}"
            self._note("cut", told, self.filed.seq)
        most = {"most": MOST_FINDINGS}
        for row in self.connection.execute(WITHOUT_LINK, most):
            if row.id not in self.altered:
                told = "the entry has no link: it was slipped in, or its link was removed"
                self._note("inserted", told, None, row.id, row.at)
        for row in self.connection.execute(WITHOUT_ENTRY, most):
            told = f"{row.rows} rows without their entry"
            self._note("inserted", told, None, row.entry_id, row.at)
        for month in self.months.values():
            self._check_month(month)

    def _check_month(self, month: _Month) -> None:
        record, name = month.record, f"{month.record.month:%Y-%m}"
        if (month.entries, month.sum.digest()) != (record.entries, bytes(record.digest)):
            self._note("altered", f"links of the archived month {name} do not fit its record")
        if not record.told and _month(record.archived_at) not in self.months:
            self._note("inserted", f"no entry tells that the month {name} was archived")

    def _note(
        self,
        kind: str,
        detail: str,
        seq: int | None = None,
        entry_id: int | None = None,
        at: datetime | None = None,
    ) -> None:
        if kind == "altered" and entry_id is not None:
            self.altered.add(entry_id)
        if len(self.found.findings) < MOST_FINDINGS:
            self.found.findings.append(Finding(kind, detail, seq, entry_id, at))


def _hash(before: bytes, link: Row[Any]) -> bytes:
    """The link that follows `before` for this entry."""
    entry = [
        link.id, f"{link.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", link.user_id, link.token_id,
        link.name, link.role, link.organisation_id, link.request_id, link.reason, link.table_name,
        link.action, link.row_count, link.detail,
    ]  # fmt: skip
    plain = json.dumps(entry, ensure_ascii=False)
    return hashlib.sha256(before + plain.encode() + link.digest).digest()


def _month(instant: datetime) -> date:
    return instant.astimezone(DISTRICT).date().replace(day=1)
