"""flags, their thresholds, and which statutory duties were done"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0070"
down_revision = "0061"
branch_labels = None
depends_on = None

KINDS = (
    "'ready', 'near', 'data_missing', 'fast_growing', 'stalled', 'expiring', 'duty_due', "
    "'at_risk', 'not_served'"
)
OPEN = sa.text("closed_on is null")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    _flags()
    op.create_table(
        "flag_rule",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("threshold", sa.SmallInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(f"kind in ({KINDS})", name=op.f("ck_flag_rule_kind")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_flag_rule")),
    )
    _duties()
    for table in ("flag", "duty_done"):
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
    op.execute("revoke insert, update, delete on flag from tidu_app, tidu_scope")
    # What a flag was raised on is told by the flag; its key says which one it is.
    op.execute(ddl.attach("flag", derived=True))
    for table in ("flag_rule", "duty_done"):
        op.execute(ddl.attach(table))


def _flags() -> None:
    op.create_table(
        "flag",
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("criterion", sa.String(), nullable=True),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("snooze_reason", sa.String(), nullable=True),
        sa.Column("snoozed_by", sa.String(), nullable=True),
        sa.CheckConstraint(f"kind in ({KINDS})", name=op.f("ck_flag_kind")),
        sa.CheckConstraint("closed_on >= since", name=op.f("ck_flag_dates")),
        sa.CheckConstraint(
            "(snoozed_until is null) = (snooze_reason is null)", name=op.f("ck_flag_snooze")
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_flag_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("firm_id", "kind", "subject", "since", name=op.f("pk_flag")),
    )
    op.create_index(
        "uq_flag_open", "flag", ["firm_id", "kind", "subject"], unique=True, postgresql_where=OPEN
    )
    op.create_index(
        "ix_flag_kind",
        "flag",
        ["kind", "firm_id"],
        postgresql_where=OPEN,
        postgresql_include=["snoozed_until"],
    )


def _duties() -> None:
    op.create_table(
        "duty_done",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
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
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_duty_done_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_done")),
    )
    op.create_index(
        "uq_duty_done_current",
        "duty_done",
        ["firm_id", "code", "period"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )


def downgrade() -> None:
    for table in ("duty_done", "flag_rule", "flag"):
        op.drop_table(table)
