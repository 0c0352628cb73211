"""Cookies of sign-in: for this host alone, out of reach of scripts, and Secure behind TLS."""

from fastapi import Request
from fastapi.responses import Response

from app.accounts.auth import COOKIE, DEVICE, cookie_name, settings_of
from app.accounts.sign_in import Entered
from app.accounts.visitor import Visitor

DEVICE_SECONDS = 180 * 24 * 3600
LANGUAGE_SECONDS = 365 * 24 * 3600


def keep(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    """A secret that a browser brings along for so long."""
    settings = settings_of(request)
    answer.set_cookie(cookie_name(settings, name), value, max_age=seconds, httponly=True,
                      samesite="lax", secure=settings.https)  # fmt: skip


def keep_session(request: Request, answer: Response, secret: str) -> None:
    """The session, until its absolute limit."""
    keep(request, answer, COOKIE, secret, settings_of(request).session_hours * 3600)


def keep_device(request: Request, answer: Response, visitor: Visitor) -> None:
    """By this a browser is known again, also after its session."""
    keep(request, answer, DEVICE, visitor.device, DEVICE_SECONDS)


def keep_for_minutes(request: Request, answer: Response, name: str, value: str) -> None:
    """What is needed on the way to another site and back."""
    keep(request, answer, name, value, 600)


def drop(request: Request, answer: Response, name: str) -> None:
    """Forget a cookie."""
    settings = settings_of(request)
    answer.delete_cookie(cookie_name(settings, name), httponly=True, samesite="lax",
                         secure=settings.https)  # fmt: skip


def keep_preference(request: Request, answer: Response, name: str, value: str) -> None:
    """Language or theme."""
    answer.set_cookie(name, value, max_age=LANGUAGE_SECONDS, samesite="lax", httponly=True,
                      secure=settings_of(request).https)  # fmt: skip


def welcome(request: Request, answer: Response, visitor: Visitor, found: Entered) -> None:
    """Everything that a browser keeps of somebody who got in, or got half-way in."""
    keep_session(request, answer, found.secret)
    if not found.pending:
        keep_device(request, answer, visitor)
        if "lang" not in request.cookies:
            keep_preference(request, answer, "lang", found.locale)
