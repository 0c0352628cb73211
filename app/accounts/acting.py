"""Who acts, told to the database for one transaction: its trail and its row security read it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.core.db import plainly
from app.core.errors import AppError

# Roles of the database that a connection of the application takes on, never those of people.
# The connection's own rights.
OWNER = "none"
# Nobody has declared who acts: no firm is to be seen.
NOBODY = "tidu_app"
OWN_FIRMS = "tidu_scope"
DISTRICT = "tidu_district"
DATABASE_ROLES = {
    Role.ANALYST: DISTRICT,
    Role.LEADER: DISTRICT,
    Role.OFFICER: DISTRICT,
    Role.INCUBATOR_MANAGER: OWN_FIRMS,
    Role.PARK_OPERATOR: OWN_FIRMS,
    Role.ADMIN: NOBODY,
    Role.AUDITOR: NOBODY,
}
DECLARE = """
select set_config('transaction_read_only', %(reading)s, true) as reading,
       set_config('tidu.acting', %(acting)s, true) as acting,
       set_config('tidu.day', %(day)s, true) as day,
       set_config('tidu.organisation', %(organisation)s, true) as organisation,
       set_config('role', %(role)s, true) as role
"""
# With what the organisation may know of, in the same statement: it is asked in every transaction.
DECLARE_OWN = f"""{DECLARE},
       own_firms(cast(nullif(%(organisation)s, '') as int), cast(%(day)s as date)) as own
"""
TAKE_ROLE = text("select set_config('role', :role, true)")
OWN = text("""
select own_firms(cast(nullif(current_setting('tidu.organisation'), '') as int),
                 cast(current_setting('tidu.day') as date))
""")
# What was laid down is not sent back: it is as long as the register.
LAY_DOWN = "select set_config('tidu.firms', %(bits)s, true) is null as laid"


def act_as(
    session: Session, actor: Actor, *, request_id: str | None = None, reason: str | None = None,
    reading: bool = False,
) -> None:  # fmt: skip
    """Declare the actor until the transaction ends; the command line, undeclared, is the system.

    PostgreSQL keeps a `reading` transaction from writing.
    """
    said: dict[str, Any] = {
        "user_id": actor.user_id,
        "token_id": actor.token_id,
        "name": actor.name,
        "role": actor.role.value,
        "organisation_id": actor.organisation_id,
        "request_id": request_id,
        "reason": reason,
    }
    organisation = "" if actor.organisation_id is None else str(actor.organisation_id)
    _declare(session, said, organisation, DATABASE_ROLES[actor.role], reading=reading)


def act_as_visitor(session: Session, *, request_id: str | None = None) -> None:
    """Declare that somebody acts who has not shown who they are: at the doors of sign-in."""
    said = {"user_id": None, "token_id": None, "name": "visitor", "role": None,
            "organisation_id": None, "request_id": request_id, "reason": None}  # fmt: skip
    _declare(session, said, "", NOBODY)


def act_as_firm(session: Session, firm_id: int, name: str, *, request_id: str) -> None:
    """Declare that a firm acts, through a door of its own: it sees and writes this firm alone."""
    said = {"user_id": None, "token_id": None, "name": name, "role": "firm",
            "organisation_id": None, "request_id": request_id, "reason": None}  # fmt: skip
    _declare(session, said, "", OWN_FIRMS, firm_id=firm_id)


def act_unbound(session: Session, actor: Actor, *, request_id: str) -> None:
    """Declare the actor to the trail, and work with the owner's rights: for jobs that put back what
    this actor's own act has changed. Only the worker's connections have them.
    """
    act_as(session, actor, request_id=request_id)
    _take(session, OWNER)


def _declare(
    session: Session, said: dict[str, Any], organisation: str, role: str, *,
    reading: bool = False, firm_id: int | None = None,
) -> None:  # fmt: skip
    session.info["database_role"], session.info["own_firm"] = role, firm_id
    declared = plainly(session, DECLARE_OWN if role == OWN_FIRMS else DECLARE, {
        "acting": json.dumps(said, ensure_ascii=False), "day": today().isoformat(),
        "organisation": organisation, "role": role, "reading": "on" if reading else "off",
    })  # fmt: skip
    if role == OWN_FIRMS:
        _lay_down_scope(session, declared[0].own)


def _lay_down_scope(session: Session, own: bytes | None) -> None:
    """A bit for each firm that the organisation may know of on the day, or for the firm itself.

    `own` are their numbers, four bytes each, the greatest byte first.
    """
    firm_id: int | None = session.info.get("own_firm")
    numbers = np.frombuffer(own or b"", ">i4") if firm_id is None else np.array([firm_id])
    known = np.zeros(numbers.max(initial=-1) + 1, dtype=np.bool_)
    known[numbers] = True
    bits = np.packbits(known, bitorder="little").tobytes()
    plainly(session, LAY_DOWN, {"bits": "\\x" + bits.hex()})


@contextmanager
def whole_district(session: Session) -> Iterator[None]:
    """Lift row security for what an actor's act needs beyond its own firms.

    Three things do: whether a credit code is taken at all, holding firms against the criteria, and
    moving what is due on a new day off. Nothing read inside may be shown.
    """
    role = session.info.get("database_role")
    if role in (None, OWNER, DISTRICT):
        yield
        return
    session.flush()  # what was written so far was written in the actor's own role
    _take(session, DISTRICT)
    try:
        yield
        session.flush()
    except AppError:
        _take(session, role)
        raise
    except BaseException:
        # The transaction has failed: it takes the role back with it.
        session.info["database_role"] = role
        raise
    _take(session, role)


def _take(session: Session, role: str) -> None:
    session.execute(TAKE_ROLE, {"role": role})
    session.info["database_role"] = role
    if role == OWN_FIRMS:
        _lay_down_scope(session, session.scalar(OWN))  # a firm may have been taken in
