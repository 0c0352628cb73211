"""A firm out of another again: every row that a merge touched goes back, what came since stays."""

import json
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now, today
from app.core.errors import Conflict, NotFound
from app.duplicates import deciding, figures
from app.duplicates.merging import keys_of
from app.duplicates.relations import FATES, Moves, StaysAside, table_of
from app.firms import queries, service
from app.firms.duplicate_models import FirmMerge, FirmMergeRow
from app.firms.models import Firm
from app.pipeline.service import assess

FIRM = """
insert into firm ({columns}) overriding system value
select {values} from jsonb_populate_record(null::firm, cast(:before as jsonb)) as old
"""
ASIDE = """
insert into {table} ({columns}) overriding system value
select {values} from firm_merge_row as noted,
  jsonb_populate_record(null::{table}, noted.before) as old
where noted.merge_id = :merge and noted.table_name = '{table}' and noted.action = 'aside'
  and {while_}
on conflict do nothing
"""
SETS = text("""
select distinct array(select jsonb_object_keys(before) order by 1) from firm_merge_row
where merge_id = :merge and table_name = :table and action = 'moved'
  and jsonb_exists(before, :column)
""")
MOVED = """
update {table} as t set {values} from firm_merge_row as noted,
  jsonb_populate_record(null::{table}, noted.before) as old,
  jsonb_populate_record(null::{table}, noted.key) as named
where noted.merge_id = :merge and noted.table_name = '{table}' and noted.action = 'moved'
  and array(select jsonb_object_keys(noted.before) order by 1) = cast(:names as text[])
  and t.{column} = :kept and {same}
"""
EMPTY = """
update firm set {name} = null
where id = :kept and to_jsonb(firm) -> '{name}' = cast(:was as jsonb)
"""
NOT_ADDED = text("""
delete from former_name using firm_merge_row as noted where noted.merge_id = :merge
  and noted.action = 'added' and noted.table_name = 'former_name'
  and former_name.firm_id = :kept and former_name.name = noted.key ->> 'name'
""")


def get(session: Session, actor: Actor, number: int) -> FirmMerge:
    """One merge, locked; NotFound also where its firm is not this actor's to know."""
    query = (
        select(FirmMerge).join(Firm, Firm.id == FirmMerge.firm_id)
        .where(FirmMerge.id == number, queries.visible(actor)).with_for_update(of=FirmMerge)
    )  # fmt: skip
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的合并 (no such merge)")
    return found


def unmerge(session: Session, actor: Actor, number: int) -> FirmMerge:
    """The firm is in the register again, with what it brought; that they differ is remembered."""
    service.only_analysts(actor)
    done = get(session, actor, number)
    if done.undone_at is not None:
        raise Conflict("这次合并已经撤销 (already un-merged)")
    kept = done.firm_id
    _empty_again(session, done)
    _refuse_taken(session, done)
    _firm(session, done)
    for name, fate in FATES.items():
        if isinstance(fate, StaysAside) or (isinstance(fate, Moves) and fate.or_aside):
            _put_back(session, done, name.split(".")[0], fate)
    for name, fate in FATES.items():
        if isinstance(fate, Moves):
            _return(session, done, *name.split("."))
    figures.rebuild(session, kept, done.id)
    figures.rebuild(session, done.gone_id, done.id)
    done.undone_at, done.undone_by = now(), actor.name
    deciding.distinct(session, actor, kept, done.gone_id, "撤销合并 (un-merged)")
    assess(session, [kept, done.gone_id], today())
    return done


def _given(done: FirmMerge, **more: Any) -> dict[str, Any]:
    return {"merge": done.id, "kept": done.firm_id} | more


def _empty_again(session: Session, done: FirmMerge) -> None:
    """What the firm that stayed took over, where nobody has changed it since."""
    filled = select(FirmMergeRow.before).where(
        FirmMergeRow.merge_id == done.id, FirmMergeRow.action == "filled"
    )
    for before in session.scalars(filled).all():
        for name, value in before.items():
            session.execute(text(EMPTY.format(name=name)), _given(done, was=json.dumps(value)))
    session.execute(NOT_ADDED, _given(done))


def _refuse_taken(session: Session, done: FirmMerge) -> None:
    code = done.before.get("credit_code")
    if code and session.scalar(select(Firm.id).where(Firm.credit_code == code)) is not None:
        raise Conflict(f"统一社会信用代码 {code} 已属于另一企业：请先核对代码 (taken meanwhile)")


def _columns(table: str) -> list[str]:
    return [one.name for one in table_of(table).columns if one.computed is None]


def _firm(session: Session, done: FirmMerge) -> None:
    columns = _columns("firm")
    values = ", ".join(f"old.{name}" for name in columns)
    statement = FIRM.format(columns=", ".join(columns), values=values)
    session.execute(text(statement), {"before": json.dumps(done.before)})


def _put_back(session: Session, done: FirmMerge, table: str, fate: StaysAside | Moves) -> None:
    columns = _columns(table)
    statement = ASIDE.format(
        table=table, columns=", ".join(columns), values=", ".join(f"old.{c}" for c in columns),
        while_=fate.while_ if isinstance(fate, StaysAside) else "true",
    )  # fmt: skip
    session.execute(text(statement), _given(done))


def _return(session: Session, done: FirmMerge, table: str, column: str) -> None:
    """Rows that are still with the firm that stayed: the columns that the merge changed."""
    same = " and ".join(f"t.{name} = named.{name}" for name in keys_of(table, column))
    for names in session.scalars(SETS, _given(done, table=table, column=column)).all():
        values = ", ".join(f"{name} = old.{name}" for name in names)
        statement = MOVED.format(table=table, column=column, values=values, same=same)
        session.execute(text(statement), _given(done, names=names))
