"""Titles that firms hold, and a target on a day, as tests of targets need them."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.plans.progress import Progress, progress
from tests.criteria.facts import parsed
from tests.factories import insert_firms


def held(kind: str, since: date, until: date | None = None) -> dict[str, object]:
    """A designation in the notation of the factories."""
    return {"kind": kind, "from": since, "to": until}


def many(db: Session, number: int, *held_: dict[str, object]) -> list[int]:
    """As many firms, each holding the same."""
    return insert_firms(db, [parsed({"designations": list(held_)}) for _ in range(number)])


def of(db: Session, code: str, day: date, **asked: Any) -> Progress:
    """One target on a day."""
    return next(one for one in progress(db, SYSTEM, day, **asked) if one.target.code == code)
