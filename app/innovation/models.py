"""What a firm invents and how it is recognised, as far as criteria read it."""

from datetime import date

from sqlalchemy import ARRAY, CheckConstraint, Computed, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.firms.models import CURRENT, Fact

# Class I and class II as in 国科发火〔2016〕195号 三（二）; a trademark is neither.
CLASS_I = (
    "invention_patent",
    "plant_variety",
    "national_crop_variety",
    "national_new_drug",
    "protected_chinese_medicine",
    "ic_layout",
)
CLASS_II = ("utility_model", "design", "software_copyright")
IP_KINDS = (*CLASS_I, *CLASS_II, "trademark")
WAYS_ACQUIRED = ("own_research", "assignment", "gift", "merger")
# 高价值发明专利 of the national statistics; SRDI's own list leaves out the first.
HIGH_VALUE_REASONS = (
    "strategic_industry",
    "foreign_family",
    "kept_ten_years",
    "pledge_financing",
    "science_award",
)
LEVELS = ("international", "national", "industry", "provincial", "municipal", "district")


class IpRight(Fact, Base):
    """An intellectual property right; empty answers are unknown, not no."""

    __tablename__ = "ip_right"
    __table_args__ = (
        CheckConstraint(f"kind in {IP_KINDS}", name="kind"),
        CheckConstraint(f"acquired in {WAYS_ACQUIRED}", name="acquired"),
        CheckConstraint("granted_on >= applied_on", name="dates"),
        Index("ix_ip_right_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    kind: Mapped[str]
    ip_class: Mapped[int | None] = mapped_column(
        SmallInteger,
        Computed(
            f"case when kind in {CLASS_I} then 1 when kind in {CLASS_II} then 2 end",
            persisted=True,
        ),
    )
    title: Mapped[str]
    number: Mapped[str | None]
    applied_on: Mapped[date | None]
    granted_on: Mapped[date | None]
    # The day protection ended: expiry, lapse for unpaid fees, invalidation, transfer away.
    ended_on: Mapped[date | None]
    owner_rank: Mapped[int | None] = mapped_column(SmallInteger)
    acquired: Mapped[str | None]
    acquired_on: Mapped[date | None]
    disputed: Mapped[bool | None]
    core_support: Mapped[bool | None]
    main_product: Mapped[bool | None]
    earning: Mapped[bool | None]
    high_value: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    # Certifications in which it was already put forward, as designation:year.
    used_in: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")


class Award(Fact, Base):
    """A science award; `rank` is the firm's place among the laureates."""

    __tablename__ = "award"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        Index("ix_award_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    level: Mapped[str]
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    awarded_on: Mapped[date]


class Standard(Fact, Base):
    """A standard the firm took part in drafting; `rank` is its place among the drafters."""

    __tablename__ = "standard"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        Index("ix_standard_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    number: Mapped[str | None]
    level: Mapped[str]
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    published_on: Mapped[date]


class RdBody(Fact, Base):
    """A research body hosted by the firm and accredited at a level, from a day to a day."""

    __tablename__ = "rd_body"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        Index("ix_rd_body_firm_id", "firm_id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    level: Mapped[str]
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
