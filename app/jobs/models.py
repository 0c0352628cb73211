"""What people decided about jobs; the queue's own tables are procrastinate's."""

from sqlalchemy import BigInteger, CheckConstraint, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant


class JobDecision(Base):
    """A job that somebody sent round again, or called off."""

    __tablename__ = "job_decision"
    __table_args__ = (CheckConstraint("decision in ('retry', 'cancel')", name="decision"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInteger)
    task: Mapped[str]
    decision: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[Instant] = mapped_column(server_default=func.now())
