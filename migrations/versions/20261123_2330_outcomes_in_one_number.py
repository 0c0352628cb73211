"""outcomes in one number

Two bits for each criterion in their order instead of an array: a filter by criterion reads one
number of the index, and an evaluation compares and stores it ten times faster.

Records are grouped by firm inside the evaluation's parallel plan: a parallel scan of theirs, nested
in it, would keep the planner from the outer one, which is worth far more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_assessment_readiness", ["set_id", "readiness", "firm_id"]
INCLUDED = ["outcome", "unmet_count", "unknown_count", "gap_count", "outcomes", "gaps"]
PACK = """
update assessment set packed = (
  select sum(code::bigint << (2 * (place - 1)::int))
  from unnest(outcomes) with ordinality as each (code, place)
)
"""
UNPACK = """
update assessment set unpacked = array(
  select (outcomes >> (2 * place) & 3)::smallint
  from generate_series(0, cardinality(gaps) - 1) as place order by place
)
"""
CURRENT = sa.text("superseded_at is null")
RECORDS = ("designation", "residency", "incident", "judgement", "record_check", "ip_right", "award",
           "standard", "rd_body")  # fmt: skip


def upgrade() -> None:
    op.drop_index(NAME, "assessment")
    op.add_column("assessment", sa.Column("packed", sa.BigInteger()))
    op.execute(PACK)
    op.drop_column("assessment", "outcomes")
    op.alter_column("assessment", "packed", new_column_name="outcomes", nullable=False)
    op.create_index(NAME, "assessment", COLUMNS, postgresql_include=INCLUDED)
    for table in RECORDS:
        op.execute(f"alter table {table} set (parallel_workers = 0)")
    op.drop_index("ix_designation_kind", "designation")
    op.create_index("ix_designation_kind", "designation", ["kind", "firm_id"],
                    postgresql_where=CURRENT, postgresql_include=["valid"])  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_designation_kind", "designation")
    op.create_index("ix_designation_kind", "designation", ["kind", "firm_id"],
                    postgresql_where=CURRENT)  # fmt: skip
    for table in RECORDS:
        op.execute(f"alter table {table} reset (parallel_workers)")
    op.drop_index(NAME, "assessment")
    op.add_column("assessment", sa.Column("unpacked", postgresql.ARRAY(sa.SmallInteger())))
    op.execute(UNPACK)
    op.drop_column("assessment", "outcomes")
    op.alter_column("assessment", "unpacked", new_column_name="outcomes", nullable=False)
    op.create_index(NAME, "assessment", COLUMNS, postgresql_include=INCLUDED)
