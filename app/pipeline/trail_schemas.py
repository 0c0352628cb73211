"""What crosses the wire about the trail: a firm's history, and the auditor's entries."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from app.firms.catalogue import Label


class Period(BaseModel):
    """From the first to the last day, both included."""

    first: date | None
    last: date | None


class Change(BaseModel):
    """One column before and after, as a value and in words; money in yuan."""

    column: str
    label: Label
    unit: str | None
    before: Any
    after: Any
    shown_before: Label | None
    shown_after: Label | None


class TrailRow(BaseModel):
    """One record that an act changed; `record` is what it is called."""

    key: str
    record: Label
    firm_id: int | None
    changes: list[Change]


class Who(BaseModel):
    """Who acted, and for whom."""

    name: str
    role: str | None
    role_label: Label
    organisation: Label | None


class HistoryItem(BaseModel):
    """One act that touched a firm."""

    id: int
    at: datetime
    who: Who
    request_id: str | None
    reason: str | None
    table: str
    table_label: Label
    action: str
    action_label: Label
    rows: list[TrailRow]


class HistoryPage(BaseModel):
    """A page of a firm's history, newest first; `next` is the cursor of the following one."""

    items: list[HistoryItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class ActsOut(BaseModel):
    """What was done to something that belongs to no firm, newest first: the latest hundred acts."""

    items: list[HistoryItem]


class EntryItem(HistoryItem):
    """One act as the auditor sees it; `rows` are its first ones, `row_count` tells how many."""

    user_id: int | None
    token_id: int | None
    organisation_id: int | None
    row_count: int
    detail: dict[str, Any] | None


class EntryPage(BaseModel):
    """A page of the trail, newest first."""

    items: list[EntryItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class RowPage(BaseModel):
    """Rows of one act; `next` is the number after which the following ones begin."""

    entry: EntryItem
    next: int | None
