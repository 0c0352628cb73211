"""What crosses the wire about money from outside."""

from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from app.firms.record_schemas import Money, PaidIn, in_order
from app.firms.schemas import Text
from app.funding.models import LOAN_KINDS, PLEDGE_KINDS, ROUNDS, SEED_KINDS, SUBSIDY_KINDS


class FundedIn(PaidIn):
    """Money whose amount is known."""

    amount: Money


class EquityRoundIn(FundedIn):
    """An investor's round."""

    investor: Text
    kind: Literal[ROUNDS]  # type: ignore[valid-type]


class LoanIn(FundedIn):
    """A loan, told apart by lender and contract number."""

    days = ("放款日期", "结清日期")
    lender: Text
    number: Text
    kind: Literal[LOAN_KINDS]  # type: ignore[valid-type]
    due_on: date | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Paid out before it is due."""
        in_order("放款日期", self.happened_on, "到期日期", self.due_on)
        return self


class PledgeIn(FundedIn):
    """A registered pledge; the amount is what it secures."""

    number: Text
    name: Text
    kind: Literal[PLEDGE_KINDS]  # type: ignore[valid-type]
    creditor: Text


class SeedFundingIn(FundedIn):
    """Money of a seed fund."""

    fund: Text
    kind: Literal[SEED_KINDS]  # type: ignore[valid-type]


class SubsidyIn(FundedIn):
    """Public money of a programme."""

    programme: Text
    kind: Literal[SUBSIDY_KINDS]  # type: ignore[valid-type]
    number: Text | None = None
