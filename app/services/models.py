"""Providers of technology services, what they did for firms, and firms' stories."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.firms.record_models import Dated, Hosted, Paid, Record, told_apart
from app.innovation.models import LEVELS

PROVIDER_KINDS = ("research", "testing", "transfer", "intellectual_property", "finance", "talent",
                  "consulting", "listing_base", "innovation_centre", "other")  # fmt: skip
STORY_STAGES = ("draft", "consented", "published")


class Provider(Dated, Hosted, Base):
    """A provider of technology services, a firm or an organisation, listed on `happened_on`."""

    __tablename__ = "provider"
    __table_args__ = (
        CheckConstraint(f"kind in {PROVIDER_KINDS}", name="kind"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("(firm_id is null) <> (organisation_id is null)", name="host"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("provider", "name"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str | None]


class ProviderService(Paid, Dated, Record, Base):
    """What a provider did for the firm; `amount` is its price."""

    __tablename__ = "provider_service"
    __table_args__ = (
        CheckConstraint(f"kind in {PROVIDER_KINDS}", name="kind"),
        CheckConstraint("hours > 0", name="hours"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("provider_service", "provider", "kind", "happened_on"),
    )

    provider: Mapped[str]
    kind: Mapped[str]
    hours: Mapped[Decimal | None] = mapped_column(Numeric(7, 1))
    effect: Mapped[str | None]


class Story(Dated, Record, Base):
    """A typical case worth telling; published only with the firm's consent."""

    __tablename__ = "story"
    __table_args__ = (
        CheckConstraint(f"stage in {STORY_STAGES}", name="stage"),
        CheckConstraint("stage = 'draft' or consent_on is not null", name="consent"),
        CheckConstraint("stage <> 'published' or published_on is not null", name="published"),
        CheckConstraint("published_on >= consent_on", name="dates"),
        *told_apart("story", "name"),
    )

    name: Mapped[str]
    stage: Mapped[str]
    content: Mapped[str]
    consent_by: Mapped[str | None]
    consent_on: Mapped[date | None]
    published_on: Mapped[date | None]
    published_in: Mapped[str | None]
