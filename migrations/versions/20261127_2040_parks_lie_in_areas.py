"""parks of the zone lie in its core or in one of its areas"""

import sqlalchemy as sa
from alembic import op

revision = "0187"
down_revision = "0186"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("zone", sa.Column("within_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_zone_within_id"), "zone", "zone", ["within_id"], ["id"], ondelete="SET NULL"
    )
    op.create_check_constraint(op.f("ck_zone_within"), "zone", "within_id is null or kind = 'park'")
    op.create_index("ix_zone_within_id", "zone", ["within_id"])


def downgrade() -> None:
    op.drop_column("zone", "within_id")
