"""What the demo's firms held before what they hold: titles earned young, renewed or lost.

A register in which every title began lately would grow from nothing, which none does, and no
forecast could learn from it. They draw from a generator of their own, so that what holds today
stays as it is.
"""

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import Range

from app.firms.models import Designation

if TYPE_CHECKING:
    from app.demo.records import Records

Row = dict[str, Any]
TERM = timedelta(days=1096)
# Earlier terms follow on each other; a firm of such an age, in days, has had its first.
RENEWED = {"hnte": 0.6, "srdi": 0.6, "little_giant": 0.5, "innovative_sme": 0.5}
OLD_ENOUGH = 500
# A firm that is tech-based became so soon after its registration, and before its certificate.
SOONEST, LATEST, AHEAD = 30, 500, 300
POOLED, LONGEST_POOLED = 0.6, 900
YEAR_AGAIN, YEARS = 0.8, 6
# How many of the firms without a title have lost it, and how long ago at most.
LOST = {"hnte": 0.03, "srdi": 0.02, "cq_tech_based": 0.08, "pool": 0.15}
LONG_AGO = 2_000


def add(made: "Records", firm_id: int, firm: Row, titles: list[Row]) -> None:
    """The past of one firm, whose titles of today are given."""
    random = Random(f"{firm['credit_code']} titles")
    past = _Past(made, random, firm_id, firm["registered_on"])
    first = {kind: min(row["valid"].lower for row in titles if row["kind"] == kind)
             for kind in {row["kind"] for row in titles}}  # fmt: skip
    for kind in sorted(RENEWED.keys() & first.keys()):
        first[kind] = past.renewed(kind, first[kind])
    if "hnte" in first and "pool" not in first and random.random() < POOLED:
        first["pool"] = past.pooled(first["hnte"])
    for row in titles:
        if row["kind"] == "cq_tech_based":
            row["valid"] = Range(past.young(first.get("hnte")), None)
        elif row["kind"] == "tech_sme":
            past.yearly(row)
    for kind, share in LOST.items():
        if kind not in first and random.random() < share:
            past.lost(kind)


class _Past:
    """One firm's, as it is put on record."""

    def __init__(self, made: "Records", random: Random, firm_id: int, registered: date) -> None:
        self.made, self.random, self.firm_id = made, random, firm_id
        self.registered, self.earliest = registered, registered + timedelta(days=OLD_ENOUGH)

    def _put(self, kind: str, since: date, until: date, number: str | None = None) -> None:
        self.made.put(Designation, firm_id=self.firm_id, kind=kind, number=number,
                      valid=Range(since, until), batch=f"{since.year} 年第 1 批")  # fmt: skip

    def renewed(self, kind: str, since: date) -> date:
        """Terms before one that began on a day; when the first of them did."""
        while since - TERM > self.earliest and self.random.random() < RENEWED[kind]:
            self._put(kind, since - TERM, since)
            since -= TERM
        return since

    def pooled(self, until: date) -> date:
        """In the pool, until it was certified; since when."""
        days = self.random.randint(200, LONGEST_POOLED)
        since = max(self.registered + timedelta(days=SOONEST), until - timedelta(days=days))
        if since < until:
            self._put("pool", since, until)
        return since

    def young(self, certified: date | None) -> date:
        """A day soon after its registration, and some time before it was certified."""
        last = min(self.made.today, self.registered + timedelta(days=LATEST))
        if certified is not None:
            last = min(last, certified - timedelta(days=AHEAD))
        span = max(SOONEST, (last - self.registered).days)
        return self.registered + timedelta(days=self.random.randint(SOONEST, span))

    def yearly(self, row: Row) -> None:
        """The calendar years before one, without a gap."""
        for year in range(row["valid"].lower.year - 1, row["valid"].lower.year - YEARS, -1):
            if year <= self.registered.year or self.random.random() > YEAR_AGAIN:
                return
            number = f"{year}{row['number'][4:]}"
            self._put("tech_sme", date(year, 1, 1), date(year + 1, 1, 1), number)

    def lost(self, kind: str) -> None:
        """Held once, and not since."""
        until = self.made.today - timedelta(days=self.random.randint(30, LONG_AGO))
        since = until - TERM
        if since > self.earliest:
            self._put(kind, since, until)
