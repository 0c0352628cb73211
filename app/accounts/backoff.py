"""What slows down those who guess, and nobody else.

A guess is counted before it is looked at, under a row lock, so that guesses sent at once count one
by one; a right one is given back. Whoever comes from a browser or an address from which that person
signed in before is counted there alone: strangers, however many, delay strangers only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Executable, Interval, case, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import KnownOrigin, SignInFailure
from app.accounts.visitor import Visitor
from app.core.clock import now

FREE_FOR_ACCOUNT, FREE_FOR_LINE, FREE_FOR_STRANGERS = 5, 30, 100
FREE_FOR_NOBODY = 1_000_000
LONGEST_SECONDS = 900
FORGOTTEN_AFTER = timedelta(days=1)
REMEMBERED_FOR = timedelta(days=90)
STRANGERS = "strangers"


@dataclass(frozen=True, order=True)
class Counter:
    """Guesses counted together, and how many of them cost nothing; 0 stands for no account."""

    user_id: int
    origin: str
    free: int


def counters_for(session: Session, visitor: Visitor, user_id: int | None) -> list[Counter]:
    """Where a guess of this visitor at this account counts; always in the order of locking.

    Names that belong to nobody take as many statements, so that both answers take as long.
    """
    known = _known_origin(session, visitor, user_id or 0)
    if user_id is None:
        idle = (Counter(0, f"nobody {n} {visitor.line}", FREE_FOR_NOBODY) for n in (1, 2))
        return sorted((Counter(0, visitor.line, FREE_FOR_LINE), *idle))
    if known is not None:
        return [Counter(user_id, f"known {known}", FREE_FOR_ACCOUNT)]
    return sorted(
        (
            Counter(0, visitor.line, FREE_FOR_LINE),
            Counter(user_id, visitor.line, FREE_FOR_ACCOUNT),
            Counter(user_id, STRANGERS, FREE_FOR_STRANGERS),
        )
    )


def _known_origin(session: Session, visitor: Visitor, user_id: int) -> str | None:
    """The browser before the address: a whole office may share the latter."""
    mine = KnownOrigin.user_id == user_id, KnownOrigin.seen_at > now() - REMEMBERED_FOR
    candidates = [visitor.device_origin, visitor.line]
    found = set(
        session.scalars(select(KnownOrigin.origin).where(*mine, KnownOrigin.origin.in_(candidates)))
    )
    return next((origin for origin in candidates if origin in found), None)


def admit(session: Session, counters: Sequence[Counter]) -> bool:
    """Count one guess everywhere, or nowhere if one of the counters still makes people wait."""
    at = now()
    with session.begin_nested() as point:
        for counter in counters:
            if session.execute(_counted(counter, at)).first() is None:
                point.rollback()
                return False
    return True


def _counted(counter: Counter, at: datetime) -> Executable:
    """One more guess; no row if the counter is still blocked."""
    old = SignInFailure
    failures = case((old.last_at < at - FORGOTTEN_AFTER, 1), else_=old.failures + 1)
    beyond = failures - counter.free
    seconds = case(
        (beyond < 0, 0), else_=func.least(func.power(2, func.least(beyond, 20)), LONGEST_SECONDS)
    )
    stmt = insert(SignInFailure).values(
        user_id=counter.user_id or None, origin=counter.origin, failures=1, last_at=at,
        blocked_until=at,
    )  # fmt: skip
    return stmt.on_conflict_do_update(
        index_elements=["user_id", "origin"],
        set_={
            "failures": failures,
            "last_at": at,
            "blocked_until": literal(at) + func.make_interval(*[0] * 6, seconds, type_=Interval),
        },
        where=old.blocked_until <= at,
    ).returning(old.failures)


def give_back(session: Session, counters: Sequence[Counter]) -> None:
    """Somebody got in: their own count starts anew, the shared ones lose what was theirs."""
    at = now()
    for counter in counters:
        own = counter.user_id != 0 and counter.origin != STRANGERS
        rows = (
            SignInFailure.user_id.is_not_distinct_from(counter.user_id or None),
            SignInFailure.origin == counter.origin,
        )
        if own:
            session.execute(delete(SignInFailure).where(*rows))
        else:
            fewer = func.greatest(SignInFailure.failures - 1, 0)
            session.execute(
                update(SignInFailure).where(*rows).values(failures=fewer, blocked_until=at)
            )
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < at - 2 * FORGOTTEN_AFTER))


def remember(session: Session, visitor: Visitor, user_id: int) -> None:
    """From now on this browser and this address are known for this person."""
    at = now()
    mine = KnownOrigin.user_id == user_id
    session.execute(delete(KnownOrigin).where(mine, KnownOrigin.seen_at < at - REMEMBERED_FOR))
    lines = [] if visitor.address is None else [visitor.line]
    for origin in (visitor.device_origin, *lines):
        stmt = insert(KnownOrigin).values(user_id=user_id, origin=origin, seen_at=at)
        session.execute(
            stmt.on_conflict_do_update(index_elements=["user_id", "origin"], set_={"seen_at": at})
        )


def forget_origins(session: Session, user_id: int) -> None:
    """Whoever had the old password may have left known browsers behind."""
    session.execute(delete(KnownOrigin).where(KnownOrigin.user_id == user_id))
