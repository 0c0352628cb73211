"""What-if on a page: sliders, and beside them what turns; the address is the trial."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Db, Reader
from app.core.clock import today
from app.core.errors import NotFound
from app.core.web import render
from app.criteria.compiler import LoadedSet
from app.criteria.store import sets_in_force
from app.firms import queries
from app.firms.api import FirmId
from app.pipeline import trying
from app.pipeline.pages import WORDS
from app.pipeline.schemas import Day

router = APIRouter(include_in_schema=False)


@router.get("/firms/{firm_id}/what-if")
def what_if(
    request: Request, firm_id: FirmId, actor: Reader, db: Db,
    chosen: Annotated[str | None, Query(alias="set")] = None, as_of: Day | None = None,
    part: str = "",
) -> HTMLResponse:  # fmt: skip
    """The page, or only its answer where a slider moved (`part=answer`)."""
    day: date = as_of or today()
    firm = queries.get(db, actor, firm_id)
    sets = sets_in_force(db, day)
    wanted = chosen or _next(db, firm_id, day, sets)
    code = trying.chosen([one.policy.code for one in sets], wanted, day)
    given = trying.supposed(request.query_params.multi_items())
    trial = trying.attempt(db, firm_id, day, code, given)
    template = "pipeline/_trial.html" if part == "answer" else "pipeline/what_if.html"
    return render(
        request, template, firm=firm, day=day, sets=sets, code=code, trial=trial, given=given,
        sliders=trying.sliders(trial, given), **WORDS,
    )  # fmt: skip


def _next(db: Db, firm_id: int, day: date, sets: list[LoadedSet]) -> str:
    """The set of the rung above the one that the firm stands on, or of the highest one."""
    stands = queries.rung_of(db, firm_id, day)
    codes = {one.policy.rung: one.policy.code for one in sets}
    above = queries.RUNGS[queries.RUNGS.index(stands) + 1 :] if stands else queries.RUNGS[1:]
    ways = [codes[rung] for rung in (*above, *reversed(queries.RUNGS)) if rung in codes]
    if not ways:
        raise NotFound(f"{day} 没有生效的梯次条件 (no criteria in force)")
    return ways[0]
