"""Contacts: people to reach at a firm. Nobody reads one without saying why, and that is noted.

A reading and its note stand in one transaction: what cannot be noted is not shown.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.audit.service import note_read
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, NotFound, Stale
from app.firms import queries
from app.firms.contact_schemas import Reason
from app.firms.models import Contact, Firm

MOST = 100


def may_read(session: Session, actor: Actor, firm_id: int) -> bool:
    """Whether this actor may read the contacts of a firm that it knows of."""
    allowed = select(Firm.id).where(Firm.id == firm_id, queries.may_read_contacts(actor))
    return session.scalar(allowed) is not None


def read(session: Session, actor: Actor, firm_id: int, reason: Reason) -> list[Contact]:
    """A firm's contacts, for a purpose; the reading is noted."""
    _demand(session, actor, firm_id, "contacts:read")
    query = select(Contact).where(Contact.firm_id == firm_id).order_by(Contact.id)
    found = list(session.scalars(query))
    _note(session, firm_id, reason, found)
    return found


def read_one(
    session: Session, actor: Actor, firm_id: int, contact_id: int, reason: Reason
) -> Contact:
    """One contact, likewise."""
    _demand(session, actor, firm_id, "contacts:read")
    found = _get(session, firm_id, contact_id)
    _note(session, firm_id, reason, [found])
    return found


def _note(session: Session, firm_id: int, reason: Reason, found: list[Contact]) -> None:
    shown = {"contacts": [contact.id for contact in found]}
    said = {"note": reason.note} if reason.note else {}
    note_read(session, "contacts", purpose=reason.purpose, filter=shown | said,
              row_count=len(found), firm_id=firm_id)  # fmt: skip


def to_change(session: Session, actor: Actor, firm_id: int, contact_id: int) -> Contact:
    """One contact that is to be changed or removed; nothing of it is shown."""
    _demand(session, actor, firm_id, "contacts:write")
    return _get(session, firm_id, contact_id)


def add(session: Session, actor: Actor, firm_id: int, given: Mapping[str, Any]) -> Contact:
    """A new contact of a firm."""
    firm = _demand(session, actor, firm_id, "contacts:write")
    session.refresh(firm, with_for_update=True)  # so that the number of contacts is bounded
    number = session.scalar(select(func.count()).where(Contact.firm_id == firm_id)) or 0
    if number >= MOST:
        raise Conflict(f"该企业已有 {number} 个联系人：请先删除不再需要的 (too many contacts)")
    found = Contact(firm_id=firm_id, source=actor.source, recorded_by=actor.name, **given)
    session.add(found)
    session.flush()  # its number is answered
    return found


def change(
    session: Session, actor: Actor, contact: Contact, changes: Mapping[str, Any], version: int
) -> Contact:
    """Change a contact; Stale if it is no longer the version that was read."""
    _hold(session, contact, version)
    for name, value in changes.items():
        setattr(contact, name, value)
    contact.version += 1
    contact.source, contact.recorded_by, contact.updated_at = actor.source, actor.name, now()
    session.flush()
    return contact


def remove(session: Session, contact: Contact, version: int) -> None:
    """Delete a contact for good."""
    _hold(session, contact, version)
    session.delete(contact)
    session.flush()


def _hold(session: Session, contact: Contact, version: int) -> None:
    session.refresh(contact, with_for_update=True)
    if contact.version != version:
        raise stale(contact, version)


def stale(contact: Contact, version: object) -> Stale:
    """Tells the version that stands, and nothing of the person."""
    return Stale(
        f"联系人已是第 {contact.version} 版，您改的是第 {version} 版：请重新查看再改 "
        "(changed meanwhile: read it again)",
        current={"id": contact.id, "version": contact.version},
    )


def _demand(session: Session, actor: Actor, firm_id: int, scope: str) -> Firm:
    """The firm, or the error that says what is lacking: a scope, the firm, the right."""
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        raise Forbidden("这个角色不能查看企业数据 (this role sees no data of firms)")
    actor.require(scope)
    firm = queries.get(session, actor, firm_id)
    if not may_read(session, actor, firm_id):
        raise Forbidden(
            "部门只能查看本部门正在办理其帮扶事项的企业的联系人 "
            "(only with an open support case of your department)"
        )
    return firm


def _get(session: Session, firm_id: int, contact_id: int) -> Contact:
    found = session.get(Contact, contact_id)
    if found is None or found.firm_id != firm_id:
        raise NotFound(f"该企业没有编号为 {contact_id} 的联系人 (no such contact)")
    return found
