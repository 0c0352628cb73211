"""drafts of data entry"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entry_draft",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("typed", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("fault_zh", sa.String(), nullable=False),
        sa.Column("fault_en", sa.String(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_entry_draft_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_entry_draft_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "year", "firm_id", "indicator", name="pk_entry_draft"),
    )
    op.create_index("ix_entry_draft_firm_id", "entry_draft", ["firm_id"])
    op.execute("call secure_by_firm('entry_draft', 'firm_id')")
    op.execute(ddl.attach("entry_draft"))


def downgrade() -> None:
    op.drop_table("entry_draft")
