"""One person's data on request (personal information law): what is held, and its deletion.

Neither act puts a name, a number or an address into the log: it says by what was searched, which
contacts were meant, and why.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.audit.queries import readings_of
from app.audit.service import note_read
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, Invalid
from app.firms.contact_schemas import email_of, name_of, phone_of
from app.firms.models import Contact, Firm

FEWEST_DIGITS = 5
Found = Sequence[Row[Contact, int, str, str | None]]


@dataclass(frozen=True)
class Asked:
    """By what a person is looked for; all that is given must agree."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None

    @property
    def by(self) -> list[str]:
        """What was given, without its value."""
        return [name for name, value in vars(self).items() if value is not None]


def asked(name: str | None, phone: str | None, email: str | None) -> Asked:
    """What was typed, in stored form; Invalid says what cannot be looked for."""
    try:
        found = Asked(
            name_of(name) if name and name.strip() else None,
            _digits(phone) if phone and phone.strip() else None,
            email_of(email) if email and email.strip() else None,
        )
    except ValueError as error:
        raise Invalid(str(error)) from None
    if not found.by:
        raise Invalid("请给出姓名、电话或电子邮箱中的至少一项 (give a name, a phone or an e-mail)")
    return found


def _digits(typed: str) -> str:
    """A number's digits: records that came otherwise may hold them in another form."""
    try:
        written = phone_of(typed)
    except ValueError:
        written = typed
    digits = re.sub(r"[^0-9]", "", written)
    if len(digits) < FEWEST_DIGITS:
        raise ValueError("电话至少应有 5 位数字 (a phone number has at least five digits)")
    return digits


def find(session: Session, person: Asked) -> Found:
    """Every contact of a person, with its firm."""
    return session.execute(
        select(Contact, Firm.id, Firm.name, Firm.credit_code)
        .join(Firm, Firm.id == Contact.firm_id)
        .where(matches(person))
        .order_by(Contact.id)
    ).all()


def matches(person: Asked) -> ColumnElement[bool]:
    """Whether a contact is that person."""
    digits = func.regexp_replace(Contact.phone, "[^0-9]", "", "g")
    tests = (
        (person.name, Contact.name == person.name),
        (person.phone, digits == person.phone),
        (person.email, func.lower(Contact.email) == person.email),
    )
    return and_(*(test for given, test in tests if given is not None))


def look(session: Session, actor: Actor, person: Asked) -> Found:
    """What is held about a person; the look is noted."""
    only_analysts(actor)
    found = find(session, person)
    _note(session, "person_found", person, found)
    return found


def export(session: Session, actor: Actor, person: Asked) -> dict[str, Any]:
    """All that is held about a person: contacts, and who read them when and why."""
    only_analysts(actor)
    found = find(session, person)
    _note(session, "person_exported", person, found)
    return {
        "asked_by": person.by,
        "exported_at": now(),
        "contacts": [_whole(row) for row in found],
        "readings": _readings(session, [row.Contact.id for row in found]),
    }


def _whole(row: Any) -> dict[str, Any]:
    contact: Contact = row.Contact
    held = {column.key: getattr(contact, column.key) for column in Contact.__table__.columns}
    return held | {"firm": row.name, "credit_code": row.credit_code}


def _readings(session: Session, contacts: list[int]) -> list[dict[str, Any]]:
    bodies: dict[Any, str] = dict(session.execute(select(Organisation.id, Organisation.name)).all())
    told = []
    for row in readings_of(session, "contacts", "contacts", contacts):
        acting = row.acting or {"name": "system"}
        told.append(
            {
                "at": row.at,
                "by": acting.get("name"),
                "role": acting.get("role"),
                "organisation": bodies.get(acting.get("organisation_id")),
                "purpose": row.purpose,
                "note": row.filter.get("note"),
                "firm_id": row.firm_id,
            }
        )
    return told


def erase(session: Session, actor: Actor, person: Asked, reason: str, expected: int) -> int:
    """Delete a person's contacts for good; Conflict if they are not as many as were confirmed."""
    only_analysts(actor)
    if not reason.strip():
        raise Invalid("请说明删除的理由 (say why)")
    values = [value.lower() for value in vars(person).values() if value]
    if any(value in reason.lower() for value in values):
        raise Invalid("理由会永久保存：请不要写入姓名、电话或邮箱 (no personal data in the reason)")
    found = find(session, person)
    if len(found) != expected:
        raise Conflict(
            f"现有 {len(found)} 条记录，与确认的 {expected} 条不符：请重新查找 (changed)"
        )
    session.execute(delete(Contact).where(Contact.id.in_([row.Contact.id for row in found])))
    _note(session, "person_erased", person, found, reason=reason.strip())
    return len(found)


def _note(session: Session, what: str, person: Asked, found: Found, **said: str) -> None:
    numbers = {"contacts": [row.Contact.id for row in found]}
    note_read(session, what, purpose="data_request", row_count=len(found),
              filter={"by": person.by, **numbers, **said})  # fmt: skip


def only_analysts(actor: Actor) -> None:
    """Requests of persons are answered by the bureau alone."""
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以办理个人信息请求 (analysts only)")
