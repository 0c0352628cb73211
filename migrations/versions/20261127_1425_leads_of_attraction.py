"""leads of attraction, the parts of the zone"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0163"
down_revision = "0162"
branch_labels = None
depends_on = None

# A lead belongs to no firm until it has landed: parks see those that are meant for them.
SCOPES = {
    "lead": "park_id = nullif(current_setting('tidu.organisation', true), '')::int",
    "lead_step": "exists (select from lead where lead.id = lead_step.lead_id)",
}


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")

    op.create_table(
        "lead",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(), server_default="contact", nullable=False),
        sa.Column("stage_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=True),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("introduced_by", sa.String(), nullable=True),
        sa.Column("investment", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("park_id", sa.Integer(), nullable=True),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("lost_reason", sa.String(), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(stage = 'landed') = (firm_id is not null)", name=op.f("ck_lead_landed")
        ),
        sa.CheckConstraint(
            "(stage = 'lost') = (lost_reason is not null)", name=op.f("ck_lead_lost")
        ),
        sa.CheckConstraint(
            "channel in ('scenario', 'commissioned', 'firm_introduces_firm', 'exhibition', 'partner', 'other')",
            name=op.f("ck_lead_channel"),
        ),
        sa.CheckConstraint(
            "lost_reason in ('went_elsewhere', 'funds', 'land', 'policy', 'no_answer', 'unsuitable', 'other')",
            name=op.f("ck_lead_lost_reason"),
        ),
        sa.CheckConstraint(
            "stage in ('contact', 'visit', 'talks', 'signed', 'landed', 'lost')",
            name=op.f("ck_lead_stage"),
        ),
        sa.CheckConstraint("investment >= 0", name=op.f("ck_lead_investment")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_lead_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_lead_organisation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["park_id"], ["organisation.id"], name=op.f("fk_lead_park_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sa.UniqueConstraint("firm_id", name=op.f("uq_lead_firm_id")),
        sa.UniqueConstraint("name", "since", name=op.f("uq_lead_name_since")),
    )
    op.create_index("ix_lead_next_on", "lead", ["next_on"])
    op.create_index("ix_lead_park_id", "lead", ["park_id"])
    op.create_index("ix_lead_stage", "lead", ["stage", "since"])
    op.create_table(
        "lead_step",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "stage in ('contact', 'visit', 'talks', 'signed', 'landed', 'lost')",
            name=op.f("ck_lead_step_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_lead_step_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_step")),
    )
    op.create_index("ix_lead_step_lead_id", "lead_step", ["lead_id", "taken_on"])
    op.create_table(
        "zone",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("park_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind in ('core', 'area', 'park')", name=op.f("ck_zone_kind")),
        sa.CheckConstraint("(kind = 'park') = (park_id is not null)", name=op.f("ck_zone_park")),
        sa.ForeignKeyConstraint(
            ["park_id"], ["organisation.id"], name=op.f("fk_zone_park_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone")),
        sa.UniqueConstraint("name", name=op.f("uq_zone_name")),
        sa.UniqueConstraint("park_id", name=op.f("uq_zone_park_id")),
    )
    op.execute(ddl.attach("zone"))
    for table, scope in SCOPES.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy district on {table} to tidu_district using (true) with check (true)"
        )
        op.execute(f"create policy scope on {table} to tidu_scope using ({scope})")
        op.execute(ddl.attach(table))


def downgrade() -> None:
    op.drop_table("zone")
    op.drop_table("lead_step")
    op.drop_table("lead")
