"""Rankings: a page for everybody, and a screen for the meeting room."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import charts, notices
from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import nearest
from app.core.web import render
from app.plans import store
from app.plans.target_pages import WORDS
from app.rankings import service
from app.rankings.models import KINDS
from app.target_lists.standing import WHOLE_DISTRICT

router = APIRouter(prefix="/rankings", include_in_schema=False)
Typed = Annotated[str, Query(max_length=100)]
Year = Annotated[int, Query(ge=1990, le=2199)]


@router.get("")
def show(
    request: Request, actor: Reader, db: Db, kind: Typed = "park", target: Typed = "",
    year: Year | None = None, screen: bool = False,
) -> HTMLResponse:  # fmt: skip
    """Units of a kind, by everything or by one target; whoever sees a part sees what was kept."""
    found = table(db, actor, kind, year or today().year, target or None)
    template = "rankings/screen.html" if screen else "rankings/list.html"
    return render(request, template, **found, kinds=KINDS, weights=service.WEIGHTS, charts=charts,
                  targets=store.in_force(db, today()).file.targets, target=target,
                  measures=service.MEASURES, **WORDS)  # fmt: skip


def table(
    session: Session, actor: Actor, kind: str, year: int, target: str | None
) -> dict[str, Any]:
    """The rows of a ranking, whence they are, and the ranks kept before."""
    if kind not in KINDS:
        wrong = f"没有类别 {kind} (no such kind)" + nearest(kind, KINDS)
        raise Invalid(f"kind: {wrong}", errors=[{"parameter": "kind", "detail": wrong}])
    plan = store.in_force(session, today()).code
    kept = service.snapshots(session, plan, year, kind)
    if actor.role in WHOLE_DISTRICT:
        rows, day = service.ranking(session, actor, year, kind, target), today()
    elif kept:
        rows, day = service.restored(kept[-1]), kept[-1].day
    else:
        rows, day = [], today()
    return {"rows": rows, "day": day, "kind": kind, "year": year, "kept": kept,
            "before": service.last_before(kept, day), "history": service.history(kept)}  # fmt: skip


@router.post("")
def take(
    request: Request, actor: CurrentActor, tx: Tx, year: Annotated[str, Form(max_length=4)] = ""
) -> Response:
    """Keep today's rankings of every kind."""
    number = int(year) if year.isascii() and year.isdigit() else today().year
    service.take(tx, actor, store.in_force(tx, today()).code, number)
    answer = RedirectResponse(f"/rankings?year={number}", status_code=303)
    notices.leave(request, answer, "今天的排名已存档", "Today's rankings were kept")
    return answer
