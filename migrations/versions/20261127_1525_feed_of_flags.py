"""the feed tells each of several flags that rose at once"""

import sqlalchemy as sa
from alembic import op

from app.events import ddl

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(ddl.functions(schema).replace("create function", "create or replace function"))


def downgrade() -> None:
    """The functions as they are read an older trail as well."""
