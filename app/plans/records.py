"""The kinds of records that a counting rule may name, and when one counts."""

from dataclasses import dataclass

from app.firms.models import Fact
from app.innovation.models import Award, IpRight, RdBody, Standard


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
    "ip_right": Recorded(IpRight, "granted_on", "ended_on", check="ip_right"),
    "award": Recorded(Award, "awarded_on", check="award"),
    "standard": Recorded(Standard, "published_on", check="standard"),
    "rd_body": Recorded(RdBody, period="valid", check="rd_body"),
}
