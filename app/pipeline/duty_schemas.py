"""What crosses the wire about duties."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.duties.catalogue import DUTIES
from app.duties.service import Done
from app.firms.schemas import Body, Prose

Code = Literal[tuple(DUTIES)]  # type: ignore[valid-type]


class DutyOut(BaseModel):
    """A duty as it is told: `notice` counts months before the due day."""

    code: str
    label: dict[str, str]
    designation: str
    article: str
    where: str
    why: dict[str, str]
    notice: list[int]


class DutiesOut(BaseModel):
    """The catalogue of duties."""

    items: list[DutyOut]


class DutyRow(BaseModel):
    """One duty of one firm; `stage` is 0 once the day is over, else the months of the notice."""

    id: int | None = None
    firm_id: int | None = None
    duty: str | None = None
    due: date | None = None
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


class DoneIn(Body):
    """A duty that was done."""

    duty: Code  # type: ignore[valid-type]
    due: date
    done_on: date
    note: Annotated[Prose, Field(max_length=1000)] | None = None

    def done(self) -> Done:
        """As the service takes it."""
        return Done(self.duty, self.due, self.done_on, self.note)


class DoneOut(BaseModel):
    """That a duty was done, as it was recorded."""

    id: int
    firm_id: int
    duty: str
    due: date
    done_on: date
    note: str | None
    recorded_by: str | None


def catalogue() -> DutiesOut:
    """Every duty."""
    return DutiesOut(items=[
        DutyOut(code=one.code, label=one.label.model_dump(), designation=one.of,
                article=one.article, where=one.where, why=one.why.model_dump(),
                notice=list(one.notice))
        for one in DUTIES.values()
    ])  # fmt: skip
