"""support: measures, holidays, where cases go, cases and what happened in them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0071"
down_revision = "0063"
branch_labels = None
depends_on = None

BY_FIRM = ("support_case", "case_entry")
OTHERS = ("holiday", "measure", "route_rule")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )
    op.create_table(
        "measure",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", postgresql.JSONB(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("supporting", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("documents", sa.String(), nullable=True),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("days between 1 and 250", name=op.f("ck_measure_days")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_measure")),
    )
    op.create_table(
        "route_rule",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("criterion", sa.String(), nullable=True),
        sa.Column("industry", sa.String(), nullable=True),
        sa.Column("park_id", sa.Integer(), nullable=True),
        sa.Column("staff_from", sa.Integer(), nullable=True),
        sa.Column("staff_to", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("days", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("days between 1 and 250", name=op.f("ck_route_rule_days")),
        sa.CheckConstraint("staff_from <= staff_to", name=op.f("ck_route_rule_staff")),
        sa.ForeignKeyConstraint(["measure"], ["measure.code"], name=op.f("fk_route_rule_measure")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_route_rule_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["park_id"], ["organisation.id"], name=op.f("fk_route_rule_park_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_route_rule_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_rule")),
    )
    op.create_table(
        "support_case",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("set_code", sa.String(), nullable=True),
        sa.Column("criteria", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("gap_closed_on", sa.Date(), nullable=True),
        sa.Column("rung_reached_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(closed_on is null) = (state in ('open', 'accepted', 'in_progress'))",
            name=op.f("ck_support_case_closed"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'in_progress', 'done', 'not_possible', 'not_reachable', 'declined')",
            name=op.f("ck_support_case_state"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_support_case_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["measure"], ["measure.code"], name=op.f("fk_support_case_measure")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_support_case_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_support_case_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_case")),
    )
    op.create_index(
        "ix_support_case_effect",
        "support_case",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("gap_closed_on is null or rung_reached_on is null"),
    )
    op.create_index(
        "ix_support_case_firm_id",
        "support_case",
        ["firm_id", sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index("ix_support_case_measure", "support_case", ["measure", "state"], unique=False)
    op.create_index(
        "ix_support_case_officer",
        "support_case",
        ["user_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("state in ('open', 'accepted', 'in_progress')"),
    )
    op.create_index(
        "ix_support_case_work",
        "support_case",
        ["organisation_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("state in ('open', 'accepted', 'in_progress')"),
    )
    op.create_index(
        "uq_support_case_open",
        "support_case",
        ["firm_id", "measure"],
        unique=True,
        postgresql_where=sa.text("state in ('open', 'accepted', 'in_progress')"),
    )
    op.create_table(
        "case_entry",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("firm_sees", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('opened', 'accepted', 'started', 'handed_back', 'assigned', 'due', 'note', 'file', 'closed')",
            name=op.f("ck_case_entry_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["support_case.id"], name=op.f("fk_case_entry_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_case_entry_document_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_case_entry_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entry")),
    )
    op.create_index("ix_case_entry_case_id", "case_entry", ["case_id", "id"], unique=False)
    op.create_index("ix_case_entry_firm_id", "case_entry", ["firm_id"], unique=False)
    for table in BY_FIRM:
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
    for table in (*OTHERS, *BY_FIRM):
        op.execute(ddl.attach(table))


def downgrade() -> None:
    for table in (*reversed(BY_FIRM), "route_rule", "measure", "holiday"):
        op.drop_table(table)
