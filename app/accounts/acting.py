"""Who acts, told to the database for one transaction: its trail and its row security read it."""

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor

DECLARE = text("select set_config('tidu.acting', :acting, true)")


def act_as(
    session: Session, actor: Actor, *, request_id: str | None = None, reason: str | None = None
) -> None:
    """Declare the actor until the transaction ends; the command line, undeclared, is the system."""
    said: dict[str, Any] = {
        "user_id": actor.user_id,
        "token_id": actor.token_id,
        "name": actor.name,
        "role": actor.role.value,
        "organisation_id": actor.organisation_id,
        "request_id": request_id,
        "reason": reason,
    }
    session.execute(DECLARE, {"acting": json.dumps(said, ensure_ascii=False)})


def act_as_visitor(session: Session, *, request_id: str | None = None) -> None:
    """Declare that somebody acts who has not shown who they are: at the doors of sign-in."""
    said = {"user_id": None, "token_id": None, "name": "visitor", "role": None,
            "organisation_id": None, "request_id": request_id, "reason": None}  # fmt: skip
    session.execute(DECLARE, {"acting": json.dumps(said)})
