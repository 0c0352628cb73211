"""which firms lie with the organisation that acts, read below row security

Under row security the planner may not use the statistics of `during`: it expected fifteen firms
where a park has six thousand, and a park's lists took five times as long as the district's. The
views belong to the owner of the tables, whom row security does not bind, and show nothing but the
acting organisation's own.
"""

from alembic import op

revision = "0023"
down_revision = "0103"
branch_labels = None
depends_on = None

LOCATION = """
create view own_location as select firm_id, park_id, during from location
where superseded_at is null
  and park_id = nullif(current_setting('tidu.organisation', true), '')::int
"""
RESIDENCY = """
create view own_residency as select firm_id, incubator_id, during from residency
where superseded_at is null
  and incubator_id = nullif(current_setting('tidu.organisation', true), '')::int
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.execute(LOCATION)
    op.execute(RESIDENCY)
    op.execute("grant select on own_location, own_residency to tidu_scope, tidu_district")


def downgrade() -> None:
    op.execute("drop view own_location, own_residency")
