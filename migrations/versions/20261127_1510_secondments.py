"""secondments: researchers between institutions and firms"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0063"
down_revision = "0163"
branch_labels = None
depends_on = None

CURRENT = sa.text("superseded_at is null")


def upgrade() -> None:
    op.create_table(
        "secondment",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column(
            "attachments", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False
        ),
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
        sa.CheckConstraint("way in ('to_firm', 'to_institution')", name=op.f("ck_secondment_way")),
        sa.CheckConstraint("ended_on >= happened_on", name=op.f("ck_secondment_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_secondment_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_secondment_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secondment")),
    )
    op.create_index("uq_secondment_key", "secondment", ["firm_id", "person", "happened_on"], unique=True,
                    postgresql_where=CURRENT, postgresql_nulls_not_distinct=True)  # fmt: skip
    op.create_index(
        "ix_secondment_happened_on", "secondment", ["happened_on", "id"], postgresql_where=CURRENT
    )
    op.execute(ddl.attach("secondment"))
    op.execute("call secure_by_firm('secondment', 'firm_id')")


def downgrade() -> None:
    op.execute(ddl.detach("secondment"))
    op.drop_table("secondment")
