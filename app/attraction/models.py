"""Leads of attraction and every step that was taken with them."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Instant, Yuan
from app.firms.models import Firm

# The way of a lead; `lost` may happen anywhere before it has landed.
WAY = ("contact", "visit", "talks", "signed", "landed")
STAGES = (*WAY, "lost")
CHANNELS = ("scenario", "commissioned", "firm_introduces_firm", "exhibition", "partner", "other")
LOST_REASONS = ("went_elsewhere", "funds", "land", "policy", "no_answer", "unsuitable", "other")


class Lead(Base):
    """A firm that may come: whence, through which channel, how far, what is next and by whom.

    It has landed when the firm is on record here, and then keeps its history with the firm.
    """

    __tablename__ = "lead"
    __table_args__ = (
        CheckConstraint(f"stage in {STAGES}", name="stage"),
        CheckConstraint(f"channel in {CHANNELS}", name="channel"),
        CheckConstraint(f"lost_reason in {LOST_REASONS}", name="lost_reason"),
        CheckConstraint("(stage = 'landed') = (firm_id is not null)", name="landed"),
        CheckConstraint("(stage = 'lost') = (lost_reason is not null)", name="lost"),
        CheckConstraint("investment >= 0", name="investment"),
        UniqueConstraint("firm_id"),
        UniqueConstraint("name", "since"),
        Index("ix_lead_stage", "stage", "since"),
        Index("ix_lead_next_on", "next_on"),
        Index("ix_lead_park_id", "park_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    # The first contact.
    since: Mapped[date]
    stage: Mapped[str] = mapped_column(server_default="contact")
    stage_on: Mapped[date]
    channel: Mapped[str]
    chain: Mapped[str | None]
    # The region or group that it comes through.
    partner: Mapped[str | None]
    introduced_by: Mapped[str | None]
    investment: Mapped[Decimal | None] = mapped_column(Yuan)
    description: Mapped[str | None]
    # Who works on it, and the park that it is meant for.
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Organisation.id, ondelete="SET NULL")
    )
    owner: Mapped[str | None]
    park_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id, ondelete="SET NULL"))
    next_step: Mapped[str | None]
    next_on: Mapped[date | None]
    lost_reason: Mapped[str | None]
    firm_id: Mapped[int | None] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    demo: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1")
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())


class LeadStep(Base):
    """What was done with a lead on a day, and the stage it was in from then on."""

    __tablename__ = "lead_step"
    __table_args__ = (
        CheckConstraint(f"stage in {STAGES}", name="stage"),
        Index("ix_lead_step_lead_id", "lead_id", "taken_on"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey(Lead.id, ondelete="CASCADE"))
    taken_on: Mapped[date]
    stage: Mapped[str]
    note: Mapped[str]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())
