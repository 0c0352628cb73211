"""Reading and keeping records of any kind; a correction adds a version, nothing is deleted."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now
from app.core.errors import Invalid, NotFound, Stale
from app.core.filters import parse
from app.core.paging import Page, page
from app.core.wording import said
from app.facts.kinds import FactKind
from app.facts.schemas import FactIn
from app.firms import queries
from app.firms.models import Firm
from app.firms.service import correct


def listed(session: Session, actor: Actor, kind: FactKind, params: list[tuple[str, str]]) -> Page:
    """A page of the records that stand, within the actor's scope."""
    filters = parse(params, kind.vocabulary())
    model = kind.model
    columns = [getattr(model, name) for name in filters.columns or kind.columns]
    query = (
        select(*columns)
        .join(Firm, Firm.id == model.firm_id)
        .where(model.superseded_at.is_(None), queries.visible(actor))
    )
    return page(session, query, filters, model.id)


def get(session: Session, actor: Actor, kind: FactKind, number: int, *, lock: bool = False) -> Any:
    """One record; NotFound also where its firm is not this actor's to know."""
    model = kind.model
    query = select(model).join(Firm, Firm.id == model.firm_id)
    query = query.where(model.id == number, queries.visible(actor))
    found = session.scalar(query.with_for_update(of=model) if lock else query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的{kind.label}记录 (no such record)")
    return found


def shown(kind: FactKind, fact: Any) -> dict[str, Any]:
    """A record as it is read."""
    return {name: getattr(fact, name) for name in kind.columns}


def add(session: Session, actor: Actor, kind: FactKind, given: FactIn) -> Any:
    """A new record of a firm that the actor keeps."""
    actor.require("firms:write")
    queries.get(session, actor, given.firm_id)
    values = kind.settle(session, actor, given.model_dump())
    found = kind.model(**values, source=actor.source, recorded_by=actor.name)
    session.add(found)
    session.flush()  # its number is answered
    session.refresh(found)  # as it will be read
    return found


def to_change(session: Session, actor: Actor, kind: FactKind, number: int) -> Any:
    """One record that is to be corrected or withdrawn; Stale where it no longer stands."""
    actor.require("firms:write")
    found = get(session, actor, kind, number, lock=True)
    if found.superseded_at is not None:
        raise stale(found)
    return found


def change(
    session: Session, actor: Actor, kind: FactKind, fact: Any, changes: Mapping[str, Any]
) -> Any:
    """A corrected version, which has a number of its own; unchanged if nothing differs."""
    before = {name: getattr(fact, name) for name in kind.schema.model_fields}
    after = _sound(kind, before | dict(changes))
    if after["firm_id"] != fact.firm_id:
        raise Invalid("记录不能改到另一家企业：请删除后在那家企业新增 (cannot move)",
                      errors=[{"pointer": "/firm_id", "detail": "not changeable"}])  # fmt: skip
    after = kind.settle(session, actor, after)
    if after == before:
        return fact
    corrected = correct(session, actor, fact, **after)
    session.refresh(corrected)  # as it will be read
    return corrected


def withdraw(session: Session, fact: Any) -> None:
    """A record that should not stand; the history keeps it."""
    fact.superseded_at = now()
    session.flush()


def stale(fact: Any, _given: str = "") -> Stale:
    """Says that another version is the one that stands."""
    return Stale("这条记录已被更正或删除，或 If-Match 不符：请重新读取再改 (read it again)",
                 current={"id": fact.id})  # fmt: skip


def _sound(kind: FactKind, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return kind.schema.model_validate(values).model_dump()
    except ValidationError as error:
        errors = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": said(one)}
                  for one in error.errors()]  # fmt: skip
        raise Invalid("; ".join(one["detail"] for one in errors), errors=errors) from error
