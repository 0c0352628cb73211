"""Criteria sets as they were loaded; a set that has been used is never changed."""

from datetime import date

from sqlalchemy import Identity, Index, SmallInteger, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant


class CriteriaSet(Base):
    """One version of one title's criteria: the text that was in force from a day to a day.

    `content` is the set as written; `digest` proves that a used set has not been edited.
    """

    __tablename__ = "criteria_set"
    __table_args__ = (Index("ix_criteria_set_title", "title", "purpose", "since"),)

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    purpose: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
    digest: Mapped[str]
    loaded_at: Mapped[Instant] = mapped_column(server_default=func.now())
    first_used_at: Mapped[Instant | None]
