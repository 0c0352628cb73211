"""Who read what is personal, and why."""

from sqlalchemy import Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant


class AccessLog(Base):
    """One reading: of what, for which purpose, by whom; never the values that were read."""

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_firm_id", "firm_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())
    acting: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    what: Mapped[str]
    purpose: Mapped[str | None]
    filter: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    row_count: Mapped[int | None]
    # Not a foreign key: the log outlives the firm.
    firm_id: Mapped[int | None]
