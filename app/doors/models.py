"""Doors, what firms propose through them, and what they answer."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant
from app.firms.models import Firm
from app.support.models import SupportCase

CORRECTION_STATES = ("open", "accepted", "refused", "replaced")


class Door(Base):
    """A link by which a firm sees its own standing; it belongs to the browser that opened it."""

    __tablename__ = "door"
    __table_args__ = (Index("ix_door_firm_id", "firm_id", text("id desc")),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    # Hashes of the link's secret and of the cookie of the browser that opened it.
    secret_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str | None] = mapped_column(unique=True)
    # Whom it was given to, by duty: who it is, the contacts say.
    given_to: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
    expires_at: Mapped[Instant]
    opened_at: Mapped[Instant | None]
    used_at: Mapped[Instant | None]
    uses: Mapped[int] = mapped_column(server_default="0")
    # How often another browser was sent away.
    refusals: Mapped[int] = mapped_column(server_default="0")
    revoked_at: Mapped[Instant | None]
    revoked_by: Mapped[str | None]


class Correction(Base):
    """A figure as the firm says it is; nothing changes before somebody accepts it.

    `value` in stored steps, as in `submission`; `typed` the words in which it came.
    """

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint(f"state in {CORRECTION_STATES}", name="state"),
        CheckConstraint("(state = 'open') = (settled_at is null)", name="settled"),
        Index("uq_correction_open", "firm_id", "year", "indicator", unique=True,
              postgresql_where=text("state = 'open'")),
        Index("ix_correction_state", "state", "id"),
        Index("ix_correction_door_id", "door_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    door_id: Mapped[int] = mapped_column(ForeignKey(Door.id, ondelete="CASCADE"))
    year: Mapped[int] = mapped_column(SmallInteger)
    indicator: Mapped[str]
    value: Mapped[int] = mapped_column(BigInteger)
    typed: Mapped[str]
    note: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="open")
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())
    settled_by: Mapped[str | None]
    settled_at: Mapped[Instant | None]
    settled_reason: Mapped[str | None]


class DoorAnswer(Base):
    """How content a firm is, from 1 to 5: with one case, or with support as a whole."""

    __tablename__ = "door_answer"
    __table_args__ = (
        CheckConstraint("score between 1 and 5", name="score"),
        UniqueConstraint("door_id", "case_id", postgresql_nulls_not_distinct=True),
        Index("ix_door_answer_firm_id", "firm_id"),
        Index("ix_door_answer_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))
    door_id: Mapped[int] = mapped_column(ForeignKey(Door.id, ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey(SupportCase.id, ondelete="CASCADE"))
    score: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[str | None]
    answered_at: Mapped[Instant] = mapped_column(server_default=func.now())
