"""Undo: an import is a change set, kept by the trail under the import's own request.

Every row is put back as it was: what the import added goes, what it changed gets its old values
back, and the firms are held against the criteria anew. So is what is no firm's: leads with their
steps, carriers, what organisations host. A column that somebody has changed since is
left alone, as is a new firm of which somebody has since recorded more: `import_left` keeps them,
to be listed, and to be put back as well if the asker says so.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.clock import today
from app.firms.catalogue import INDICATORS
from app.imports.models import ImportBatch
from app.pipeline.service import assess

# Counters and times of a row, which move on; verdicts, which follow from the rest.
MOVING = ("version", "updated_at", "recorded_at")
# Whoever read such a row is told that it has changed.
VERSIONED = ("firm_year", "lead", "carrier")
DERIVED = ("assessment", "pool_norm", "firm_history")
# `by_column`: a row that stays, and gets back the values of its columns.
COLLECT = text("""
create temporary table change on commit drop as
select row_number() over (order by entry_id, n)::int as number, table_name, action, firm_id, key,
  before, after, action = 'update' as by_column,
  array(select name from jsonb_object_keys(
    coalesce(before, '{}') || coalesce(after, '{}')) as name where name <> all(:moving)) as columns,
  array(select name from unnest(later) as name where name <> all(:moving)) as later
from (select * from changes_of(:request) union all select * from changes_apart_of(:request)) as done
where table_name <> all(:derived)
""")
LEFT_BEFORE = text("""
create temporary table change on commit drop as
select number, table_name, action, firm_id, key, before, after, columns,
  action = 'update' or table_name = 'firm_year' as by_column, '{}'::text[] as later
from import_left where batch_id = :batch
""")
# A figure that has had another best value since: neither it nor the one before it comes back.
FOLLOWED = text("""
update change as replaced set later = array['superseded_at']
from submission as old, submission as new, change as added
where replaced.table_name = 'submission' and replaced.action = 'update'
  and old.id = replaced.key::int and added.table_name = 'submission' and added.action = 'insert'
  and added.later && array['superseded_at'] and new.id = added.key::int
  and (new.firm_id, new.year, new.indicator) = (old.firm_id, old.year, old.indicator)
""")
# The trail names new rows of yearly figures by firm alone: their columns are the figures that came.
NEW_YEARS = text("""
with new_year as (
  delete from change where table_name = 'firm_year' and action = 'insert' returning firm_id, key
), of_firm as (select firm_id, unnest(string_to_array(key, ',')) as year from new_year)
insert into change (number, table_name, action, firm_id, key, by_column, columns, later)
select max(added.number) + 1, 'firm_year', 'insert', of_firm.firm_id, of_firm.year, true,
  array_agg(figure.indicator),
  coalesce(array_agg(figure.indicator) filter (where added.later && array['superseded_at']), '{}')
from of_firm join submission as figure
  on figure.firm_id = of_firm.firm_id and figure.year = of_firm.year::int
join change as added on added.table_name = 'submission' and added.action = 'insert'
  and added.key::int = figure.id
group by of_firm.firm_id, of_firm.year
""")
# A lead on which others have gone on stays, though nothing of the lead itself differs.
GONE_ON = text("""
update change set later = array['lead_step']
where table_name = 'lead' and action = 'insert' and later = '{}' and (
  select count(*) from lead_step where lead_id = change.key::int) > 1
""")
SET_ASIDE = text("""
insert into import_left (batch_id, number, table_name, action, firm_id, key, before, after, columns)
select :batch, row_number() over (order by number, firm_id, key), table_name, action, firm_id, key,
  before, after, case when by_column
    then array(select unnest(columns) intersect select unnest(later)) else columns end
from change where case when by_column then columns && later else later <> '{}' end
""")
KEEP_THE_REST = text("""
update change set columns = array(select unnest(columns) except select unnest(later))
where by_column and later <> '{}'
""")
DROP_LEFT = text("""
delete from change where (by_column and columns = '{}') or (not by_column and later <> '{}')
""")
EMPTY_YEARS = """
delete from firm_year as t using change
where change.table_name = 'firm_year' and change.action = 'insert'
  and t.firm_id = change.firm_id and t.year = change.key::int and num_nonnulls({columns}) = 0
