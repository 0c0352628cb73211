"""Target lists over HTTP: what stands, within what the actor may read."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from app.accounts.auth import Db, Reader
from app.core.clock import today
from app.core.resource import Resource
from app.firms.schemas import LARGEST_ID
from app.pipeline.schemas import Query as Parameters
from app.pipeline.schemas import Year
from app.plans.schemas import decimal
from app.target_lists.standing import Item, Standing, climbed, get, standings, visible_lists

router = APIRouter(prefix="/api/v1", tags=["targets"], route_class=Resource)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]


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
def get_target_list(number: Number, actor: Reader, db: Db) -> ListOut:
    """One list with values, lights, reports and notices."""
    return ListOut.of(standings(db, actor, [get(db, actor, number)])[0])
