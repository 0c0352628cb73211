"""what belongs to no firm is in the feed, and an import of it can be undone"""

import sqlalchemy as sa
from alembic import op

from app.events import ddl

revision = "0186"
down_revision = "0185"
branch_labels = None
depends_on = None

# As `changes_of`, of rows without a firm: what others have changed since is known by table and key,
# for a lead that has landed belongs to its firm from then on.
CHANGES = """
create function changes_apart_of(asked text) returns table (
  entry_id bigint, n bigint, table_name text, action text, firm_id int, key text, before jsonb,
  after jsonb, later text[])
language sql stable security definer set search_path = {schema}, pg_temp as $$
  select entry.id, changed.n, entry.table_name, entry.action, changed.firm_id, changed.key,
    changed.before, changed.after, array(
      select distinct said.name
      from audit_entry as then_entry
      join audit_row as then_row
        on then_row.entry_id = then_entry.id and then_row.at = then_entry.at
      cross join lateral jsonb_object_keys(
        coalesce(then_row.before, '{{}}') || coalesce(then_row.after, '{{}}')) as said (name)
      where then_entry.table_name = entry.table_name and then_row.key = changed.key
        and then_entry.id > entry.id and then_entry.action <> 'read'
        and then_entry.request_id is distinct from asked
        and not exists (
          select from import_batch as undone where undone.state = 'undone'
          and then_entry.request_id in ('import-' || undone.id, 'undo-' || undone.id)
          and not exists (select from import_left where batch_id = undone.id
            and import_left.table_name = entry.table_name and import_left.key = changed.key)))
  from audit_entry as entry
  join audit_row as changed on changed.entry_id = entry.id and changed.at = entry.at
  where entry.request_id = asked and entry.action in ('insert', 'update')
    and entry.table_name in ('platform', 'carrier', 'lead') and changed.firm_id is null
$$
"""


def upgrade() -> None:
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(ddl.functions(schema).replace("create function", "create or replace function"))
    op.execute("alter table import_left alter column firm_id drop not null")
    op.execute(CHANGES.format(schema=schema))
    op.execute("revoke execute on function changes_apart_of from public")


def downgrade() -> None:
    """The feed's functions as they are read an older trail as well."""
    op.execute("drop function changes_apart_of")
    op.execute("delete from import_left where firm_id is null")
    op.execute("alter table import_left alter column firm_id set not null")
