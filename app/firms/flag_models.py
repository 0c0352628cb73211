"""Flags: what a firm's standing asks somebody to do; raised and closed by the evaluation.

The register knows a firm's flags, as it knows its titles; `pipeline.flags` says when they rise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant
from app.firms.catalogue import Label
from app.firms.models import CURRENT, Fact, Firm

OPEN = text("closed_on is null")


@dataclass(frozen=True)
class FlagKind:
    """One kind: what it is called, what its threshold counts, and the shipped threshold."""

    label: Label
    hint: Label
    unit: Label | None = None
    threshold: int | None = None
    least: int = 1
    most: int = 1


MONTHS, DAYS = Label(zh="个月", en="months"), Label(zh="天", en="days")
CRITERIA = Label(zh="条", en="criteria")
FLAG_KINDS: Mapping[str, FlagKind] = {
    "ready": FlagKind(
        Label(zh="条件齐备", en="Ready"),
        Label(zh="下一梯次的条件全部达标", en="Everything the next rung asks is met"),
    ),
    "near": FlagKind(
        Label(zh="只差一步", en="Near"),
        Label(zh="下一梯次只差这么几条", en="Lacks at most so many criteria for the next rung"),
        CRITERIA, 2, 1, 10,
    ),
    "data_missing": FlagKind(
        Label(zh="缺数据", en="Data missing"),
        Label(zh="梯次内企业至少有这么几条因缺数据无法判断",
              en="On the ladder, with at least so many criteria unknown"),
        CRITERIA, 1, 1, 31,
    ),
    "fast_growing": FlagKind(
        Label(zh="高成长", en="Fast growing"),
        Label(zh="销售收入一年增长不低于", en="Sales grew in a year by at least"),
        Label(zh="%", en="%"), 30, 1, 1000,
    ),
    "stalled": FlagKind(
        Label(zh="停滞", en="Stalled"),
        Label(zh="对下一梯次的评估多久没有变化", en="Verdict on the next rung unchanged for"),
        MONTHS, 12, 1, 120,
    ),
    "expiring": FlagKind(
        Label(zh="即将到期", en="Expiring"),
        Label(zh="资质在多久内到期；一年期的资质为 3 个月",
              en="A title ends within; one that runs a year, within 3"),
        MONTHS, 12, 1, 36,
    ),
    "duty_due": FlagKind(
        Label(zh="法定事项到期", en="Duty due"),
        Label(zh="距法定期限多久开始提醒", en="A statutory duty is due within"),
        DAYS, 90, 1, 365,
    ),
    "at_risk": FlagKind(
        Label(zh="资质有风险", en="At risk"),
        Label(zh="持有的资质，其条件已不再达标",
              en="Holds a title whose criteria it no longer meets"),
    ),
    "not_served": FlagKind(
        Label(zh="久未服务", en="Not served"),
        Label(zh="梯次内企业多久没有服务记录", en="On the ladder, and not served for"),
        MONTHS, 6, 1, 60,
    ),
}  # fmt: skip


class Flag(Base):
    """One thing about one firm, from the day it was seen to the day it was no more.

    `subject` is what it is about: a title, an indicator, a duty; `criterion` the one that tells
    most. `figures` hold what its sentence says: codes, dates and exact amounts as text.
    """

    __tablename__ = "flag"
    __table_args__ = (
        CheckConstraint(f"kind in {tuple(FLAG_KINDS)}", name="kind"),
        CheckConstraint("closed_on >= since", name="dates"),
        CheckConstraint("(snoozed_until is null) = (snooze_reason is null)", name="snooze"),
        Index("uq_flag_open", "firm_id", "kind", "subject", unique=True, postgresql_where=OPEN),
        # Who is flagged, and how many, read from the index alone.
        Index("ix_flag_kind", "kind", "firm_id", postgresql_where=OPEN,
              postgresql_include=["snoozed_until"]),
    )  # fmt: skip

    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    closed_on: Mapped[date | None]
    criterion: Mapped[str | None]
    figures: Mapped[dict[str, object]] = mapped_column(JSONB)
    snoozed_until: Mapped[date | None]
    snooze_reason: Mapped[str | None]
    snoozed_by: Mapped[str | None]


class FlagRule(Base):
    """A threshold that somebody set otherwise than it was shipped."""

    __tablename__ = "flag_rule"
    __table_args__ = (CheckConstraint(f"kind in {tuple(FLAG_KINDS)}", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    threshold: Mapped[int] = mapped_column(SmallInteger)
    changed_by: Mapped[str | None]
    changed_at: Mapped[Instant] = mapped_column(server_default=func.now())


class DutyDone(Fact, Base):
    """Somebody saw that a firm did a statutory duty of a period: a year, or the day it began."""

    __tablename__ = "duty_done"
    __table_args__ = (
        Index("uq_duty_done_current", "firm_id", "code", "period", unique=True,
              postgresql_where=CURRENT),
    )  # fmt: skip

    code: Mapped[str]
    period: Mapped[str]
    done_on: Mapped[date]
    evidence: Mapped[str | None]
