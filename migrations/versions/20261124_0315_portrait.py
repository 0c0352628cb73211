"""documents, who settled a conflict and why, the pool's spread"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = "'licence', 'certificate', 'audit_report', 'application', 'evidence', 'other'"


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.add_column("submission", sa.Column("settled_by", sa.String(), nullable=True))
    op.add_column("submission", sa.Column("settled_reason", sa.String(), nullable=True))
    op.create_index(
        "ix_firm_year_sums",
        "firm_year",
        ["year", "firm_id"],
        postgresql_include=["revenue_sales", "rd_hnte"],
    )
    _documents()
    _norms()


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(f"kind in ({KINDS})", name=op.f("ck_document_kind")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_document_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_firm_id", "document", ["firm_id"])
    op.create_table(
        "document_part",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_document_part_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_document_part_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_document_part")),
    )
    # Compressed already, most of them: trying again costs time and saves nothing.
    op.execute("alter table document_part alter column content set storage external")
    for table in ("document", "document_part"):
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
    op.execute(ddl.attach("document"))
    op.execute(ddl.attach("document_part", secret=["content"], derived=True))


def _norms() -> None:
    op.create_table(
        "pool_norm",
        sa.Column("evaluation_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.Column("deciles", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_pool_norm_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "measure", name=op.f("pk_pool_norm")),
    )
    op.execute(ddl.attach("pool_norm", derived=True))


def downgrade() -> None:
    op.drop_table("pool_norm")
    op.drop_table("document_part")
    op.drop_table("document")
    op.drop_index("ix_firm_year_sums", "firm_year")
    op.drop_column("submission", "settled_reason")
    op.drop_column("submission", "settled_by")
