"""Handing over: when somebody leaves, all their open cases go to another, or to nobody yet."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation, User
from app.core.clock import now
from app.core.errors import Conflict, Invalid
from app.firms.models import Firm
from app.firms.queries import visible
from app.support.models import OPEN_STATES, CaseEntry, SupportCase
from app.support.opening import demand_analyst
from app.support.queries import is_open, people_of
from app.support.service import bodies_of


@dataclass(frozen=True)
class Load:
    """A person and how many open cases they have."""

    user_id: int
    name: str
    count: int


@dataclass(frozen=True)
class Handover:
    """What would change hands: the cases, and who could take them all."""

    cases: list[dict[str, Any]]
    takers: list[User]


def loads(session: Session, actor: Actor) -> list[Load]:
    """Everybody who has an open case, by name."""
    query = (
        select(User.id, User.name, func.count())
        .join(SupportCase, SupportCase.user_id == User.id)
        .join(Firm, Firm.id == SupportCase.firm_id)
        .where(is_open(), visible(actor))
        .group_by(User.id)
        .order_by(User.name, User.id)
    )
    return [Load(*row) for row in session.execute(query)]


def preview(session: Session, actor: Actor, leaving: int) -> Handover:
    """The cases of a person, and who acts for all the bodies that they are with."""
    demand_analyst(actor)
    query = (
        select(SupportCase.id, SupportCase.measure, SupportCase.state, SupportCase.due_on,
               Firm.name.label("firm"), SupportCase.organisation_id,
               Organisation.name.label("organisation"),
               Organisation.name_en.label("organisation_en"))
        .join(Firm, Firm.id == SupportCase.firm_id)
        .outerjoin(Organisation, Organisation.id == SupportCase.organisation_id)
        .where(SupportCase.user_id == leaving, is_open(), visible(actor))
        .order_by(SupportCase.due_on, SupportCase.id)
    )  # fmt: skip
    cases = [dict(row) for row in session.execute(query).mappings()]
    bodies = {row["organisation_id"] for row in cases}
    people = [{one.id: one for one in people_of(session, body)} for body in bodies]
    common = set.intersection(*(set(each) for each in people)) - {leaving} if people else set()
    return Handover(cases, [one for number, one in people[0].items() if number in common]
                    if people else [])  # fmt: skip


def hand_over(
    session: Session, actor: Actor, leaving: int, to: int | None, expected: int
) -> list[int]:
    """Pass every open case of a person on, all or none; their numbers.

    Conflict where there are not as many as were confirmed.
    """
    demand_analyst(actor)
    if to == leaving:
        raise _wrong("to", "请选择另一位接手人 (choose another person)")
    mine = select(SupportCase).where(SupportCase.user_id == leaving,
                                     SupportCase.state.in_(OPEN_STATES))  # fmt: skip
    cases = list(session.scalars(mine.with_for_update().order_by(SupportCase.id)))
    if len(cases) != expected:
        raise Conflict(f"现在有 {len(cases)} 件，您确认的是 {expected} 件：请重新核对 "
                       "(the number has changed meanwhile: check again)")  # fmt: skip
    bodies = set() if to is None else bodies_of(session, to)
    if to is not None and any(case.organisation_id not in bodies for case in cases):
        raise _wrong("to", "接手人不属于这些事项的单位 (not a person of these bodies)")
    numbers = [case.id for case in cases]
    if numbers:
        _pass_on(session, actor, cases, to)
    return numbers


def _pass_on(session: Session, actor: Actor, cases: list[SupportCase], to: int | None) -> None:
    session.execute(
        update(SupportCase).where(SupportCase.id.in_([case.id for case in cases]))
        .values(user_id=to, version=SupportCase.version + 1, updated_at=now())
    )  # fmt: skip
    name = None if to is None else session.get_one(User, to).name
    session.execute(insert(CaseEntry), [
        {"case_id": case.id, "firm_id": case.firm_id, "kind": "assigned", "text": name,
         "recorded_by": actor.name} for case in cases
    ])  # fmt: skip


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
