"""What somebody put in the place of a forecast, why, and until when."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Identity, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant


class ForecastOverride(Base):
    """A forecast by judgement, until it expires; the model's stands beside it."""

    __tablename__ = "forecast_override"
    __table_args__ = (
        CheckConstraint("low <= expected and expected <= high", name="order"),
        Index("uq_forecast_override_current", "plan_code", "target_code", "until", unique=True,
              postgresql_where=text("withdrawn_at is null")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_code: Mapped[str]
    target_code: Mapped[str]
    until: Mapped[date]
    low: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    expected: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    high: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    reason: Mapped[str]
    expires_on: Mapped[date]
    set_by: Mapped[str | None]
    set_at: Mapped[Instant] = mapped_column(server_default=func.now())
    withdrawn_at: Mapped[Instant | None]
