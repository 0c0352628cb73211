"""firms that may be one, and merges with what an un-merge puts back"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

# A pair is known only to whoever may know of both.
BOTH = """
create policy other on duplicate_pair as restrictive to tidu_scope using (case
  when other_id < 8 * octet_length((select scope_bits()))
  then get_bit((select scope_bits()), other_id) = 1 else false end)
"""


def _at(name: str) -> "sa.Column[object]":
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _firm(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["firm.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def _pair() -> None:
    op.create_table(
        "duplicate_pair",
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        _at("found_at"),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_reason", sa.String(), nullable=True),
        sa.CheckConstraint("firm_id < other_id", name=op.f("ck_duplicate_pair_order")),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by is null)", name=op.f("ck_duplicate_pair_decided")
        ),
        _firm("duplicate_pair", "firm_id"),
        _firm("duplicate_pair", "other_id"),
        sa.PrimaryKeyConstraint("firm_id", "other_id", name=op.f("pk_duplicate_pair")),
    )
    op.create_index(
        "ix_duplicate_pair_open",
        "duplicate_pair",
        [sa.text("score desc"), "firm_id", "other_id"],
        postgresql_where=sa.text("decided_at is null"),
    )
    op.create_index("ix_duplicate_pair_other_id", "duplicate_pair", ["other_id"])


def _merge() -> None:
    op.create_table(
        "firm_merge",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("gone_name", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("merged_by", sa.String(), nullable=False),
        _at("merged_at"),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        _firm("firm_merge", "firm_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_merge")),
    )
    op.create_index("ix_firm_merge_firm_id", "firm_merge", ["firm_id"])
    op.create_index(
        "ix_firm_merge_gone_id",
        "firm_merge",
        ["gone_id"],
        postgresql_where=sa.text("undone_at is null"),
    )


def _merge_row() -> None:
    op.create_table(
        "firm_merge_row",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("merge_id", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("key", postgresql.JSONB(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "action in ('moved', 'aside', 'added', 'filled')", name=op.f("ck_firm_merge_row_action")
        ),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["firm_merge.id"],
            name=op.f("fk_firm_merge_row_merge_id"),
            ondelete="CASCADE",
        ),
        _firm("firm_merge_row", "firm_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_merge_row")),
    )
    op.create_index("ix_firm_merge_row_merge_id", "firm_merge_row", ["merge_id", "table_name"])
    op.create_index("ix_firm_merge_row_firm_id", "firm_merge_row", ["firm_id"])


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    _pair()
    _merge()
    _merge_row()
    for table in ("duplicate_pair", "firm_merge", "firm_merge_row"):
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
    op.execute(BOTH)
    op.execute(ddl.attach("duplicate_pair"))
    op.execute(ddl.attach("firm_merge"))
    # What it keeps may be personal; the rows that it touched tell of themselves.
    op.execute(ddl.attach("firm_merge_row", secret=("before",)))


def downgrade() -> None:
    for table in ("firm_merge_row", "firm_merge", "duplicate_pair"):
        op.drop_table(table)
