"""What crosses the wire about cases, measures and holidays."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.firms.catalogue import Label
from app.firms.record_schemas import Money
from app.firms.schemas import LARGEST_ID, Body, Number, Prose, Text
from app.support.opening import LONGEST, MOST

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
Days = Annotated[int, Field(ge=1, le=250)]
Staff = Annotated[int, Field(ge=0, le=10_000_000)]
Level = Literal["officer", "lead", "leader"]
Reason = Annotated[Prose, Field(max_length=LONGEST)]
Rung = Literal["incubated", "tech_based", "candidate", "certified", "little_giant"]
MeasureKind = Literal["technology", "talent", "finance", "ip", "data", "guidance"]


class CaseItem(BaseModel):
    """One case of a list."""

    id: int | None = None
    firm_id: int | None = None
    firm: str | None = None
    measure: str | None = None
    set_code: str | None = None
    criteria: list[str] | None = None
    reason: str | None = None
    state: str | None = None
    organisation_id: int | None = None
    organisation: str | None = None
    organisation_en: str | None = None
    user_id: int | None = None
    officer: str | None = None
    opened_on: date | None = None
    opened_by: str | None = None
    due_on: date | None = None
    due_provisional: bool | None = None
    closed_on: date | None = None
    result: str | None = None
    gap_closed_on: date | None = None
    rung_reached_on: date | None = None
    version: int | None = None


class CasePage(BaseModel):
    """A page of cases; `next` is the cursor of the following one."""

    items: list[CaseItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class EntryOut(BaseModel):
    """One thing that happened in a case."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    kind: str
    text: str | None
    firm_sees: bool
    document_id: int | None
    recorded_by: str
    recorded_at: datetime


class CaseOut(CaseItem):
    """One case with what happened."""

    model_config = ConfigDict(from_attributes=True)
    entries: list[EntryOut] = []


class OpenBody(Body):
    """Which firms, with which measure (each firm's best one if none), and how many cases.

    Each firm gets the reason that the preview showed, unless `reasons` gives another by its number;
    `remark` goes with every case.
    """

    of: Literal["firms", "pool"] = "pool"
    query: Annotated[str, Field(max_length=20_000)]
    measure: Text | None = None
    reasons: Annotated[dict[Id, Reason], Field(max_length=MOST)] = Field(default_factory=dict)
    remark: Reason | None = None
    days: Days | None = None
    expected: Annotated[int, Field(ge=1, le=MOST)]


class PreviewBody(Body):
    """Which firms, with which measure."""

    of: Literal["firms", "pool"] = "pool"
    query: Annotated[str, Field(max_length=20_000)]
    measure: Text | None = None


class PlannedOut(BaseModel):
    """One case that would be opened."""

    firm_id: int
    firm: str
    measure: str
    set_code: str | None
    criteria: list[str]
    # The firm's own; without one it must be given.
    reason: Label | None
    organisation_id: int
    user_id: int | None
    days: int


class PreviewOut(BaseModel):
    """How many firms were selected, the cases, and how many firms would have none."""

    selected: int
    without: int
    items: list[PlannedOut]


class OpenedOut(BaseModel):
    """The numbers of the cases that were opened."""

    ids: list[int]


class ActBody(Body):
    """What is done with a case; `version` is the one that was read."""

    act: Literal["accept", "start", "hand_back", "assign", "due", "note", "close"]
    version: Id
    text: Annotated[str, Field(max_length=4000)] = ""
    outcome: Literal["done", "not_possible", "not_reachable", "declined"] | None = None
    firm_sees: StrictBool = False
    organisation_id: Id | None = None
    user_id: Id | None = None
    due_on: date | None = None


class HandoverBody(Body):
    """Whose open cases go to whom (to nobody yet if `to` is absent), and how many they are."""

    leaving: Id
    to: Id | None = None
    expected: Annotated[int, Field(ge=1, le=10**6)]


class HandedOverOut(BaseModel):
    """The numbers of the cases that changed hands."""

    ids: list[int]


class ProposalOut(BaseModel):
    """One measure for one firm and the gaps that it closes."""

    measure: str
    label: Label
    lead: str
    set_code: str
    criteria: list[str]
    gap_count: int


class ProposalsOut(BaseModel):
    """The measures that help, the best first."""

    items: list[ProposalOut]


