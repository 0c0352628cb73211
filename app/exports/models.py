"""Files that were asked for. Their content, in parts, is the table `export_part`: like the queue it
stands outside the trail and has no model; `app.exports.store` is all that touches it.
"""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant

# waiting → running → ready → gone; waiting | running → cancelled | failed.
STATES = ("waiting", "running", "ready", "gone", "cancelled", "failed")
BUSY = ("waiting", "running")


class ExportFile(Base):
    """One list as a file: whose, which rows, how far it is."""

    __tablename__ = "export_file"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("format in ('csv', 'xlsx')", name="format"),
        Index("ix_export_file_organisation_id", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # The list as its page is called, and its query.
    of: Mapped[str]
    query: Mapped[str]
    format: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    # Whose it is, and in which role the job reads.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    user_id: Mapped[int | None]
    token_id: Mapped[int | None]
    role: Mapped[str]
    by_name: Mapped[str]
    locale: Mapped[str]
    # Rows that there were when it was asked for, and those that have been written.
    rows: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    name: Mapped[str]
    size: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[str | None]
    asked_at: Mapped[Instant] = mapped_column(server_default=func.now())
    finished_at: Mapped[Instant | None]

    @property
    def is_busy(self) -> bool:
        """Whether it waits for a job, or is being written."""
        return self.state in BUSY

    @property
    def percent(self) -> int:
        """How much of it has been written."""
        return min(99, self.done * 100 // self.rows) if self.rows else 0

    @property
    def file_name(self) -> str:
        """What it is called where it is kept."""
        return f"{self.name}-{self.id}.{self.format}"
