"""which firms an organisation may know of is read from an index alone, as one value

Every transaction of a park or an incubator asks for it. Its plan is made for the organisation at
hand: one made for any of them reads the whole tables. `firms_in_scope` stays for servers of the
version before, which go on while this one comes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0193"
down_revision = "0192"
branch_labels = None
depends_on = None

PLACES = (("location", "park_id"), ("residency", "incubator_id"))
CURRENT = sa.text("superseded_at is null")
OWN = """
create function own_firms(organisation int, day date) returns bytea
language sql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_custom_plan
as $$
  select string_agg(int4send(firm_id), '') from (
    select firm_id from residency
    where incubator_id = organisation and during @> day and superseded_at is null
    union all
    select firm_id from location
    where park_id = organisation and during @> day and superseded_at is null
  ) as own
$$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    for table, place in PLACES:
        name = f"ix_{table}_{place}"
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [place, "firm_id"], postgresql_include=["during"],
                        postgresql_where=CURRENT)  # fmt: skip
    op.execute(OWN)


def downgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.execute("drop function own_firms")
    for table, place in PLACES:
        name = f"ix_{table}_{place}"
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [place], postgresql_where=CURRENT)
