"""row security

The application's connections take on a role without bypass: `tidu_app` sees no firm at all,
`tidu_scope` those of the organisation that was declared, on the day that was declared, and
`tidu_district` every one. A query that forgets the scope shows nothing instead of everything.
"""

from alembic import op

revision = "0006"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = ("tidu_app", "tidu_scope", "tidu_district")
# Roles belong to the whole server: another database may have made them already.
MAKE_ROLE = """
do $$ begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} nologin noinherit nobypassrls;
  end if;
  if not pg_has_role(session_user, '{role}', 'set') then
    execute format('grant {role} to %I', session_user);
  end if;
end $$
"""
DROP_ROLE = """
do $$ begin
  drop owned by {role};
  drop role {role};
exception when dependent_objects_still_exist then null;
end $$
"""
RIGHTS = "select, insert, update, delete"
# The same as `firms.queries.visible`: residents of the incubator, firms located in the park.
SCOPE = """
create function firms_in_scope() returns setof int
language sql stable security definer set search_path = public, pg_temp
as $$
  select firm_id from residency
  where incubator_id = nullif(current_setting('tidu.organisation', true), '')::int
    and during @> nullif(current_setting('tidu.day', true), '')::date and superseded_at is null
  union
  select firm_id from location
  where park_id = nullif(current_setting('tidu.organisation', true), '')::int
    and during @> nullif(current_setting('tidu.day', true), '')::date and superseded_at is null
$$
"""
# A bit for each firm, laid down once in a transaction: testing it costs next to nothing, where a
# subquery would be run anew for every table of every statement.
BITS = """
create function scope_bits() returns bytea language sql stable
return coalesce(current_setting('tidu.firms', true), '')::bytea
"""
SECURE = """
create procedure secure_by_firm(secured regclass, firm_column name) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', secured);
  execute format('create policy district on %s to tidu_district using (true) with check (true)',
                 secured);
  execute format(
    'create policy scope on %1$s to tidu_scope using (case '
    'when %2$I < 8 * octet_length((select scope_bits())) '
    'then get_bit((select scope_bits()), %2$I) = 1 else false end)', secured, firm_column);
end $$
"""
# It sees everything by its policies; without them the planner may use its statistics, too, which
# makes lists twice as fast. Only a server whose owner may grant it does so.
SEE_ALL = """
do $$ begin
  if (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) then
    alter role tidu_district bypassrls;
  end if;
end $$
"""
TABLES = (
    "firm_history", "former_name", "contact", "location", "residency", "designation", "incident",
    "judgement", "record_check", "submission", "firm_year", "assessment", "ip_right", "award",
    "standard", "rd_body",
)  # fmt: skip


def upgrade() -> None:
    everyone = ", ".join(ROLES)
    for role in ROLES:
        op.execute(MAKE_ROLE.format(role=role))
    op.execute(f"grant usage on schema public to {everyone}")
    op.execute(f"grant {RIGHTS} on all tables in schema public to {everyone}")
    op.execute(f"revoke all on alembic_version from {everyone}")
    op.execute("revoke insert, update, delete on assessment from tidu_app, tidu_scope")
    op.execute(f"alter default privileges in schema public grant {RIGHTS} on tables to {everyone}")
    op.execute(SEE_ALL)
    op.execute(SCOPE)
    op.execute(BITS)
    op.execute(SECURE)
    op.execute("call secure_by_firm('firm', 'id')")
    for table in TABLES:
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")


def downgrade() -> None:
    for table in ("firm", *TABLES):
        op.execute(f"drop policy scope on {table}")
        op.execute(f"drop policy district on {table}")
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop procedure secure_by_firm")
    op.execute("drop function scope_bits")
    op.execute("drop function firms_in_scope")
    everyone = ", ".join(ROLES)
    op.execute(
        f"alter default privileges in schema public revoke {RIGHTS} on tables from {everyone}"
    )
    for role in ROLES:
        op.execute(DROP_ROLE.format(role=role))
