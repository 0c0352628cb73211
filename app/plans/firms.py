"""The firms behind a number, as a list that is filtered and paged like every other."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import false
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import BadValueError, Field, nearest
from app.core.filters import Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.firms.models import Firm
from app.plans import store
from app.plans.counting import DIVISIONS
from app.plans.grammar import TargetRule
from app.plans.measuring import Asked, divisions, firms_behind
from app.plans.progress import Board
from app.plans.store import Version

NOBODY = "none"
OWN = ("as_of", "known_at", "plan", "by", "of")
COLUMNS = ("id", "name", "credit_code", "part", "whole", "unknown")
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Counted:
    """Whose firms are listed: a target on a day, perhaps one body's part of it."""

    version: Version
    target: TargetRule
    day: date
    known: datetime | None
    by: str | None
    of: str | None


def vocabulary() -> Vocabulary:
    """What the list understands beside the day and the part that it is for."""
    fields = {
        "name": Field("name", "text", Firm.name, label={"zh": "名称", "en": "Name"}),
        "credit_code": Field("credit_code", "text", Firm.credit_code,
                             label={"zh": "统一社会信用代码", "en": "Credit code"}),
    }  # fmt: skip
    return Vocabulary(fields=fields, sorts={"id": Sort(Firm.id), "name": Sort(Firm.pinyin)},
                      ordering="name", columns=COLUMNS, own=OWN)  # fmt: skip


def asked_for(session: Session, code: str, params: Pairs) -> Counted:
    """The target, day and part that a query string names; Invalid says which is wrong."""
    given = dict(params)
    try:
        day = Field("as_of", "date").value(given["as_of"]) if given.get("as_of") else today()
        known = _instant(given["known_at"]) if given.get("known_at") else None
    except BadValueError as error:
        raise Invalid(f"as_of: {error}",
                      errors=[{"parameter": "as_of", "detail": str(error)}]) from error  # fmt: skip
    by = given.get("by") or None
    if by is not None and by not in DIVISIONS:
        wrong = f"没有划分 {by} (no such division)" + nearest(by, DIVISIONS)
        raise Invalid(f"by: {wrong}", errors=[{"parameter": "by", "detail": wrong}])
    version = store.in_force(session, day, given.get("plan") or None)
    target = store.target_of(version.file, code)
    return Counted(version, target, day, known, by, given.get("of") or None)


def _instant(raw: str) -> datetime:
    try:
        found = datetime.fromisoformat(raw)
    except ValueError as error:
        raise BadValueError(f"known_at {raw[:40]!r} 不是时刻 (not an instant)") from error
    if found.tzinfo is None:
        raise BadValueError("known_at 缺少时区，例如 2026-01-31T00:00:00Z (needs a time zone)")
    return found


def listing(session: Session, actor: Actor, counted: Counted, params: Pairs) -> Page:
    """A page of exactly the firms that a number counts, within the actor's scope."""
    filters = parse(params, vocabulary())
    asked = Asked(actor, counted.day, counted.known)
    wanted = Board(session, asked, counted.version).wanted(counted.target, counted.day)
    if wanted is None:
        return Page([], None, 0, True)
    query = firms_behind(asked, wanted, counted.by)
    if counted.by is not None and counted.of is not None:
        query = query.where(_part(session, counted, query.selected_columns["division"]))
    return page(session, query, filters, Firm.id)


def _part(session: Session, counted: Counted, key: Any) -> Any:
    """The firms of one body, or of none."""
    assert counted.by is not None
    bodies = divisions(session, counted.by, counted.version.file.regulators)
    if counted.of == NOBODY:
        return key.is_(None) | key.not_in(list(bodies))
    keys = [number for number, body in bodies.items() if body.code == counted.of]
    return key.in_(keys) if keys else false()
