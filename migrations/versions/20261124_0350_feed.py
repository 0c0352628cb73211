"""the change feed: functions that read the trail forward"""

import sqlalchemy as sa
from alembic import op

from app.events import ddl

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.create_index("ix_audit_link_entry_at", "audit_link", ["entry_at"])
    op.execute(ddl.functions(schema))


def downgrade() -> None:
    for name in ddl.MADE_NAMES:
        op.execute(f"drop function {name}")
    op.drop_index("ix_audit_link_entry_at", table_name="audit_link")
