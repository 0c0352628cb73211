"""Where firms come from and what is done for them while they are young."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base, Yuan
from app.firms.models import CURRENT, Fact, Firm
from app.innovation.models import LEVELS

SERVICE_KINDS = (
    "visit",
    "startup_advice",
    "roadshow",
    "financing",
    "training",
    "space",
    "application_guidance",
    "technology",
    "intellectual_property",
    "talent",
    "market",
    "other",
)
# In the order of the chain: a firm moves up it.
CARRIER_KINDS = ("makerspace", "incubator", "accelerator")
# The places of the plan's "1+2+3+N" platforms.
PLATFORM_PLACES = ("1", "2", "3", "N")
# What of a carrier's year earns a reward.
REWARDED = ("entered", "graduates", "tech_based", "certified", "services")
# 裂变 of leading firms: an internal team, a project they invested in, a business carved out.
SPIN_OFF_WAYS = ("internal_team", "invested_project", "carved_out")
FOUNDER_KINDS = ("researcher_founded", "researcher_held", "graduate")


class ServiceRecord(Fact, Base):
    """Something done for a firm on a day: by whom, for how long, with what effect, what is next."""

    __tablename__ = "service_record"
    __table_args__ = (
        CheckConstraint(f"kind in {SERVICE_KINDS}", name="kind"),
        CheckConstraint("hours > 0 and hours <= 1000", name="hours"),
        CheckConstraint("next_on >= served_on", name="dates"),
        Index("ix_service_record_firm_id", "firm_id", "served_on", postgresql_where=CURRENT),
        Index("ix_service_record_organisation_id", "organisation_id", "served_on",
              postgresql_where=CURRENT),
        Index("ix_service_record_case_id", "case_id",
              postgresql_where=text("case_id is not null and superseded_at is null")),
    )  # fmt: skip

    kind: Mapped[str]
    served_on: Mapped[date]
    # Empty: not noted, which is not nothing.
    hours: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    # The body on whose behalf the service was given, and who gave it.
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Organisation.id, ondelete="SET NULL")
    )
    person: Mapped[str | None]
    effect: Mapped[str | None]
    next_step: Mapped[str | None]
    next_on: Mapped[date | None]
    note: Mapped[str | None]
    # The case of app.support, above, that it belongs to.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("support_case.id", ondelete="SET NULL"))
    # Numbers of the firm's contacts who were met, and of its documents: photos, papers. What was
    # removed leaves its number behind; who a contact is, only the contacts say.
    met: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
    attachments: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")


class SpinOff(Fact, Base):
    """The firm came out of another one, its parent, in a way and on a day."""

    __tablename__ = "spin_off"
    __table_args__ = (
        CheckConstraint(f"way in {SPIN_OFF_WAYS}", name="way"),
        CheckConstraint("parent_id <> firm_id", name="parent"),
        Index("uq_spin_off_current", "firm_id", unique=True, postgresql_where=CURRENT),
        Index("ix_spin_off_parent_id", "parent_id", postgresql_where=CURRENT),
    )

    parent_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    way: Mapped[str]
    spun_off_on: Mapped[date]
    note: Mapped[str | None]


class Founding(Fact, Base):
    """Researchers founded the firm or hold shares of it, or graduates started it."""

    __tablename__ = "founding"
    __table_args__ = (
        CheckConstraint(f"kind in {FOUNDER_KINDS}", name="kind"),
        CheckConstraint("ended_on >= since", name="dates"),
        Index("ix_founding_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    kind: Mapped[str]
    # The university or institute; who the person is belongs to the contacts.
    institution: Mapped[str]
    since: Mapped[date]
    ended_on: Mapped[date | None]
    note: Mapped[str | None]


class ContestEntry(Fact, Base):
    """A contest that the firm entered, and what it won there."""

    __tablename__ = "contest_entry"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("won_on >= entered_on", name="dates"),
        CheckConstraint("(won_on is null) = (place is null)", name="won"),
        Index("ix_contest_entry_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    level: Mapped[str]
    entered_on: Mapped[date]
    # Both or neither: what was won, and when.
    place: Mapped[str | None]
    won_on: Mapped[date | None]
    prize: Mapped[Decimal | None] = mapped_column(Yuan)


class Carrier(Base):
    """What a body that houses firms is: its kind, level and room; `version` counts its changes."""

    __tablename__ = "carrier"
    __table_args__ = (
        CheckConstraint(f"kind in {CARRIER_KINDS}", name="kind"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint(f"platform in {PLATFORM_PLACES}", name="platform"),
        CheckConstraint("area_m2 > 0 and seats > 0", name="room"),
    )

    organisation_id: Mapped[int] = mapped_column(
        ForeignKey(Organisation.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    level: Mapped[str | None]
    # Its place among the plan's "1+2+3+N" platforms.
    platform: Mapped[str | None]
    area_m2: Mapped[int | None]
    seats: Mapped[int | None]
    opened_on: Mapped[date | None]
    # What it specialises in, and who runs it.
    field: Mapped[str | None]
    operator: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")


class Promotion(Fact, Base):
    """A move up the chain of carriers: proposed by the one it leaves, decided by an analyst."""

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint("from_id <> to_id", name="carriers"),
        CheckConstraint("(accepted is null) = (decided_on is null)", name="decided"),
        Index("uq_promotion_open", "firm_id", unique=True,
              postgresql_where=text("superseded_at is null and accepted is null")),
        Index("ix_promotion_from_id", "from_id", postgresql_where=CURRENT),
    )  # fmt: skip

    from_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    to_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    # The first day in the new carrier.
    starts_on: Mapped[date]
    reason: Mapped[str]
    accepted: Mapped[bool | None]
    decided_on: Mapped[date | None]
    decided_by: Mapped[str | None]
    decided_reason: Mapped[str | None]


class RewardRate(Base):
    """What a carrier earns for one of what it did in a year, from a day on."""

    __tablename__ = "reward_rate"
    __table_args__ = (
        CheckConstraint(f"measure in {REWARDED}", name="measure"),
        CheckConstraint("amount >= 0", name="amount"),
        UniqueConstraint("measure", "since"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    measure: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Yuan)
    since: Mapped[date]
    # The document it rests on.
    basis: Mapped[str]
