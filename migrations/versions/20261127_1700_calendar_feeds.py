"""addresses under which people's cases are read as a calendar"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0180"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_calendar_feed_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["role_grant.id"],
            name=op.f("fk_calendar_feed_grant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
    )
    op.create_index(
        "uq_calendar_feed_grant",
        "calendar_feed",
        ["grant_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.execute(ddl.attach("calendar_feed"))


def downgrade() -> None:
    op.drop_table("calendar_feed")