"""
# Where others' values are overwritten, theirs are superseded like any other.
GIVE_WAY = text("""
update submission as best set superseded_at = now()
from submission as touched, change
where change.table_name = 'submission' and touched.id = change.key::int
  and (best.firm_id, best.year, best.indicator)
    = (touched.firm_id, touched.year, touched.indicator)
  and best.effective_at is not null and best.superseded_at is null
""")


def undo(session: Session, batch: ImportBatch) -> int:
    """Put back what an import changed; how many changes were left alone."""
    session.execute(text("set local statement_timeout = 0"))
    if batch.undo_edited:
        session.execute(LEFT_BEFORE, {"batch": batch.id})
        session.execute(text("delete from import_left where batch_id = :b"), {"b": batch.id})
        session.execute(GIVE_WAY)
    else:
        given = {"moving": list(MOVING), "derived": list(DERIVED), "request": batch.request_id}
        session.execute(COLLECT, given)
        session.execute(text("analyze change"))
        session.execute(FOLLOWED)
        session.execute(NEW_YEARS)
        session.execute(GONE_ON)
        session.execute(SET_ASIDE, {"batch": batch.id})
        session.execute(KEEP_THE_REST)
        session.execute(DROP_LEFT)
    firms = list(session.scalars(text(
        "select distinct firm_id from change where firm_id is not null order by 1")))  # fmt: skip
    for table in _tables(session):
        _put_back(session, table)
    session.execute(text(EMPTY_YEARS.format(columns=", ".join(f"t.{c}" for c in INDICATORS))))
    session.execute(text("drop table change"))
    if firms:
        assess(session, firms, today())
    left = text("select count(*) from import_left where batch_id = :batch")
    return session.scalar(left, {"batch": batch.id}) or 0


def _tables(session: Session) -> list[str]:
    """The tables that the import wrote, what was written last first; firms at the very end."""
    found = session.scalars(text(
        "select table_name from change group by 1 order by table_name = 'firm', max(number) desc"
    ))  # fmt: skip
    return list(found)


def _put_back(session: Session, table: str) -> None:
    """New rows go, changed ones get the values they had."""
    same = f"change.table_name = '{table}' and {_same_row(session, table)}"
    session.execute(
        text(f"delete from {table} as t using change where not change.by_column and {same}")
    )
    columns = session.scalars(
        text("select distinct unnest(columns) from change where table_name = :t "
             "and by_column order by 1"), {"t": table},
    ).all()  # fmt: skip
    if not columns:
        return
    values = ", ".join(
        f"{c} = case when '{c}' = any(change.columns) then old.{c} else t.{c} end" for c in columns
    )
    counted = ", version = t.version + 1" if table in VERSIONED else ""
    counted += ", updated_at = now()" if table == "firm_year" else ""
    session.execute(text(
        f"update {table} as t set {values}{counted} from change cross join lateral "
        f"jsonb_populate_record(null::{table}, coalesce(change.before, '{{}}')) as old "
        f"where change.by_column and {same}"
    ))  # fmt: skip


def _same_row(session: Session, table: str) -> str:
    """How the trail's firm and key name a row of a table: the rest of its primary key.

    Equalities alone: with an `or` among them every row would be held against every change.
    """
    key: list[Any] = list(session.scalars(text(
        "select attname from pg_index join pg_attribute on attrelid = indrelid "
        "where indrelid = cast(:t as regclass) and indisprimary and attnum = any(indkey) "
        "order by attnum"), {"t": table}))  # fmt: skip
    if table == "firm":
        return "t.id = change.firm_id"
    if key == ["id"]:
        return "t.id = change.key::int"
    words = ", ".join(f"t.{column}" for column in key if column != "firm_id")
    by_key = f"concat_ws('/', {words}) = change.key"
    return f"t.firm_id = change.firm_id and {by_key}" if "firm_id" in key else by_key
