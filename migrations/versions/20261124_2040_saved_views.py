"""saved views of lists"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("opens_for", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("list_name in ('firms', 'pool')", name=op.f("ck_saved_view_list_name")),
        sa.CheckConstraint(
            "audience in ('private', 'team', 'all')", name=op.f("ck_saved_view_audience")
        ),
        sa.CheckConstraint(
            "audience = 'all' or opens_for = '{}'", name=op.f("ck_saved_view_opens_for")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["user_account.id"],
            name=op.f("fk_saved_view_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_view_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "owner_id", "list_name", "name", name=op.f("uq_saved_view_owner_id_list_name_name")
        ),
    )
    op.create_index("ix_saved_view_list_name", "saved_view", ["list_name"])
    op.execute(ddl.attach("saved_view"))


def downgrade() -> None:
    op.drop_table("saved_view")
