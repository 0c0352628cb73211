"""tokens: ranges, limits, rotation, last use"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEEP_USES = """
insert into token_use (token_id, used_at)
select id, last_used_at from token where last_used_at is not null
"""
BRING_USES_BACK = """
update token set last_used_at = used_at from token_use where token_use.token_id = token.id
"""


def upgrade() -> None:
    op.create_table(
        "token_use",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.ForeignKeyConstraint(
            ["token_id"], ["token.id"], name=op.f("fk_token_use_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_token_use")),
    )
    # A use is no change of the record: only the first one is recorded.
    op.execute(ddl.attach("token_use", ignore=("used_at", "address")))
    op.execute(KEEP_USES)
    op.drop_column("token", "last_used_at")
    op.add_column(
        "token",
        sa.Column("ranges", sa.ARRAY(postgresql.CIDR()), server_default="{}", nullable=False),
    )
    op.add_column("token", sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.add_column("token", sa.Column("predecessor_id", sa.Integer(), nullable=True))
    op.add_column("token", sa.Column("issued_by", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_token_predecessor_id"), "token", "token", ["predecessor_id"], ["id"],
        ondelete="SET NULL",
    )  # fmt: skip
    op.create_unique_constraint(op.f("uq_token_predecessor_id"), "token", ["predecessor_id"])
    op.create_unique_constraint(op.f("uq_token_prefix"), "token", ["prefix"])
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limit")),
        prefixes=["UNLOGGED"],
        postgresql_with={"fillfactor": 50},
    )


def downgrade() -> None:
    op.drop_table("rate_limit")
    op.add_column("token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(BRING_USES_BACK)
    op.drop_constraint(op.f("uq_token_prefix"), "token")
    op.drop_constraint(op.f("uq_token_predecessor_id"), "token")
    op.drop_constraint(op.f("fk_token_predecessor_id"), "token")
    for name in ("issued_by", "predecessor_id", "requests_per_minute", "ranges"):
        op.drop_column("token", name)
    op.drop_table("token_use")
