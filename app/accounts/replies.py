"""Replies kept beside what was done, so that a request sent again is answered and not done again.

A reply is written in the transaction of its act: both are there, or neither. It may hold a secret
that is shown once, so it is sealed. The table has no model: these statements are all that touch it.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.keys import seal, unseal
from app.core.errors import Invalid
from app.core.settings import Settings

PURPOSE = "kept replies"
# Whoever comes second waits here until the first has committed, and then finds its reply.
CLAIM = text("""
insert into kept_reply as kept (owner, key, fingerprint) values (:owner, :key, :fingerprint)
on conflict (owner, key) do update
  set fingerprint = excluded.fingerprint, reply = null, kept_at = now()
  where kept.kept_at < now() - interval '24 hours'
returning true
""")
FIND = text("select fingerprint, reply from kept_reply where owner = :owner and key = :key")
KEEP = text("update kept_reply set reply = :reply where owner = :owner and key = :key")
FORGET = text("delete from kept_reply where kept_at < now() - interval '24 hours'")


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: str


class KeyReused(Invalid):
    """An Idempotency-Key came with another content than the first time."""


def claim(
    session: Session, settings: Settings, actor: Actor, key: str, fingerprint: bytes
) -> Reply | None:
    """Take a key for this act; the reply of an earlier one with the same key and content.

    KeyReused where the content differs.
    """
    held = {"owner": _owner(actor), "key": key}
    if session.scalar(CLAIM, held | {"fingerprint": fingerprint}):
        return None
    found = session.execute(FIND, held).one()
    if bytes(found.fingerprint) != fingerprint:
        raise KeyReused(
            f"Idempotency-Key {key} 已用于内容不同的请求：请换一个新的键 (used with another body)"
        )
    opened = unseal(settings, PURPOSE, found.reply)
    if opened is None:
        raise KeyReused(f"Idempotency-Key {key} 的答复已不可读：请换一个新的键 (use another key)")
    said: dict[str, Any] = json.loads(opened)
    return Reply(**said)


def keep(session: Session, settings: Settings, actor: Actor, key: str, reply: Reply) -> None:
    """Keep the reply of the act that claimed the key."""
    sealed = seal(settings, PURPOSE, json.dumps(vars(reply), ensure_ascii=False))
    session.execute(KEEP, {"owner": _owner(actor), "key": key, "reply": sealed})


def forget_old(session: Session) -> None:
    """Drop what nobody is answered with any more."""
    session.execute(FORGET)


def _owner(actor: Actor) -> str:
    return f"user:{actor.user_id}" if actor.token_id is None else f"token:{actor.token_id}"
