"""The plan that is carried out, the figures that are entered for it, and how lights are set."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant
from app.firms.models import CURRENT, SOURCES

ABOUT = ("value", "baseline")


class Plan(Base):
    """One version of one plan, as its file says it (`content`); an amendment is a further version.

    The version in force on a day is the last one adopted by then.
    """

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("code", "adopted_on"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str]
    label: Mapped[dict[str, str]] = mapped_column(JSONB)
    document: Mapped[str]
    region_code: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    digest: Mapped[str]
    adopted_on: Mapped[date]
    content: Mapped[dict[str, object]] = mapped_column(JSONB)


class Task(Base):
    """A task or safeguard of the plan; `lead` and `supporting` are organisation codes."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("plan_id", "code"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    code: Mapped[str]
    part: Mapped[str]
    label: Mapped[dict[str, str]] = mapped_column(JSONB)
    lead: Mapped[list[str]] = mapped_column(ARRAY(Text))
    supporting: Mapped[list[str]] = mapped_column(ARRAY(Text))


class Target(Base):
    """A number to be reached: `milestones` hold date, operator and value."""

    __tablename__ = "target"
    __table_args__ = (UniqueConstraint("plan_id", "code"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey(Plan.id, ondelete="CASCADE"))
    code: Mapped[str]
    label: Mapped[dict[str, str]] = mapped_column(JSONB)
    unit: Mapped[str]
    kind: Mapped[str]
    milestones: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    known_by: Mapped[str]


class PlanFigure(Base):
    """A figure entered for a plan, with its source: a target's value or baseline on a day.

    `series` is the target's code, or `population`, which counts people. A correction closes the
    old row and adds one, so that a report of an earlier day can be made again.
    """

    __tablename__ = "plan_figure"
    __table_args__ = (
        CheckConstraint(f"about in {ABOUT}", name="about"),
        CheckConstraint(f"source in {SOURCES}", name="source"),
        Index("uq_plan_figure_current", "plan_code", "series", "about", "day", unique=True,
              postgresql_where=CURRENT),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_code: Mapped[str]
    series: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="value")
    day: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    source: Mapped[str]
    document: Mapped[str]
    recorded_by: Mapped[str | None]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())
    superseded_at: Mapped[Instant | None]


class LightRule(Base):
    """From which pace on a light is green or amber, in per cent; the latest one set holds."""

    __tablename__ = "light_rule"
    __table_args__ = (CheckConstraint("green > amber and amber > 0", name="order"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    green: Mapped[int] = mapped_column(SmallInteger)
    amber: Mapped[int] = mapped_column(SmallInteger)
    set_by: Mapped[str | None]
    set_at: Mapped[Instant] = mapped_column(server_default=func.now())
