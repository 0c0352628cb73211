"""The one clock: policy days are the district's days, instants are UTC."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DISTRICT = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is in the district."""
    return datetime.now(DISTRICT).date()
