"""what senders call a firm, beside its credit code"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "firm_external_id",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column(
            "noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_firm_external_id_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sender", "external_id", name=op.f("pk_firm_external_id")),
    )
    op.create_index("ix_firm_external_id_firm_id", "firm_external_id", ["firm_id"])
    op.execute("call secure_by_firm('firm_external_id', 'firm_id')")
    op.execute(ddl.attach("firm_external_id"))


def downgrade() -> None:
    op.drop_table("firm_external_id")
