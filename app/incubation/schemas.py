"""What crosses the wire about services, spin-offs, founders and contests."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.firms.record_schemas import FactIn, Id, Money, in_order, past
from app.firms.schemas import Number, Prose, Text
from app.incubation.models import FOUNDER_KINDS, SERVICE_KINDS, SPIN_OFF_WAYS
from app.innovation.schemas import Level

Hours = Annotated[Number, Field(gt=0, le=1000, decimal_places=2)]


class ServiceRecordIn(FactIn):
    """Something done for a firm; without an organisation it was the one that records it."""

    kind: Literal[SERVICE_KINDS]  # type: ignore[valid-type]
    served_on: date
    hours: Hours | None = None
    organisation_id: Id | None = None
    person: Text | None = None
    effect: Prose | None = None
    next_step: Prose | None = None
    next_on: date | None = None
    note: Prose | None = None
    case_id: Id | None = None
    met: Annotated[list[Id], Field(max_length=20)] = Field(default_factory=list)
    attachments: Annotated[list[Id], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def sound(self) -> Self:
        """It was done; what is next comes after it, and says what it is."""
        past("服务日期", self.served_on)
        in_order("服务日期", self.served_on, "下一步日期", self.next_on)
        if self.next_on is not None and self.next_step is None:
            raise ValueError("有下一步日期而没有下一步：请填写要做什么 (say what is next)")
        return self


class SpinOffIn(FactIn):
    """The firm out of which this one came, and how."""

    parent_id: Id
    way: Literal[SPIN_OFF_WAYS]  # type: ignore[valid-type]
    spun_off_on: date
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Nothing comes out of itself, nor tomorrow."""
        past("裂变日期", self.spun_off_on)
        if self.parent_id == self.firm_id:
            raise ValueError(
                "母体企业不能是企业自己：请填写裂变出它的企业 "
                "(its own parent: give the firm it came from)"
            )
        return self


class FoundingIn(FactIn):
    """Researchers or graduates behind the firm, by their institution; names are not asked."""

    kind: Literal[FOUNDER_KINDS]  # type: ignore[valid-type]
    institution: Text
    since: date
    ended_on: date | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """It began, and only then it ends."""
        past("开始日期", self.since)
        in_order("开始日期", self.since, "结束日期", self.ended_on)
        return self


class ContestEntryIn(FactIn):
    """A contest entered; place and day together say that something was won."""

    name: Text
    level: Level
    entered_on: date
    place: Text | None = None
    won_on: date | None = None
    prize: Money | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Nobody wins before entering, and nothing is won without a place and a day."""
        past("参赛日期", self.entered_on)
        in_order("参赛日期", self.entered_on, "获奖日期", self.won_on)
        if (self.place is None) != (self.won_on is None):
            raise ValueError("名次和获奖日期要么都填，要么都空：请补齐 (give both or neither)")
        if self.prize is not None and self.place is None:
            raise ValueError("有奖金而没有名次：请填写名次和获奖日期 (a prize needs a place)")
        return self
