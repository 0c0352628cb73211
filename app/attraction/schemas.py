"""What crosses the wire about leads."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.attraction.models import CHANNELS, LOST_REASONS, STAGES
from app.core.clock import today
from app.firms.record_schemas import Id, Money
from app.firms.schemas import Body, Prose, Text

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class LeadKey(Body):
    """Which lead: its name, and the day of the first contact."""

    name: Name
    since: date


class LeadIn(LeadKey):
    """A firm that may come; `since` is the first contact, `investment` in yuan."""

    channel: Literal[CHANNELS]  # type: ignore[valid-type]
    chain: Text | None = None
    partner: Text | None = None
    introduced_by: Text | None = None
    investment: Money | None = None
    description: Prose | None = None
    organisation_id: Id | None = None
    owner: Text | None = None
    park_id: Id | None = None
    next_step: Prose | None = None
    next_on: date | None = None

    @model_validator(mode="after")
    def sound(self) -> "LeadIn":
        """It has begun; what is next is said; who introduced it is named where a firm did."""
        if self.since > today():
            raise ValueError(f"首次接触 {self.since} 尚未到来：请核对日期 (lies in the future)")
        if self.next_on is not None and self.next_step is None:
            raise ValueError("有下一步日期而没有下一步：请填写要做什么 (say what is next)")
        if self.channel == "firm_introduces_firm" and self.introduced_by is None:
            raise ValueError("以企引企须填写引荐企业 introduced_by (say which firm introduced it)")
        return self


class MoveIn(Body):
    """A step: to which stage, when, what happened, what is next.

    Landing names the firm: `firm_id` of one on record, or `credit_code` and `registered_on` of one
    to be registered under the lead's name, or under `name`. A loss says why.
    """

    stage: Literal[STAGES]  # type: ignore[valid-type]
    day: date
    note: Prose
    next_step: Prose | None = None
    next_on: date | None = None
    lost_reason: Literal[LOST_REASONS] | None = None  # type: ignore[valid-type]
    firm_id: Id | None = None
    name: Name | None = None
    credit_code: Text | None = None
    registered_on: date | None = None

    @model_validator(mode="after")
    def sound(self) -> "MoveIn":
        """What lands has a firm, what is lost has a reason, and nothing else has either."""
        given = self.firm_id is not None or self.credit_code is not None
        if (self.stage == "landed") != given:
            raise ValueError(
                "落地须指明企业：填写 firm_id，或新企业的 credit_code 和 registered_on；"
                "其他阶段不填 (a landed lead has a firm: give firm_id, or credit_code and "
                "registered_on of a new one; at other stages leave them out)"
            )
        if self.credit_code is not None and self.registered_on is None:
            raise ValueError(
                "新企业须填写成立日期 registered_on "
                "(give registered_on, the day on which a new firm was registered)"
            )
        if (self.stage == "lost") != (self.lost_reason is not None):
            raise ValueError("流失须填写原因 lost_reason，其他阶段不填 (a loss has a reason)")
        if self.next_on is not None and self.next_step is None:
            raise ValueError("有下一步日期而没有下一步：请填写要做什么 (say what is next)")
        return self


class LeadOut(BaseModel):
    """A lead."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    since: date
    stage: str
    stage_on: date
    channel: str
    chain: str | None
    partner: str | None
    introduced_by: str | None
    investment: Decimal | None
    description: str | None
    organisation_id: int | None
    owner: str | None
    park_id: int | None
    next_step: str | None
    next_on: date | None
    lost_reason: str | None
    firm_id: int | None
    version: int


class LeadPage(BaseModel):
    """A page of leads."""

    items: list[dict[str, Any]]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class StepOut(BaseModel):
    """What was done with a lead."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    taken_on: date
    stage: str
    note: str
    recorded_by: str | None
    recorded_at: datetime


class StepsOut(BaseModel):
    """Every step, the latest first."""

    items: list[StepOut]


class LeadRows(Body):
    """Leads by the hundred: each as it would be added, told apart by name and first contact."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]


class RowOut(BaseModel):
    """What became of a row: `index` counts from 0."""

    index: int
    outcome: Literal["created", "updated", "unchanged", "rejected"]
    id: int | None = None
    errors: list[dict[str, str]] = []


class RowsOut(BaseModel):
    """What became of every row; created, updated, unchanged and rejected are all of them."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    rows: list[RowOut]
