"""lists of records have an index for each of their filters"""

import sqlalchemy as sa
from alembic import op

revision = "0188"
down_revision = "0187"
branch_labels = None
depends_on = None

CURRENT = "superseded_at is null"
# Table, the day that its list is ordered by, and the columns that are found by an index in that order.
INDEXES: tuple[tuple[str, str, list[str]], ...] = (
    ("service_record", "served_on", ["served_on", "kind"]),
    ("spin_off", "spun_off_on", ["spun_off_on", "way"]),
    ("founding", "since", ["since", "kind"]),
    ("contest_entry", "entered_on", ["entered_on", "level"]),
    ("ip_right", "granted_on", ["acquired", "kind", "legal_status", "organisation_id"]),
    ("award", "awarded_on", ["level", "organisation_id"]),
    ("standard", "published_on", ["level", "organisation_id"]),
    ("platform", "happened_on", ["kind", "level", "organisation_id"]),
    ("project", "happened_on", ["level", "organisation_id", "stage"]),
    ("product", "happened_on", ["kind", "level", "organisation_id"]),
    ("purchase", "happened_on", ["organisation_id"]),
    ("ip_case", "happened_on", ["kind", "organisation_id"]),
    ("tech_contract", "happened_on", ["kind", "organisation_id", "part"]),
    ("equity_round", "happened_on", ["kind", "organisation_id"]),
    ("loan", "happened_on", ["kind", "organisation_id"]),
    ("pledge", "happened_on", ["kind", "organisation_id"]),
    ("seed_funding", "happened_on", ["kind", "organisation_id"]),
    ("subsidy", "happened_on", ["kind", "organisation_id"]),
    ("talent_award", "happened_on", ["level", "organisation_id"]),
    ("talent_hire", "happened_on", ["kind", "organisation_id"]),
    ("adviser", "happened_on", ["kind", "organisation_id"]),
    ("training", "happened_on", ["organisation_id"]),
    ("secondment", "happened_on", ["organisation_id", "way"]),
    ("chain_member", "since", ["since", "role"]),
    ("listing_step", "reached_on", ["reached_on", "board", "step"]),
    ("provider", "happened_on", ["kind", "level", "organisation_id"]),
    ("provider_service", "happened_on", ["kind", "organisation_id"]),
    ("story", "happened_on", ["organisation_id", "stage"]),
    ("incident", "happened_on", ["happened_on", "kind"]),
)
# Lists of these are also ordered by amount, the largest first.
PAID = (
    "project", "purchase", "ip_case", "tech_contract", "equity_round", "loan", "pledge",
    "seed_funding", "subsidy", "talent_award", "talent_hire", "training", "provider_service",
)  # fmt: skip


def upgrade() -> None:
    for table, day, names in INDEXES:
        for name in names:
            columns = [day, "id"] if name == day else [name, day, "id"]
            hosted = " and organisation_id is not null" if name == "organisation_id" else ""
            where = sa.text(CURRENT + hosted)
            op.create_index(f"ix_{table}_{name}", table, columns, postgresql_where=where)
    where = sa.text(CURRENT)
    for table in PAID:
        largest = [sa.text("amount desc nulls last"), sa.text("id desc")]
        op.create_index(f"ix_{table}_amount", table, largest, postgresql_where=where)
    op.create_index("ix_service_record_next_on", "service_record", ["next_on"],
                    postgresql_where=where)  # fmt: skip
    op.create_index("ix_ip_right_high_value", "ip_right", ["high_value"], postgresql_using="gin",
                    postgresql_where=where)  # fmt: skip


def downgrade() -> None:
    for table in PAID:
        op.drop_index(f"ix_{table}_amount", table_name=table)
    op.drop_index("ix_ip_right_high_value", table_name="ip_right")
    op.drop_index("ix_service_record_next_on", table_name="service_record")
    for table, _day, names in INDEXES:
        for name in names:
            op.drop_index(f"ix_{table}_{name}", table_name=table)
