"""One firm taken into another.

Rows go over table by table as `relations` says; each that is touched is noted with what it held, so
that an un-merge puts back exactly those. The firm that is gone leaves the register; whoever asks
for it is told where it went. A preview is the same merge, rolled back.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.errors import Conflict, Invalid, NotFound
from app.duplicates import figures
from app.duplicates.relations import FATES, Moves, StaysAside, table_of, undecided
from app.firms import queries, service
from app.firms.duplicate_models import FirmMerge, FirmMergeRow
from app.firms.models import Firm, FormerName
from app.firms.names import search_columns
from app.pipeline.service import assess
from app.pipeline.trail import table_label

LONGEST_REASON = 1_000
# What the firm that stays takes over where its own record says nothing.
FILLED = (
    "credit_code", "registered_on", "region_code", "address", "industry_code", "hightech_field",
    "chain", "resident_enterprise", "legal_form", "business_scope", "registered_capital",
    "registered_capital_typed", "origin",
)  # fmt: skip
RECORD = text("select to_jsonb(firm) from firm where id = :id")
NOTE = """
insert into firm_merge_row (merge_id, firm_id, table_name, action, key, before)
select :merge, :kept, '{table}', '{action}', jsonb_build_object({key}), {before}
from {table} as t where {column} = :gone {more}
"""
CLOSED = text("""
update firm_merge_row set before = before || '{"superseded_at": null}'
where merge_id = :merge and table_name = :table and key = jsonb_build_object('id', cast(:id as int))
""")


@dataclass
class Merged:
    """What a merge did: rows by table that moved, that became history, that were set aside."""

    merge: FirmMerge
    moved: dict[str, int] = field(default_factory=dict)
    superseded: dict[str, int] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict)
    # Figures of which the two say different things, for somebody to settle.
    conflicts: int = 0


def pair(session: Session, actor: Actor, kept_id: int, gone_id: int) -> tuple[Firm, Firm]:
    """Two firms that the actor may know of, locked in the order of their numbers."""
    if kept_id == gone_id:
        raise Invalid("请选择两家不同的企业 (choose two different firms)",
                      errors=[{"pointer": "/other_id", "detail": "the same firm"}])  # fmt: skip
    query = select(Firm).where(Firm.id.in_((kept_id, gone_id)), queries.visible(actor))
    found = {one.id: one for one in session.scalars(query.order_by(Firm.id).with_for_update())}
    for number in (kept_id, gone_id):
        if number not in found:
            raise NotFound(f"没有编号为 {number} 的企业 (no such firm)")
    return found[kept_id], found[gone_id]


def merge(session: Session, actor: Actor, kept_id: int, gone_id: int, reason: str) -> Merged:
    """Take one firm into another; Conflict names what a person has to settle first."""
    service.only_analysts(actor)
    kept, gone = pair(session, actor, kept_id, gone_id)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(f"请说明合并理由，最多 {LONGEST_REASON} 字 (say why they are the same)",
                      errors=[{"pointer": "/reason", "detail": "say why"}])  # fmt: skip
    _refuse_undecided(session, gone)
    record = FirmMerge(
        firm_id=kept.id, gone_id=gone.id, gone_name=gone.name, reason=reason.strip(),
        merged_by=actor.name, before=session.scalar(RECORD, {"id": gone.id}),
    )  # fmt: skip
    session.add(record)
    session.flush()  # what is noted needs its number
    done = Merged(record)
    for name, fate in FATES.items():
        table, column = name.split(".")
        if isinstance(fate, Moves):
            _move(session, done, table, column, fate)
        elif isinstance(fate, StaysAside):
            _set_aside(session, done, table, column)
    values = {name: getattr(gone, name) for name in FILLED}
    session.delete(gone)
    session.flush()  # its credit code is free from here on
    _complete(session, done, kept, values)
    figures.rebuild(session, kept.id, record.id)
    done.conflicts = figures.in_conflict(session, record.id)
    assess(session, select(Firm.id).where(Firm.id == kept.id), today())
    return done


def preview(session: Session, actor: Actor, kept_id: int, gone_id: int) -> Merged:
    """What a merge would do: it is done, and rolled back."""
    tried = session.begin_nested()
    try:
        return merge(session, actor, kept_id, gone_id, "预览 (preview)")
    finally:
        tried.rollback()


def _refuse_undecided(session: Session, gone: Firm) -> None:
    held = []
    for name in undecided(session):
        table, column = name.split(".")
        count = f"select exists (select from {table} where {column} = :id)"  # noqa: S608 - catalogue
        if session.scalar(text(count), {"id": gone.id}):
            held.append(table)
    if held:
        raise Conflict(
            f"{gone.name} 还有未规定如何合并的数据（{'、'.join(held)}）：请联系管理员 "
            "(nobody has decided what a merge does with these)"
        )


# --- rows ---------------------------------------------------------------------------------------


def keys_of(table: str, column: str) -> list[str]:
    """What names a row beside its firm."""
    return [one.name for one in table_of(table).primary_key if one.name != column]


def _note(table: str, column: str, action: str, more: str = "") -> Any:
    key = ", ".join(f"'{name}', t.{name}" for name in keys_of(table, column))
    also = FATES[f"{table}.{column}"]
    names = [column, *(name for name, _ in also.also)] if isinstance(also, Moves) else []
    before = ", ".join(f"'{name}', t.{name}" for name in names)
    whole = "to_jsonb(t)" if action == "aside" else f"jsonb_build_object({before})"
    return text(NOTE.format(table=table, column=column, action=action, key=key, before=whole,
                            more=more))  # fmt: skip


def _given(done: Merged, **more: Any) -> dict[str, Any]:
    record = done.merge
    return {"merge": record.id, "kept": record.firm_id, "gone": record.gone_id} | more


def _move(session: Session, done: Merged, table: str, column: str, fate: Moves) -> None:
    """All at once; where that collides, row by row."""
    change = f"update {table} set {column} = :kept{_counted(fate)} where {column} = :gone"  # noqa: S608
    try:
        with session.begin_nested():
            session.execute(_note(table, column, "moved"), _given(done))
            moved: Any = session.execute(text(change), _given(done))
    except IntegrityError:
        _move_each(session, done, table, column, fate)
        return
    if moved.rowcount:
        done.moved[table] = done.moved.get(table, 0) + moved.rowcount


def _counted(fate: Moves) -> str:
    return "".join(f", {name} = {value}" for name, value in fate.also)


def _move_each(session: Session, done: Merged, table: str, column: str, fate: Moves) -> None:
    keys = keys_of(table, column)
    held = text(f"select {', '.join(keys)} from {table} where {column} = :gone "  # noqa: S608
                f"order by {', '.join(keys)}")  # fmt: skip
    for row in session.execute(held, _given(done)).mappings().all():
        same = " and ".join(f"{name} = :key_{name}" for name in keys)
        given = _given(done, **{f"key_{name}": row[name] for name in keys})
        one = f"and {same}"
        change = (f"update {table} set {column} = :kept{_counted(fate)}{{}} "  # noqa: S608
                  f"where {column} = :gone {one}")  # fmt: skip
        try:
            with session.begin_nested():
                session.execute(_note(table, column, "moved", one), given)
                session.execute(text(change.format("")), given)
            done.moved[table] = done.moved.get(table, 0) + 1
        except IntegrityError:
            _collide(session, done, table, column, fate, (one, change, given))


def _collide(
    session: Session, done: Merged, table: str, column: str, fate: Moves,
    row: tuple[str, str, dict[str, Any]],
) -> None:  # fmt: skip
    """One row beside which the firm that stays has its own."""
    one, change, given = row
    if fate.or_aside:
        session.execute(_note(table, column, "aside", one), given)
        session.execute(text(f"delete from {table} where {column} = :gone {one}"), given)  # noqa: S608
        done.aside[table] = done.aside.get(table, 0) + 1
        return
    try:
        if "superseded_at" not in table_of(table).c or fate.also:
            raise Conflict(_refusal(table))
        with session.begin_nested():
            session.execute(_note(table, column, "moved", one), given)
            session.execute(text(change.format(", superseded_at = now()")), given)
            session.execute(CLOSED, given | {"table": table, "id": given["key_id"]})
    except IntegrityError as error:
        raise Conflict(_refusal(table)) from error
    done.superseded[table] = done.superseded.get(table, 0) + 1


def _refusal(table: str) -> str:
    label = table_label(table, "insert")
    return (
        f"两家都有相互冲突的“{label.zh}”：请先处理其中一家的，再合并 "
        f"({label.en}: both have one that excludes the other; settle it first)"
    )


def _set_aside(session: Session, done: Merged, table: str, column: str) -> None:
    """Kept for an un-merge; it leaves with the firm."""
    session.execute(_note(table, column, "aside"), _given(done))
    session.execute(text(f"delete from {table} where {column} = :gone"), _given(done))  # noqa: S608


def _complete(session: Session, done: Merged, kept: Firm, values: dict[str, Any]) -> None:
    """Blanks of the record that stays are filled, and the firm is found by its other name."""
    known = done.merge
    done.filled = {name: value for name, value in values.items()
                   if value is not None and getattr(kept, name) is None}  # fmt: skip
    for name, value in done.filled.items():
        setattr(kept, name, value)
        session.add(_noted(done, "firm", "filled", {"id": kept.id}, {name: known.before[name]}))
    taken = select(FormerName.name).where(FormerName.firm_id == kept.id)
    if known.gone_name != kept.name and known.gone_name not in session.scalars(taken).all():
        found = search_columns(known.gone_name)["name_search"]
        session.add(FormerName(firm_id=kept.id, name=known.gone_name, name_search=found,
                               until=today()))  # fmt: skip
        session.add(_noted(done, "former_name", "added", {"name": known.gone_name}, {}))
    session.flush()


def _noted(
    done: Merged, table: str, action: str, key: dict[str, Any], before: dict[str, Any]
) -> FirmMergeRow:
    return FirmMergeRow(merge_id=done.merge.id, firm_id=done.merge.firm_id, table_name=table,
                        action=action, key=key, before=before)  # fmt: skip
