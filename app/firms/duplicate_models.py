"""Firms that may be one: pairs that were found, and merges with all that an un-merge puts back."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.core.db import Base, Instant
from app.firms.models import Firm

# Why two firms may be one, and how much each reason weighs.
REASONS = {"name": 4, "core": 3, "right": 3, "sound": 2, "address": 1}
ACTIONS = ("moved", "aside", "added", "filled")


class DuplicatePair(Base):
    """Two firms that may be one; what a person decided about them is remembered."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        CheckConstraint("firm_id < other_id", name="order"),
        CheckConstraint("(decided_at is null) = (decided_by is null)", name="decided"),
        Index("ix_duplicate_pair_open", text("score desc"), "firm_id", "other_id",
              postgresql_where=text("decided_at is null")),
        Index("ix_duplicate_pair_other_id", "other_id"),
    )  # fmt: skip

    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"), primary_key=True)
    # Empty where a person alone said something of the two.
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    score: Mapped[int] = mapped_column(SmallInteger)
    found_at: Mapped[Instant] = mapped_column(server_default=func.now())
    # That they are not the same: who said so, when, and why.
    decided_by: Mapped[str | None]
    decided_at: Mapped[Instant | None]
    decided_reason: Mapped[str | None]


class FirmMerge(Base):
    """One firm taken into another; `before` is the record of the firm that is gone."""

    __tablename__ = "firm_merge"
    __table_args__ = (
        Index("ix_firm_merge_firm_id", "firm_id"),
        Index("ix_firm_merge_gone_id", "gone_id", postgresql_where=text("undone_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    gone_id: Mapped[int]
    gone_name: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str]
    merged_by: Mapped[str]
    merged_at: Mapped[Instant] = mapped_column(server_default=func.now())
    undone_by: Mapped[str | None]
    undone_at: Mapped[Instant | None]


class FirmMergeRow(Base):
    """One row that a merge touched: which, how, and what its columns held."""

    __tablename__ = "firm_merge_row"
    __table_args__ = (
        CheckConstraint(f"action in {ACTIONS}", name="action"),
        Index("ix_firm_merge_row_merge_id", "merge_id", "table_name"),
        Index("ix_firm_merge_row_firm_id", "firm_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    merge_id: Mapped[int] = mapped_column(ForeignKey(FirmMerge.id, ondelete="CASCADE"))
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    table_name: Mapped[str]
    action: Mapped[str]
    # What names the row beside its firm, and the values that it had.
    key: Mapped[dict[str, Any]] = mapped_column(JSONB)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
