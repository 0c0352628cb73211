"""reminders of support cases: when they climb, who was told, how each person wants to be told"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

TABLES = ("clock_rule", "notice", "notice_setting")


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
    for table in TABLES:
        op.execute(ddl.attach(table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
