"""Sign-in: by password, by second factor, or by another organisation's provider.

Every refusal looks the same from outside. A guess takes two transactions, one before and one after
the password is looked at, so that no connection waits for Argon2 and every guess is counted.
"""

import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts import backoff, second_factor, sessions
from app.accounts.actor import Actor
from app.accounts.keys import keyed_hash
from app.accounts.models import SecondFactor, User, UserSession
from app.accounts.passwords import set_password
from app.accounts.secrets import digest, matches
from app.accounts.visitor import Visitor, note
from app.core.settings import Settings

USERNAME = re.compile(r"[\w][\w.@-]{0,63}")


@dataclass(frozen=True)
class Guess:
    """A guess that is counted and may now be looked at, unless `admitted` says otherwise."""

    username: str
    user_id: int | None
    password_hash: str | None
    admitted: bool
    counters: tuple[backoff.Counter, ...]


@dataclass(frozen=True)
class Entered:
    """A new session; `pending` while a second factor is missing."""

    secret: str
    user_id: int
    locale: str
    pending: bool


def plain(username: str) -> str:
    """A user name as it is kept: however it was typed, it is one name."""
    return unicodedata.normalize("NFKC", username[:256]).strip().lower()


def begin(session: Session, visitor: Visitor, username: str) -> Guess:
    """Count a guess at an account, before the password is looked at."""
    name = plain(username)
    user = None
    if USERNAME.fullmatch(name):
        user = session.execute(
            select(User.id, User.password_hash).where(User.username == name)
        ).first()
    user_id = None if user is None else user.id
    counters = backoff.counters_for(session, visitor, user_id)
    admitted = backoff.admit(session, counters)
    return Guess(name, user_id, user.password_hash if user else None, admitted, tuple(counters))


def conclude(
    session: Session, settings: Settings, visitor: Visitor, guess: Guess, right: bool
) -> Entered | None:
    """What came of the guess; None looks the same whatever the reason."""
    if guess.user_id is None:
        typed = keyed_hash(settings, "typed names", guess.username)
        note(session, visitor, "unknown_user" if guess.admitted else "slowed_down",
             typed_hash=typed)  # fmt: skip
        return None
    if not guess.admitted or not right:
        outcome = "wrong_password" if guess.admitted else "slowed_down"
        note(session, visitor, outcome, guess.user_id)
        return None
    user = session.scalars(select(User).where(User.id == guess.user_id).with_for_update()).one()
    if user.password_hash != guess.password_hash:
        note(session, visitor, "wrong_password", user.id)  # changed since it was looked at
        return None
    return enter(session, settings, visitor, user, method="password", counters=guess.counters)


def enter(
    session: Session,
    settings: Settings,
    visitor: Visitor,
    user: User,
    *,
    method: str,
    counters: tuple[backoff.Counter, ...] = (),
) -> Entered | None:
    """A session of somebody who showed who they are, waiting if they carry a second factor."""
    grant_id = sessions.usual_grant(session, user.id)
    if user.disabled_at is not None or grant_id is None:
        note(session, visitor, "no_role" if user.disabled_at is None else "disabled", user.id)
        return None
    carried = exists().where(
        SecondFactor.user_id == user.id, SecondFactor.confirmed_at.is_not(None)
    )
    pending = bool(session.scalar(select(carried)))
    binding = sessions.Binding(user.id, grant_id, method, pending)
    secret = sessions.open_session(session, visitor, binding, sessions.limit(settings, binding))
    if pending:
        # Not given back: whoever knows the password alone must not guess codes for free.
        note(session, visitor, "password_accepted", user.id)
    else:
        _welcome(session, visitor, user.id, counters)
    return Entered(secret, user.id, user.locale, pending)


def _welcome(
    session: Session, visitor: Visitor, user_id: int, counters: tuple[backoff.Counter, ...]
) -> None:
    backoff.give_back(session, counters)
    backoff.remember(session, visitor, user_id)
    note(session, visitor, "signed_in", user_id)


def prove(
    session: Session, settings: Settings, visitor: Visitor, user_id: int, code: str
) -> tuple[backoff.Counter, ...] | None:
    """Look at a guess of the second factor; the counters if it is right, to be given back."""
    counters = tuple(backoff.counters_for(session, visitor, user_id))
    if not backoff.admit(session, counters):
        note(session, visitor, "slowed_down", user_id)
        return None
    outcome = second_factor.check(session, settings, user_id, code)
    if outcome != "code_right":
        note(session, visitor, outcome, user_id)
    return counters if outcome in second_factor.ACCEPTED else None


def complete(
    session: Session, settings: Settings, visitor: Visitor, waiting: UserSession, code: str
) -> Entered | None:
    """The second step; None looks the same whatever the reason."""
    counters = prove(session, settings, visitor, waiting.user_id, code)
    if counters is None:
        return None
    sessions.end(session, "renewed", UserSession.id == waiting.id)
    binding = sessions.Binding(waiting.user_id, waiting.grant_id, waiting.method)
    secret = sessions.open_session(session, visitor, binding, sessions.limit(settings, binding))
    _welcome(session, visitor, waiting.user_id, counters)
    locale = session.scalar(select(User.locale).where(User.id == waiting.user_id)) or "zh"
    return Entered(secret, waiting.user_id, locale, pending=False)


def prove_password(session: Session, visitor: Visitor, user: User, password: str) -> bool:
    """Look at a guess of the password of somebody who is signed in."""
    counters = backoff.counters_for(session, visitor, user.id)
    admitted = backoff.admit(session, counters)
    right = matches(password, user.password_hash)
    if not admitted or not right:
        note(session, visitor, "wrong_password" if admitted else "slowed_down", user.id)
        return False
    backoff.give_back(session, counters)
    return True


def change_password(
    session: Session, settings: Settings, visitor: Visitor, actor: Actor, password: str
) -> str:
    """A new password; every session ends but this browser's, which goes on under a new secret."""
    user = session.scalars(select(User).where(User.id == actor.user_id).with_for_update()).one()
    set_password(settings, user, password)
    secret = sessions.renew(session, visitor, actor)
    others = UserSession.user_id == user.id, UserSession.token_hash != digest(secret)
    sessions.end(session, "password_changed", *others)
    backoff.forget_origins(session, user.id)
    backoff.remember(session, visitor, user.id)
    return secret


def leave_everywhere(session: Session, user_id: int) -> None:
    """End all of one's sessions and forget the browsers that were known."""
    sessions.end_all(session, user_id, "signed_out_by_user")
    backoff.forget_origins(session, user_id)
