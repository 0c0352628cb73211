"""Firms beside which the effect of cases is read."""

from datetime import date

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.firms.models import Firm
from app.support.models import SupportCase


class CasePeer(Base):
    """A firm like a case's own on the day it was opened, without such a case; the evaluation
    measures it alike.
    """

    __tablename__ = "case_peer"
    __table_args__ = (
        UniqueConstraint("case_id", "firm_id"),
        Index("ix_case_peer_firm_id", "firm_id",
              postgresql_where=text("gap_closed_on is null or rung_reached_on is null")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey(SupportCase.id, ondelete="CASCADE"))
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    gap_closed_on: Mapped[date | None]
    rung_reached_on: Mapped[date | None]
