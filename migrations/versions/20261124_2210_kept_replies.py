"""kept replies, and the versions that senders name"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_reply",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column(
            "kept_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_kept_reply")),
    )
    op.create_index("ix_kept_reply_kept_at", "kept_reply", ["kept_at"])
    op.create_table(
        "sender_version",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "credit_code", "part", name=op.f("pk_sender_version")),
    )


def downgrade() -> None:
    op.drop_table("sender_version")
    op.drop_table("kept_reply")
