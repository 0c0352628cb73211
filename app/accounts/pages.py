"""Sign-in, sign-out, language and theme."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts import sign_in as signing
from app.accounts.auth import COOKIE, settings_of
from app.core.errors import Unauthenticated
from app.core.i18n import LOCALES
from app.core.web import render

router = APIRouter(include_in_schema=False)
YEAR = 365 * 24 * 3600
THEMES = ("light", "dark", "auto")


@router.get("/sign-in")
def sign_in_form(request: Request) -> Response:
    """The form."""
    return render(request, "accounts/sign_in.html", problem=None, username="")


@router.post("/sign-in")
def sign_in(
    request: Request, username: Annotated[str, Form()], password: Annotated[str, Form()]
) -> Response:
    """A new session, or the form again with one sentence."""
    settings = settings_of(request)
    with request.app.state.sessions() as session:
        try:
            secret = signing.sign_in(session, settings, username.strip(), password)
        except Unauthenticated as error:
            session.commit()  # failures are counted
            page = render(request, "accounts/sign_in.html", problem=error.detail, username=username)
            page.status_code = 401
            return page
        session.commit()
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(COOKIE, secret, httponly=True, samesite="lax", secure=settings.https,
                      max_age=settings.session_hours * 3600)  # fmt: skip
    return answer


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    with request.app.state.sessions() as session, session.begin():
        signing.sign_out(session, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/preferences")
def prefer(
    request: Request,
    lang: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
) -> Response:
    """Language or theme, kept in a cookie; back to the page one came from."""
    came_from = urlsplit(request.headers.get("referer", "/"))
    back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    # A path that begins with two slashes would lead to another site.
    answer = RedirectResponse("/" + back.lstrip("/"), status_code=303)
    if lang in LOCALES:
        answer.set_cookie("lang", lang, max_age=YEAR, samesite="lax")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR, samesite="lax")
    return answer
