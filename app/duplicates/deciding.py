"""What a person says of two firms that may be one: that they are not. It is remembered."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now
from app.core.errors import Invalid, NotFound
from app.firms import queries, service
from app.firms.duplicate_models import DuplicatePair
from app.firms.models import Firm

LONGEST_REASON = 1_000


def distinct(session: Session, actor: Actor, one: int, other: int, reason: str) -> None:
    """They are two firms: no night finds them again."""
    _check(session, actor, one, other)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(f"请说明为什么不是同一家，最多 {LONGEST_REASON} 字 (say why they are not)",
                      errors=[{"pointer": "/reason", "detail": "say why"}])  # fmt: skip
    said = {"decided_by": actor.name, "decided_at": now(), "decided_reason": reason.strip()}
    row = {"firm_id": min(one, other), "other_id": max(one, other), "reasons": [], "score": 0}
    statement = insert(DuplicatePair).values(row | said)
    session.execute(statement.on_conflict_do_update(
        index_elements=["firm_id", "other_id"], set_=said))  # fmt: skip


def reopen(session: Session, actor: Actor, one: int, other: int) -> None:
    """Nobody knows: they are in the queue again."""
    _check(session, actor, one, other)
    pair = session.get(DuplicatePair, (min(one, other), max(one, other)), with_for_update=True)
    if pair is None or pair.decided_at is None:
        raise NotFound("没有这项判断 (nobody decided about these two)")
    pair.decided_by = pair.decided_at = pair.decided_reason = None
    session.flush()


def _check(session: Session, actor: Actor, one: int, other: int) -> None:
    service.only_analysts(actor)
    found = set(session.scalars(
        select(Firm.id).where(Firm.id.in_((one, other)), queries.visible(actor))))  # fmt: skip
    if one == other or found != {one, other}:
        raise NotFound("没有这两家企业 (no such firms)")
