"""Imports in steps: one record each, and the words by which each organisation knows its columns.

What is worked on meanwhile (the file's parts, rows shown, progress) are the tables `import_part`,
`import_row` and `import_progress`: like the queue they stand outside the trail and have no model;
`app.imports.store` is all that touches them.
"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant

# checking → unreadable | mapping | checked → running → done | refused | failed | cancelled;
# done → undoing → undone.
STATES = ("checking", "unreadable", "mapping", "checked", "running", "done", "refused", "failed",
          "cancelled", "undoing", "undone")  # fmt: skip
BUSY = ("checking", "running", "undoing")
MODES = ("atomic", "skip")


class ImportBatch(Base):
    """One file on its way in: who sent it, how it is read, and what became of its rows."""

    __tablename__ = "import_batch"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint(f"mode in {MODES}", name="mode"),
        Index("ix_import_batch_organisation_id", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    file_name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    # Whose it is, and in which role the job acts.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    user_id: Mapped[int | None]
    token_id: Mapped[int | None]
    role: Mapped[str]
    by_name: Mapped[str]
    locale: Mapped[str]
    # How it is read: a mapping that ships, and headers by hand on top of it.
    preset: Mapped[str | None]
    columns: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    source: Mapped[str]
    mode: Mapped[str]
    clear: Mapped[bool] = mapped_column(server_default="false")
    # Programs do not stop at what was found: the import follows the check by itself.
    run_when_checked: Mapped[bool] = mapped_column(server_default="false")
    # What the check found: header_row, header, encoding, remarks, proposals.
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    problem: Mapped[str | None]
    rows: Mapped[int | None]
    created: Mapped[int | None]
    updated: Mapped[int | None]
    unchanged: Mapped[int | None]
    rejected: Mapped[int | None]
    conflicts: Mapped[int | None]
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
    finished_at: Mapped[Instant | None]
    undone_by: Mapped[str | None]
    # Whether rows that were edited since are put back as well, and how many were left alone.
    undo_edited: Mapped[bool] = mapped_column(server_default="false")
    left_alone: Mapped[int | None]

    @property
    def is_busy(self) -> bool:
        """Whether a job works on it."""
        return self.state in BUSY

    @property
    def request_id(self) -> str:
        """By which the trail knows what this import changed: its change set."""
        return f"import-{self.id}"


class ImportMapping(Base):
    """What an organisation calls a column, learnt from its last import; proposed at the next."""

    __tablename__ = "import_mapping"
    __table_args__ = (
        Index("uq_import_mapping_header", "organisation_id", "kind", "header", unique=True,
              postgresql_nulls_not_distinct=True),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Organisation.id, ondelete="CASCADE")
    )
    kind: Mapped[str]
    header: Mapped[str]
    said: Mapped[str]
