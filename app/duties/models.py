"""That a duty was done: the one thing about duties that does not follow from titles and dates."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.core.db import Base
from app.firms.models import CURRENT, Fact


class DutyDone(Fact, Base):
    """The duty that fell due on a day was done; a firm owes each duty once a day."""

    __tablename__ = "duty_done"
    __table_args__ = (
        Index("uq_duty_done_current", "firm_id", "duty_code", "due_on", unique=True,
              postgresql_where=CURRENT),
    )  # fmt: skip

    duty_code: Mapped[str]
    due_on: Mapped[date]
    done_on: Mapped[date]
    note: Mapped[str | None]
