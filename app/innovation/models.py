"""What a firm invents, with what, for whom, and how it is recognised."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ARRAY, CheckConstraint, Computed, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Yuan
from app.firms.models import CURRENT
from app.firms.record_models import Dated, Hosted, Paid, Record, told_apart

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
LEGAL_STATUSES = (
    "pending",
    "in_force",
    "rejected",
    "lapsed",
    "expired",
    "invalidated",
    "transferred",
)
LEVELS = ("international", "national", "industry", "provincial", "municipal", "district")


class IpRight(Record, Base):
    """An intellectual property right; empty answers are unknown, not no."""

    __tablename__ = "ip_right"
    __table_args__ = (
        CheckConstraint(f"kind in {IP_KINDS}", name="kind"),
        CheckConstraint(f"acquired in {WAYS_ACQUIRED}", name="acquired"),
        CheckConstraint("granted_on >= applied_on", name="dates"),
        CheckConstraint(f"legal_status in {LEGAL_STATUSES}", name="legal_status"),
        Index("ix_ip_right_firm_id", "firm_id", postgresql_where=CURRENT),
        Index("ix_ip_right_granted_on", "granted_on", "id", postgresql_where=CURRENT),
        Index("ix_ip_right_fee_due_on", "fee_due_on", postgresql_where=CURRENT),
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
    # As the register of rights has it; the dates above decide what is valid on a day.
    legal_status: Mapped[str | None]
    # The day by which the next yearly fee must be paid.
    fee_due_on: Mapped[date | None]
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


class Award(Record, Base):
    """A science award; `rank` is the firm's place among the laureates."""

    __tablename__ = "award"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        Index("ix_award_firm_id", "firm_id", postgresql_where=CURRENT),
        Index("ix_award_awarded_on", "awarded_on", "id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    level: Mapped[str]
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    awarded_on: Mapped[date]


class Standard(Record, Base):
    """A standard the firm took part in drafting; `rank` is its place among the drafters."""

    __tablename__ = "standard"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        Index("ix_standard_firm_id", "firm_id", postgresql_where=CURRENT),
        Index("ix_standard_published_on", "published_on", "id", postgresql_where=CURRENT),
    )

    name: Mapped[str]
    number: Mapped[str | None]
    level: Mapped[str]
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    published_on: Mapped[date]


PLATFORM_KINDS = (
    "key_laboratory",
    "technology_innovation_centre",
    "enterprise_technology_centre",
    "manufacturing_innovation_centre",
    "engineering_research_centre",
    "rd_centre",
    "research_institute",
    "new_rd_institution",
    "workstation",
    "other",
)
PROJECT_STAGES = ("applied", "running", "accepted", "terminated", "rejected")
PRODUCT_KINDS = ("first_set", "first_batch", "first_version", "major_new", "brand")
CASE_KINDS = ("infringed", "accused", "warning")
CONTRACT_KINDS = ("development", "transfer", "licence", "consulting", "service")
CONTRACT_PARTS = ("seller", "buyer")


class Platform(Dated, Hosted, Base):
    """A research body or innovation platform of a firm or organisation, from its grant to its end.

    These are the R&D bodies that criteria count; `happened_on` is the day of the grant.
    """

    __tablename__ = "platform"
    __table_args__ = (
        CheckConstraint(f"kind in {PLATFORM_KINDS}", name="kind"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("(firm_id is null) <> (organisation_id is null)", name="host"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("platform", "name"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str]
    number: Mapped[str | None]
    granted_by: Mapped[str | None]
    rechecked_on: Mapped[date | None]


class Project(Paid, Dated, Record, Base):
    """A research project with public money: asked for, granted (`amount`), carried out."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint(f"stage in {PROJECT_STAGES}", name="stage"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        CheckConstraint("amount <= asked", name="amount"),
        *told_apart("project", "name"),
    )

    name: Mapped[str]
    number: Mapped[str | None]
    level: Mapped[str]
    stage: Mapped[str]
    asked: Mapped[Decimal | None] = mapped_column(Yuan)
    partners: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")


class Product(Dated, Record, Base):
    """A product on a list of recognised novelties, such as the first set of its equipment."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint(f"kind in {PRODUCT_KINDS}", name="kind"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("product", "kind", "name"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str]
    number: Mapped[str | None]


class Purchase(Paid, Dated, Record, Base):
    """What a public buyer bought of a firm's recognised product."""

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("purchase", "name", "buyer", "happened_on"),
    )

    name: Mapped[str]
    buyer: Mapped[str]


class IpCase(Paid, Dated, Record, Base):
    """A right infringed, an accusation met, or a warning; `amount` is what was awarded."""

    __tablename__ = "ip_case"
    __table_args__ = (
        CheckConstraint(f"kind in {CASE_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("ip_case", "name", "happened_on"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    opponent: Mapped[str | None]
    outcome: Mapped[str | None]


class TechContract(Paid, Dated, Record, Base):
    """A technology contract as registered; `happened_on` is the day of signing."""

    __tablename__ = "tech_contract"
    __table_args__ = (
        CheckConstraint(f"kind in {CONTRACT_KINDS}", name="kind"),
        CheckConstraint(f"part in {CONTRACT_PARTS}", name="part"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        CheckConstraint("registered_on >= happened_on", name="registered_on"),
        CheckConstraint("technology_amount <= amount", name="technology_amount"),
        *told_apart("tech_contract", "number"),
        Index("ix_tech_contract_registered_on", "registered_on", postgresql_where=CURRENT),
    )

    number: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    part: Mapped[str]
    partner: Mapped[str]
    partner_code: Mapped[str | None]
    registered_on: Mapped[date | None]
    technology_amount: Mapped[Decimal | None] = mapped_column(Yuan)
