"""connectors: outside platforms, their runs and what became of each record"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0051"
down_revision = "0101"
branch_labels = None
depends_on = None


def _instant(name: str, *, given: bool = True) -> sa.Column[sa.DateTime]:
    default = sa.text("now()") if given else None
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=default, nullable=default is None
    )


def _json(name: str) -> sa.Column[postgresql.JSONB]:
    return sa.Column(
        name, postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
    )


def _belongs_to(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{owner}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "connector",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("account", sa.String(), server_default="", nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="active", nullable=False),
        _json("positions"),
        _instant("next_at"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        _instant("created_at"),
        sa.CheckConstraint("state in ('active', 'disabled')", name=op.f("ck_connector_state")),
        _belongs_to("connector", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector")),
    )
    op.create_index(op.f("ix_connector_organisation_id"), "connector", ["organisation_id"])
    op.create_table(
        "connector_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("dry", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("state", sa.String(), server_default="running", nullable=False),
        _json("counts"),
        sa.Column("error", sa.String(), nullable=True),
        _instant("started_at"),
        _instant("finished_at", given=False),
        sa.CheckConstraint(
            "state in ('running', 'done', 'failed')", name=op.f("ck_connector_run_state")
        ),
        _belongs_to("connector_run", "connector_id", "connector"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_run")),
    )
    op.create_index("ix_connector_run_connector_id", "connector_run", ["connector_id", "id"])
    op.create_table(
        "connector_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        _belongs_to("connector_result", "run_id", "connector_run"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_result")),
    )
    op.create_index(op.f("ix_connector_result_run_id"), "connector_result", ["run_id"])
    # How it fares is told by its runs.
    faring = ("positions", "next_at", "failures")
    op.execute(ddl.attach("connector", ignore=faring, secret=("sealed",)))
    op.execute(ddl.attach("connector_run", ignore=("counts",)))
    op.execute(ddl.attach("connector_result", secret=("detail",), derived=True))


def downgrade() -> None:
    for table in ("connector_result", "connector_run", "connector"):
        op.drop_table(table)
