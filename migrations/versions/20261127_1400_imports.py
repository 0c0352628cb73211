"""imports in steps

A file on its way in, what its columns are called, and the working state: parts of the file, rows
that are shown, progress. Those three are, like the queue, what is to be done and not what is known;
they stand outside the trail. What an import changes is told by the trail, by its request.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.audit import ddl

revision = "0091"
down_revision = "0051"
branch_labels = None
depends_on = None

WORKING = """
create table import_part (
  batch_id int not null references import_batch (id) on delete cascade,
  role text not null, number int not null, content bytea not null,
  primary key (batch_id, role, number));
create table import_row (
  batch_id int not null references import_batch (id) on delete cascade,
  row_no int not null, cells jsonb not null, faults jsonb not null, edits jsonb not null,
  candidates jsonb not null, primary key (batch_id, row_no));
create table import_progress (
  batch_id int primary key references import_batch (id) on delete cascade,
  done int not null, total int not null, cancel boolean not null);
create table import_left (
  batch_id int not null references import_batch (id) on delete cascade,
  number int not null, table_name text not null, action text not null, firm_id int not null,
  key text not null, before jsonb, after jsonb, columns text[] not null,
  primary key (batch_id, number))
"""
# The rows that a request changed, oldest first. `later`: the columns that others have changed since;
# of a new firm, every table in which others have since recorded something of it.
CHANGES = """
create function changes_of(asked text) returns table (
  entry_id bigint, n bigint, table_name text, action text, firm_id int, key text, before jsonb,
  after jsonb, later text[])
language sql stable security definer set search_path = {schema}, pg_temp as $$
  select entry.id, changed.n, entry.table_name, entry.action, changed.firm_id, changed.key,
    changed.before, changed.after, array(
      select distinct case when entry.table_name = 'firm' and entry.action = 'insert'
        then then_entry.table_name else said.name end
      from audit_row as then_row
      join audit_entry as then_entry
        on then_entry.id = then_row.entry_id and then_entry.at = then_row.at
      cross join lateral jsonb_object_keys(
        coalesce(then_row.before, '{{}}') || coalesce(then_row.after, '{{}}')) as said (name)
      where then_row.firm_id = changed.firm_id and then_row.entry_id > entry.id
        and then_entry.action <> 'read'
        and then_entry.request_id is distinct from asked
        -- What another import changed and its undo put back is no change.
        and not exists (
          select from import_batch as undone where undone.state = 'undone'
          and then_entry.request_id in ('import-' || undone.id, 'undo-' || undone.id)
          and not exists (select from import_left where batch_id = undone.id
            and import_left.firm_id = changed.firm_id))
        and (case when entry.table_name = 'firm' and entry.action = 'insert'
          then then_entry.table_name not in ('assessment', 'pool_norm')
          else then_entry.table_name = entry.table_name and then_row.key = changed.key end))
  from audit_entry as entry
  join audit_row as changed on changed.entry_id = entry.id and changed.at = entry.at
  where entry.request_id = asked and entry.action in ('insert', 'update')
    and changed.firm_id is not null
$$
"""


def _batch() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("token_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("preset", sa.String(), nullable=True),
        sa.Column("columns", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("clear", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("run_when_checked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("found", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("rows", "created", "updated", "unchanged", "rejected", "conflicts")
        ),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undo_edited", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("left_alone", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state in ('checking', 'unreadable', 'mapping', 'checked', 'running', 'done', "
            "'refused', 'failed', 'cancelled', 'undoing', 'undone')",
            name=op.f("ck_import_batch_state"),
        ),
        sa.CheckConstraint("mode in ('atomic', 'skip')", name=op.f("ck_import_batch_mode")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_import_batch_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_organisation_id", "import_batch", ["organisation_id", "id"])
    op.execute(ddl.attach("import_batch", ignore=("found",)))


def _mapping() -> None:
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_import_mapping_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
    )
    op.create_index(
        "uq_import_mapping_header",
        "import_mapping",
        ["organisation_id", "kind", "header"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute(ddl.attach("import_mapping"))


def upgrade() -> None:
    _batch()
    _mapping()
    for statement in WORKING.strip().split(";\n"):
        op.execute(statement)
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(CHANGES.format(schema=schema))
    op.execute("revoke execute on function changes_of from public")


def downgrade() -> None:
    op.execute("drop function changes_of")
    op.execute("drop table import_left, import_progress, import_row, import_part")
    op.drop_table("import_mapping")
    op.drop_table("import_batch")
