"""Requests of persons about their data: find, hand out, delete; no value is ever in an address."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Tx
from app.core.errors import AppError, Conflict, Invalid
from app.core.web import render
from app.firms import persons

router = APIRouter(prefix="/contacts/requests", include_in_schema=False)


class PersonForm(BaseModel):
    """By what a person is looked for, and what a deletion asks for; empty fields are sent too."""

    name: str = ""
    phone: str = ""
    email: str = ""
    reason: str = ""
    expected: int = 0

    @property
    def typed(self) -> dict[str, str]:
        """By what is looked."""
        return {"name": self.name, "phone": self.phone, "email": self.email}

    def asked(self) -> persons.Asked:
        """The same in stored form."""
        return persons.asked(**self.typed)


Filled = Annotated[PersonForm, Form()]


@router.get("")
def form(request: Request, actor: CurrentActor) -> HTMLResponse:
    """By what to look."""
    persons.only_analysts(actor)
    return _page(request, PersonForm())


@router.post("")
def look(request: Request, filled: Filled, actor: CurrentActor, tx: Tx) -> HTMLResponse:
    """What is held about a person, and the two acts."""
    return _found(request, tx, actor, filled)


@router.get("/export")
@router.get("/erase")
def back(actor: CurrentActor) -> RedirectResponse:
    """An address that was only posted to leads to the form."""
    return RedirectResponse("/contacts/requests", status_code=303)


@router.post("/export")
def export(filled: Filled, actor: CurrentActor, tx: Tx) -> Response:
    """All that is held, as a file."""
    held = persons.export(tx, actor, filled.asked())
    text = json.dumps(jsonable_encoder(held), ensure_ascii=False, indent=1)
    names = {"content-disposition": 'attachment; filename="tidu-person.json"'}
    return Response(text, headers=names, media_type="application/json")


@router.post("/erase")
def erase(request: Request, filled: Filled, actor: CurrentActor, tx: Tx) -> HTMLResponse:
    """Delete for good, as many as were shown."""
    try:
        number = persons.erase(tx, actor, filled.asked(), filled.reason, filled.expected)
    except (Invalid, Conflict) as error:
        return _found(request, tx, actor, filled, error)
    return _page(request, PersonForm(), erased=number)


def _found(
    request: Request, session: Session, actor: Actor, filled: PersonForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    try:
        rows = persons.look(session, actor, filled.asked())
    except Invalid as error:
        return _page(request, filled, problem=error)
    return _page(request, filled, problem=problem, rows=rows)


def _page(
    request: Request, filled: PersonForm, *, problem: AppError | None = None, **more: Any
) -> HTMLResponse:
    shown = {"rows": None, "erased": None} | more
    page = render(request, "firms/requests.html", typed=filled.typed, reason=filled.reason,
                  problem=problem, **shown)  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
