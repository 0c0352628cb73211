"""Cases opened for firms that lack R&D: what tests of their way and of their effect share."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.models import Organisation
from app.core.clock import today
from app.support import opening
from app.support.models import SupportCase

LAST = today().year - 1
YEARS = range(LAST - 2, LAST + 1)


def figures(**each: Any) -> dict[str, dict[int, Any]]:
    return {code: dict.fromkeys(YEARS, value) for code, value in each.items()}


def opened(db: Session, firms: list[int], measure: str = "rd.subledger") -> list[int]:
    query = [("id__in", ",".join(map(str, firms)))]
    found = opening.found(db, SYSTEM, "firms", query)
    wanted = opening.Wanted(measure, len(firms), remark="只差研发费用")
    return opening.open_cases(db, SYSTEM, found, wanted)


def case(db: Session, number: int) -> SupportCase:
    db.expire_all()
    return db.get_one(SupportCase, number)


def body(db: Session, code: str) -> Organisation:
    return db.scalars(select(Organisation).where(Organisation.code == code)).one()
