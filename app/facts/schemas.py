"""What crosses the wire about records of firms: one schema per kind, over one common base."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.core.clock import today
from app.firms.models import DESIGNATION_KINDS, INCIDENT_KINDS
from app.firms.schemas import LARGEST_ID, Body, Prose, Text
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, WAYS_ACQUIRED

Level = Literal[LEVELS]  # type: ignore[valid-type]
Rank = Annotated[int, Field(strict=True, ge=1, le=999)]
Truth = Annotated[bool, Field(strict=True)]
OrganisationId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
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

    incubator_id: OrganisationId
    premises_inside: Truth | None = None
    field: Text | None = None
    limit_months: Annotated[int, Field(strict=True, ge=1, le=600)] = 48
    graduated_on: date | None = None
    left_reason: Text | None = None


class LocationIn(SpanIn):
    """The park that a firm is located in."""

    park_id: OrganisationId


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
