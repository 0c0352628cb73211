"""Support: what helps, who is asked for it, and what came of it."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Organisation, User
from app.core.db import Base, Instant, Yuan
from app.firms.document_models import Document
from app.firms.models import Firm

OPEN_STATES = ("open", "accepted", "in_progress")
OUTCOMES = ("done", "not_possible", "not_reachable", "declined")
STATES = OPEN_STATES + OUTCOMES
IS_OPEN = text(f"state in {OPEN_STATES}")
ENTRY_KINDS = ("opened", "accepted", "started", "handed_back", "assigned", "due", "note", "file",
               "closed")  # fmt: skip


class Holiday(Base):
    """A weekday off, or a weekend that is worked; every other day is what its weekday says."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]
    name: Mapped[str | None]
    changed_by: Mapped[str | None]


class Measure(Base):
    """A playbook: what helps, who leads it, what it takes; the shipped ones can be edited."""

    __tablename__ = "measure"
    __table_args__ = (CheckConstraint("days between 1 and 250", name="days"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[dict[str, str]] = mapped_column(JSONB)
    kind: Mapped[str]
    # Codes of organisations.
    lead: Mapped[str]
    supporting: Mapped[list[str]] = mapped_column(ARRAY(Text))
    citation: Mapped[str]
    contact: Mapped[str | None]
    documents: Mapped[str | None]
    # Working days that it typically takes.
    days: Mapped[int] = mapped_column(SmallInteger)
    budget: Mapped[Decimal | None] = mapped_column(Yuan)
    active: Mapped[bool] = mapped_column(server_default="true")
    version: Mapped[int] = mapped_column(server_default="1")


class RouteRule(Base):
    """Where cases go: of the rules that fit, the first by position; else to the measure's lead."""

    __tablename__ = "route_rule"
    __table_args__ = (
        CheckConstraint("staff_from <= staff_to", name="staff"),
        CheckConstraint("days between 1 and 250", name="days"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    position: Mapped[int]
    measure: Mapped[str | None] = mapped_column(ForeignKey(Measure.code))
    criterion: Mapped[str | None]
    industry: Mapped[str | None]
    park_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id, ondelete="CASCADE"))
    staff_from: Mapped[int | None]
    staff_to: Mapped[int | None]
    organisation_id: Mapped[int] = mapped_column(ForeignKey(Organisation.id, ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    days: Mapped[int | None] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(server_default="1")


class SupportCase(Base):
    """One measure for one firm, asked of a department, with what came of it.

    Without an organisation it was handed back and waits to be routed anew. `gap_closed_on` and
    `rung_reached_on` are written by the evaluation, not by people.
    """

    __tablename__ = "support_case"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("(closed_on is null) = (state in ('open', 'accepted', 'in_progress'))",
                        name="closed"),
        # One firm is not asked twice for the same at a time.
        Index("uq_support_case_open", "firm_id", "measure", unique=True, postgresql_where=IS_OPEN),
        Index("ix_support_case_firm_id", "firm_id", text("id desc")),
        Index("ix_support_case_work", "organisation_id", "due_on", postgresql_where=IS_OPEN),
        Index("ix_support_case_officer", "user_id", "due_on", postgresql_where=IS_OPEN),
        Index("ix_support_case_effect", "firm_id",
              postgresql_where=text("gap_closed_on is null or rung_reached_on is null")),
        Index("ix_support_case_measure", "measure", "state"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    measure: Mapped[str] = mapped_column(ForeignKey(Measure.code))
    # Which gaps it is to close, of which criteria set; the first is the one it is routed by.
    set_code: Mapped[str | None]
    criteria: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    opened_on: Mapped[date]
    opened_by: Mapped[str]
    due_on: Mapped[date]
    # The calendar of that year's holidays was not known yet.
    due_provisional: Mapped[bool] = mapped_column(server_default="false")
    answered_at: Mapped[Instant | None]
    closed_on: Mapped[date | None]
    result: Mapped[str | None]
    gap_closed_on: Mapped[date | None]
    rung_reached_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())


class CaseEntry(Base):
    """One thing that happened in a case; what the firm may see says so."""

    __tablename__ = "case_entry"
    __table_args__ = (
        CheckConstraint(f"kind in {ENTRY_KINDS}", name="kind"),
        Index("ix_case_entry_case_id", "case_id", "id"),
        Index("ix_case_entry_firm_id", "firm_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey(SupportCase.id, ondelete="CASCADE"))
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    kind: Mapped[str]
    text: Mapped[str | None]
    firm_sees: Mapped[bool] = mapped_column(server_default="false")
    document_id: Mapped[int | None] = mapped_column(ForeignKey(Document.id, ondelete="SET NULL"))
    recorded_by: Mapped[str]
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.now())
