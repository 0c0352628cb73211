"""What crosses the wire about duplicates and merges."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.firms.schemas import LARGEST_ID, Body, Prose

Reason = Literal["name", "core", "right", "sound", "address"]


class FirmOfPair(BaseModel):
    """One of two firms that may be one."""

    id: int
    name: str
    credit_code: str | None
    registered_on: date | None
    address: str | None
    source: str


class PairOut(BaseModel):
    """Two firms that may be one: why, how strongly, and what was decided."""

    one: FirmOfPair
    other: FirmOfPair
    reasons: list[Reason] = Field(
        description="`name`; `core`: the name without legal form and place; `sound`: its pinyin; "
        "`address`; `right`: one that both claim"
    )
    score: int
    found_at: datetime
    decided_by: str | None = Field(None, description="Who said that they are not the same.")
    decided_at: datetime | None
    decided_reason: str | None


class PairPage(BaseModel):
    """A page of pairs, the strongest first; `next` goes into `after`."""

    items: list[PairOut]
    next: str | None


class DistinctIn(Body):
    """Why two firms are not the same."""

    reason: Prose


class MergeIn(Body):
    """The firm that is taken in, and why they are the same."""

    other_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    reason: Prose


class MergedOut(BaseModel):
    """What a merge did, or would do: rows by table."""

    merge_id: int
    firm_id: int
    gone_id: int
    moved: dict[str, int]
    superseded: dict[str, int] = Field(description="Came as history: the firm has its own.")
    aside: dict[str, int] = Field(description="Said nothing new; kept for an un-merge.")
    filled: list[str] = Field(description="Fields that were blank and are taken over.")
    conflicts: int = Field(description="Figures that differ and wait to be settled.")


class MergeOut(BaseModel):
    """A merge on record."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    firm_id: int
    gone_id: int
    gone_name: str
    reason: str
    merged_by: str
    merged_at: datetime
    undone_by: str | None
    undone_at: datetime | None


class MergesOut(BaseModel):
    """The latest merges."""

    items: list[MergeOut]
