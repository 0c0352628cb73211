"""The trail: acts, the rows that each one changed, the chain that proves both, months put away.

Rows come from triggers (`app.audit.ddl`); nothing here is ever changed or deleted. Numbers of
people, bodies and firms are no foreign keys: the trail outlives them.
"""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant

ACTIONS = ("insert", "update", "delete", "truncate", "read")
BY_MONTH = {"postgresql_partition_by": "range (at)"}


class AuditEntry(Base):
    """One act: a statement that changed rows of one table, or a reading that is noted.

    `table_name` of a reading says what was read; its `detail` holds purpose and filter. `digest` is
    the SHA-256 over the SHA-256 of each of its rows, in their order.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint(f"action in {ACTIONS}", name="action"),
        Index("ix_audit_entry_request_id", "request_id",
              postgresql_where=text("request_id is not null")),
        Index("ix_audit_entry_user_id", "user_id", "id"),
        # What belongs to no firm is found by what it is.
        Index("ix_audit_entry_apart", "table_name", "id",
              postgresql_where=text("table_name in ('lead', 'carrier')")),
        BY_MONTH,
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[Instant] = mapped_column(primary_key=True)
    user_id: Mapped[int | None]
    token_id: Mapped[int | None]
    name: Mapped[str]
    role: Mapped[str | None]
    organisation_id: Mapped[int | None]
    request_id: Mapped[str | None]
    reason: Mapped[str | None]
    table_name: Mapped[str]
    action: Mapped[str]
    row_count: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class AuditRow(Base):
    """One row that an act changed, before and after; of an update only the columns that changed.

    Empty values are left out. `key` is the rest of the primary key beside the firm; a table that is
    derived from others has all the rows that an insert gave one firm in one, by their keys alone.
    """

    __tablename__ = "audit_row"
    __table_args__ = (Index("ix_audit_row_firm_id", "firm_id", "entry_id"), BY_MONTH)

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[Instant] = mapped_column(primary_key=True)
    firm_id: Mapped[int | None]
    key: Mapped[str]
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)


class AuditLink(Base):
    """An act's place in the chain, made at its commit; `hash` covers it and the link before."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    entry_at: Mapped[Instant]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditArchive(Base):
    """A month that was put away: its acts are elsewhere, their links stay.

    `digest` is the SHA-256 over the hashes of those links in their order.
    """

    __tablename__ = "audit_archive"

    month: Mapped[date] = mapped_column(primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    archived_at: Mapped[Instant] = mapped_column(server_default=func.now())
