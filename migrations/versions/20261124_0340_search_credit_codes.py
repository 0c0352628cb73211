"""a part of a credit code is found by an index

Without it, any search that might mean a code reads every firm.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEX = "ix_firm_credit_code_search"


def upgrade() -> None:
    """An index of groups of three characters, as names have it."""
    op.create_index(
        INDEX, "firm", ["credit_code"], postgresql_using="gin",
        postgresql_ops={"credit_code": "gin_trgm_ops"},
    )  # fmt: skip


def downgrade() -> None:
    """Back to reading every firm."""
    op.drop_index(INDEX, "firm")
