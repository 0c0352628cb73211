"""Sign-in in its two steps, sign-out, language and theme."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts import sessions
from app.accounts import sign_in as signing
from app.accounts.auth import COOKIE, session_cookie, settings_of, visiting, visitor_of
from app.accounts.cookies import drop, keep_preference, welcome
from app.accounts.secrets import matches
from app.accounts.words import PROBLEMS
from app.core.errors import AppError, Unauthenticated, Unavailable
from app.core.i18n import LOCALES
from app.core.notices import leave
from app.core.web import THEMES, answer, local_path, render, wants_page

router = APIRouter(include_in_schema=False)
SHORTCUTS = {
    "on": ("快捷键已启用", "Keyboard shortcuts are on"),
    "off": ("快捷键已关闭；可从右上角的“?”重新启用",
            "Keyboard shortcuts are off; the “?” at the top turns them on again"),
}  # fmt: skip
Typed = Annotated[str, Form()]


@router.get("/sign-in")
def sign_in_form(request: Request, next: str = "/", said: str = "") -> Response:
    """The form; `said` names what led here."""
    return sign_in_page(request, following=local_path(next), said=said)


def sign_in_page(
    request: Request,
    *,
    following: str = "/",
    username: str = "",
    said: str = "",
    problem: str | None = None,
    status: int = 200,
) -> Response:
    """The form with one sentence, for people; for programs a refusal is a problem."""
    if problem is not None and not wants_page(request):
        return answer(request, _refusal(problem, status))
    settings = settings_of(request)
    page = render(
        request, "accounts/sign_in.html", problem=PROBLEMS.get(problem or ""), said=said,
        username=username, following=following,
        provider=settings.oidc_issuer and (settings.oidc_label or "OpenID Connect"),
    )  # fmt: skip
    page.status_code = status
    return page


def _refusal(problem: str, status: int) -> AppError:
    chinese, english = PROBLEMS[problem]
    kind = Unavailable if status == 503 else Unauthenticated
    return kind(f"{chinese} ({english})")


@router.post("/sign-in")
def sign_in(
    request: Request, username: Typed = "", password: Typed = "", next: Typed = "/"
) -> Response:
    """A new session, or the form again with one sentence."""
    settings, visitor, following = settings_of(request), visitor_of(request), local_path(next)
    with visiting(request) as tx:
        guess = signing.begin(tx, visitor, username)
    right = matches(password, guess.password_hash)
    with visiting(request) as tx:
        found = signing.conclude(tx, settings, visitor, guess, right)
        if found is not None:
            sessions.end_by_cookie(tx, session_cookie(request), "renewed")
    if found is None:
        return sign_in_page(request, following=following, username=username[:64],
                            problem="sign_in", status=401)  # fmt: skip
    entered = RedirectResponse(after_sign_in(found, following), status_code=303)
    welcome(request, entered, visitor, found)
    return entered


def after_sign_in(found: signing.Entered, following: str) -> str:
    """The page that was asked for, by way of the second step where one is needed."""
    if found.pending:
        return f"/sign-in/second-factor?{urlencode({'next': following})}"
    return following


@router.get("/sign-in/second-factor")
def second_factor_form(request: Request, next: str = "/") -> Response:
    """The second step's form, for whom it is waited for."""
    with visiting(request) as tx:
        waiting = sessions.pending_of(tx, settings_of(request), session_cookie(request) or "")
    if waiting is None:
        raise Unauthenticated("请先用密码登录 (sign in with your password first)", see="/sign-in")
    return _code_form(request, local_path(next), problem=False)


def _code_form(request: Request, following: str, *, problem: bool) -> Response:
    return render(request, "accounts/second_factor.html", following=following,
                  problem=PROBLEMS["second_factor"] if problem else None)  # fmt: skip


@router.post("/sign-in/second-factor")
def second_factor(request: Request, code: Typed = "", next: Typed = "/") -> Response:
    """The session proper, or the form again with one sentence."""
    settings, visitor, following = settings_of(request), visitor_of(request), local_path(next)
    with visiting(request) as tx:
        waiting = sessions.pending_of(tx, settings, session_cookie(request) or "")
        found = None
        if waiting is not None:
            found = signing.complete(tx, settings, visitor, waiting, code)
    if waiting is None:
        raise Unauthenticated("请先用密码登录 (sign in with your password first)", see="/sign-in")
    if found is None:
        if not wants_page(request):
            return answer(request, _refusal("second_factor", 401))
        page = _code_form(request, following, problem=True)
        page.status_code = 401
        return page
    entered = RedirectResponse(following, status_code=303)
    welcome(request, entered, visitor, found)
    return entered


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    with visiting(request) as tx:
        sessions.end_by_cookie(tx, session_cookie(request), "signed_out")
    left = RedirectResponse("/sign-in", status_code=303)
    drop(request, left, COOKIE)
    return left


@router.post("/preferences")
def prefer(
    request: Request,
    lang: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    shortcuts: Annotated[str, Form()] = "",
) -> Response:
    """Language, theme or keyboard shortcuts, kept in a cookie; back to the page one came from."""
    came_from = urlsplit(request.headers.get("referer", "/"))
    back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    changed = RedirectResponse(local_path(back), status_code=303)
    if lang in LOCALES:
        keep_preference(request, changed, "lang", lang)
    if theme in THEMES:
        keep_preference(request, changed, "theme", theme)
    if shortcuts in SHORTCUTS:
        keep_preference(request, changed, "shortcuts", shortcuts)
        leave(request, changed, *SHORTCUTS[shortcuts])
    return changed
