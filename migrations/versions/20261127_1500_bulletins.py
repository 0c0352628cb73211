"""bulletins"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0104"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulletin",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("edited_by", sa.Integer(), nullable=True),
        sa.Column("edited_by_name", sa.String(), nullable=False),
        sa.Column("approved_by_name", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('monthly', 'quarterly')", name=op.f("ck_bulletin_kind")),
        sa.CheckConstraint("status in ('draft', 'approved')", name=op.f("ck_bulletin_status")),
        sa.CheckConstraint(
            "(status = 'approved') = (approved_at is not null)", name=op.f("ck_bulletin_approved")
        ),
        sa.ForeignKeyConstraint(
            ["edited_by"],
            ["user_account.id"],
            name=op.f("fk_bulletin_edited_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
        sa.UniqueConstraint(
            "plan_code", "kind", "day", name=op.f("uq_bulletin_plan_code_kind_day")
        ),
    )
    op.execute(ddl.attach("bulletin"))


def downgrade() -> None:
    op.drop_table("bulletin")
