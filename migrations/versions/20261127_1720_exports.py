"""lists written to files by jobs

The content in parts is, like the queue, what is to be fetched and not what is known: it stands
outside the trail.
"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

PARTS = """
create table export_part (
  export_id int not null references export_file (id) on delete cascade,
  number int not null, content bytea not null, primary key (export_id, number))
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "export_file",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("of", "query", "format")),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("organisation_id", "user_id", "token_id")
        ),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("role", "by_name", "locale")),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'ready', 'gone', 'cancelled', 'failed')",
            name=op.f("ck_export_file_state"),
        ),
        sa.CheckConstraint("format in ('csv', 'xlsx')", name=op.f("ck_export_file_format")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_export_file_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_file")),
    )
    op.create_index("ix_export_file_organisation_id", "export_file", ["organisation_id", "id"])
    op.execute(PARTS)
    op.execute(ddl.attach("export_file", ignore=("done",)))


def downgrade() -> None:
    op.execute("drop table export_part")
    op.drop_table("export_file")
