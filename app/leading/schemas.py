"""What crosses the wire about parts in chains and steps to a listing."""

from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from app.firms.record_schemas import FactIn, in_order, past
from app.firms.schemas import Prose, Text
from app.leading.models import BOARDS, CHAIN_ROLES, LISTING_STEPS


class ChainMemberIn(FactIn):
    """The firm's part in an industry chain."""

    chain: Text
    role: Literal[CHAIN_ROLES]  # type: ignore[valid-type]
    since: date
    ended_on: date | None = None
    link: Text | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """It begins, and only then it ends."""
        in_order("开始日期", self.since, "结束日期", self.ended_on)
        return self


class ListingStepIn(FactIn):
    """A step towards a listing."""

    step: Literal[LISTING_STEPS]  # type: ignore[valid-type]
    reached_on: date
    board: Literal[BOARDS] | None = None  # type: ignore[valid-type]
    code: Text | None = None
    sponsor: Text | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """It was reached; whoever is listed is so somewhere."""
        past("日期", self.reached_on)
        if self.step == "listed" and self.board is None:
            raise ValueError("已上市须填写板块，例如 bse (say on which board)")
        return self
