"""a unit's report may give a file as evidence; notices of supervision are told"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0185"
down_revision = "0184"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_file",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["target_report.id"],
            name=op.f("fk_report_file_report_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report_file")),
    )
    # Compressed already, most of them.
    op.execute("alter table report_file alter column content set storage external")
    op.execute(ddl.attach("report_file", secret=["content"]))
    op.create_table(
        "supervision_told",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column(
            "told_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["supervision_notice.id"],
            name=op.f("fk_supervision_told_notice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_supervision_told_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notice_id", "user_id", "level", name=op.f("pk_supervision_told")),
    )
    op.create_index(
        "ix_supervision_told_to_mail",
        "supervision_told",
        ["user_id"],
        postgresql_where=sa.text("mailed_at is null"),
    )
    op.execute(ddl.attach("supervision_told"))


def downgrade() -> None:
    op.drop_table("supervision_told")
    op.drop_table("report_file")
