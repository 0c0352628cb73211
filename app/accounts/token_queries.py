"""Tokens as administrators see them: never the secret, always who, what for, how long, last use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Organisation, Token, TokenUse
from app.core.clock import now
from app.core.errors import NotFound

WARNING = timedelta(days=14)


@dataclass(frozen=True)
class TokenRow:
    """One token, its organisation, the tokens before and after it, and its last use."""

    id: int
    prefix: str
    name: str
    organisation: str
    organisation_name: str
    scopes: list[str]
    ranges: list[str]
    requests_per_minute: int | None
    issued_by: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    used_from: str | None
    predecessor: str | None
    successor: str | None

    @property
    def state(self) -> str:
        """`revoked`, `expired`, `replaced` (it lives on for its overlap), `expiring`, `active`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now():
            return "expired"
        if self.successor is not None:
            return "replaced"
        return "expiring" if self.expires_at <= now() + WARNING else "active"

    @property
    def days_left(self) -> int:
        """Days until it ends, begun ones included."""
        return max(0, -(-(self.expires_at - now()) // timedelta(days=1)))

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {**vars(self), "state": self.state}


Before, After = aliased(Token), aliased(Token)


def _rows() -> Any:
    return (
        select(Token, Organisation.code, Organisation.name.label("body"), TokenUse.used_at,
               TokenUse.address, Before.prefix.label("before"), After.prefix.label("after"))
        .join(Organisation, Organisation.id == Token.organisation_id)
        .outerjoin(TokenUse, TokenUse.token_id == Token.id)
        .outerjoin(Before, Before.id == Token.predecessor_id)
        .outerjoin(After, After.predecessor_id == Token.id)
    )  # fmt: skip


def _row(found: Any) -> TokenRow:
    token: Token = found.Token
    return TokenRow(
        id=token.id,
        prefix=token.prefix,
        name=token.name,
        organisation=found.code,
        organisation_name=found.body,
        scopes=token.scopes,
        ranges=[str(network) for network in token.ranges],
        requests_per_minute=token.requests_per_minute,
        issued_by=token.issued_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        used_at=found.used_at,
        used_from=None if found.address is None else str(found.address),
        predecessor=found.before,
        successor=found.after,
    )


def all_tokens(
    session: Session, *, organisation: str | None = None, ended: bool = True
) -> list[TokenRow]:
    """Tokens by organisation and name, newest first among equals; `ended` ones too, if asked."""
    query = _rows().order_by(Organisation.name, Token.name, Token.id.desc())
    if organisation is not None:
        query = query.where(Organisation.code == organisation)
    if not ended:
        query = query.where(Token.revoked_at.is_(None), Token.expires_at > now())
    return [_row(found) for found in session.execute(query)]


def token_row(session: Session, token_id: int) -> TokenRow:
    """One token."""
    return _row(session.execute(_rows().where(Token.id == token_id)).one())


def chain(session: Session, row: TokenRow) -> Sequence[TokenRow]:
    """A token with all that it replaced and that replaced it, oldest first."""
    found = [row]
    while found[0].predecessor is not None:
        found.insert(0, token_row(session, find(session, found[0].predecessor).id))
    while found[-1].successor is not None:
        found.append(token_row(session, find(session, found[-1].successor).id))
    return found


def find(session: Session, reference: str) -> Token:
    """A token by its number or its prefix (`ab12cd34`, `tidu_ab12cd34`); NotFound says how."""
    prefix = reference.removeprefix("tidu_")[:8]
    found = session.scalar(select(Token).where(Token.prefix == prefix))
    if found is None and reference.isdecimal() and int(reference) < 2**31:
        found = session.get(Token, int(reference))
    if found is None:
        raise NotFound(f"没有令牌 {reference[:20]}：用 tidu token list 查看 (no such token)")
    return found
