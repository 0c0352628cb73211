"""Who leads a chain and who belongs to it, and the steps to a listing."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation
from app.core.db import Base
from app.firms.models import CURRENT, Fact

# 一核三区五园.
ZONE_KINDS = ("core", "area", "park")
CHAIN_ROLES = ("leader", "member")
# In the order in which pages show them; what must precede what is said in `settling`.
LISTING_STEPS = (
    "share_reform",
    "otc",
    "neeq_base",
    "neeq_innovation",
    "guidance",
    "accepted",
    "approved",
    "listed",
)
BOARDS = ("main", "star", "chinext", "bse", "hong_kong", "overseas")


class ChainMember(Fact, Base):
    """The firm's part in an industry chain from a day to a day, both inside."""

    __tablename__ = "chain_member"
    __table_args__ = (
        CheckConstraint(f"role in {CHAIN_ROLES}", name="role"),
        CheckConstraint("ended_on >= since", name="dates"),
        ExcludeConstraint(
            ("firm_id", "="), ("chain", "="), (text("daterange(since, ended_on, '[]')"), "&&"),
            where=CURRENT, using="gist", name="ex_chain_member_overlap",
        ),
        Index("ix_chain_member_chain", "chain", "role", postgresql_where=CURRENT),
    )  # fmt: skip

    chain: Mapped[str]
    role: Mapped[str]
    since: Mapped[date]
    ended_on: Mapped[date | None]
    # What it makes in the chain: its link.
    link: Mapped[str | None]
    note: Mapped[str | None]


class ListingStep(Fact, Base):
    """A step towards a listing that the firm reached on a day."""

    __tablename__ = "listing_step"
    __table_args__ = (
        CheckConstraint(f"step in {LISTING_STEPS}", name="step"),
        CheckConstraint(f"board in {BOARDS}", name="board"),
        Index("uq_listing_step_current", "firm_id", "step", unique=True, postgresql_where=CURRENT),
    )

    step: Mapped[str]
    reached_on: Mapped[date]
    # Where it is to be listed; the regional market and NEEQ are steps of their own.
    board: Mapped[str | None]
    # The code under which it is quoted.
    code: Mapped[str | None]
    sponsor: Mapped[str | None]
    note: Mapped[str | None]


class Zone(Base):
    """A part of the high-tech zone: its core, one of its areas, or one of the parks in them.

    `within_id` says in which core or area a park lies; firms of the park are firms of that too.
    """

    __tablename__ = "zone"
    __table_args__ = (
        CheckConstraint(f"kind in {ZONE_KINDS}", name="kind"),
        CheckConstraint("(kind = 'park') = (park_id is not null)", name="park"),
        CheckConstraint("within_id is null or kind = 'park'", name="within"),
        Index("ix_zone_within_id", "within_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str | None]
    kind: Mapped[str]
    # A park is an organisation: who is located there is known of it.
    park_id: Mapped[int | None] = mapped_column(
        ForeignKey(Organisation.id, ondelete="CASCADE"), unique=True
    )
    within_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id", ondelete="SET NULL"))
