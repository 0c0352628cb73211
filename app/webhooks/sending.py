"""Webhooks as they go out: signed as Standard Webhooks tell, and only to where they may go."""

import hmac
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from app.core.outgoing import FAILURES, Refused, Request, ask
from app.core.settings import Settings

LARGEST_REPLY, KEPT_REPLY = 65_536, 2_000
SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret


@dataclass(frozen=True)
class Outcome:
    """How one request went: the reply, or why there is none."""

    status: int | None
    reply: str | None
    error: str | None
    milliseconds: int
    retry_after: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode()


def send(settings: Settings, text: str, headers: dict[str, str], body: bytes) -> Outcome:
    """One POST, within its time, whatever the other side does."""
    began = time.monotonic()
    try:
        reply = ask(settings, Request("POST", text, headers, body), LARGEST_REPLY)
    except (Refused, *FAILURES) as error:
        told = error.detail if isinstance(error, Refused) else type(error).__name__
        return Outcome(None, None, told, _since(began))
    said = reply.body[:KEPT_REPLY].decode("utf-8", "replace").replace("\0", "\ufffd")
    return Outcome(reply.status, said, None, _since(began), reply.retry_after)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
