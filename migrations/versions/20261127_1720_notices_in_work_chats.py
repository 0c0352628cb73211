"""notices in work chats: a robot for each person who wants one"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0182"
down_revision = "0181"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.add_column("notice", sa.Column("chatted_at", sa.DateTime(timezone=True), nullable=True))
    # Nobody had a robot: what was told so far is not told again.
    op.execute("update notice set chatted_at = coalesce(mailed_at, made_at)")
    op.create_index(
        "ix_notice_to_chat",
        "notice",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("chatted_at is null"),
    )
    op.add_column(
        "notice_setting", sa.Column("chat", sa.String(), server_default="none", nullable=False)
    )
    op.add_column("notice_setting", sa.Column("chat_sealed", sa.String(), nullable=True))
    op.add_column("notice_setting", sa.Column("chat_error", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_notice_setting_chat"),
        "notice_setting",
        "chat in ('none', 'wecom', 'dingtalk', 'feishu')",
    )
    op.execute(ddl.attach("notice_setting", secret=("chat_sealed",)))


def downgrade() -> None:
    op.execute(ddl.attach("notice_setting"))
    op.drop_column("notice_setting", "chat_error")
    op.drop_column("notice_setting", "chat_sealed")
    op.drop_column("notice_setting", "chat")
    op.drop_index("ix_notice_to_chat", "notice")
    op.drop_column("notice", "chatted_at")
