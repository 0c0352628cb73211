"""What crosses the wire about carriers: what they are and achieve, who enters and leaves."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from app.carriers.service import LEFT_REASONS, LONGEST_STAY, Entry, Graduation, Team
from app.firms.record_schemas import Id, Money, Truth
from app.firms.schemas import Body, Prose, Text
from app.incubation.models import CARRIER_KINDS, PLATFORM_PLACES, REWARDED
from app.innovation.schemas import Level

Count = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
KindOfCarrier = Literal[CARRIER_KINDS]  # type: ignore[valid-type]
Measure = Literal[REWARDED]  # type: ignore[valid-type]


class CarrierIn(Body):
    """What a carrier is; area in square metres."""

    kind: KindOfCarrier
    level: Level | None = None
    platform: Literal[PLATFORM_PLACES] | None = None  # type: ignore[valid-type]
    area_m2: Count | None = None
    seats: Count | None = None
    opened_on: date | None = None
    field: Text | None = None
    operator: Text | None = None


class RateIn(Body):
    """What one of a measure earns, in yuan, from a day on, by which document."""

    measure: Measure
    amount: Money
    since: date
    basis: Text


class EntryIn(Body):
    """A firm that enters: one on record by its number, or a new one by its name."""

    firm_id: Id | None = None
    name: Text | None = None
    credit_code: Text | None = None
    registered_on: date | None = None
    chain: Text | None = None
    since: date
    premises_inside: Truth | None = None
    field: Text | None = None
    limit_months: Annotated[int, Field(strict=True, ge=1, le=LONGEST_STAY)] = 48
    despite_namesake: Truth = False

    @model_validator(mode="after")
    def one_of_two(self) -> "EntryIn":
        """Either who is on record, or who is to be."""
        if (self.firm_id is None) == (self.name is None):
            raise ValueError(
                "请填写 firm_id（已登记的企业）或 name（新团队、新企业）之一 (one of both)"
            )
        return self

    def entry(self) -> Entry:
        """How it enters."""
        return Entry(self.since, self.premises_inside, self.field, self.limit_months)

    def team(self) -> Team:
        """Who is new."""
        return Team(self.name or "", self.credit_code, self.registered_on, self.chain,
                    self.despite_namesake)  # fmt: skip


class GraduationIn(Body):
    """A graduation; `despite` where the rules are not met, which only analysts may say."""

    day: date
    reason: Prose
    despite: Truth = False

    def graduation(self) -> Graduation:
        """As it is decided."""
        return Graduation(self.day, self.reason, self.despite)


class LeaveIn(Body):
    """The last day inside and why."""

    day: date
    reason: Literal[LEFT_REASONS]  # type: ignore[valid-type]
    more: Prose | None = None

    def said(self) -> str:
        """The reason with what was added."""
        return f"{self.reason}: {self.more}" if self.more else str(self.reason)


class PromotionIn(Body):
    """To which carrier, from which day, and why."""

    to: Id
    day: date
    reason: Prose


class DecisionIn(Body):
    """What is decided of a proposal, and why."""

    accepted: Truth
    reason: Prose


class RegistrationIn(Body):
    """What a team is called now that it is a firm."""

    name: Text
    credit_code: Text
    registered_on: date

    def team(self) -> Team:
        """As it is recorded."""
        return Team(self.name, self.credit_code, self.registered_on)


class CarrierOut(BaseModel):
    """A carrier and what it achieved in a year; money in yuan, hours as noted."""

    id: int
    code: str
    name: str
    name_en: str | None
    kind: str | None
    level: str | None
    platform: str | None
    area_m2: int | None
    seats: int | None
    year: int
    residents: int
    entered: int
    graduates: int
    left_otherwise: int
    tech_based: int
    certified: int
    services: int
    hours: Decimal
    funds: Decimal
    reward: Decimal


class CarriersOut(BaseModel):
    """Every carrier."""

    items: list[CarrierOut]


class CarrierDetail(CarrierOut):
    """One carrier; `version` is 0 where nothing is on record of it yet."""

    opened_on: date | None
    field: str | None
    operator: str | None
    version: int


class ResidencyOut(BaseModel):
    """A stay: its last day is inside it."""

    id: int
    firm_id: int
    incubator_id: int
    since: date | None
    until: date | None
    premises_inside: bool | None
    field: str | None
    limit_months: int
    graduated_on: date | None
    left_reason: str | None
    decided_reason: str | None


class ResidenciesOut(BaseModel):
    """Who lives in a carrier."""

    items: list[ResidencyOut]


class ProposalOut(BaseModel):
    """A promotion proposed or decided."""

    id: int
    firm_id: int
    from_id: int
    to_id: int
    starts_on: date
    reason: str
    accepted: bool | None
    decided_on: date | None
    decided_reason: str | None


class ProposalsOut(BaseModel):
    """Promotions that wait."""

    items: list[ProposalOut]


class RateOut(BaseModel):
    """A rate."""

    id: int
    measure: str
    amount: Decimal
    since: date
    basis: str


class RatesOut(BaseModel):
    """Every rate."""

    items: list[RateOut]
