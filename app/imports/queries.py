"""Imports as those who may see them find them: their organisation's own; an analyst, all."""

from typing import Any

from sqlalchemy import ColumnElement, select, text, true
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.errors import NotFound
from app.exchange.mapping import Mapping, load
from app.imports.models import ImportBatch, ImportMapping

SHOWN_LEFT = 200
LEFT = text("""
select l.table_name, l.action, l.columns, l.key, firm.id as firm_id,
  coalesce(firm.name, lead.name, organisation.name, l.after ->> 'name', l.key) as name
from import_left as l left join firm on firm.id = l.firm_id
left join lead on l.table_name = 'lead' and lead.id = l.key::int
left join organisation on l.table_name = 'carrier' and organisation.id = l.key::int
where l.batch_id = :batch order by firm.pinyin, l.number limit :most
""")


def seen(actor: Actor) -> ColumnElement[bool]:
    """Which imports an actor may know of."""
    if actor.role is Role.ANALYST:
        return true()
    return ImportBatch.organisation_id == actor.organisation_id


def get(session: Session, actor: Actor, number: int, *, lock: bool = False) -> ImportBatch:
    """One import; NotFound also where it is not this actor's to know."""
    query = select(ImportBatch).where(ImportBatch.id == number, seen(actor))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的导入 (no such import)")
    return found


def latest(session: Session, actor: Actor, *, before: int | None, most: int) -> list[ImportBatch]:
    """The latest first."""
    query = select(ImportBatch).where(seen(actor)).order_by(ImportBatch.id.desc()).limit(most)
    if before is not None:
        query = query.where(ImportBatch.id < before)
    return list(session.scalars(query))


def mapping_of(session: Session, batch: ImportBatch) -> Mapping:
    """How a file is read: what ships, what its organisation taught before, what was chosen now."""
    shipped = load(batch.preset)
    learnt = session.execute(
        select(ImportMapping.header, ImportMapping.said).where(
            ImportMapping.kind == batch.kind,
            ImportMapping.organisation_id.is_not_distinct_from(batch.organisation_id),
        )
    )
    known = {header: said for header, said in learnt}
    return Mapping(shipped.columns | known | batch.columns, shipped.regions, shipped.missing)


def left_alone(session: Session, batch: ImportBatch) -> list[Any]:
    """What an undo left alone because somebody has edited it since: the first of them."""
    return list(session.execute(LEFT, {"batch": batch.id, "most": SHOWN_LEFT}))
