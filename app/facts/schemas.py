"""What crosses the wire about records of firms: one schema per kind, over one common base."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.core.clock import today
from app.firms.models import DESIGNATION_KINDS, INCIDENT_KINDS
from app.firms.schemas import LARGEST_ID, Body, Number, Prose, Text
from app.incubation.models import FOUNDER_KINDS, SERVICE_KINDS, SPIN_OFF_WAYS
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, WAYS_ACQUIRED
from app.leading.models import BOARDS, CHAIN_ROLES, LISTING_STEPS

Level = Literal[LEVELS]  # type: ignore[valid-type]
Rank = Annotated[int, Field(strict=True, ge=1, le=999)]
Truth = Annotated[bool, Field(strict=True)]
Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
Hours = Annotated[Number, Field(gt=0, le=1000, decimal_places=2)]
Money = Annotated[Number, Field(ge=0, max_digits=17, decimal_places=2)]
# The records of which somebody may confirm that they are complete.
CHECKED_KINDS = ("ip_right", "award", "standard", "rd_body")


class FactIn(Body):
    """What every record says: which firm it is about."""

    firm_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class AwardIn(FactIn):
    """A science award."""

    name: Text
    level: Level
    rank: Rank | None = None
    awarded_on: date

    @model_validator(mode="after")
    def sound(self) -> "AwardIn":
        """Nobody has been given tomorrow's award."""
        past("获奖日期", self.awarded_on)
        return self


class StandardIn(FactIn):
    """A standard that the firm took part in drafting."""

    name: Text
    number: Text | None = None
    level: Level
    rank: Rank | None = None
    published_on: date


class IpRightIn(FactIn):
    """An intellectual property right; what is not answered is unknown."""

    kind: Literal[IP_KINDS]  # type: ignore[valid-type]
    title: Text
    number: Text | None = None
    applied_on: date | None = None
    granted_on: date | None = None
    ended_on: date | None = None
    owner_rank: Rank | None = None
    acquired: Literal[WAYS_ACQUIRED] | None = None  # type: ignore[valid-type]
    acquired_on: date | None = None
    disputed: Truth | None = None
    core_support: Truth | None = None
    main_product: Truth | None = None
    earning: Truth | None = None
    high_value: list[Literal[HIGH_VALUE_REASONS]] = Field(default_factory=list)  # type: ignore[valid-type]
    used_in: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def sound(self) -> "IpRightIn":
        """A right is applied for, then granted, then ends."""
        in_order("申请日", self.applied_on, "授权日", self.granted_on)
        in_order("授权日", self.granted_on, "终止日", self.ended_on)
        return self


class IncidentIn(FactIn):
    """A dated record that blocks."""

    kind: Literal[INCIDENT_KINDS]  # type: ignore[valid-type]
    grade: Text | None = None
    happened_on: date
    ended_on: date | None = None
    description: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> "IncidentIn":
        """It happens, and only then it ends."""
        past("发生日期", self.happened_on)
        in_order("发生日期", self.happened_on, "结束日期", self.ended_on)
        return self


class SpanIn(FactIn):
    """What holds from a day to a day; both belong to it, and no last day means until further."""

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def ordered(self) -> "SpanIn":
        """It begins before it ends."""
        in_order("起始日", self.valid_from, "截止日", self.valid_to)
        return self


class RdBodyIn(SpanIn):
    """A research body that the firm hosts."""

    name: Text
    level: Level


class DesignationIn(SpanIn):
    """A title, certificate, registration or membership of the pool: who decided and why."""

    kind: Literal[DESIGNATION_KINDS]  # type: ignore[valid-type]
    number: Text | None = None
    level: Text | None = None
    batch: Text | None = None
    granted_by: Text | None = None
    granted_under: Text | None = None
    decided_reason: Text
    end_reason: Text | None = None


