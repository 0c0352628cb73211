"""What crosses the wire about duties."""

from datetime import date
from typing import Any

from pydantic import BaseModel

from app.duties.catalogue import DUTIES


class DutyOut(BaseModel):
    """A duty as it is told: `notice` counts months before the due day."""

    code: str
    label: dict[str, str]
    designations: list[str]
    article: str
    where: str
    why: dict[str, str]
    notice: list[int]


class DutiesOut(BaseModel):
    """The catalogue of duties."""

    items: list[DutyOut]


class DutyRow(BaseModel):
    """One duty of one firm; `stage` is 0 once the day is over, else the months of the notice.

    `period` is the year reported, or the day it counts from; a record of it names the same.
    """

    id: int | None = None
    firm_id: int | None = None
    duty: str | None = None
    due: date | None = None
    period: str | None = None
    stage: int | None = None
    done_on: date | None = None
    done_id: int | None = None
    name: str | None = None
    credit_code: str | None = None
    rung: str | None = None
    park: dict[str, Any] | None = None
    incubator: dict[str, Any] | None = None


class DutyPage(BaseModel):
    """A page of duties."""

    items: list[DutyRow]
    next: str | None
    count: int | None
    count_is_exact: bool | None


def catalogue() -> DutiesOut:
    """Every duty."""
    return DutiesOut(items=[
        DutyOut(code=one.code, label=one.label.model_dump(), designations=list(one.of),
                article=one.article, where=one.where, why=one.why.model_dump(),
                notice=list(one.notice))
        for one in DUTIES.values()
    ])  # fmt: skip
