"""A ranking as it stood on a day, kept for its history and for those who see only their own."""

from datetime import date

from sqlalchemy import CheckConstraint, Identity, SmallInteger, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant

KINDS = ("department", "park", "incubator")


class RankingSnapshot(Base):
    """One ranking of units of a kind; `rows` hold numbers of units, and none of a firm."""

    __tablename__ = "ranking_snapshot"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        UniqueConstraint("plan_code", "kind", "day"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_code: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    day: Mapped[date]
    rows: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    taken_by: Mapped[str]
    taken_at: Mapped[Instant] = mapped_column(server_default=func.now())
