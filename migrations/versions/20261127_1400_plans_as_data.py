"""plans as data: versions, figures entered, lights

A plan's row keeps its whole file, and amendments are further rows; what rows lack until then is
read from the file that ships, as the loader would do at the next start.
"""

import json
from pathlib import Path

import sqlalchemy as sa
import yaml
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0101"
down_revision = "0070"
branch_labels = None
depends_on = None

FILES = Path(__file__).resolve().parents[2] / "app" / "plans" / "data"
FILL = "update plan set adopted_on = since, content = cast(:content as jsonb) where code = :code"


def upgrade() -> None:
    op.add_column("plan", sa.Column("adopted_on", sa.Date(), nullable=True))
    op.add_column("plan", sa.Column("content", postgresql.JSONB(), nullable=True))
    for file in sorted(FILES.glob("*.yaml")):
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        given = {"content": json.dumps(raw, default=str), "code": raw["code"]}
        op.execute(sa.text(FILL).bindparams(**given))
    op.execute("delete from plan where content is null")
    op.alter_column("plan", "adopted_on", nullable=False)
    op.alter_column("plan", "content", nullable=False)
    op.drop_constraint(op.f("uq_plan_code"), "plan")
    op.create_unique_constraint(op.f("uq_plan_code_adopted_on"), "plan", ["code", "adopted_on"])
    op.create_table(
        "plan_figure",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("about", sa.String(), server_default="value", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(20, 4), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("about in ('value', 'baseline')", name=op.f("ck_plan_figure_about")),
        sa.CheckConstraint(
            "source in ('tax_bureau', 'statistics_bureau', 'market_regulator', 'bureau', "
            "'park_system', 'incubator', 'import', 'self_reported')",
            name=op.f("ck_plan_figure_source"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_figure")),
    )
    op.create_index(
        "uq_plan_figure_current",
        "plan_figure",
        ["plan_code", "series", "about", "day"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "light_rule",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("green", sa.SmallInteger(), nullable=False),
        sa.Column("amber", sa.SmallInteger(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=True),
        sa.Column(
            "set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("green > amber and amber > 0", name=op.f("ck_light_rule_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_light_rule")),
    )
    op.execute(ddl.attach("plan_figure"))
    op.execute(ddl.attach("light_rule"))


def downgrade() -> None:
    op.drop_table("light_rule")
    op.drop_table("plan_figure")
    op.execute(
        "delete from plan as old using plan as new "
        "where new.code = old.code and new.adopted_on > old.adopted_on"
    )
    op.drop_constraint(op.f("uq_plan_code_adopted_on"), "plan")
    op.create_unique_constraint(op.f("uq_plan_code"), "plan", ["code"])
    op.drop_column("plan", "content")
    op.drop_column("plan", "adopted_on")
