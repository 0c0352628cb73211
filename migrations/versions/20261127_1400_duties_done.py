"""duties that were done"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0041"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty_done",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("duty_code", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_duty_done_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_done")),
    )
    op.create_index(
        "uq_duty_done_current",
        "duty_done",
        ["firm_id", "duty_code", "due_on"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.execute("call secure_by_firm('duty_done', 'firm_id')")
    op.execute(ddl.attach("duty_done"))


def downgrade() -> None:
    op.drop_table("duty_done")
