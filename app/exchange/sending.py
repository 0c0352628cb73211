"""In which order a sender meant its rows: what is older does not win by arriving last.

A row may carry `sender_version`, the sender's own counter or time of that state. What has been
taken from each sender is kept by firm and part (the firm's own record, a year's figures, or one
record of a kind). The table has no model: these statements are all that touch it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.exchange.report import Fault, Report

FIELD = "sender_version"
LARGEST = 2**62
# Whoever sends the same record at the same time waits here until we have committed.
MEET = text("""
insert into sender_version (sender, credit_code, part, version)
select :sender, code, part, -1 from unnest(cast(:codes as text[]), cast(:parts as text[]))
  as row (code, part) order by code, part
on conflict do nothing
""")
LOCK = text("""
select credit_code, part, version from sender_version
where sender = :sender and (credit_code, part) in
  (select * from unnest(cast(:codes as text[]), cast(:parts as text[])))
order by credit_code, part for update
""")
KEEP = text("""
update sender_version as held set version = row.version
from unnest(cast(:codes as text[]), cast(:parts as text[]), cast(:versions as bigint[]))
  as row (code, part, version)
where held.sender = :sender and held.credit_code = row.code and held.part = row.part
""")
Rows = list[tuple[int, dict[str, Any]]]


class Sending:
    """The rows of one request, as far as they say which version they are."""

    def __init__(
        self, session: Session, actor: Actor, source: str,
        part: Callable[[dict[str, Any]], str] = lambda row: str(row.get("year", "")),
    ) -> None:  # fmt: skip
        """`part` says which part of a firm a row is: its own record, a year, a record's key."""
        self.session, self.part = session, part
        self.sender = f"{source}:{actor.organisation_id or ''}"
        self.versions: dict[int, tuple[str, str, int]] = {}

    def newest(self, rows: Rows, report: Report) -> Rows:
        """The rows to be written, by number: without what is older than what has been taken.

        A row left out is unchanged, and `outdated`; one whose version cannot be read is a fault.
        """
        kept = [(n, row) for n, row in rows if self._reads(n, row, report)]
        if not self.versions:
            return kept
        taken = self._taken()
        for n, (code, part, version) in list(self.versions.items()):
            if version < taken[code, part]:
                report.outdated.add(n)
                report.outcomes[n] = "unchanged"
                report.unchanged += 1
                del self.versions[n]
        return [(n, row) for n, row in kept if n not in report.outdated]

    def keep(self, report: Report) -> None:
        """Remember the versions of the rows that were taken."""
        faulty = {fault.row for fault in report.faults}
        found = [one for n, one in self.versions.items() if n not in faulty]
        if found:
            codes, parts, versions = zip(*found, strict=True)
            given = {"codes": list(codes), "parts": list(parts), "versions": list(versions)}
            self.session.execute(KEEP, given | {"sender": self.sender})

    def _reads(self, number: int, row: dict[str, Any], report: Report) -> bool:
        given = row.pop(FIELD, None)
        if given is None:
            return True
        version = version_of(given)
        if version is None:
            report.faults.append(Fault(
                number, FIELD, str(given)[:80],
                "应为非负整数，或带时区的时间，如 2026-01-31T08:00:00Z",
                "give a whole number, or a time with its zone such as 2026-01-31T08:00:00Z",
            ))  # fmt: skip
            return False
        code = str(row.get("credit_code", "")).strip().upper()
        self.versions[number] = (code, self.part(row), version)
        return True

    def _taken(self) -> dict[tuple[str, str], int]:
        keys = sorted({(code, part) for code, part, _ in self.versions.values()})
        given = {"sender": self.sender, "codes": [code for code, _ in keys],
                 "parts": [part for _, part in keys]}  # fmt: skip
        self.session.execute(MEET, given)
        found = self.session.execute(LOCK, given)
        return {(code, part): version for code, part, version in found}


def version_of(given: Any) -> int | None:
    """A counter as it is, a time in microseconds; None if it is neither."""
    if isinstance(given, str) and not given.isdecimal():
        try:
            instant = datetime.fromisoformat(given)
        except ValueError:
            return None
        return None if instant.tzinfo is None else int(instant.timestamp() * 1_000_000)
    whole = isinstance(given, str | int) and not isinstance(given, bool)
    return int(given) if whole and 0 <= int(given) < LARGEST else None
