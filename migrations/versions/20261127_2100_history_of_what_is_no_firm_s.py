"""the history of what belongs to no firm, for whoever may know of it"""

import sqlalchemy as sa
from alembic import op

revision = "0189"
down_revision = "0188"
branch_labels = None
depends_on = None

HISTORY = """
create function history_apart(of_table text, of_key text, most int) returns table (
  id bigint, at timestamptz, user_id int, token_id int, name text, role text, organisation_id int,
  request_id text, reason text, table_name text, action text, row_count bigint, detail jsonb,
  n bigint, firm_id int, key text, before jsonb, after jsonb)
language plpgsql stable security definer set search_path = {schema}, pg_temp as $$
#variable_conflict use_column
declare
  district boolean := current_setting('role') = 'tidu_district';
  body int := case when current_setting('role') = 'tidu_scope'
              then nullif(current_setting('tidu.organisation', true), '')::int end;
begin
  if of_table not in ('lead', 'carrier') then return; end if;
  if not feed_sees_apart(district, body, of_table, of_key) is true then return; end if;
  return query
    select entry.id, entry.at, entry.user_id, entry.token_id, entry.name::text, entry.role::text,
           entry.organisation_id, entry.request_id::text, entry.reason::text,
           entry.table_name::text, entry.action::text, entry.row_count, entry.detail,
           changed.n, changed.firm_id, changed.key::text, changed.before, changed.after
    from audit_entry as entry
    join audit_row as changed on changed.entry_id = entry.id and changed.at = entry.at
    where entry.table_name in ('lead', 'carrier') and entry.table_name = of_table
      and entry.action <> 'read' and changed.key = of_key
    order by entry.id desc limit most;
end $$
"""


def upgrade() -> None:
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.create_index("ix_audit_entry_apart", "audit_entry", ["table_name", "id"],
                    postgresql_where=sa.text("table_name in ('lead', 'carrier')"))  # fmt: skip
    op.execute(HISTORY.format(schema=schema))


def downgrade() -> None:
    op.execute("drop function history_apart")
    op.drop_index("ix_audit_entry_apart", table_name="audit_entry")
