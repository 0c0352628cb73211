"""firms' own doors: links, corrections of figures as proposals, answers"""

import sqlalchemy as sa
from alembic import op

from app.audit import ddl

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

TABLES = ("door", "correction", "door_answer")
# A visitor sees no row; whoever brings a secret along is told of the one door behind it.
BEHIND = """
create function door_behind(secret text, browser text) returns setof door
language sql stable security definer set search_path = public, pg_temp
as $$ select * from door where secret_hash = secret or browser_hash = browser $$
"""
NOW = sa.text("now()")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")
    op.create_table(
        "door",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=True),
        sa.Column("given_to", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_door_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_door_secret_hash")),
        sa.UniqueConstraint("browser_hash", name=op.f("uq_door_browser_hash")),
    )
    op.create_index("ix_door_firm_id", "door", ["firm_id", sa.literal_column("id desc")])
    _corrections()
    _answers()
    for table in TABLES:
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
        op.execute(ddl.attach(table, ignore=("used_at", "uses") if table == "door" else ()))
    op.execute(BEHIND)


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("typed", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'refused', 'replaced')",
            name=op.f("ck_correction_state"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at is null)", name=op.f("ck_correction_settled")
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_correction_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["door_id"], ["door.id"], name=op.f("fk_correction_door_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(
        "uq_correction_open",
        "correction",
        ["firm_id", "year", "indicator"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_correction_state", "correction", ["state", "id"])
    op.create_index("ix_correction_door_id", "correction", ["door_id"])


def _answers() -> None:
    op.create_table(
        "door_answer",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("score between 1 and 5", name=op.f("ck_door_answer_score")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_door_answer_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["door_id"], ["door.id"], name=op.f("fk_door_answer_door_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["support_case.id"],
            name=op.f("fk_door_answer_case_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_answer")),
        sa.UniqueConstraint(
            "door_id",
            "case_id",
            name=op.f("uq_door_answer_door_id_case_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_door_answer_firm_id", "door_answer", ["firm_id"])
    op.create_index("ix_door_answer_case_id", "door_answer", ["case_id"])


def downgrade() -> None:
    op.execute("drop function door_behind(text, text)")
    for table in reversed(TABLES):
        op.drop_table(table)
