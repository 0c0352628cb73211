"""Targets over HTTP: how they stand on any day, their parts, and the firms behind each number."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.resource import Resource
from app.firms.api import LIST_PARAMETERS
from app.plans import firms, service, store
from app.plans.measuring import Asked
from app.plans.parts import parts
from app.plans.progress import Board
from app.plans.schemas import (
    FigureBody,
    FigureOut,
    PartOut,
    TargetDetail,
    TargetFirms,
    TargetOut,
    TargetQuery,
    TargetsOut,
    TargetsQuery,
)

router = APIRouter(prefix="/api/v1", tags=["targets"], route_class=Resource)
TargetCode = Annotated[str, Path(max_length=100)]


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"},
            "description": description}  # fmt: skip


OWN_PARAMETERS = [
    _parameter("as_of", "The day that is counted; today if none is given."),
    _parameter("known_at", "Only what had been recorded by this instant."),
    _parameter("plan", "Code of a plan; else the one that runs."),
    _parameter("by", "Divided by park, incubator or department."),
    _parameter("of", "Code of the body whose part is listed, or none."),
]


def board_of(session: Session, actor: Actor, query: TargetsQuery) -> Board:
    """The targets of the plan and day that are asked for."""
    day = query.as_of or today()
    version = store.in_force(session, day, query.plan)
    return Board(session, Asked(actor, day, query.known_at), version)


@router.get("/targets", operation_id="list_targets")
def list_targets(query: Annotated[TargetsQuery, Query()], actor: Reader, db: Db) -> TargetsOut:
    """Every target of the plan: value, trajectory and light, within the actor's scope."""
    board = board_of(db, actor, query)
    file = board.version.file
    return TargetsOut(
        plan=file.code, adopted_on=file.adopted_on, as_of=board.asked.day,
        known_at=query.known_at, green=board.lights.green, amber=board.lights.amber,
        items=[TargetOut.of(one, file.leads(one.target)) for one in board.all()],
    )  # fmt: skip


@router.get("/targets/{code}", operation_id="get_target")
def get_target(
    code: TargetCode, query: Annotated[TargetQuery, Query()], actor: Reader, db: Db
) -> TargetDetail:
    """One target, divided among those who answer for the firms."""
    board = board_of(db, actor, query)
    target = store.target_of(board.version.file, code)
    shown = TargetOut.of(board.of(target), board.version.file.leads(target))
    return TargetDetail(
        **shown.model_dump(), plan=board.version.code, as_of=board.asked.day, by=query.by,
        parts=[PartOut.of(one.body, one.measure) for one in parts(board, target, query.by)],
    )  # fmt: skip


@router.get(
    "/targets/{code}/firms",
    operation_id="list_target_firms",
    response_model=TargetFirms,
    response_model_exclude_unset=True,
    openapi_extra={"parameters": [*OWN_PARAMETERS, *LIST_PARAMETERS]},
)
def list_target_firms(request: Request, code: TargetCode, actor: Reader, db: Db) -> Any:
    """Exactly the firms that a number counts, with what each adds."""
    params = request.query_params.multi_items()
    return vars(firms.listing(db, actor, firms.asked_for(db, code, params), params))


@router.post("/plans/{plan}/figures", operation_id="enter_plan_figure", status_code=201)
def enter_plan_figure(plan: TargetCode, body: FigureBody, actor: CurrentActor, tx: Tx) -> FigureOut:
    """Keep a target's value or baseline, or the population, with source and document."""
    service.demand_analyst(actor)
    version = store.in_force(tx, today(), plan)
    given = body.model_dump(include={"day", "value", "source", "document"})
    found = service.enter(tx, actor, version.file, body.series, body.about, given)
    return FigureOut(id=found.id, series=found.series, about=found.about, day=found.day,
                     value=found.value, source=found.source, document=found.document)  # fmt: skip
