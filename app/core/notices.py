"""What the next page says after an action: one sentence, kept in a cookie until it is shown."""

import base64
import binascii
import json

from fastapi import Request
from fastapi.responses import Response

COOKIE = "tidu_notice"
SECONDS = 60
LONGEST = 300
DOCUMENT = "document"


def leave(request: Request, response: Response, zh: str, en: str) -> None:
    """Have the page that the answer leads to say so, in its reader's language."""
    packed = json.dumps([zh[:LONGEST], en[:LONGEST]], ensure_ascii=False).encode()
    response.set_cookie(
        COOKIE, base64.urlsafe_b64encode(packed).decode(), max_age=SECONDS, httponly=True,
        samesite="lax", secure=request.app.state.settings.https,
    )  # fmt: skip


def waiting(request: Request) -> tuple[str, str] | None:
    """What is to be said on this page; nothing where the cookie is not of our making.

    A script that fetches a page on the way to it does not use the sentence up.
    """
    raw = request.cookies.get(COOKIE)
    if not raw or request.headers.get("sec-fetch-dest", DOCUMENT) != DOCUMENT:
        return None
    try:
        zh, en = json.loads(base64.b64decode(raw.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return None
    sound = isinstance(zh, str) and isinstance(en, str) and len(zh) <= LONGEST >= len(en)
    return (zh, en) if sound else None


def said(response: Response) -> None:
    """It has been shown: no other page says it again."""
    response.delete_cookie(COOKIE)
