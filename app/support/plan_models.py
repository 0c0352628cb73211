"""The firm plan (一企一策): where a firm is to stand by when, what is missing, who does what."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, SmallInteger, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant
from app.firms.models import Firm
from app.firms.queries import RUNGS


class FirmPlan(Base):
    """One version of a firm's plan; a change is a new version, and the old ones stay as they were.

    `gaps` are what was missing when it was made: `set`, `criterion`, `outcome`, and `gap` as exact
    text in `unit`. `items` are who does what: `measure`, `organisation` (its code), `by` (a date).
    """

    __tablename__ = "firm_plan"
    __table_args__ = (
        CheckConstraint(f"goal_rung in {RUNGS}", name="goal_rung"),
        CheckConstraint("(agreed_on is null) = (agreed_with is null)", name="agreed"),
        UniqueConstraint("firm_id", "number"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)
    goal_rung: Mapped[str]
    goal_on: Mapped[date]
    gaps: Mapped[list[dict[str, str | None]]] = mapped_column(JSONB)
    items: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    note: Mapped[str | None]
    agreed_on: Mapped[date | None]
    agreed_with: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
