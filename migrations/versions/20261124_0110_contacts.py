"""contacts: consent, source, version"""

import sqlalchemy as sa
from alembic import op

revision = "0004_contacts"
down_revision = "0003_access_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("consent", sa.String(), nullable=True))
    op.add_column(
        "contact", sa.Column("source", sa.String(), server_default="bureau", nullable=False)
    )
    op.add_column("contact", sa.Column("recorded_by", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    for name in ("created_at", "updated_at"):
        op.add_column(
            "contact",
            sa.Column(
                name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
            ),
        )


def downgrade() -> None:
    for name in ("updated_at", "created_at", "version", "recorded_by", "source", "consent"):
        op.drop_column("contact", name)
