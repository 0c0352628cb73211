"""records of the plan: platforms, projects, contracts, finance, talent, services, stories

Research bodies become platforms, in the same table: what a criterion counts is what is listed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0062"
down_revision = "0091"
branch_labels = None
depends_on = None

CURRENT = sa.text("superseded_at is null")
LEVELS = "('international', 'national', 'industry', 'provincial', 'municipal', 'district')"
ENDS = ("dates", "ended_on >= happened_on")
HOST = ("host", "(firm_id is null) <> (organisation_id is null)")
PLATFORM_KINDS = "('key_laboratory', 'technology_innovation_centre', 'enterprise_technology_centre', 'manufacturing_innovation_centre', 'engineering_research_centre', 'rd_centre', 'research_institute', 'new_rd_institution', 'workstation', 'other')"
PROVIDER_KINDS = "('research', 'testing', 'transfer', 'intellectual_property', 'finance', 'talent', 'consulting', 'listing_base', 'innovation_centre', 'other')"
LEGAL_STATUSES = (
    "('pending', 'in_force', 'rejected', 'lapsed', 'expired', 'invalidated', 'transferred')"
)
OLDER = ("ip_right", "award", "standard")


def _text(name: str, *, needed: bool = True) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=not needed)


def _day(name: str, *, needed: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=not needed)


def _fen(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _texts(name: str) -> sa.Column:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)


def _common() -> list[sa.Column]:
    """What every record may say."""
    return [
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        _text("evidence", needed=False),
        _text("notes", needed=False),
        sa.Column(
            "attachments", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False
        ),
    ]


def _make(table: str, key: tuple[str, ...], own: list[sa.Column], *checks: tuple[str, str],
          hosted: bool = False) -> None:  # fmt: skip
    """One kind of record, with its trail, its row security and its indexes."""
    op.create_table(
        table,
        *own,
        _day("happened_on", needed=True),
        _day("ended_on"),
        *_common(),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), server_default="bureau", nullable=False),
        _text("origin_ref", needed=False),
        _text("recorded_by", needed=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=hosted),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in checks),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f(f"fk_{table}_firm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, key)
    op.execute(ddl.attach(table))
    op.execute(f"call secure_by_firm('{table}', 'firm_id')")


def _index(table: str, key: tuple[str, ...]) -> None:
    op.create_index(f"uq_{table}_key", table, ["firm_id", *key], unique=True,
                    postgresql_where=CURRENT, postgresql_nulls_not_distinct=True)  # fmt: skip
    op.create_index(
        f"ix_{table}_happened_on", table, ["happened_on", "id"], postgresql_where=CURRENT
    )


def _older() -> None:
    """The kinds there were learn what all kinds say."""
    for table in OLDER:
        for column in _common():
            op.add_column(table, column)
        op.create_foreign_key(
            op.f(f"fk_{table}_organisation_id"), table, "organisation", ["organisation_id"], ["id"]
        )
    op.add_column("ip_right", _text("legal_status", needed=False))
    op.add_column("ip_right", _day("fee_due_on"))
    op.create_check_constraint(
        op.f("ck_ip_right_legal_status"), "ip_right", f"legal_status in {LEGAL_STATUSES}"
    )
    op.create_index(
        "ix_ip_right_granted_on", "ip_right", ["granted_on", "id"], postgresql_where=CURRENT
    )
    op.create_index("ix_ip_right_fee_due_on", "ip_right", ["fee_due_on"], postgresql_where=CURRENT)
    op.create_index("ix_award_awarded_on", "award", ["awarded_on", "id"], postgresql_where=CURRENT)
    op.create_index(
        "ix_standard_published_on", "standard", ["published_on", "id"], postgresql_where=CURRENT
    )


def _platforms() -> None:
    op.execute(ddl.detach("rd_body"))
    op.rename_table("rd_body", "platform")
    op.execute("alter index pk_rd_body rename to pk_platform")
    op.execute("alter sequence rd_body_id_seq rename to platform_id_seq")
    op.execute("alter table platform rename constraint ck_rd_body_level to ck_platform_level")
    op.execute("alter table platform rename constraint fk_rd_body_firm_id to fk_platform_firm_id")
    op.drop_index("ix_rd_body_firm_id", table_name="platform")
    for column in (_text("number", needed=False), _text("granted_by", needed=False),
                   _day("rechecked_on"), _day("happened_on"), _day("ended_on"), *_common(),
                   sa.Column("kind", sa.String(), server_default="rd_centre", nullable=False)):  # fmt: skip
        op.add_column("platform", column)
    # The end of a range is the first day without; a body with two records keeps both apart.
    op.execute(
        "update platform set happened_on = coalesce(lower(valid), recorded_at::date), ended_on = upper(valid), "
        "name = case when id = first then name else name || ' ' || id end "
        "from (select id as this, min(id) over (partition by firm_id, name, superseded_at is null) as first "
        "from platform) as same where this = id"
    )
    op.alter_column("platform", "happened_on", nullable=False)
    op.alter_column("platform", "kind", server_default=None)
    op.alter_column("platform", "firm_id", nullable=True)
    op.drop_column("platform", "valid")
    op.create_foreign_key(
        op.f("fk_platform_organisation_id"), "platform", "organisation", ["organisation_id"], ["id"]
    )
    for name, rule in (("kind", f"kind in {PLATFORM_KINDS}"), HOST, ENDS):
        op.create_check_constraint(op.f(f"ck_platform_{name}"), "platform", rule)
    _index("platform", ("name",))
    op.execute(ddl.attach("platform"))


def upgrade() -> None:
    _older()
    _platforms()
    _make("project", ("name",),
          [_text("name"), _text("number", needed=False), _text("level"), _text("stage"), _fen("asked"),
           _texts("partners"), _fen("amount")],
          ("level", f"level in {LEVELS}"), ENDS, ("amount", "amount <= asked"),
          ("stage", "stage in ('applied', 'running', 'accepted', 'terminated', 'rejected')"))  # fmt: skip
    _make("product", ("kind", "name"),
          [_text("name"), _text("kind"), _text("level"), _text("number", needed=False)],
          ("level", f"level in {LEVELS}"), ENDS,
          ("kind", "kind in ('first_set', 'first_batch', 'first_version', 'major_new', 'brand')"))  # fmt: skip
    _make(
        "purchase",
        ("name", "buyer", "happened_on"),
        [_text("name"), _text("buyer"), _fen("amount")],
        ENDS,
    )
    _make("ip_case", ("name", "happened_on"),
          [_text("name"), _text("kind"), _text("opponent", needed=False), _text("outcome", needed=False),
           _fen("amount")],
          ("kind", "kind in ('infringed', 'accused', 'warning')"), ENDS)  # fmt: skip
    _make("tech_contract", ("number",),
          [_text("number"), _text("name"), _text("kind"), _text("part"), _text("partner"),
           _text("partner_code", needed=False), _day("registered_on"), _fen("technology_amount"),
           _fen("amount")],
          ("kind", "kind in ('development', 'transfer', 'licence', 'consulting', 'service')"),
          ("part", "part in ('seller', 'buyer')"), ENDS,
          ("registered_on", "registered_on >= happened_on"),
          ("technology_amount", "technology_amount <= amount"))  # fmt: skip
    op.create_index(
        "ix_tech_contract_registered_on",
        "tech_contract",
        ["registered_on"],
        postgresql_where=CURRENT,
    )
    _finance()
    _people()
    _services()


def _finance() -> None:
    _make("equity_round", ("investor", "happened_on"), [_text("investor"), _text("kind"), _fen("amount")], ENDS,
          ("kind", "kind in ('seed', 'angel', 'pre_a', 'a', 'b', 'c', 'later', 'strategic', 'share_issue')"))  # fmt: skip
    _make("loan", ("lender", "number"),
          [_text("lender"), _text("number"), _text("kind"), _day("due_on"), _fen("amount")], ENDS,
          ("due_on", "due_on >= happened_on"),
          ("kind", "kind in ('knowledge_value', 'light_asset', 'commercial_value', 'ip_pledge', 'credit', 'other')"))  # fmt: skip
    op.create_index("ix_loan_due_on", "loan", ["due_on"], postgresql_where=CURRENT)
    _make("pledge", ("number",),
          [_text("number"), _text("name"), _text("kind"), _text("creditor"), _fen("amount")], ENDS,
          ("kind", "kind in ('patent', 'trademark', 'copyright', 'equity', 'other')"))  # fmt: skip
    _make("seed_funding", ("fund", "happened_on"), [_text("fund"), _text("kind"), _fen("amount")], ENDS,
          ("kind", "kind in ('equity', 'loan', 'subsidy')"))  # fmt: skip
    _make("subsidy", ("programme", "happened_on"),
          [_text("programme"), _text("kind"), _text("number", needed=False), _fen("amount")], ENDS,
          ("kind", "kind in ('grant', 'reward', 'voucher', 'interest', 'other')"))  # fmt: skip
    op.create_index("ix_subsidy_programme", "subsidy", ["programme"], postgresql_where=CURRENT)


def _people() -> None:
    _make("talent_award", ("programme", "person"),
          [_text("programme"), _text("person"), _text("level"), _fen("amount")],
          ("level", f"level in {LEVELS}"), ENDS)  # fmt: skip
    _make("talent_hire", ("person", "happened_on"),
          [_text("person"), _text("kind"), _text("field", needed=False), _fen("amount")],
          ("kind", "kind in ('doctor', 'post_doctor', 'master', 'senior_engineer', 'other')"), ENDS)  # fmt: skip
    _make("adviser", ("kind", "person", "happened_on"),
          [_text("person"), _text("kind"), _text("home", needed=False), _text("field", needed=False),
           _text("effect", needed=False)],
          ("kind", "kind in ('commissioner', 'liaison_officer', 'technology_broker')"), ENDS)  # fmt: skip
    _make("training", ("name", "happened_on"),
          [_text("name"), _text("school"), sa.Column("people", sa.Integer(), nullable=False), _fen("amount")],
          ("people", "people > 0"), ENDS)  # fmt: skip


def _services() -> None:
    _make("provider", ("name",), [_text("name"), _text("kind"), _text("level", needed=False)],
          ("kind", f"kind in {PROVIDER_KINDS}"), ("level", f"level in {LEVELS}"), HOST, ENDS, hosted=True)  # fmt: skip
    _make("provider_service", ("provider", "kind", "happened_on"),
          [_text("provider"), _text("kind"), sa.Column("hours", sa.Numeric(7, 1), nullable=True),
           _text("effect", needed=False), _fen("amount")],
          ("kind", f"kind in {PROVIDER_KINDS}"), ("hours", "hours > 0"), ENDS)  # fmt: skip
    _make("story", ("name",),
          [_text("name"), _text("stage"), _text("content"), _text("consent_by", needed=False),
           _day("consent_on"), _day("published_on"), _text("published_in", needed=False)],
          ("stage", "stage in ('draft', 'consented', 'published')"),
          ("consent", "stage = 'draft' or consent_on is not null"),
          ("published", "stage <> 'published' or published_on is not null"),
          ("dates", "published_on >= consent_on"))  # fmt: skip


MADE = (
    "project", "product", "purchase", "ip_case", "tech_contract", "equity_round", "loan", "pledge",
    "seed_funding", "subsidy", "talent_award", "talent_hire", "adviser", "training", "provider",
    "provider_service", "story",
)  # fmt: skip


def downgrade() -> None:
    for table in MADE:
        op.execute(ddl.detach(table))
        op.drop_table(table)
    _bodies_again()
    op.drop_index("ix_standard_published_on", table_name="standard")
    op.drop_index("ix_award_awarded_on", table_name="award")
    op.drop_index("ix_ip_right_granted_on", table_name="ip_right")
    op.drop_column("ip_right", "fee_due_on")
    op.drop_column("ip_right", "legal_status")
    for table in OLDER:
        for column in _common():
            op.drop_column(table, column.name)


def _bodies_again() -> None:
    op.execute(ddl.detach("platform"))
    op.execute("delete from platform where firm_id is null")
    op.add_column("platform", sa.Column("valid", postgresql.DATERANGE(), nullable=True))
    op.execute("update platform set valid = daterange(happened_on, ended_on)")
    op.alter_column("platform", "valid", nullable=False)
    op.alter_column("platform", "firm_id", nullable=False)
    op.drop_index("uq_platform_key", table_name="platform")
    for name in ("number", "granted_by", "rechecked_on", "happened_on", "ended_on", "kind",
                 *(column.name for column in _common())):  # fmt: skip
        op.drop_column("platform", name)
    op.rename_table("platform", "rd_body")
    op.execute("alter index pk_platform rename to pk_rd_body")
    op.execute("alter sequence platform_id_seq rename to rd_body_id_seq")
    op.execute("alter table rd_body rename constraint ck_platform_level to ck_rd_body_level")
    op.execute("alter table rd_body rename constraint fk_platform_firm_id to fk_rd_body_firm_id")
    op.create_index("ix_rd_body_firm_id", "rd_body", ["firm_id"], postgresql_where=CURRENT)
    op.execute(ddl.attach("rd_body"))
