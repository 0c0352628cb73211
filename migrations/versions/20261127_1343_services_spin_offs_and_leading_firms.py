"""services, spin-offs and leading firms"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0061"
down_revision = "0018"
branch_labels = None
depends_on = None

# All of them hang on a firm.
TABLES = ("chain_member", "contest_entry", "founding", "listing_step", "service_record", "spin_off")


def upgrade() -> None:
    op.execute("set local lock_timeout = '4s'")

    op.create_table(
        "chain_member",
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("firm_id"), "="),
            (sa.column("chain"), "="),
            (sa.text("daterange(since, ended_on, '[]')"), "&&"),
            where=sa.text("superseded_at is null"),
            using="gist",
            name="ex_chain_member_overlap",
        ),
        sa.CheckConstraint("role in ('leader', 'member')", name=op.f("ck_chain_member_role")),
        sa.CheckConstraint("ended_on >= since", name=op.f("ck_chain_member_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_chain_member_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_member")),
    )
    op.create_index(
        "ix_chain_member_chain",
        "chain_member",
        ["chain", "role"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "contest_entry",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("won_on", sa.Date(), nullable=True),
        sa.Column("prize", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "level in ('international', 'national', 'industry', 'provincial', 'municipal', 'district')",
            name=op.f("ck_contest_entry_level"),
        ),
        sa.CheckConstraint("(won_on is null) = (place is null)", name=op.f("ck_contest_entry_won")),
        sa.CheckConstraint("won_on >= entered_on", name=op.f("ck_contest_entry_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_contest_entry_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_entry")),
    )
    op.create_index(
        "ix_contest_entry_firm_id",
        "contest_entry",
        ["firm_id"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "founding",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind in ('researcher_founded', 'researcher_held', 'graduate')",
            name=op.f("ck_founding_kind"),
        ),
        sa.CheckConstraint("ended_on >= since", name=op.f("ck_founding_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_founding_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_founding")),
    )
    op.create_index(
        "ix_founding_firm_id",
        "founding",
        ["firm_id"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "listing_step",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("board", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("sponsor", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "board in ('main', 'star', 'chinext', 'bse', 'hong_kong', 'overseas')",
            name=op.f("ck_listing_step_board"),
        ),
        sa.CheckConstraint(
            "step in ('share_reform', 'otc', 'neeq_base', 'neeq_innovation', 'guidance', 'accepted', 'approved', 'listed')",
            name=op.f("ck_listing_step_step"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_listing_step_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_step")),
    )
    op.create_index(
        "uq_listing_step_current",
        "listing_step",
        ["firm_id", "step"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "service_record",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("effect", sa.String(), nullable=True),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind in ('visit', 'startup_advice', 'roadshow', 'financing', 'training', 'space', 'application_guidance', 'technology', 'intellectual_property', 'talent', 'market', 'other')",
            name=op.f("ck_service_record_kind"),
        ),
        sa.CheckConstraint("hours > 0 and hours <= 1000", name=op.f("ck_service_record_hours")),
        sa.CheckConstraint("next_on >= served_on", name=op.f("ck_service_record_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_service_record_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_service_record_organisation_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_record")),
    )
    op.create_index(
        "ix_service_record_firm_id",
        "service_record",
        ["firm_id", "served_on"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_index(
        "ix_service_record_organisation_id",
        "service_record",
        ["organisation_id", "served_on"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "spin_off",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("spun_off_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "way in ('internal_team', 'invested_project', 'carved_out')",
            name=op.f("ck_spin_off_way"),
        ),
        sa.CheckConstraint("parent_id <> firm_id", name=op.f("ck_spin_off_parent")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_spin_off_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["firm.id"], name=op.f("fk_spin_off_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spin_off")),
    )
    op.create_index(
        "ix_spin_off_parent_id",
        "spin_off",
        ["parent_id"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_index(
        "uq_spin_off_current",
        "spin_off",
        ["firm_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    for table in TABLES:
        op.execute(f"call secure_by_firm('{table}', 'firm_id')")
        op.execute(ddl.attach(table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
