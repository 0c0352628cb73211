"""Machines: tokens issued to an organisation, each within its scopes."""

import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import ROLE_OF_ORGANISATION, Actor
from app.accounts.models import Organisation, Token
from app.accounts.secrets import digest
from app.accounts.service import organisation
from app.core.clock import now
from app.core.errors import Invalid

SCOPES = ("firms:read", "firms:write", "figures:write")


def issue_token(
    session: Session, organisation_code: str, name: str, scopes: list[str], days: int
) -> str:
    """A new token, shown only now; only its hash is kept."""
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise Invalid(f"没有权限范围 {unknown[0]}：可用 {', '.join(SCOPES)}")
    body = organisation(session, organisation_code)
    if body.kind not in ROLE_OF_ORGANISATION:
        raise Invalid(f"{body.name} 是一组单位，不能持有令牌：请为其成员单位签发")
    prefix = secrets.token_hex(4)
    secret = f"tidu_{prefix}_{secrets.token_urlsafe(32)}"
    session.add(
        Token(
            name=name,
            prefix=prefix,
            token_hash=digest(secret),
            scopes=sorted(scopes),
            organisation_id=body.id,
            expires_at=now() + timedelta(days=days),
        )
    )
    return secret


def actor_of_token(session: Session, secret: str) -> Actor | None:
    """Who a bearer token stands for, while it holds."""
    row = session.execute(
        select(Token.id, Token.name, Token.scopes, Token.organisation_id, Organisation.kind)
        .join(Organisation, Organisation.id == Token.organisation_id)
        .where(
            Token.token_hash == digest(secret),
            Token.expires_at > now(),
            Token.revoked_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    role = ROLE_OF_ORGANISATION[row.kind]
    return Actor(role, row.organisation_id, row.name, token_id=row.id, scopes=frozenset(row.scopes))
