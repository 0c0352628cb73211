"""carriers, promotions up their chain, what a graduation rests on, rates of rewards"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0162"
down_revision = "0104"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")

    op.create_table(
        "reward_rate",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.CheckConstraint(
            "measure in ('entered', 'graduates', 'tech_based', 'certified', 'services')",
            name=op.f("ck_reward_rate_measure"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_reward_rate_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_rate")),
        sa.UniqueConstraint("measure", "since", name=op.f("uq_reward_rate_measure_since")),
    )
    op.create_table(
        "carrier",
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=True),
        sa.Column("area_m2", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind in ('makerspace', 'incubator', 'accelerator')", name=op.f("ck_carrier_kind")
        ),
        sa.CheckConstraint(
            "level in ('international', 'national', 'industry', 'provincial', 'municipal', 'district')",
            name=op.f("ck_carrier_level"),
        ),
        sa.CheckConstraint("platform in ('1', '2', '3', 'N')", name=op.f("ck_carrier_platform")),
        sa.CheckConstraint("area_m2 > 0 and seats > 0", name=op.f("ck_carrier_room")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_carrier_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_carrier")),
    )
    op.create_table(
        "promotion",
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_reason", sa.String(), nullable=True),
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
        sa.CheckConstraint(
            "(accepted is null) = (decided_on is null)", name=op.f("ck_promotion_decided")
        ),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_promotion_carriers")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_promotion_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["organisation.id"], name=op.f("fk_promotion_from_id")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["organisation.id"], name=op.f("fk_promotion_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index(
        "ix_promotion_from_id",
        "promotion",
        ["from_id"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_index(
        "uq_promotion_open",
        "promotion",
        ["firm_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null and accepted is null"),
    )
    op.add_column("residency", sa.Column("decided_reason", sa.String(), nullable=True))
    op.add_column(
        "residency",
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.execute("call secure_by_firm('promotion', 'firm_id')")
    for table in ("carrier", "promotion", "reward_rate"):
        op.execute(ddl.attach(table))


def downgrade() -> None:
    op.drop_column("residency", "basis")
    op.drop_column("residency", "decided_reason")
    for table in ("promotion", "carrier", "reward_rate"):
        op.drop_table(table)
