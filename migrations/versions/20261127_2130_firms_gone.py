"""firms that are there no more are found by an index: few, among all that lists leave them out of"""

import sqlalchemy as sa
from alembic import op

revision = "0190"
down_revision = "0189"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_firm_gone", "firm", ["id"], postgresql_where=sa.text("status <> 'active'"))


def downgrade() -> None:
    op.drop_index("ix_firm_gone", table_name="firm")