class ResidencyIn(SpanIn):
    """A stay in an incubator."""

    incubator_id: Id
    premises_inside: Truth | None = None
    field: Text | None = None
    limit_months: Annotated[int, Field(strict=True, ge=1, le=600)] = 48
    graduated_on: date | None = None
    left_reason: Text | None = None

    @model_validator(mode="after")
    def sound(self) -> "ResidencyIn":
        """Nobody graduates before moving in, tomorrow, or while staying on."""
        if self.graduated_on is not None:
            past("毕业日期", self.graduated_on)
            in_order("入驻日期", self.valid_from, "毕业日期", self.graduated_on)
            if self.valid_to is None:
                raise ValueError("已毕业须有离开日期：请填写 valid_to (a graduate has left)")
        return self


class LocationIn(SpanIn):
    """The park that a firm is located in."""

    park_id: Id


class JudgementIn(FactIn):
    """What a person found where a criterion asks for judgement: yes or no, or points."""

    criterion: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]
    holds: Truth | None = None
    points: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    evidence: Prose
    judged_on: date

    @model_validator(mode="after")
    def sound(self) -> "JudgementIn":
        """One answer, of a day that has come."""
        if (self.holds is None) == (self.points is None):
            raise ValueError("holds 和 points 必须且只能填一个 (give either holds or points)")
        past("判断日期", self.judged_on)
        return self


class RecordCheckIn(FactIn):
    """Somebody confirms that the firm's records of a kind are complete up to a day."""

    kind: Literal[CHECKED_KINDS]  # type: ignore[valid-type]
    checked_on: date

    @model_validator(mode="after")
    def sound(self) -> "RecordCheckIn":
        """Nobody knows what is yet to come."""
        past("确认日期", self.checked_on)
        return self


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

    @model_validator(mode="after")
    def sound(self) -> "ServiceRecordIn":
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
    def sound(self) -> "SpinOffIn":
        """Nothing comes out of itself, nor tomorrow."""
        past("裂变日期", self.spun_off_on)
        if self.parent_id == self.firm_id:
            raise ValueError("母体企业不能是企业自己：请填写裂变出它的企业 (its own parent)")
        return self


class FoundingIn(FactIn):
    """Researchers or graduates behind the firm, by their institution; names are not asked."""

    kind: Literal[FOUNDER_KINDS]  # type: ignore[valid-type]
    institution: Text
    since: date
    ended_on: date | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> "FoundingIn":
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
    def sound(self) -> "ContestEntryIn":
        """Nobody wins before entering, and nothing is won without a place and a day."""
        past("参赛日期", self.entered_on)
        in_order("参赛日期", self.entered_on, "获奖日期", self.won_on)
        if (self.place is None) != (self.won_on is None):
            raise ValueError("名次和获奖日期要么都填，要么都空：请补齐 (give both or neither)")
        if self.prize is not None and self.place is None:
            raise ValueError("有奖金而没有名次：请填写名次和获奖日期 (a prize needs a place)")
        return self


class ChainMemberIn(FactIn):
    """The firm's part in an industry chain."""

    chain: Text
    role: Literal[CHAIN_ROLES]  # type: ignore[valid-type]
    since: date
    ended_on: date | None = None
    link: Text | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> "ChainMemberIn":
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
    def sound(self) -> "ListingStepIn":
        """It was reached; whoever is listed is so somewhere."""
        past("日期", self.reached_on)
        if self.step == "listed" and self.board is None:
            raise ValueError("已上市须填写板块，例如 bse (say on which board)")
        return self


def in_order(first: str, earlier: date | None, then: str, later: date | None) -> None:
    """Refuse two known days in the wrong order."""
    if earlier is not None and later is not None and later < earlier:
        raise ValueError(
            f"{then} {later} 早于{first} {earlier}：请核对两个日期 (dates are in the wrong order)"
        )


def past(what: str, day: date) -> None:
    """Refuse a day that has not come."""
    if day > today():
        raise ValueError(f"{what} {day} 尚未到来：请填写已发生的日期 (lies in the future)")
