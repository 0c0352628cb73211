"""verdicts are held against firms a statement at a time

A foreign key asks for each of its rows: of 75,000 verdicts that takes longer than reaching them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0183"
down_revision = "0182"
branch_labels = None
depends_on = None

MADE = """
create function assessment_refers() returns trigger
language plpgsql security definer set search_path = {schema}, pg_temp as $$
begin
  if exists (select from (select distinct firm_id from new_rows) as told
             where not exists (select from firm where firm.id = told.firm_id)) then
    raise foreign_key_violation using message = 'a verdict names no firm';
  end if;
  return null;
end $$;
create trigger refers after insert on assessment
referencing new table as new_rows for each statement execute function assessment_refers();
create function assessment_goes() returns trigger
language plpgsql security definer set search_path = {schema}, pg_temp as $$
begin
  delete from assessment using old_rows where assessment.firm_id = old_rows.id;
  return null;
end $$;
create trigger verdicts_go after delete on firm
referencing old table as old_rows for each statement execute function assessment_goes();
revoke execute on function assessment_refers, assessment_goes from public;
"""
UNMADE = """
drop trigger verdicts_go on firm;
drop trigger refers on assessment;
drop function assessment_goes, assessment_refers;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.drop_constraint("fk_assessment_firm_id", "assessment", type_="foreignkey")
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(MADE.format(schema=schema))


def downgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.execute(UNMADE)
    op.create_foreign_key(
        "fk_assessment_firm_id", "assessment", "firm", ["firm_id"], ["id"], ondelete="CASCADE"
    )
