"""Reading and keeping records of any kind; a correction adds a version, nothing is deleted."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.filters import EXPECTED, MOST_AT_ONCE, as_expected, parse
from app.core.paging import Page, page
from app.core.wording import said
from app.facts.settling import keeps
from app.firms import queries
from app.firms.models import Firm
from app.firms.record_kinds import FactKind
from app.firms.record_schemas import FactIn
from app.firms.service import correct, only_analysts


def listed(session: Session, actor: Actor, kind: FactKind, params: list[tuple[str, str]]) -> Page:
    """A page of the records that stand, within the actor's scope."""
    filters = parse(params, kind.vocabulary())
    columns = [kind.expression(name).label(name) for name in filters.columns or kind.columns]
    return page(session, standing(actor, kind, *columns), filters, kind.model.id)


def standing(actor: Actor, kind: FactKind, *columns: Any) -> Any:
    """A query of the records that stand, of the firms that the actor may know of.

    What an organisation hosts is known to whoever knows of every firm.
    """
    model = kind.model
    found = select(*columns).select_from(model)
    found = found.join(Firm, Firm.id == model.firm_id, isouter=kind.hosted)
    return found.where(model.superseded_at.is_(None), queries.visible(actor))


def history(session: Session, actor: Actor, kind: FactKind, number: int) -> list[Any]:
    """Every version of a record, newest first: those of its firm with the same key."""
    fact, model = get(session, actor, kind, number), kind.model
    same = [
        kind.expression(name).is_not_distinct_from(kind.value(fact, name))
        for name in (*kind.key, *kind.apart)
    ]
    same.append(model.firm_id.is_not_distinct_from(fact.firm_id))
    query = select(model).where(*same).order_by(model.id.desc())
    return list(session.scalars(query))


def get(session: Session, actor: Actor, kind: FactKind, number: int, *, lock: bool = False) -> Any:
    """One record; NotFound also where its firm is not this actor's to know."""
    model = kind.model
    query = select(model).join(Firm, Firm.id == model.firm_id, isouter=kind.hosted)
    query = query.where(model.id == number, queries.visible(actor))
    found = session.scalar(query.with_for_update(of=model) if lock else query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的{kind.label}记录 (no such record)")
    return found


def shown(kind: FactKind, fact: Any) -> dict[str, Any]:
    """A record as it is read."""
    return {name: kind.value(fact, name) for name in kind.columns}


def add(session: Session, actor: Actor, kind: FactKind, given: FactIn) -> Any:
    """A new record of a firm that the actor keeps; Conflict where one like it stands."""
    may_write(actor, kind)
    return take(session, actor, kind, given)


def take(session: Session, actor: Actor, kind: FactKind, given: FactIn) -> Any:
    """The same; the caller knows who may."""
    if given.firm_id is not None:
        queries.get(session, actor, given.firm_id)
    elif actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员能登记单位的记录 (only the bureau keeps it)")
    values = kind.settle(session, actor, given.model_dump())
    _refuse_twin(session, kind, values)
    found = kind.model(**kind.stored(values), source=actor.source, recorded_by=actor.name)
    session.add(found)
    session.flush()  # its number is answered
    session.refresh(found)  # as it will be read
    return found


def _refuse_twin(
    session: Session, kind: FactKind, values: Mapping[str, Any], but: int | None = None
) -> None:
    """Two records with one key cannot both stand; what has no key equals nothing."""
    if not kind.family or any(values[name] is None for name in kind.key):
        return
    model, key = kind.model, ("firm_id", *kind.key, *kind.apart)
    same = [getattr(model, name).is_not_distinct_from(values[name]) for name in key]
    twin = session.scalar(select(model.id).where(model.superseded_at.is_(None), *same))
    if twin not in (None, but):
        told = (f"已有同样的{kind.label}记录（编号 {twin}）：请更正那一条 "
                f"(on record already as number {twin}: correct that one)")  # fmt: skip
        raise Conflict(told, current={"id": twin})


def may_write(actor: Actor, kind: FactKind) -> None:
    """Forbidden unless the actor may write such records at all."""
    actor.require("firms:write")
    if kind.decided:
        only_analysts(actor)


def to_change(session: Session, actor: Actor, kind: FactKind, number: int) -> Any:
    """One record that is to be corrected or withdrawn; Stale where it no longer stands."""
    may_write(actor, kind)
    found = get(session, actor, kind, number, lock=True)
    if found.superseded_at is not None:
        raise stale(found)
    _own(actor, kind, found)
    return found


def _own(actor: Actor, kind: FactKind, fact: Any) -> None:
    if kind.place is not None and not keeps(actor, getattr(fact, kind.place)):
        raise Forbidden("这条记录由其他单位维护：请联系科技局 (another organisation keeps it)")


def change(
    session: Session, actor: Actor, kind: FactKind, fact: Any, changes: Mapping[str, Any]
) -> Any:
    """A corrected version, which has a number of its own; unchanged if nothing differs."""
    before = kind.given(fact)
    given = _sound(kind, before | dict(changes))
    if given.firm_id != fact.firm_id:
        raise Invalid("记录不能改到另一家企业：请删除后在那家企业新增 (cannot move)",
                      errors=[{"pointer": "/firm_id", "detail": "not changeable"}])  # fmt: skip
    after = kind.settle(session, actor, given.model_dump())
    if after == before:
        return fact
    _refuse_twin(session, kind, after, but=fact.id)
    corrected = correct(session, actor, fact, **kind.stored(after))
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


def withdraw_all(
    session: Session, actor: Actor, kind: FactKind, params: list[tuple[str, str]]
) -> tuple[int, list[int]]:
    """Withdraw what a filter finds, if it is as many as `expected_count` says; and their firms."""
    may_write(actor, kind)
    filters = parse(params, kind.vocabulary(EXPECTED))
    model = kind.model
    query = standing(actor, kind, model).where(*filters.where).with_for_update(of=model)
    found = session.scalars(query.limit(MOST_AT_ONCE + 1)).all()
    as_expected(params, len(found))
    for fact in found:
        _own(actor, kind, fact)
    ids = [fact.id for fact in found]
    session.execute(update(model).where(model.id.in_(ids)).values(superseded_at=now()))
    return len(ids), sorted({fact.firm_id for fact in found} - {None})


def _sound(kind: FactKind, values: dict[str, Any]) -> FactIn:
    try:
        return kind.schema.model_validate(values)
    except ValidationError as error:
        errors = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": said(one)}
                  for one in error.errors()]  # fmt: skip
        raise Invalid("; ".join(one["detail"] for one in errors), errors=errors) from error
