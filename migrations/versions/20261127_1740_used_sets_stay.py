"""a used criteria set cannot be deleted; its verdicts need no key into it

The key was tested for every verdict that was stored, a million times for 30,000 firms. Sets that
have been used stay for ever, so one test at a deletion says the same.
"""

from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

REFUSE = """
create function refuse_used_set() returns trigger language plpgsql as $$
begin
  raise exception 'criteria set % has been used: it is succeeded, never deleted', old.code
    using errcode = 'foreign_key_violation';
end $$
"""
TRIGGER = """
create trigger used_set_stays before delete on criteria_set
for each row when (old.first_used_at is not null) execute function refuse_used_set()
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.drop_constraint("fk_assessment_set_id", "assessment", type_="foreignkey")
    op.execute(REFUSE)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("drop trigger used_set_stays on criteria_set")
    op.execute("drop function refuse_used_set")
    op.create_foreign_key("fk_assessment_set_id", "assessment", "criteria_set", ["set_id"], ["id"])
