"""To another organisation's provider and back."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts import oidc, sessions
from app.accounts import sign_in as signing
from app.accounts.auth import cookie_name, session_cookie, settings_of, visiting, visitor_of
from app.accounts.cookies import drop, keep_for_minutes, welcome
from app.accounts.pages import after_sign_in, sign_in_page
from app.accounts.visitor import note
from app.core.errors import NotFound
from app.core.web import local_path

router = APIRouter(include_in_schema=False)
JOURNEY = "tidu_journey"


@router.get("/sign-in/oidc")
def leave_for_provider(request: Request, next: str = "/") -> Response:
    """Send the browser to the provider."""
    settings = settings_of(request)
    if settings.oidc_issuer is None:
        raise NotFound("没有配置统一身份认证：请用密码登录 (no provider is configured)")
    try:
        address, carried = oidc.begin(settings, local_path(next))
    except oidc.ProviderDown:
        return _refused(request, "provider_down", 503)
    left = RedirectResponse(address, status_code=303)
    keep_for_minutes(request, left, JOURNEY, carried)
    return left


@router.get("/sign-in/oidc/return")
def come_back(
    request: Request, state: str = "", code: str = "", iss: str | None = None
) -> Response:
    """A session for the person whom the provider vouches for."""
    settings, visitor = settings_of(request), visitor_of(request)
    carried = request.cookies.get(cookie_name(settings, JOURNEY), "")
    if settings.oidc_issuer is None:
        raise NotFound("没有配置统一身份认证：请用密码登录 (no provider is configured)")
    try:
        identity, following = oidc.finish(settings, carried, state, code, iss)
    except oidc.ProviderDown:
        return _refused(request, "provider_down", 503)
    except oidc.ProviderRefused:
        with visiting(request) as tx:
            note(tx, visitor, "provider_refused")
        return _refused(request, "provider_refused", 401)
    with visiting(request) as tx:
        user = oidc.person_of(tx, settings, identity)
        found = None
        if user is None:
            note(tx, visitor, "provider_stranger")
        else:
            found = signing.enter(tx, settings, visitor, user, method="oidc")
        if found is not None:
            sessions.end_by_cookie(tx, session_cookie(request), "renewed")
    if found is None:
        return _refused(request, "provider_stranger", 401)
    entered = RedirectResponse(after_sign_in(found, following), status_code=303)
    drop(request, entered, JOURNEY)
    welcome(request, entered, visitor, found)
    return entered


def _refused(request: Request, problem: str, status: int) -> Response:
    """The sign-in page with one sentence."""
    page = sign_in_page(request, problem=problem, status=status)
    drop(request, page, JOURNEY)
    return page
