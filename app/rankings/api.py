"""Rankings over HTTP."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.accounts.auth import Db, Reader
from app.core.clock import today
from app.core.resource import Resource
from app.pipeline.schemas import Query as Parameters
from app.pipeline.schemas import Year
from app.plans.schemas import Code
from app.rankings import service
from app.rankings.pages import table

router = APIRouter(prefix="/api/v1", tags=["targets"], route_class=Resource)


class RankingQuery(Parameters):
    """Which units, of which year, by which target."""

    kind: Literal["department", "park", "incubator"] = "park"
    year: Annotated[Year, Field(default_factory=lambda: today().year)]
    target: Code | None = None


class RankOut(BaseModel):
    """One unit; without a target or data it has no rank."""

    code: str
    name: str
    name_en: str | None
    rank: int | None
    rank_before: int | None
    composite: float | None
    scores: dict[str, float | None]
    values: dict[str, float | None]
    targets: int
    unknown_targets: int
    unknown_firms: int
    late: int


class RankingOut(BaseModel):
    """Units among their like on a day; `weights` in per cent."""

    kind: str
    year: int
    day: date
    weights: dict[str, int]
    items: list[RankOut]


@router.get("/rankings", operation_id="list_rankings")
def list_rankings(query: Annotated[RankingQuery, Query()], actor: Reader, db: Db) -> RankingOut:
    """As it stands now; for whoever sees a part only, as it was last kept."""
    found = table(db, actor, query.kind, query.year, query.target)
    rows = [{name: value for name, value in vars(row).items() if name in RankOut.model_fields}
            for row in found["rows"]]  # fmt: skip
    return RankingOut(
        kind=query.kind, year=query.year, day=found["day"], weights=service.WEIGHTS,
        items=[RankOut(**row, rank_before=found["before"].get(row["code"])) for row in rows],
    )  # fmt: skip
