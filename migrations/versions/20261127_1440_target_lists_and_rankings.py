"""target lists and rankings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

TABLES = (
    "target_list",
    "target_item",
    "list_entry",
    "target_report",
    "supervision_notice",
    "ranking_snapshot",
)


def number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False)


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def item() -> sa.Column[int]:
    return sa.Column("item_id", sa.Integer(), nullable=False)


def of_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["item_id"], ["target_item.id"], name=op.f(f"fk_{table}_item_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "target_list",
        number(),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("plan_adopted_on", sa.Date(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "status in ('draft', 'issued', 'accepted', 'closed')",
            name=op.f("ck_target_list_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_target_list_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_list")),
        sa.UniqueConstraint(
            "plan_code",
            "year",
            "organisation_id",
            name=op.f("uq_target_list_plan_code_year_organisation_id"),
        ),
    )
    op.create_table(
        "target_item",
        number(),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("target_code", sa.String(), nullable=False),
        sa.Column("goal", sa.Numeric(20, 4), nullable=False),
        sa.Column("start", sa.Numeric(20, 4), nullable=True),
        sa.Column("basis", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["target_list.id"], name=op.f("fk_target_item_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_item")),
        sa.UniqueConstraint(
            "list_id", "target_code", name=op.f("uq_target_item_list_id_target_code")
        ),
    )
    op.create_table(
        "list_entry",
        number(),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Numeric(20, 4), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("said_by", sa.String(), nullable=False),
        instant("said_at"),
        sa.CheckConstraint(
            "kind in ('drafted', 'goal', 'proposed', 'issued', 'accepted', 'closed')",
            name=op.f("ck_list_entry_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["target_list.id"], name=op.f("fk_list_entry_list_id"), ondelete="CASCADE"
        ),
        of_item("list_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entry")),
    )
    op.create_index("ix_list_entry_list_id", "list_entry", ["list_id"])
    op.create_table(
        "target_report",
        number(),
        item(),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(20, 4), nullable=False),
        sa.Column("counted", sa.Numeric(20, 4), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        instant("reported_at"),
        instant("superseded_at", nullable=True),
        of_item("target_report"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_report")),
    )
    op.create_index(
        "uq_target_report_current",
        "target_report",
        ["item_id", "month"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "supervision_notice",
        number(),
        item(),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("light", sa.String(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("closing", sa.String(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.CheckConstraint("due_on >= issued_on", name=op.f("ck_supervision_notice_dates")),
        of_item("supervision_notice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_notice")),
    )
    op.create_index("ix_supervision_notice_item_id", "supervision_notice", ["item_id"])
    op.create_table(
        "ranking_snapshot",
        number(),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        instant("taken_at"),
        sa.CheckConstraint(
            "kind in ('department', 'park', 'incubator')", name=op.f("ck_ranking_snapshot_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_snapshot")),
        sa.UniqueConstraint(
            "plan_code", "kind", "day", name=op.f("uq_ranking_snapshot_plan_code_kind_day")
        ),
    )
    for table in TABLES:
        op.execute(ddl.attach(table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
