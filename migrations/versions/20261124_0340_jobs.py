"""the queue of jobs

Its tables are procrastinate's own: what is to be done, not what is known. They stand outside the
trail, which would tell of every job four times; what people decide about jobs is recorded.
The text comes from the package, whose version is pinned: a later version brings a migration.
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

from app.audit import ddl

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROLES = "tidu_app, tidu_scope, tidu_district"
TABLES = (
    "procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers"
)
# Whoever writes facts may leave work behind; only administrators' pages look at the queue.
ENQUEUE = """
create function enqueue_job(task text, given jsonb, only_one text, one_by_one text,
                            not_before timestamptz) returns bigint
language plpgsql security definer set search_path = {schema}, pg_temp as $$
begin
  return (procrastinate_defer_jobs_v1(array[row('default', task, 0, one_by_one, only_one, given,
    not_before)::procrastinate_job_to_defer_v1]))[1];
exception when unique_violation then
  -- The same work waits already, and it will see what this transaction did.
  return null;
end $$
"""
FORGET = """
do $$
declare made record;
begin
  for made in select oid::regprocedure as name from pg_proc
    where proname like 'procrastinate\\_%' and pronamespace = current_schema()::regnamespace
  loop execute format('drop function %s cascade', made.name); end loop;
end $$
"""


def upgrade() -> None:
    connection = op.get_bind()
    with connection.connection.cursor() as driver:  # SQLAlchemy would take its % for parameters
        driver.execute(SchemaManager.get_schema())
    schema = connection.scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(ENQUEUE.format(schema=schema))
    op.execute(f"revoke all on {TABLES} from {ROLES}")
    op.execute("grant select, update on procrastinate_jobs to tidu_app")
    op.execute("grant select, insert on procrastinate_events to tidu_app")
    op.execute("grant select on procrastinate_workers to tidu_app")
    op.execute("grant usage on sequence procrastinate_events_id_seq to tidu_app")
    op.create_table(
        "job_decision",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "decision in ('retry', 'cancel')", name=op.f("ck_job_decision_decision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_decision")),
    )
    op.execute(ddl.attach("job_decision"))


def downgrade() -> None:
    op.drop_table("job_decision")
    op.execute("drop function enqueue_job")
    op.execute(f"drop table {TABLES} cascade")
    op.execute(FORGET)
    for made in ("job_status", "job_event_type", "job_to_defer_v1"):
        op.execute(f"drop type procrastinate_{made} cascade")
