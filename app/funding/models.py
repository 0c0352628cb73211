"""Money that a firm got from others, and what it gave as security."""

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.core.db import Base
from app.firms.models import CURRENT
from app.firms.record_models import Dated, Paid, Record, told_apart

ROUNDS = ("seed", "angel", "pre_a", "a", "b", "c", "later", "strategic", "share_issue")
LOAN_KINDS = ("knowledge_value", "light_asset", "commercial_value", "ip_pledge", "credit", "other")
PLEDGE_KINDS = ("patent", "trademark", "copyright", "equity", "other")
SEED_KINDS = ("equity", "loan", "subsidy")
SUBSIDY_KINDS = ("grant", "reward", "voucher", "interest", "other")


class EquityRound(Paid, Dated, Record, Base):
    """An investor's money for a share of the firm; `ended_on` is the day of leaving."""

    __tablename__ = "equity_round"
    __table_args__ = (
        CheckConstraint(f"kind in {ROUNDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("equity_round", "investor", "happened_on"),
    )

    investor: Mapped[str]
    kind: Mapped[str]


class Loan(Paid, Dated, Record, Base):
    """A loan: paid out on `happened_on`, paid back on `ended_on`."""

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint(f"kind in {LOAN_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        CheckConstraint("due_on >= happened_on", name="due_on"),
        *told_apart("loan", "lender", "number"),
        Index("ix_loan_due_on", "due_on", postgresql_where=CURRENT),
    )

    lender: Mapped[str]
    number: Mapped[str]
    kind: Mapped[str]
    due_on: Mapped[date | None]


class Pledge(Paid, Dated, Record, Base):
    """What was given as security, registered on `happened_on` and set free on `ended_on`."""

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint(f"kind in {PLEDGE_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("pledge", "number"),
    )

    number: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    creditor: Mapped[str]


class SeedFunding(Paid, Dated, Record, Base):
    """Money of a public seed fund; `ended_on` is the day it left."""

    __tablename__ = "seed_funding"
    __table_args__ = (
        CheckConstraint(f"kind in {SEED_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("seed_funding", "fund", "happened_on"),
    )

    fund: Mapped[str]
    kind: Mapped[str]


class Subsidy(Paid, Dated, Record, Base):
    """A grant or reward of public money, by programme, paid on `happened_on`."""

    __tablename__ = "subsidy"
    __table_args__ = (
        CheckConstraint(f"kind in {SUBSIDY_KINDS}", name="kind"),
        CheckConstraint("ended_on >= happened_on", name="dates"),
        *told_apart("subsidy", "programme", "happened_on"),
        Index("ix_subsidy_programme", "programme", postgresql_where=CURRENT),
    )

    programme: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str | None]
