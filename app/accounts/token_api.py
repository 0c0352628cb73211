"""What a machine is told of its own token."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.accounts import limits
from app.accounts import token_queries as queries
from app.accounts.auth import CurrentActor, Db, settings_of
from app.core.errors import NotFound
from app.core.resource import Resource

router = APIRouter(prefix="/api/v1", tags=["token"], route_class=Resource)


class Holder(BaseModel):
    """The organisation a token acts for."""

    code: str
    name: str


class TokenOut(BaseModel):
    """A token: whose, what it may do, until when, whence, how often."""

    id: int
    prefix: str
    name: str
    organisation: Holder
    scopes: list[str]
    ranges: list[str]
    created_at: datetime
    expires_at: datetime
    state: str
    requests_per_minute: int
    requests_at_once: int
    predecessor: str | None
    successor: str | None


@router.get("/token", operation_id="get_token")
def get_token(request: Request, actor: CurrentActor, db: Db) -> TokenOut:
    """The token this request is made with; people have none."""
    if actor.token_id is None:
        raise NotFound("您以个人身份登录，没有令牌 (signed in as a person: no token)")
    row = queries.token_row(db, actor.token_id)
    policy = limits.token_policy(settings_of(request), row.requests_per_minute)
    same = set(TokenOut.model_fields) - {"organisation", "requests_per_minute", "requests_at_once"}
    return TokenOut(
        **{name: getattr(row, name) for name in same},
        organisation=Holder(code=row.organisation, name=row.organisation_name),
        requests_per_minute=policy.per_minute,
        requests_at_once=policy.burst,
    )
