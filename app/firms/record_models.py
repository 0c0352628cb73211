"""What records of every kind have in common, beside what makes them facts.

A kind names its own columns and is told apart by its business key: no two records of a firm that
stand have the same.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import ARRAY, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.accounts.models import Organisation
from app.core.db import Yuan
from app.firms.models import CURRENT, Fact, Firm


class Record(Fact):
    """Which organisation has to do with it, what proves it, what else is to be said of it."""

    evidence: Mapped[str | None]
    notes: Mapped[str | None]
    # Numbers of documents of the firm; a document that was removed leaves its number behind.
    attachments: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")

    @declared_attr
    def organisation_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy calls it with the class
        """The unit that is in charge, pays, or hosts, as the kind has it."""
        return mapped_column(ForeignKey(Organisation.id))


class Hosted(Record):
    """A record of a firm, or of an organisation that is none."""

    @declared_attr
    def firm_id(cls) -> Mapped[int | None]:  # type: ignore[override]  # noqa: N805
        """The firm, unless `organisation_id` says whose it is."""
        return mapped_column(ForeignKey(Firm.id, ondelete="CASCADE"))


class Dated:
    """From which day, and until which, as far as it has ended."""

    happened_on: Mapped[date]
    ended_on: Mapped[date | None]


class Paid:
    """An exact amount of yuan; empty is unknown, not nought."""

    amount: Mapped[Decimal | None] = mapped_column(Yuan)


def told_apart(table: str, *key: str, day: str = "happened_on") -> tuple[Index, Index]:
    """The indexes of a kind: its records by firm and key, and all of them by day."""
    return (
        Index(f"uq_{table}_key", "firm_id", *key, unique=True, postgresql_where=CURRENT,
              postgresql_nulls_not_distinct=True),
        Index(f"ix_{table}_{day}", day, "id", postgresql_where=CURRENT),
    )  # fmt: skip
