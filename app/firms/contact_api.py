"""Contacts over HTTP: every reading says its purpose, every change names the version it read."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from app.accounts.auth import CurrentActor, Tx
from app.core.resource import Resource
from app.firms import contact_schemas as schemas
from app.firms import contacts
from app.firms.api import NEEDS_VERSION, FirmId, demand_version
from app.firms.models import Contact
from app.firms.schemas import LARGEST_ID

router = APIRouter(
    prefix="/api/v1/firms/{firm_id}/contacts", tags=["contacts"], route_class=Resource
)
ContactId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Why = Annotated[schemas.Reason, Query()]
IfMatch = Annotated[str | None, Header()]


def shown(contact: Contact) -> schemas.ContactOut:
    """A contact as it is read."""
    fields = schemas.ContactOut.model_fields
    return schemas.ContactOut(**{name: getattr(contact, name) for name in fields})


def _saved(contact: Contact, response: Response) -> schemas.ContactSaved:
    response.headers["ETag"] = f'"{contact.version}"'
    return schemas.ContactSaved(id=contact.id, firm_id=contact.firm_id, version=contact.version)


@router.get("", operation_id="list_contacts")
def list_contacts(firm_id: FirmId, why: Why, actor: CurrentActor, tx: Tx) -> schemas.ContactsOut:
    """A firm's contacts: personal data. The reading is noted with its purpose."""
    found = contacts.read(tx, actor, firm_id, why)
    return schemas.ContactsOut(items=[shown(contact) for contact in found])


@router.get("/{contact_id}", operation_id="get_contact")
def get_contact(
    firm_id: FirmId, contact_id: ContactId, why: Why, response: Response, actor: CurrentActor,
    tx: Tx,
) -> schemas.ContactOut:  # fmt: skip
    """One contact; the reading is noted. Its ETag is needed to change it."""
    found = contacts.read_one(tx, actor, firm_id, contact_id, why)
    response.headers["ETag"] = f'"{found.version}"'
    return shown(found)


@router.post("", operation_id="add_contact", status_code=201)
def add_contact(
    firm_id: FirmId, body: schemas.ContactIn, response: Response, actor: CurrentActor, tx: Tx
) -> schemas.ContactSaved:
    """A new contact, with what allows to keep it."""
    found = contacts.add(tx, actor, firm_id, body.model_dump(exclude_unset=True))
    response.headers["Location"] = f"/api/v1/firms/{firm_id}/contacts/{found.id}"
    return _saved(found, response)


@router.patch("/{contact_id}", operation_id="change_contact", responses=NEEDS_VERSION)
def change_contact(
    firm_id: FirmId, contact_id: ContactId, body: schemas.ContactPatch, response: Response,
    actor: CurrentActor, tx: Tx, if_match: IfMatch = None,
) -> schemas.ContactSaved:  # fmt: skip
    """Change a contact; `If-Match` names the version that was read."""
    found = contacts.to_change(tx, actor, firm_id, contact_id)
    demand_version(if_match, found.version, lambda given: contacts.stale(found, given))
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    return _saved(contacts.change(tx, actor, found, changes, found.version), response)


@router.delete("/{contact_id}", operation_id="remove_contact", status_code=204,
               responses=NEEDS_VERSION)  # fmt: skip
def remove_contact(
    firm_id: FirmId, contact_id: ContactId, actor: CurrentActor, tx: Tx, if_match: IfMatch = None
) -> None:
    """Delete a contact for good; `If-Match` names the version that was read."""
    found = contacts.to_change(tx, actor, firm_id, contact_id)
    demand_version(if_match, found.version, lambda given: contacts.stale(found, given))
    contacts.remove(tx, found, found.version)
