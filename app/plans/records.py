"""The kinds of records that a counting rule may name, and when one counts."""

from dataclasses import dataclass

from app.criteria.kinds import CHECKS
from app.criteria.kinds import RECORDS as KINDS
from app.firms.models import Fact
from app.innovation.models import Platform


@dataclass(frozen=True)
class Recorded:
    """One kind: `day` is the column by which it falls into a period and from which it is in force.

    `ended` is the day it ceases to be in force, `period` a range of days that stands for both, and
    `check` the name under which somebody confirms that a firm's records of the kind are complete.
    """

    model: type[Fact]
    day: str | None = None
    ended: str | None = None
    period: str | None = None
    check: str | None = None


RECORDS = {
    kind.table: Recorded(kind.model, kind.day, kind.until, check=CHECKS[kind.table])
    for kind in KINDS
} | {"rd_body": Recorded(Platform, "happened_on", "ended_on", check="rd_body")}  # fmt: skip
