"""One's own account: name and language, password, second factor, sessions, roles."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.accounts import backoff, queries, second_factor, service, sessions, sign_in
from app.accounts.actor import Actor
from app.accounts.auth import COOKIE, CurrentActor, Db, SignedIn, Tx, settings_of, visitor_of
from app.accounts.cookies import drop, keep_device, keep_preference, keep_session
from app.accounts.passwords import WeakPassword
from app.accounts.words import PASSWORD_FAULTS, PROBLEMS
from app.core.errors import Forbidden, Invalid
from app.core.i18n import LOCALES
from app.core.notices import leave
from app.core.web import render

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form()]
Words = tuple[str, str]


def _only_people(actor: SignedIn) -> Actor:
    """A token has no account of its own."""
    if actor.user_id is None or actor.session_id is None:
        raise Forbidden("令牌没有账号页面：请用浏览器登录 (tokens have no account)")
    return actor


def _person(actor: CurrentActor) -> Actor:
    return _only_people(actor)


# `Anyone` may still have to set up a second factor; both are people in a session.
Anyone = Annotated[Actor, Depends(_only_people)]
Person = Annotated[Actor, Depends(_person)]


@router.get("/account")
def account(request: Request, actor: Person, db: Db, said: str = "") -> Response:
    """Everything about oneself."""
    return _account(request, actor, db, said=said)


def _account(
    request: Request,
    actor: Actor,
    tx: Session,
    *,
    said: str = "",
    fault: Words | None = None,
    detail: str | None = None,
    status: int = 200,
) -> Response:
    settings = settings_of(request)
    user = queries.person_by_id(tx, actor.user_id or 0)
    page = render(
        request, "accounts/account.html", user=user, said=said, fault=fault, detail=detail,
        grants=queries.grants(tx, user.id),
        sessions=sessions.live_sessions(tx, settings, user.id),
        second_factor=user.id in second_factor.is_on(tx, [user.id]),
        codes_left=second_factor.recovery_codes_left(tx, user.id),
    )  # fmt: skip
    page.status_code = status
    return page


@router.post("/account/profile")
def change_profile(
    request: Request, actor: Person, tx: Tx, name: Typed = "", lang: Typed = ""
) -> Response:
    """Name and language."""
    user = queries.person_by_id(tx, actor.user_id or 0)
    try:
        service.describe_person(tx, user, name, user.email or "")
    except Invalid as error:
        return _account(request, actor, tx, detail=error.detail, status=error.status)
    changed = RedirectResponse("/account?said=profile", status_code=303)
    if lang in LOCALES:
        user.locale = lang
        keep_preference(request, changed, "lang", lang)
    return changed


@router.post("/account/password")
def change_password(
    request: Request,
    actor: Person,
    tx: Tx,
    current: Typed = "",
    password: Typed = "",
    again: Typed = "",
) -> Response:
    """A new password; every other session ends."""
    visitor = visitor_of(request)
    user = queries.person_by_id(tx, actor.user_id or 0)
    fault = "different" if password != again else "same" if password == current else None
    if fault is None and not sign_in.prove_password(tx, visitor, user, current):
        fault = "wrong"
    if fault is None:
        try:
            secret = sign_in.change_password(tx, settings_of(request), visitor, actor, password)
        except WeakPassword as error:
            fault = error.fault
    if fault is not None:
        return _account(request, actor, tx, fault=PASSWORD_FAULTS[fault], status=422)
    changed = RedirectResponse("/account?said=password", status_code=303)
    keep_session(request, changed, secret)
    keep_device(request, changed, visitor)
    return changed


@router.get("/account/second-factor")
def second_factor_page(request: Request, actor: Anyone, tx: Tx) -> Response:
    """Set it up, or see that it is on."""
    return _second_factor(request, actor, tx, None)


def _second_factor(request: Request, actor: Actor, tx: Session, fault: Words | None) -> Response:
    user = queries.person_by_id(tx, actor.user_id or 0)
    on = user.id in second_factor.is_on(tx, [user.id])
    secret = None if on else second_factor.begin(tx, settings_of(request), user.id)
    page = render(
        request, "accounts/second_factor_setup.html", on=on, secret=secret, fault=fault,
        code=None if secret is None else _qr(second_factor.address(secret, user.username)),
        codes_left=second_factor.recovery_codes_left(tx, user.id),
    )  # fmt: skip
    page.status_code = 200 if fault is None else 422
    page.headers["cache-control"] = "no-store"
    return page


def _qr(text: str) -> Markup:
    """A QR code as inline SVG, black on white in either theme."""
    drawn = segno.make(text, error="m").svg_inline(scale=5, border=3, light="#fff", svgclass="qr",
                                                   lineclass=None)  # fmt: skip
    return Markup(drawn)  # noqa: S704 - drawn by the library from our own text


@router.post("/account/second-factor")
def confirm_second_factor(request: Request, actor: Anyone, tx: Tx, code: Typed = "") -> Response:
    """The first code turns it on; the recovery codes are shown once."""
    assert actor.user_id is not None
    if not second_factor.confirm(tx, settings_of(request), actor.user_id, code):
        return _second_factor(request, actor, tx, PROBLEMS["second_factor"])
    return _show_codes(request, second_factor.new_recovery_codes(tx, actor.user_id))


def _show_codes(request: Request, codes: list[str]) -> Response:
    page = render(request, "accounts/recovery_codes.html", codes=codes)
    page.headers["cache-control"] = "no-store"
    return page


@router.post("/account/second-factor/codes")
def renew_recovery_codes(request: Request, actor: Person, tx: Tx, code: Typed = "") -> Response:
    """New recovery codes, against a code."""
    if not _proven(request, actor, tx, code):
        return _second_factor(request, actor, tx, PROBLEMS["second_factor"])
    return _show_codes(request, second_factor.new_recovery_codes(tx, actor.user_id or 0))


@router.post("/account/second-factor/remove")
def remove_second_factor(request: Request, actor: Person, tx: Tx, code: Typed = "") -> Response:
    """Turn it off, against a code."""
    if not _proven(request, actor, tx, code):
        return _second_factor(request, actor, tx, PROBLEMS["second_factor"])
    second_factor.remove(tx, actor.user_id or 0)
    return RedirectResponse("/account?said=second_factor_off", status_code=303)


def _proven(request: Request, actor: Actor, tx: Session, code: str) -> bool:
    settings, visitor = settings_of(request), visitor_of(request)
    counters = sign_in.prove(tx, settings, visitor, actor.user_id or 0, code)
    if counters is None:
        return False
    backoff.give_back(tx, counters)
    return True


@router.post("/account/sessions/{session_id}/end")
def end_session(actor: Anyone, tx: Tx, session_id: int) -> Response:
    """End one of one's own sessions."""
    sessions.end_one(tx, actor.user_id or 0, session_id)
    return RedirectResponse("/account?said=session_ended", status_code=303)


@router.post("/account/sessions/end")
def end_sessions(request: Request, actor: Anyone, tx: Tx) -> Response:
    """End all of one's sessions, this one too, and forget the browsers that were known."""
    sign_in.leave_everywhere(tx, actor.user_id or 0)
    left = RedirectResponse("/sign-in?said=left", status_code=303)
    drop(request, left, COOKIE)
    return left


@router.post("/account/role")
def switch_role(
    request: Request, actor: Anyone, tx: Tx, grant: Annotated[int, Form(ge=1, lt=2**31)]
) -> Response:
    """Act in another of one's roles."""
    secret = sessions.switch(tx, visitor_of(request), actor, grant)
    switched = RedirectResponse("/", status_code=303)
    keep_session(request, switched, secret)
    leave(request, switched, "已切换角色", "You act in another role now")
    return switched
