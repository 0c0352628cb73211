"""bulletins in both languages"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("title_en", "text_en"):
        op.add_column("bulletin", sa.Column(name, sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    for name in ("text_en", "title_en"):
        op.drop_column("bulletin", name)
