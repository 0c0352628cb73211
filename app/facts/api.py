"""Every kind of record over HTTP: list, one, its history, add, correct, withdraw.

A firm whose records change is held against the criteria anew in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import create_model
from sqlalchemy.orm import Session

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core.clock import today
from app.core.resource import DRY_RUN, Resource, written
from app.facts import service
from app.facts.kinds import KINDS
from app.firms.api import (
    EXPECTED_COUNT,
    LIST_PARAMETERS,
    NEEDS_VERSION,
    demand_version,
    note_search,
    understood,
)
from app.firms.record_kinds import FactKind
from app.firms.schemas import LARGEST_ID, Changed, FiltersOut
from app.pipeline.service import assess

FactId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
IfMatch = Annotated[str | None, Header()]
router = APIRouter(prefix="/api/v1", route_class=Resource)


def _answer(kind: FactKind, fact: Any, response: Response) -> dict[str, Any]:
    # A correction has a number of its own, so the number is the version.
    response.headers["ETag"] = f'"{fact.id}"'
    return service.shown(kind, fact)


def _assess(session: Session, firms: Iterable[int | None]) -> None:
    known = [firm for firm in firms if firm is not None]
    if known:
        assess(session, known, today())


def _described(kind: FactKind) -> dict[str, Any]:
    """How the description shows a record, its list and its history; nothing is checked by it."""
    name = kind.schema.__name__.removesuffix("In")
    given = {n: (f.annotation, None) for n, f in kind.schema.model_fields.items()}
    whence = {"id": (int, None), "credit_code": (str | None, None), "source": (str, None),
              "recorded_by": (str | None, None), "recorded_at": (datetime, None)}  # fmt: skip
    one = create_model(f"{name}Out", **given, **whence)  # type: ignore[call-overload]
    version = create_model(f"{name}Version", __base__=one, superseded_at=(datetime | None, None))
    page = create_model(f"{name}Page", items=(list[one], ...), next=(str | None, ...),
                        count=(int | None, ...), count_is_exact=(bool | None, ...))  # fmt: skip
    history = create_model(f"{name}History", items=(list[version], ...))
    return {"one": {200: {"model": one}}, "made": {201: {"model": one}},
            "page": {200: {"model": page}}, "history": {200: {"model": history}}}  # fmt: skip


def _reads(kind: FactKind, routes: APIRouter, name: str, told: dict[str, Any]) -> None:
    @routes.get("", operation_id=f"list_{name}", openapi_extra={"parameters": LIST_PARAMETERS},
                responses=told["page"])  # fmt: skip
    def list_facts(request: Request, actor: Reader, readings: Noted, db: Db) -> Response:
        """Records that stand, filtered, ordered, a page at a time."""
        params = request.query_params.multi_items()
        found = service.listed(db, actor, kind, params)
        note_search(readings, kind.model.__tablename__, params, found)
        return written(vars(found))

    @routes.get("/filters", operation_id=f"{name}_filters")
    def filters(actor: Reader) -> FiltersOut:
        """What the list can be filtered and ordered by, with each field's choices."""
        return understood(kind.vocabulary())

    @routes.get("/{fact_id}", operation_id=f"get_{name}", responses=told["one"])
    def get_fact(fact_id: FactId, response: Response, actor: Reader, db: Db) -> dict[str, Any]:
        """One record; its ETag is needed to change it."""
        return _answer(kind, service.get(db, actor, kind, fact_id), response)

    @routes.get("/{fact_id}/history", operation_id=f"{name}_history",
                responses=told["history"])  # fmt: skip
    def get_history(fact_id: FactId, actor: Reader, db: Db) -> dict[str, Any]:
        """Every version of a record, newest first: those of its firm with the same key."""
        versions = service.history(db, actor, kind, fact_id)
        return {"items": [service.shown(kind, one) | {"superseded_at": one.superseded_at}
                          for one in versions]}  # fmt: skip


def _writes(kind: FactKind, routes: APIRouter, name: str, told: dict[str, Any]) -> None:
    @routes.post("", operation_id=f"add_{name}", status_code=201, responses=told["made"])
    def add_fact(
        body: kind.schema, response: Response, actor: CurrentActor, tx: Tx  # type: ignore[name-defined]
    ) -> dict[str, Any]:  # fmt: skip
        """A new record."""
        found = service.add(tx, actor, kind, body)
        _assess(tx, [found.firm_id])
        response.headers["Location"] = f"/api/v1/{kind.path}/{found.id}"
        return _answer(kind, found, response)

    @routes.patch("/{fact_id}", operation_id=f"change_{name}",
                  responses=NEEDS_VERSION | told["one"])  # fmt: skip
    def change_fact(
        fact_id: FactId, body: dict[str, Any], response: Response, actor: CurrentActor, tx: Tx,
        if_match: IfMatch = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Correct a record: the answer is its new version, which has a number of its own."""
        found = service.to_change(tx, actor, kind, fact_id)
        demand_version(if_match, found.id, lambda given: service.stale(found, given))
        changed = service.change(tx, actor, kind, found, body)
        _assess(tx, [found.firm_id])
        return _answer(kind, changed, response)

    @routes.delete("/{fact_id}", operation_id=f"withdraw_{name}", status_code=204,
                   responses=NEEDS_VERSION)  # fmt: skip
    def withdraw_fact(
        fact_id: FactId, actor: CurrentActor, tx: Tx, if_match: IfMatch = None
    ) -> None:
        """Withdraw a record; its history stays."""
        found = service.to_change(tx, actor, kind, fact_id)
        demand_version(if_match, found.id, lambda given: service.stale(found, given))
        service.withdraw(tx, found)
        _assess(tx, [found.firm_id])

    @routes.delete("", operation_id=f"withdraw_found_{name}",
                   openapi_extra={"parameters": [EXPECTED_COUNT, *LIST_PARAMETERS]})  # fmt: skip
    def withdraw_found(request: Request, actor: CurrentActor, tx: Tx) -> Changed:
        """Withdraw all that a filter finds, if it finds as many as `expected_count` says."""
        params = [one for one in request.query_params.multi_items() if one[0] != DRY_RUN["name"]]
        count, firms = service.withdraw_all(tx, actor, kind, params)
        _assess(tx, firms)
        return Changed(changed=count)


for _kind in KINDS:
    _routes = APIRouter(prefix=f"/{_kind.path}", tags=[_kind.path], route_class=Resource)
    _name, _told = _kind.path.replace("-", "_"), _described(_kind)
    _reads(_kind, _routes, _name, _told)
    _writes(_kind, _routes, _name, _told)
    router.include_router(_routes)
