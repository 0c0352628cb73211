"""reminders of support cases and who was told; firm plans"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

TABLES = ("clock_rule", "notice", "notice_setting", "firm_plan")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "clock_rule",
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "level in ('officer', 'lead', 'leader')", name=op.f("ck_clock_rule_level")
        ),
        sa.PrimaryKeyConstraint("level", "days", name=op.f("pk_clock_rule")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level in ('officer', 'lead', 'leader')", name=op.f("ck_notice_level")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["support_case.id"], name=op.f("fk_notice_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(
        "ix_notice_to_mail",
        "notice",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("mailed_at is null"),
    )
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("read_at is null"),
    )
    op.create_index(
        "uq_notice_once", "notice", ["user_id", "case_id", "level", "days", "due_on"], unique=True
    )
    op.create_table(
        "notice_setting",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mail", sa.String(), server_default="daily", nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), server_default="20", nullable=False),
        sa.Column("quiet_to", sa.SmallInteger(), server_default="8", nullable=False),
        sa.CheckConstraint("mail in ('none', 'daily')", name=op.f("ck_notice_setting_mail")),
        sa.CheckConstraint(
            "quiet_from between 0 and 23 and quiet_to between 0 and 23",
            name=op.f("ck_notice_setting_quiet"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_notice_setting_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_setting")),
    )
    op.create_table(
        "firm_plan",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("goal_rung", sa.String(), nullable=False),
        sa.Column("goal_on", sa.Date(), nullable=False),
        sa.Column("gaps", postgresql.JSONB(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("agreed_with", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "goal_rung in ('incubated', 'tech_based', 'candidate', 'certified', 'little_giant')",
            name=op.f("ck_firm_plan_goal_rung"),
        ),
        sa.CheckConstraint(
            "(agreed_on is null) = (agreed_with is null)", name=op.f("ck_firm_plan_agreed")
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_firm_plan_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_plan")),
        sa.UniqueConstraint("firm_id", "number", name=op.f("uq_firm_plan_firm_id_number")),
    )
    op.execute("call secure_by_firm('firm_plan', 'firm_id')")
    for table in TABLES:
        op.execute(ddl.attach(table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
