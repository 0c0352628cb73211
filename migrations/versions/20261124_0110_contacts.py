"""contacts: consent, source, version"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PERSONAL = ("name", "duty", "phone", "email")


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
    op.execute(ddl.attach("contact", secret=(*PERSONAL, "consent")))


def downgrade() -> None:
    op.execute(ddl.attach("contact", secret=PERSONAL))
    for name in ("updated_at", "created_at", "version", "recorded_by", "source", "consent"):
        op.drop_column("contact", name)
