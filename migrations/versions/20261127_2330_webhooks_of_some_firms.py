"""a webhook is told of the firms that a query finds, if it names one"""

import sqlalchemy as sa
from alembic import op

revision = "0192"
down_revision = "0191"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("query", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("webhook", "query")
