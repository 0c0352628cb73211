"""A unit's list of a year, what was said about it, its monthly reports, and notices."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation, User
from app.core.db import Base, Instant
from app.firms.models import CURRENT

STATUSES = ("draft", "issued", "accepted", "closed")
SAID = ("drafted", "goal", "proposed", "issued", "accepted", "closed")
Amount = Numeric(20, 4)


class TargetList(Base):
    """What one unit is to reach in a year; `plan_id` is the version it was drafted from."""

    __tablename__ = "target_list"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        UniqueConstraint("plan_code", "year", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_code: Mapped[str]
    plan_adopted_on: Mapped[date]
    year: Mapped[int] = mapped_column(SmallInteger)
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id))
    status: Mapped[str] = mapped_column(server_default="draft")
    version: Mapped[int] = mapped_column(server_default="1")


class TargetItem(Base):
    """One target of a list: from `start` at the year's beginning to `goal` at its end."""

    __tablename__ = "target_item"
    __table_args__ = (UniqueConstraint("list_id", "target_code"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey(TargetList.id, ondelete="CASCADE"))
    target_code: Mapped[str]
    goal: Mapped[Decimal] = mapped_column(Amount)
    start: Mapped[Decimal | None] = mapped_column(Amount)
    # How the draft came to the goal: the district's way in the year and the unit's part of it.
    basis: Mapped[dict[str, str]] = mapped_column(JSONB)


class ListEntry(Base):
    """What was said or done about a list, in order; nothing of it is ever changed."""

    __tablename__ = "list_entry"
    __table_args__ = (
        CheckConstraint(f"kind in {SAID}", name="kind"),
        Index("ix_list_entry_list_id", "list_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey(TargetList.id, ondelete="CASCADE"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey(TargetItem.id, ondelete="CASCADE"))
    kind: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(Amount)
    text: Mapped[str | None]
    said_by: Mapped[str]
    said_at: Mapped[Instant] = mapped_column(server_default=func.now())


class TargetReport(Base):
    """What a unit reports of a month, with evidence; `counted` is what the register said then."""

    __tablename__ = "target_report"
    __table_args__ = (
        Index("uq_target_report_current", "item_id", "month", unique=True,
              postgresql_where=CURRENT),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey(TargetItem.id, ondelete="CASCADE"))
    # Its first day.
    month: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Amount)
    counted: Mapped[Decimal | None] = mapped_column(Amount)
    text: Mapped[str]
    evidence: Mapped[str]
    reported_by: Mapped[str]
    reported_at: Mapped[Instant] = mapped_column(server_default=func.now())
    superseded_at: Mapped[Instant | None]


class ReportFile(Base):
    """The file that a report gives as evidence; at most one."""

    __tablename__ = "report_file"

    report_id: Mapped[int] = mapped_column(
        ForeignKey(TargetReport.id, ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str]
    # Found by its content, whatever its name says.
    media: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, info={"secret": True}, deferred=True)


class SupervisionNotice(Base):
    """A notice of supervision (督办): why, until when to answer, the answer, and how it closed."""

    __tablename__ = "supervision_notice"
    __table_args__ = (
        CheckConstraint("due_on >= issued_on", name="dates"),
        Index("ix_supervision_notice_item_id", "item_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey(TargetItem.id, ondelete="CASCADE"))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    reason: Mapped[str]
    light: Mapped[str]
    issued_by: Mapped[str]
    answer: Mapped[str | None]
    answered_on: Mapped[date | None]
    answered_by: Mapped[str | None]
    closing: Mapped[str | None]
    closed_on: Mapped[date | None]
    closed_by: Mapped[str | None]


class SupervisionTold(Base):
    """Who was told of a notice at which level; once each."""

    __tablename__ = "supervision_told"
    __table_args__ = (
        Index("ix_supervision_told_to_mail", "user_id",
              postgresql_where=text("mailed_at is null")),
    )  # fmt: skip

    notice_id: Mapped[int] = mapped_column(
        ForeignKey(SupervisionNotice.id, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[Instant] = mapped_column(server_default=func.now())
    mailed_at: Mapped[Instant | None]
