"""services: the case they belong to, who was met, photos"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TABLE, COLUMNS = "service_record", ("case_id", "met", "attachments")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.add_column(TABLE, sa.Column("case_id", sa.Integer(), nullable=True))
    for name in COLUMNS[1:]:
        op.add_column(
            TABLE,
            sa.Column(name, postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        )
    op.create_foreign_key(
        op.f("fk_service_record_case_id"),
        TABLE,
        "support_case",
        ["case_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_service_record_case_id",
        TABLE,
        ["case_id"],
        postgresql_where=sa.text("case_id is not null and superseded_at is null"),
    )


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column(TABLE, name)
