"""What crosses the wire about exports."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.exports.service import LONGEST_QUERY
from app.firms.schemas import Body


class ExportIn(Body):
    """Which list, which rows and columns of it, as what."""

    of: str = Field(
        max_length=60, description="`firms`, `pool`, `board`, `leads`, `carriers`, `records/{kind}`"
    )
    query: str = Field(
        "", max_length=LONGEST_QUERY, description="The list's query, as its page takes it"
    )
    format: Literal["csv", "xlsx"] = "xlsx"


class ExportOut(BaseModel):
    """A file and how far it is; `rows` at last is how many it holds, `size` in bytes."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    of: str
    query: str
    format: str
    state: Literal["waiting", "running", "ready", "gone", "cancelled", "failed"]
    rows: int
    done: int
    size: int | None
    problem: str | None
    asked_at: datetime
    finished_at: datetime | None


class ExportsOut(BaseModel):
    """The latest exports that one asked for."""

    items: list[ExportOut]
