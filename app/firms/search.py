"""The search box: firms by whatever people remember of them, the likeliest first."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.audit.service import note_read
from app.core.clock import today
from app.core.errors import Forbidden, Invalid
from app.firms import persons
from app.firms.listing import decorate
from app.firms.models import Contact, Firm, FormerName
from app.firms.names import normal
from app.firms.queries import may_read_contacts, search, visible

# Ranked among so many: a word that more firms bear says too little to rank them all.
RANKED = 400
LONGEST = 100
PHONE = re.compile(r"[0-9+() -]{5,40}")


@dataclass(frozen=True)
class Found:
    """Firms that were found, whether there are more, and by what each was."""

    items: list[dict[str, Any]]
    more: bool


NOTHING = Found([], False)


def find(session: Session, actor: Actor, words: str, limit: int, day: date | None = None) -> Found:
    """Firms by name, former name, pinyin, initials or credit code, within the actor's scope."""
    folded = folded_words(words)
    if not folded:
        return NOTHING
    near = (
        select(Firm.id, Firm.name, Firm.credit_code, Firm.name_search, Firm.pinyin)
        .where(search(folded), visible(actor, day))
        .limit(RANKED)
        .subquery()
    )
    rows = session.execute(
        select(near.c.id, near.c.name, near.c.credit_code)
        .order_by(*_likeliest(near, folded))
        .limit(limit + 1)
    )
    items = [dict(row) for row in rows.mappings()]
    return Found(_described(session, items[:limit], folded, day or today()), len(items) > limit)


def folded_words(words: str) -> str:
    """What was typed as names are kept; Invalid where it cannot be a name."""
    if len(words) > LONGEST or "\x00" in words:
        detail = f"搜索词最多 {LONGEST} 个字符 (at most {LONGEST} characters)"
        raise Invalid(f"q: {detail}", errors=[{"parameter": "q", "detail": detail}])
    return normal(words).lower()


def _likeliest(near: Any, folded: str) -> list[Any]:
    """The same, then what begins so, then what begins so in pinyin or initials, then the rest."""
    text = near.c.name_search
    rank = case(
        (or_(near.c.credit_code == folded.upper(), func.lower(near.c.name) == folded), 0),
        (text.startswith(folded, autoescape=True), 1),
        (text.contains(f" {folded}", autoescape=True), 2),
        else_=3,
    )
    return [rank, func.length(near.c.name), near.c.pinyin, near.c.id]


def _described(
    session: Session, items: list[dict[str, Any]], folded: str, day: date
) -> list[dict[str, Any]]:
    """Each firm's rung, and by what it was found."""
    decorate(session, items, ("rung",), day)
    former = _former(session, [row["id"] for row in items], folded)
    for row in items:
        row["by"] = _by(row, folded, former)
        row["former_name"] = former.get(row["id"]) if row["by"] == "former_name" else None
    return [{name: row[name] for name in SHOWN} for row in items]


SHOWN = ("id", "name", "credit_code", "rung", "by", "former_name")


def _former(session: Session, ids: list[int], folded: str) -> dict[int, str]:
    query = select(FormerName.firm_id, FormerName.name).where(
        FormerName.firm_id.in_(ids), FormerName.name_search.contains(folded, autoescape=True)
    )
    return {number: name for number, name in session.execute(query)}


def _by(row: dict[str, Any], folded: str, former: dict[int, str]) -> str:
    if folded in normal(row["name"]).lower():
        return "name"
    if folded.upper() in (row["credit_code"] or ""):
        return "credit_code"
    return "former_name" if row["id"] in former else "pinyin"


# --- by contact person ---------------------------------------------------------------------------


def may_find_by_person(actor: Actor) -> bool:
    """Whether this actor may look for firms by whom to reach there."""
    reads = actor.role not in (Role.ADMIN, Role.AUDITOR, Role.OFFICER)
    return reads and (actor.scopes is None or "contacts:read" in actor.scopes)


def find_by_person(session: Session, actor: Actor, typed: str, limit: int) -> Found:
    """Firms whose contact has exactly this name, phone number or e-mail; the look is noted.

    Nothing of the contact is shown, and the note names none: it says by what, and which firms.
    """
    actor.require("contacts:read")
    if not may_find_by_person(actor):
        raise Forbidden("这个角色不能按联系人查找企业 (not with this role)")
    person = _person(typed)
    there = select(Contact.firm_id).where(persons.matches(person))
    query = (
        select(Firm.id, Firm.name, Firm.credit_code)
        .where(Firm.id.in_(there), visible(actor), may_read_contacts(actor))
        .order_by(Firm.pinyin, Firm.id)
        .limit(limit + 1)
    )
    items = [dict(row) for row in session.execute(query).mappings()]
    shown = items[:limit]
    decorate(session, shown, ("rung",), today())
    for row in shown:
        row |= {"by": "contact", "former_name": None}
    said = {"by": person.by, "firms": [row["id"] for row in shown]}
    note_read(session, "contacts", purpose="search", filter=said, row_count=len(shown))
    return Found([{n: row[n] for n in SHOWN} for row in shown], len(items) > limit)


def _person(typed: str) -> persons.Asked:
    text = typed.strip()
    if "@" in text:
        return persons.asked(None, None, text)
    if PHONE.fullmatch(text):
        return persons.asked(None, text, None)
    return persons.asked(text, None, None)