class MeasureIn(Body):
    """What a measure is; `lead` and `supporting` are codes of organisations."""

    label: Label
    kind: MeasureKind
    lead: Code
    supporting: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    citation: Text
    contact: Text | None = None
    documents: Prose | None = None
    days: Days
    budget: Money | None = None
    active: StrictBool = True


class MeasureOut(BaseModel):
    """A playbook."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    label: Label
    kind: str
    lead: str
    supporting: list[str]
    citation: str
    contact: str | None
    documents: str | None
    days: int
    budget: Number | None
    active: bool
    version: int


class MeasuresOut(BaseModel):
    """Every playbook."""

    items: list[MeasureOut]


class RouteRuleIn(Body):
    """To whom cases go for which every condition that is given holds."""

    measure: Code | None = None
    criterion: Code | None = None
    industry: Annotated[str, Field(pattern=r"^[A-T][0-9]{0,4}$")] | None = None
    park_id: Id | None = None
    staff_from: Staff | None = None
    staff_to: Staff | None = None
    organisation_id: Id
    user_id: Id | None = None
    days: Days | None = None


class RouteRuleOut(BaseModel):
    """A rule and its place among the others."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    position: int
    measure: str | None
    criterion: str | None
    industry: str | None
    park_id: int | None
    staff_from: int | None
    staff_to: int | None
    organisation_id: int
    user_id: int | None
    days: int | None
    version: int


class RouteRulesOut(BaseModel):
    """Every rule, in the order in which they are tried."""

    items: list[RouteRuleOut]


class OrderBody(Body):
    """All rules in the order in which they are to be tried."""

    ids: Annotated[list[Id], Field(max_length=1000)]


class RouteOut(BaseModel):
    """Where a case of a measure would go, and by which rule; none: to the measure's lead."""

    measure: str
    criteria: list[str]
    organisation_id: int
    user_id: int | None
    days: int
    rule_id: int | None


class RoutesOut(BaseModel):
    """Where the cases that would help a firm would go, the most helpful first."""

    items: list[RouteOut]


class ClockRuleOut(BaseModel):
    """At which working day before (negative) or after its due date a case is told to a level."""

    model_config = ConfigDict(from_attributes=True)
    level: str
    days: int


class ClockRulesOut(BaseModel):
    """Every step of the clock."""

    items: list[ClockRuleOut]


class HolidayBody(Body):
    """Whether one works on a day, and what day it is."""

    works: StrictBool
    name: Text


class HolidayOut(BaseModel):
    """A day that is not what its weekday says."""

    model_config = ConfigDict(from_attributes=True)
    day: date
    works: bool
    name: str | None
    changed_by: str | None


class HolidaysOut(BaseModel):
    """What is recorded of a year; without anything its due dates are provisional."""

    items: list[HolidayOut]


class HolidayKept(BaseModel):
    """How many open cases were due on a day that is off now, and moved to the next working day."""

    moved: int


class PlanItem(Body):
    """One measure and by when it is to be done."""

    measure: Code
    by: date


class PlanIn(Body):
    """What a firm's plan is to reach; `agreed_on` and `agreed_with` go together."""

    goal_rung: Rung
    goal_on: date
    items: Annotated[list[PlanItem], Field(max_length=100)] = Field(default_factory=list)
    note: Annotated[Prose, Field(max_length=2000)] | None = None
    agreed_on: date | None = None
    agreed_with: Annotated[Text, Field(max_length=100)] | None = None


class PlanGap(BaseModel):
    """What was missing when the plan was made; `gap` is exact, in `unit`."""

    set: str
    criterion: str
    outcome: str
    gap: str | None
    unit: str | None


class PlannedItem(BaseModel):
    """Who does what by when; `organisation` is a code."""

    measure: str
    organisation: str
    by: date


class PlanProgress(BaseModel):
    """How far a plan is: gaps closed of those it began with, cases done of all."""

    closed: int
    gaps: int
    done: int
    cases: int


class PlanVersion(BaseModel):
    """One version, in short."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    goal_rung: str
    goal_on: date
    agreed_on: date | None
    made_by: str
    made_at: datetime


class PlanVersionsOut(BaseModel):
    """Every version, the latest first."""

    items: list[PlanVersion]


class PlanOut(PlanVersion):
    """One version of a firm's plan, and how far it is today."""

    gaps: list[PlanGap]
    items: list[PlannedItem]
    note: str | None
    agreed_with: str | None
    progress: PlanProgress
