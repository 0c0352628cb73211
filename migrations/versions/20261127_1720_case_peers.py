"""firms beside which the effect of cases is read"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl
from app.events import ddl as events

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

TABLE = "case_peer"


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("gap_closed_on", sa.Date(), nullable=True),
        sa.Column("rung_reached_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["support_case.id"], name=op.f("fk_case_peer_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_case_peer_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_peer")),
        sa.UniqueConstraint("case_id", "firm_id", name=op.f("uq_case_peer_case_id_firm_id")),
    )
    op.create_index(
        "ix_case_peer_firm_id",
        TABLE,
        ["firm_id"],
        postgresql_where=sa.text("gap_closed_on is null or rung_reached_on is null"),
    )
    op.execute(f"call secure_by_firm('{TABLE}', 'firm_id')")
    op.execute(ddl.attach(TABLE, derived=True))
    _feed()


def _feed() -> None:
    """The feed does not tell of what is derived."""
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(events.functions(schema).replace("create function", "create or replace function"))


def downgrade() -> None:
    """The feed's functions as they are read an older trail as well."""
    op.drop_table(TABLE)
