"""audit trail

Every write of every table leaves an entry, made by triggers; entries are kept by month, only grow,
and are chained in the order of their commits.

The history of firms is written by one statement for all firms that a statement changes, no longer
firm by firm: each statement is one entry of the trail.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl
from app.core.db import Base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The others are recorded whole.
RECORDED = {
    "user_session": {"ignore": ["seen_at"]},
    "token": {"ignore": ["last_used_at"]},
    # Personal data must be deletable, and the trail is not.
    "contact": {"secret": ["name", "duty", "phone", "email"]},
    "firm_history": {"derived": True},
    "firm_year": {"derived": True},
    "assessment": {"derived": True},
}
ROLES = "tidu_app, tidu_scope, tidu_district"
ONLY_GROWS = """
create trigger only_grows before update or delete on {table}
for each row execute function audit_refuse();
create trigger only_grows_whole before truncate on {table}
for each statement execute function audit_refuse();
revoke all on {table} from {roles};
alter table {table} enable row level security;
create policy auditor on {table} for select to tidu_app using ((select audit_reader()));
grant select on {table} to tidu_app;
"""
CHAIN = """
create constraint trigger chain after insert on audit_entry
deferrable initially deferred for each row execute function audit_chain()
"""
# A firm's history: what touched firms that the reader may know of.
HISTORY = """
call secure_by_firm('audit_row', 'firm_id');
create policy history on audit_entry for select to tidu_scope, tidu_district using (
  exists (select from audit_row as r where r.entry_id = audit_entry.id and r.at = audit_entry.at
          and r.firm_id is not null));
grant select on audit_entry, audit_row to tidu_scope, tidu_district;
"""
OF_MANY_FIRMS = """
create or replace function keep_firm_history() returns trigger language plpgsql as $$
begin
  insert into firm_history (firm_id, record, recorded_at, superseded_at)
  select old_rows.id, to_jsonb(old_rows), old_rows.recorded_at, new_rows.recorded_at
  from old_rows join new_rows using (id) where new_rows.version > old_rows.version;
  return null;
end $$;
create function count_firm_version() returns trigger language plpgsql as $$
begin
  new.recorded_at := clock_timestamp();
  new.version := old.version + 1;
  return new;
end $$;
drop trigger keep_history on firm;
create trigger count_version before update on firm for each row
when (old.* is distinct from new.*) execute function count_firm_version();
create trigger keep_history after update on firm
referencing old table as old_rows new table as new_rows
for each statement execute function keep_firm_history();
"""
FIRM_BY_FIRM = """
create or replace function keep_firm_history() returns trigger language plpgsql as $$
begin
  insert into firm_history (firm_id, record, recorded_at, superseded_at)
  values (old.id, to_jsonb(old), old.recorded_at, clock_timestamp());
  new.recorded_at := clock_timestamp();
  new.version := old.version + 1;
  return new;
end $$;
drop trigger keep_history on firm;
drop trigger count_version on firm;
drop function count_firm_version;
create trigger keep_history before update on firm for each row
when (old.* is distinct from new.*) execute function keep_firm_history();
"""


def upgrade() -> None:
    connection = op.get_bind()
    op.execute(OF_MANY_FIRMS)
    _make_tables()
    schema = connection.scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(ddl.functions(schema))
    for table in ddl.TABLES:
        op.execute(ONLY_GROWS.format(table=table, roles=ROLES))
    op.execute(HISTORY)
    op.execute(CHAIN)
    for table in ddl.PARTITIONED:
        op.execute(f"create table {table}_default partition of {table} default")
        op.execute(f"select audit_seal('{table}_default')")
    ddl.ensure_months(connection)
    for table in _recorded(connection):
        known = Base.metadata.tables.get(table)
        secret = [] if known is None else [c.name for c in known.columns if c.info.get("secret")]
        given = RECORDED.get(table, {})
        op.execute(ddl.attach(table, **(given | {"secret": [*secret, *given.get("secret", [])]})))


def downgrade() -> None:
    connection = op.get_bind()
    # What this transaction has written is linked now: a table that waits for it cannot go.
    op.execute("set constraints all immediate")
    for table in _recorded(connection):
        op.execute(ddl.detach(table))
    op.execute(f"drop table {', '.join(ddl.TABLES)}")
    for name in ddl.MADE_NAMES:
        op.execute(f"drop function {name}")
    op.execute(FIRM_BY_FIRM)


def _recorded(connection: sa.Connection) -> list[str]:
    """Every table there is, but the trail's own log of itself; the record of archived months, too."""
    tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    own = {t for t in tables if t.startswith("audit_")} - {"audit_archive"}
    return sorted(tables - own)


def _make_tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "action in ('insert', 'update', 'delete', 'truncate', 'read')",
            name=op.f("ck_audit_entry_action"),
        ),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_audit_entry")),
        postgresql_partition_by="range (at)",
    )
    op.create_index(
        "ix_audit_entry_request_id",
        "audit_entry",
        ["request_id"],
        postgresql_where=sa.text("request_id is not null"),
    )
    op.create_index("ix_audit_entry_user_id", "audit_entry", ["user_id", "id"])
    op.create_table(
        "audit_row",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", "n", "at", name=op.f("pk_audit_row")),
        postgresql_partition_by="range (at)",
    )
    op.create_index("ix_audit_row_firm_id", "audit_row", ["firm_id", "entry_id"])
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_link_entry_id")),
    )
    op.create_table(
        "audit_archive",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_audit_archive")),
    )
