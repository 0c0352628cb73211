"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# A firm's own record as it was before each change: what was known at an instant is rebuilt from it.
KEEP_HISTORY = """
create function keep_firm_history() returns trigger language plpgsql as $$
begin
  insert into firm_history (firm_id, record, recorded_at, superseded_at)
  values (old.id, to_jsonb(old), old.recorded_at, clock_timestamp());
  new.recorded_at := clock_timestamp();
  new.version := old.version + 1;
  return new;
end $$;
create trigger keep_history before update on firm for each row
when (old.* is distinct from new.*) execute function keep_firm_history();
"""


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "criteria_set",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column(
            "loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria_set")),
        sa.UniqueConstraint("code", name=op.f("uq_criteria_set_code")),
    )
    op.create_index(
        "ix_criteria_set_title", "criteria_set", ["title", "purpose", "since"], unique=False
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firms", sa.Integer(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
    )
    op.create_table(
        "firm",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_search", sa.String(), nullable=False),
        sa.Column("pinyin", sa.String(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("region_code", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("industry_code", sa.String(), nullable=True),
        sa.Column("hightech_field", sa.String(), nullable=True),
        sa.Column("chain", sa.String(), nullable=True),
        sa.Column("resident_enterprise", sa.Boolean(), nullable=True),
        sa.Column("legal_form", sa.String(), nullable=True),
        sa.Column("business_scope", sa.String(), nullable=True),
        sa.Column("registered_capital", sa.BigInteger(), nullable=True),
        sa.Column("registered_capital_typed", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("status_on", sa.Date(), nullable=True),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "credit_code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name=op.f("ck_firm_credit_code")
        ),
        sa.CheckConstraint(
            "origin in ('incubated', 'spun_off', 'attracted', 'moved_in')",
            name=op.f("ck_firm_origin"),
        ),
        sa.CheckConstraint(
            "status in ('active', 'moved_out', 'deregistered')", name=op.f("ck_firm_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_firm_credit_code")),
    )
    op.create_index("ix_firm_industry_code", "firm", ["industry_code"], unique=False)
    op.create_index(
        "ix_firm_name_search",
        "firm",
        ["name_search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.create_index("ix_firm_pinyin_id", "firm", ["pinyin", "id"], unique=False)
    op.create_index("ix_firm_region_code", "firm", ["region_code"], unique=False)
    op.create_index(
        "ix_firm_registered_newest",
        "firm",
        [sa.literal_column("registered_on desc nulls last"), sa.literal_column("id desc")],
        unique=False,
    )
    op.create_index("ix_firm_registered_on_id", "firm", ["registered_on", "id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind in ('department', 'park', 'incubator', 'group')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_organisation_code")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("code", name=op.f("uq_plan_code")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "assessment",
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("unmet_count", sa.SmallInteger(), nullable=False),
        sa.Column("unknown_count", sa.SmallInteger(), nullable=False),
        sa.Column("gap_count", sa.SmallInteger(), nullable=False),
        sa.Column("readiness", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("outcomes", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("gaps", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_assessment_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["set_id"], ["criteria_set.id"], name=op.f("fk_assessment_set_id")),
        sa.PrimaryKeyConstraint("firm_id", "set_id", name=op.f("pk_assessment")),
    )
    op.create_index(
        "ix_assessment_gap_count",
        "assessment",
        [
            "set_id",
            "gap_count",
            sa.literal_column("readiness desc"),
            sa.literal_column("firm_id desc"),
        ],
        unique=False,
    )
    op.create_index(
        "ix_assessment_readiness",
        "assessment",
        ["set_id", "readiness", "firm_id"],
        unique=False,
        postgresql_include=[
            "outcome",
            "unmet_count",
            "unknown_count",
            "gap_count",
            "outcomes",
            "gaps",
        ],
    )
    op.create_table(
        "award",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=True),
        sa.Column("awarded_on", sa.Date(), nullable=False),
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
            name=op.f("ck_award_level"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_award_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
    )
    op.create_index(
        "ix_award_firm_id",
        "award",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_contact_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_firm_id", "contact", ["firm_id"], unique=False)
    op.create_table(
        "designation",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("batch", sa.String(), nullable=True),
        sa.Column("granted_by", sa.String(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("granted_under", sa.String(), nullable=True),
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("decided_reason", sa.String(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
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
            (sa.column("kind"), "="),
            (sa.column("valid"), "&&"),
            where=sa.text("superseded_at is null"),
            using="gist",
            name="ex_designation_overlap",
        ),
        sa.CheckConstraint(
            "kind in ('cq_tech_based', 'tech_sme', 'pool', 'hnte', 'innovative_sme', 'srdi', 'little_giant', 'single_champion', 'above_scale', 'gazelle', 'listed', 'otc', 'contracting_qualification', 'innovation_demonstration', 'ip_advantage')",
            name=op.f("ck_designation_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_designation_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_designation")),
    )
    op.create_index(
        "ix_designation_kind",
        "designation",
        ["kind", "firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "firm_history",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_firm_history_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_history")),
    )
    op.create_index(
        "ix_firm_history_firm_id", "firm_history", ["firm_id", "recorded_at"], unique=False
    )
    op.create_table(
        "firm_year",
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("staff_avg", sa.BigInteger(), nullable=True),
        sa.Column("st_staff_avg", sa.BigInteger(), nullable=True),
        sa.Column("rd_staff", sa.BigInteger(), nullable=True),
        sa.Column("employees_ye", sa.BigInteger(), nullable=True),
        sa.Column("senior_title_staff", sa.BigInteger(), nullable=True),
        sa.Column("revenue_sales", sa.BigInteger(), nullable=True),
        sa.Column("revenue_total", sa.BigInteger(), nullable=True),
        sa.Column("revenue_hightech", sa.BigInteger(), nullable=True),
        sa.Column("revenue_operating", sa.BigInteger(), nullable=True),
        sa.Column("revenue_main", sa.BigInteger(), nullable=True),
        sa.Column("cost_expense", sa.BigInteger(), nullable=True),
        sa.Column("net_profit", sa.BigInteger(), nullable=True),
        sa.Column("profit_total", sa.BigInteger(), nullable=True),
        sa.Column("net_assets_ye", sa.BigInteger(), nullable=True),
        sa.Column("assets_ye", sa.BigInteger(), nullable=True),
        sa.Column("liabilities_ye", sa.BigInteger(), nullable=True),
        sa.Column("rd_hnte", sa.BigInteger(), nullable=True),
        sa.Column("rd_hnte_domestic", sa.BigInteger(), nullable=True),
        sa.Column("rd_deduct", sa.BigInteger(), nullable=True),
        sa.Column("rd_acct", sa.BigInteger(), nullable=True),
        sa.Column("rd_stat", sa.BigInteger(), nullable=True),
        sa.Column("equity_raised", sa.BigInteger(), nullable=True),
        sa.Column("vc_raised_cum", sa.BigInteger(), nullable=True),
        sa.Column("results_converted", sa.BigInteger(), nullable=True),
        sa.Column("segment_years", sa.BigInteger(), nullable=True),
        sa.Column("market_share", sa.BigInteger(), nullable=True),
        sa.Column("market_rank", sa.BigInteger(), nullable=True),
        sa.Column("market_rank_global", sa.BigInteger(), nullable=True),
        sa.Column("srdi_score", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_firm_year_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("firm_id", "year", name=op.f("pk_firm_year")),
    )
    op.create_table(
        "former_name",
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_search", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_former_name_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("firm_id", "name", name=op.f("pk_former_name")),
    )
    op.create_index(
        "ix_former_name_name_search",
        "former_name",
        ["name_search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.create_table(
        "incident",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
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
            "kind in ('safety', 'quality', 'environment', 'data_security', 'research_misconduct', 'data_fraud', 'abnormal_list', 'dishonest_list')",
            name=op.f("ck_incident_kind"),
        ),
        sa.CheckConstraint("ended_on >= happened_on", name=op.f("ck_incident_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_incident_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(
        "ix_incident_firm_id",
        "incident",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "ip_right",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "ip_class",
            sa.SmallInteger(),
            sa.Computed(
                "case when kind in ('invention_patent', 'plant_variety', 'national_crop_variety', 'national_new_drug', 'protected_chinese_medicine', 'ic_layout') then 1 when kind in ('utility_model', 'design', 'software_copyright') then 2 end",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("owner_rank", sa.SmallInteger(), nullable=True),
        sa.Column("acquired", sa.String(), nullable=True),
        sa.Column("acquired_on", sa.Date(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=True),
        sa.Column("core_support", sa.Boolean(), nullable=True),
        sa.Column("main_product", sa.Boolean(), nullable=True),
        sa.Column("earning", sa.Boolean(), nullable=True),
        sa.Column("high_value", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("used_in", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
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
            "acquired in ('own_research', 'assignment', 'gift', 'merger')",
            name=op.f("ck_ip_right_acquired"),
        ),
        sa.CheckConstraint(
            "kind in ('invention_patent', 'plant_variety', 'national_crop_variety', 'national_new_drug', 'protected_chinese_medicine', 'ic_layout', 'utility_model', 'design', 'software_copyright', 'trademark')",
            name=op.f("ck_ip_right_kind"),
        ),
        sa.CheckConstraint("granted_on >= applied_on", name=op.f("ck_ip_right_dates")),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_ip_right_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ip_right")),
    )
    op.create_index(
        "ix_ip_right_firm_id",
        "ip_right",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "judgement",
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=True),
        sa.Column("points", sa.SmallInteger(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("judged_on", sa.Date(), nullable=False),
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
            "(holds is null) <> (points is null)", name=op.f("ck_judgement_holds_or_points")
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_judgement_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
    )
    op.create_index(
        "uq_judgement_current",
        "judgement",
        ["firm_id", "criterion"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "location",
        sa.Column("park_id", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
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
            (sa.column("during"), "&&"),
            where=sa.text("superseded_at is null"),
            using="gist",
            name="ex_location_overlap",
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_location_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["park_id"], ["organisation.id"], name=op.f("fk_location_park_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
    )
    op.create_index(
        "ix_location_park_id",
        "location",
        ["park_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "organisation_member",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["organisation.id"], name=op.f("fk_organisation_member_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["organisation.id"], name=op.f("fk_organisation_member_member_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_organisation_member")),
    )
    op.create_table(
        "rd_body",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
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
            name=op.f("ck_rd_body_level"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_rd_body_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rd_body")),
    )
    op.create_index(
        "ix_rd_body_firm_id",
        "rd_body",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "record_check",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_record_check_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_check")),
    )
    op.create_index(
        "uq_record_check_current",
        "record_check",
        ["firm_id", "kind"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "residency",
        sa.Column("incubator_id", sa.Integer(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("premises_inside", sa.Boolean(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("limit_months", sa.Integer(), server_default="48", nullable=False),
        sa.Column("graduated_on", sa.Date(), nullable=True),
        sa.Column("left_reason", sa.String(), nullable=True),
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
            (sa.column("during"), "&&"),
            where=sa.text("superseded_at is null"),
            using="gist",
            name="ex_residency_overlap",
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_residency_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["incubator_id"], ["organisation.id"], name=op.f("fk_residency_incubator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residency")),
    )
    op.create_index(
        "ix_residency_incubator_id",
        "residency",
        ["incubator_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_role_grant_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_role_grant_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "user_id",
            "role",
            "organisation_id",
            name=op.f("uq_role_grant_user_id_role_organisation_id"),
        ),
    )
    op.create_table(
        "standard",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=False),
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
            name=op.f("ck_standard_level"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_standard_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
    )
    op.create_index(
        "ix_standard_firm_id",
        "standard",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("typed", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("origin_ref", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "source in ('tax_bureau', 'statistics_bureau', 'market_regulator', 'bureau', 'park_system', 'incubator', 'import', 'self_reported')",
            name=op.f("ck_submission_source"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_submission_firm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
    )
    op.create_index(
        "ix_submission_conflict",
        "submission",
        ["firm_id"],
        unique=False,
        postgresql_where=sa.text("effective_at is null and settled_at is null"),
    )
    op.create_index(
        "ix_submission_history",
        "submission",
        ["firm_id", "year", "indicator", "recorded_at"],
        unique=False,
    )
    op.create_index(
        "uq_submission_best",
        "submission",
        ["firm_id", "year", "indicator"],
        unique=True,
        postgresql_where=sa.text("effective_at is not null and superseded_at is null"),
    )
    op.create_table(
        "target",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("milestones", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("known_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_target_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_target_plan_id_code")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lead", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("supporting", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_task_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_task_plan_id_code")),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_token_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_token_token_hash")),
    )
    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["role_grant.id"],
            name=op.f("fk_user_session_grant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_session")),
    )
    op.execute(KEEP_HISTORY)


def downgrade() -> None:
    op.drop_table("user_session")
    op.drop_table("token")
    op.drop_table("task")
    op.drop_table("target")
    op.drop_index(
        "uq_submission_best",
        table_name="submission",
        postgresql_where=sa.text("effective_at is not null and superseded_at is null"),
    )
    op.drop_index("ix_submission_history", table_name="submission")
    op.drop_index(
        "ix_submission_conflict",
        table_name="submission",
        postgresql_where=sa.text("effective_at is null and settled_at is null"),
    )
    op.drop_table("submission")
    op.drop_index(
        "ix_standard_firm_id",
        table_name="standard",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("standard")
    op.drop_table("role_grant")
    op.drop_index(
        "ix_residency_incubator_id",
        table_name="residency",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("residency")
    op.drop_index(
        "uq_record_check_current",
        table_name="record_check",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("record_check")
    op.drop_index(
        "ix_rd_body_firm_id",
        table_name="rd_body",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("rd_body")
    op.drop_table("organisation_member")
    op.drop_index(
        "ix_location_park_id",
        table_name="location",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("location")
    op.drop_index(
        "uq_judgement_current",
        table_name="judgement",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("judgement")
    op.drop_index(
        "ix_ip_right_firm_id",
        table_name="ip_right",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("ip_right")
    op.drop_index(
        "ix_incident_firm_id",
        table_name="incident",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("incident")
    op.drop_index(
        "ix_former_name_name_search",
        table_name="former_name",
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.drop_table("former_name")
    op.drop_table("firm_year")
    op.drop_index("ix_firm_history_firm_id", table_name="firm_history")
    op.drop_table("firm_history")
    op.drop_index(
        "ix_designation_kind",
        table_name="designation",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("designation")
    op.drop_index("ix_contact_firm_id", table_name="contact")
    op.drop_table("contact")
    op.drop_index(
        "ix_award_firm_id", table_name="award", postgresql_where=sa.text("superseded_at is null")
    )
    op.drop_table("award")
    op.drop_index(
        "ix_assessment_readiness",
        table_name="assessment",
        postgresql_include=[
            "outcome",
            "unmet_count",
            "unknown_count",
            "gap_count",
            "outcomes",
            "gaps",
        ],
    )
    op.drop_index("ix_assessment_gap_count", table_name="assessment")
    op.drop_table("assessment")
    op.drop_table("user_account")
    op.drop_table("plan")
    op.drop_table("organisation")
    op.drop_index("ix_firm_registered_on_id", table_name="firm")
    op.drop_index("ix_firm_registered_newest", table_name="firm")
    op.drop_index("ix_firm_region_code", table_name="firm")
    op.drop_index("ix_firm_pinyin_id", table_name="firm")
    op.drop_index(
        "ix_firm_name_search",
        table_name="firm",
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.drop_index("ix_firm_industry_code", table_name="firm")
    op.drop_table("firm")
    op.drop_table("evaluation")
    op.drop_index("ix_criteria_set_title", table_name="criteria_set")
    op.drop_table("criteria_set")
    op.execute("drop function keep_firm_history()")
