"""The portrait with its contacts open: for a purpose, and with the forms of those who keep them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import Reader, Tx
from app.core.errors import Conflict, Invalid, Stale
from app.core.wording import said
from app.firms import contacts
from app.firms.api import FirmId
from app.firms.contact_api import ContactId
from app.firms.contact_schemas import ContactIn, ContactPatch, Reason
from app.firms.models import Contact
from app.pipeline.portrait_pages import CLOSED, Opened, portrait_page

router = APIRouter(prefix="/firms/{firm_id}/contacts", include_in_schema=False)


class ContactForm(BaseModel):
    """A contact's form as it was filled in; empty fields are sent too."""

    name: str = ""
    consent: str = ""
    duty: str = ""
    phone: str = ""
    email: str = ""
    version: int = 0

    def contact(self) -> dict[str, Any]:
        """What it says of the person; Invalid with every fault."""
        return _checked(ContactIn, self._typed()).model_dump()

    def changes(self, contact: Contact) -> dict[str, Any]:
        """What it says otherwise than the record; what stays is not judged anew."""
        typed = self._typed()
        changed = {name: typed[name] for name in typed if typed[name] != getattr(contact, name)}
        return _checked(ContactPatch, changed).model_dump(exclude_unset=True) if changed else {}

    def _typed(self) -> dict[str, Any]:
        typed = {name: getattr(self, name).strip() for name in ContactIn.model_fields}
        return {k: v if v or k in ("name", "consent") else None for k, v in typed.items()}


def _checked(model: type[BaseModel], typed: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(typed)
    except ValidationError as error:
        told = [
            {"pointer": f"/{each['loc'][0]}", "detail": said(each)}
            for each in error.errors(include_input=False, include_url=False)
        ]
        raise Invalid(told[0]["detail"], errors=told) from None


@router.get("")
@router.get("/new")
@router.get("/{contact_id}")
@router.get("/{contact_id}/remove")
def closed(firm_id: FirmId, actor: Reader) -> RedirectResponse:
    """An address that was only posted to leads to the portrait with its contacts closed."""
    return RedirectResponse(f"/firms/{firm_id}#contacts", status_code=303)


@router.post("")
def open_contacts(
    request: Request, firm_id: FirmId, actor: Reader, tx: Tx, purpose: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> HTMLResponse:  # fmt: skip
    """The portrait with the contacts, once the purpose is said."""
    try:
        reason = Reason.model_validate({"purpose": purpose, "note": note.strip() or None})
    except ValidationError:
        problem = Invalid("请选择查看目的；说明不超过 200 字 (choose a purpose; the note is short)")
        return portrait_page(request, tx, actor, firm_id, opened=Opened(problem=problem))
    return _open(request, tx, actor, firm_id, reason)


def _open(
    request: Request, session: Session, actor: Actor, firm_id: int, reason: Reason,
    failed: Opened = CLOSED,
) -> HTMLResponse:  # fmt: skip
    """The portrait with the contacts, and the form that failed if one did."""
    found = contacts.read(session, actor, firm_id, reason)
    opened = replace(failed, contacts=found, purpose=reason.purpose)
    return portrait_page(request, session, actor, firm_id, opened=opened)


Filled = Annotated[ContactForm, Form()]


@router.post("/new")
def add(request: Request, firm_id: FirmId, form: Filled, actor: Reader, tx: Tx) -> HTMLResponse:
    """A new contact."""
    return _write(request, tx, actor, firm_id, form,
                  lambda: contacts.add(tx, actor, firm_id, form.contact()))  # fmt: skip


@router.post("/{contact_id}")
def change(
    request: Request, firm_id: FirmId, contact_id: ContactId, form: Filled, actor: Reader, tx: Tx
) -> HTMLResponse:
    """Change one, as it was when it was shown."""

    def write() -> None:
        found = contacts.to_change(tx, actor, firm_id, contact_id)
        contacts.change(tx, actor, found, form.changes(found), form.version)

    return _write(request, tx, actor, firm_id, form, write, on=contact_id)


@router.post("/{contact_id}/remove")
def remove(
    request: Request, firm_id: FirmId, contact_id: ContactId, form: Filled, actor: Reader, tx: Tx
) -> HTMLResponse:
    """Delete one for good, as it was when it was shown."""

    def write() -> None:
        contacts.remove(tx, contacts.to_change(tx, actor, firm_id, contact_id), form.version)

    return _write(request, tx, actor, firm_id, form, write, on=contact_id)


def _write(
    request: Request, session: Session, actor: Actor, firm_id: int, form: ContactForm,
    write: Callable[[], object], on: int | None = None,
) -> HTMLResponse:  # fmt: skip
    """Do it and show the contacts again."""
    reason = Reason(purpose="maintenance")
    try:
        write()
    except (Invalid, Conflict, Stale) as error:
        failed = Opened(problem=error, typed=form, on=on)
        return _open(request, session, actor, firm_id, reason, failed)
    return _open(request, session, actor, firm_id, reason)
