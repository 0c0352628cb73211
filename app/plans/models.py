"""The plan that is carried out: its tasks, its targets, and who answers for them."""

from datetime import date

from sqlalchemy import ARRAY, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Plan(Base):
    """One version of one plan, loaded from a file; amendments are new versions."""

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    label: Mapped[dict[str, str]] = mapped_column(JSONB)
    document: Mapped[str]
    region_code: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    digest: Mapped[str]


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
