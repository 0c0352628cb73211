"""the history of many firms that change at once is kept without comparing each with each"""

from alembic import op

revision = "0191"
down_revision = "0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The trigger's plan is made once for a connection, mostly for one firm: a nested loop, which
    # for a batch of 5,000 compares 25 million pairs, in three seconds.
    op.execute("alter function keep_firm_history() set enable_nestloop = off")


def downgrade() -> None:
    op.execute("alter function keep_firm_history() reset enable_nestloop")
