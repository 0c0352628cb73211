"""The page behind a one-time link: a new password, and for the first administrator a name."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts import queries
from app.accounts.auth import settings_of, visiting, visitor_of
from app.accounts.cookies import keep_device
from app.accounts.invitations import Acceptance, Link, accept, open_link
from app.accounts.passwords import WeakPassword
from app.accounts.words import PASSWORD_FAULTS, PROBLEMS
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.web import render, wants_page

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form()]


def _no_such_link() -> NotFound:
    chinese, english = PROBLEMS["link"]
    return NotFound(f"{chinese} ({english})")


@router.get("/invitations/{secret}")
def invitation(request: Request, secret: str) -> Response:
    """What the link asks for; looking does not use it up."""
    with visiting(request) as tx:
        link = open_link(tx, visitor_of(request), secret)
    if link is None:
        raise _no_such_link()
    return _form(request, secret, link, None, Acceptance(""))


def _form(
    request: Request, secret: str, link: Link, error: AppError | None, given: Acceptance
) -> Response:
    with visiting(request) as tx:
        bodies = [] if link.user_id else queries.organisations(tx, "department")
    fault = error.fault if isinstance(error, WeakPassword) else None
    page = render(
        request, "accounts/invitation.html", link=link, secret=secret, given=given, bodies=bodies,
        fault=None if fault is None else PASSWORD_FAULTS[fault],
        detail=error.detail if error and fault is None else None,
    )  # fmt: skip
    page.status_code = 200 if error is None else error.status
    return page


@router.post("/invitations/{secret}")
def accept_invitation(
    request: Request,
    secret: str,
    password: Typed = "",
    again: Typed = "",
    username: Typed = "",
    name: Typed = "",
    organisation: Typed = "",
) -> Response:
    """The password is set; from here on one signs in with it."""
    settings, visitor = settings_of(request), visitor_of(request)
    given = Acceptance(password, username, name, organisation)
    link = None
    try:
        with visiting(request) as tx:
            link = open_link(tx, visitor, secret)
            if link is not None:
                if password != again:
                    raise WeakPassword("different")
                accept(tx, settings, visitor, link, given)
    except (Invalid, Conflict, NotFound) as error:
        if link is None or not wants_page(request):
            raise
        return _form(request, secret, link, error, given)
    if link is None:
        raise _no_such_link()
    joined = RedirectResponse("/sign-in?said=joined", status_code=303)
    keep_device(request, joined, visitor)
    return joined
