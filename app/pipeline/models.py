"""How far each firm is from each title, as last evaluated."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Instant


class Assessment(Base):
    """One firm held against one criteria set.

    `outcomes` and `gaps` follow the order of the set's criteria, nested ones included: outcomes as
    one number, two bits for each (`criteria.policy.Outcome.unpack`), gaps in the criterion's own
    gap unit (empty where met or unknown). `since` is the evaluation date from which this verdict
    has stood.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        # Nearest first, and among those the readiest.
        Index("ix_assessment_gap_count", "set_id", "gap_count", text("readiness desc"),
              text("firm_id desc")),
        # Holds what filters by criterion read: a set's verdicts are scanned without its rows,
        # which lie scattered among those of the other sets.
        Index("ix_assessment_readiness", "set_id", "readiness", "firm_id",
              postgresql_include=["outcome", "unmet_count", "unknown_count", "gap_count",
                                  "outcomes", "gaps"]),
    )  # fmt: skip

    # No keys into firms and sets, which would be tested for each of a register's verdicts: triggers
    # hold each statement's rows against the firms, and keep a used set from being deleted.
    firm_id: Mapped[int] = mapped_column(primary_key=True)
    set_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    since: Mapped[date]
    outcome: Mapped[int] = mapped_column(SmallInteger)
    unmet_count: Mapped[int] = mapped_column(SmallInteger)
    unknown_count: Mapped[int] = mapped_column(SmallInteger)
    gap_count: Mapped[int] = mapped_column(SmallInteger)
    readiness: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    outcomes: Mapped[int] = mapped_column(BigInteger)
    gaps: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))


class Evaluation(Base):
    """One run over the register: for which day, over how many firms, what changed."""

    __tablename__ = "evaluation"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    as_of: Mapped[date]
    started_at: Mapped[Instant] = mapped_column(server_default=func.now())
    finished_at: Mapped[Instant | None]
    firms: Mapped[int | None]
    changed: Mapped[int | None]


class PoolNorm(Base):
    """How one measure was spread over the pool at an evaluation: its deciles, unset below a few.

    `deciles` are the lowest value, the nine between, and the highest; the sixth is the median.
    """

    __tablename__ = "pool_norm"

    evaluation_id: Mapped[int] = mapped_column(
        ForeignKey(Evaluation.id, ondelete="CASCADE"), primary_key=True
    )
    measure: Mapped[str] = mapped_column(primary_key=True)
    firms: Mapped[int]
    deciles: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric))
