"""bulletins in both languages, and what is corrected of them for everybody to read"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0184"
down_revision = "0183"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("title_en", "text_en"):
        op.add_column("bulletin", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("bulletin", sa.Column("errata", JSONB(), server_default="[]", nullable=False))
    op.add_column("bulletin", sa.Column("errata_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("bulletin", "errata_on")
    op.drop_column("bulletin", "errata")
    for name in ("text_en", "title_en"):
        op.drop_column("bulletin", name)
