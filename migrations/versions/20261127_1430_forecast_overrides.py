"""forecasts by judgement"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0102"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_override",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("target_code", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("low", sa.Numeric(20, 4), nullable=False),
        sa.Column("expected", sa.Numeric(20, 4), nullable=False),
        sa.Column("high", sa.Numeric(20, 4), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=True),
        sa.Column(
            "set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "low <= expected and expected <= high", name=op.f("ck_forecast_override_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_override")),
    )
    op.create_index(
        "uq_forecast_override_current",
        "forecast_override",
        ["plan_code", "target_code", "until"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.execute(ddl.attach("forecast_override"))


def downgrade() -> None:
    op.drop_table("forecast_override")
