"""What crosses the wire between the grid and the server."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Invalid
from app.firms.schemas import LARGEST_ID

MOST_CELLS = 5_000
LONGEST = 200
Unit = Literal["wan", "yuan", "yi"]
Status = Literal["saved", "unchanged", "conflict", "faulty", "skipped"]


class CellIn(BaseModel):
    """One cell as typed; an empty text takes the value away."""

    model_config = ConfigDict(extra="forbid", strict=True)
    firm: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    column: Annotated[str, Field(max_length=60)]
    text: Annotated[str, Field(max_length=LONGEST)]


class CellsIn(BaseModel):
    """A block of cells of one year; `clear`: what says “no value” takes the value away."""

    model_config = ConfigDict(extra="forbid", strict=True)
    year: Annotated[int, Field(ge=1990, le=2199)]
    unit: Unit = "wan"
    set: Annotated[str | None, Field(max_length=100)] = None
    clear: bool = True
    cells: Annotated[list[CellIn], Field(min_length=1, max_length=MOST_CELLS)]


class RivalOut(BaseModel):
    """A value that another source, or a lesser one, gives for the same cell."""

    id: int
    text: str
    source: str


class CellOut(BaseModel):
    """One cell afterwards: what stands, what was typed, and why it could not be stored."""

    firm: int
    column: str
    status: Status
    text: str
    source: str | None = None
    typed: str | None = None
    fault: str | None = None
    rivals: list[RivalOut] = []


class StandingOut(BaseModel):
    """Where a firm stands against the chosen set."""

    firm: int
    outcome: str
    label: str
    unmet: int
    unknown: int
    readiness: int


class CellsOut(BaseModel):
    """Every cell's result, and where the firms of the block stand now."""

    cells: list[CellOut]
    firms: list[StandingOut]


class FilledIn(BaseModel):
    """One firm's form: each column, what is typed there, and what stood there when it was shown."""

    year: Annotated[int, Field(ge=1990, le=2199)]
    unit: Unit
    column: list[str] = []
    typed: list[str] = []
    was: list[str] = []

    def changed(self, firm: int) -> list[CellIn]:
        """Only what somebody touched: the rest may have been changed by others meanwhile."""
        if not len(self.column) == len(self.typed) == len(self.was):
            raise Invalid("表单不完整：请刷新后重填 (incomplete form: reload the page)")
        rows = zip(self.column, self.typed, self.was, strict=True)
        return [
            CellIn(firm=firm, column=code[:60], text=text[:LONGEST])
            for code, text, before in rows
            if text.strip() != before.strip()
        ]
