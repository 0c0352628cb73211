"""Target lists over HTTP: what stands, within what the actor may read."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.resource import Resource
from app.firms.schemas import LARGEST_ID, Body, Number
from app.pipeline.schemas import Day, Year
from app.pipeline.schemas import Query as Parameters
from app.plans.schemas import Code, decimal
from app.target_lists.reporting import report
from app.target_lists.standing import Item, Standing, climbed, get, standings, visible_lists

router = APIRouter(prefix="/api/v1", tags=["targets"], route_class=Resource)
ListNumber = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class ListsQuery(Parameters):
    """Of which year."""

    year: Annotated[Year, Field(default_factory=lambda: today().year)]


class ReportOut(BaseModel):
    """A month as the unit reported it, and as the register counted it then."""

    month: date
    value: Decimal
    counted: Decimal | None
    text: str
    evidence: str


class NoticeOut(BaseModel):
    """A notice of supervision; `with_` is to whom it has climbed."""

    id: int
    issued_on: date
    due_on: date
    reason: str
    answered_on: date | None
    closed_on: date | None
    with_: Annotated[str | None, Field(serialization_alias="with")]


class ItemOut(BaseModel):
    """One target of a list."""

    target: str
    start: Decimal | None
    goal: Decimal
    value: Decimal | None
    expected: Decimal | None
    pace: Decimal | None
    completion: Decimal | None
    light: str
    unknown_firms: int
    late: bool
    reports: list[ReportOut]
    notices: list[NoticeOut]

    @classmethod
    def of(cls, one: Item) -> "ItemOut":
        """As it is shown."""
        return cls(
            target=one.target.code, start=decimal(one.start), goal=decimal(one.goal) or Decimal(0),
            value=decimal(one.value), expected=decimal(one.expected), pace=decimal(one.pace),
            completion=decimal(one.completion), light=one.light, unknown_firms=one.unknown,
            late=one.late,
            reports=[ReportOut(month=r.month, value=r.value, counted=r.counted, text=r.text,
                               evidence=r.evidence) for r in one.reports],
            notices=[NoticeOut(id=n.id, issued_on=n.issued_on, due_on=n.due_on, reason=n.reason,
                               answered_on=n.answered_on, closed_on=n.closed_on,
                               with_=climbed(n, today())) for n in one.notices],
        )  # fmt: skip


class ListOut(BaseModel):
    """One unit's list."""

    id: int
    year: int
    plan: str
    organisation: str
    name: str
    status: str
    items: list[ItemOut]

    @classmethod
    def of(cls, one: Standing) -> "ListOut":
        """As it is shown."""
        return cls(id=one.owner.id, year=one.owner.year, plan=one.owner.plan_code,
                   organisation=one.body.code, name=one.body.name, status=one.owner.status,
                   items=[ItemOut.of(item) for item in one.items])  # fmt: skip


class ListsOut(BaseModel):
    """The lists of a year that the actor may read."""

    year: int
    items: list[ListOut]


@router.get("/target-lists", operation_id="list_target_lists")
def list_target_lists(query: Annotated[ListsQuery, Query()], actor: Reader, db: Db) -> ListsOut:
    """Every unit's list of a year, or one's own."""
    found = standings(db, actor, visible_lists(db, actor, query.year))
    return ListsOut(year=query.year, items=[ListOut.of(one) for one in found])


@router.get("/target-lists/{number}", operation_id="get_target_list")
def get_target_list(number: ListNumber, actor: Reader, db: Db) -> ListOut:
    """One list with values, lights, reports and notices."""
    return ListOut.of(standings(db, actor, [get(db, actor, number)])[0])


class ReportBody(Body):
    """What a unit reports of a month of one target; `month` is any day of it."""

    target: Code
    month: Day
    value: Number
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    evidence: Annotated[str, Field(min_length=1, max_length=500)]


@router.post("/target-lists/{number}/reports", operation_id="report_target", status_code=201)
def report_target(number: ListNumber, body: ReportBody, actor: CurrentActor, tx: Tx) -> ReportOut:
    """Report a month; by the list's own unit, or its token with `figures:write`.

    Reported again, the later report stands and the earlier one stays on record.
    """
    made = report(tx, actor, get(tx, actor, number, lock=True), body.model_dump())
    return ReportOut(month=made.month, value=made.value, counted=made.counted, text=made.text,
                     evidence=made.evidence)  # fmt: skip
