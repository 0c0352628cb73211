"""Connectors over HTTP: administrators manage them, analysts read what became of each record."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.auth import Administrator, Db, Tx, settings_of
from app.accounts.service import organisation
from app.connectors import queries, service
from app.connectors.access import Looking, ResultReader
from app.core.resource import Resource

router = APIRouter(prefix="/api/v1/connectors", tags=["connectors"], route_class=Resource)
Number = Annotated[int, Path(ge=1, lt=2**31)]
RunNumber = Annotated[int, Path(ge=1, lt=2**63)]


class ConnectorIn(BaseModel):
    """A connector as it is added; the secret is kept encrypted and never shown again."""

    model_config = ConfigDict(extra="forbid")
    organisation: str = Field(description="code of the organisation it acts for")
    name: str
    url: str
    mapping: str = Field(description="the mapping file; see docs/connectors.md")
    account: str = ""
    secret: str = ""


class ConnectorOut(BaseModel):
    """One connector; `last` is the state of its last real run."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    organisation_name: str
    url: str
    account: str
    mapping: str
    state: str
    failures: int
    next_at: datetime
    created_by: str
    last: str | None = None


class ConnectorsOut(BaseModel):
    """Every connector."""

    items: list[ConnectorOut]


class RunOut(BaseModel):
    """One run: `counts` is {stream: {status: records}}; `error` why it broke off."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    dry: bool
    state: str
    counts: dict[str, dict[str, int]]
    error: str | None
    started_at: datetime
    finished_at: datetime | None


class RunsOut(BaseModel):
    """The latest runs, newest first."""

    items: list[RunOut]


class ResultOut(BaseModel):
    """What became of one record."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    stream: str
    key: str
    status: str
    detail: str | None


class ResultsOut(BaseModel):
    """A page of results; `next` is the following `after`."""

    items: list[ResultOut]
    next: int | None


@router.get("", operation_id="list_connectors")
def list_connectors(actor: Looking, db: Db) -> ConnectorsOut:
    """Every connector, with how it fared last."""
    return ConnectorsOut.model_validate({"items": queries.connectors(db)})


@router.post("", operation_id="create_connector", status_code=201)
def create_connector(
    request: Request, data: ConnectorIn, actor: Administrator, tx: Tx
) -> ConnectorOut:
    """Add one; it first runs when it is told to, or when due."""
    wanted = service.Wanted(data.name, data.url.strip(), data.mapping, data.account, data.secret)
    body = organisation(tx, data.organisation)
    made = service.add(tx, settings_of(request), actor, body, wanted)
    return _out(queries.connector(tx, made.id))


@router.get("/{number}", operation_id="get_connector")
def get_connector(number: Number, actor: Looking, db: Db) -> ConnectorOut:
    """One connector."""
    service.find(db, number)
    return _out(queries.connector(db, number))


@router.delete("/{number}", operation_id="delete_connector", status_code=204)
def delete_connector(number: Number, actor: Administrator, tx: Tx) -> None:
    """End a connector; what it brought stays."""
    tx.delete(service.find(tx, number))


@router.post("/{number}/run", operation_id="run_connector", status_code=202)
def run_connector(number: Number, actor: Administrator, tx: Tx) -> ConnectorOut:
    """Leave a run for the worker."""
    service.start(tx, service.find(tx, number), dry=False)
    return _out(queries.connector(tx, number))


@router.post("/{number}/try", operation_id="try_connector", status_code=202)
def try_connector(number: Number, actor: Administrator, tx: Tx) -> ConnectorOut:
    """Leave a dry run: the first page of each stream, of which nothing is kept or sent."""
    service.start(tx, service.find(tx, number), dry=True)
    return _out(queries.connector(tx, number))


@router.post("/{number}/enable", operation_id="enable_connector")
def enable_connector(number: Number, actor: Administrator, tx: Tx) -> ConnectorOut:
    """Let it run by its schedule."""
    service.switch(tx, service.find(tx, number), on=True)
    return _out(queries.connector(tx, number))


@router.post("/{number}/disable", operation_id="disable_connector")
def disable_connector(number: Number, actor: Administrator, tx: Tx) -> ConnectorOut:
    """Let it rest."""
    service.switch(tx, service.find(tx, number), on=False)
    return _out(queries.connector(tx, number))


@router.get("/{number}/runs", operation_id="list_connector_runs")
def list_connector_runs(
    number: Number, actor: Looking, db: Db, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> RunsOut:
    """Its runs, and what they did by stream."""
    service.find(db, number)
    return RunsOut(items=[RunOut.model_validate(one) for one in queries.runs(db, number, limit)])


@router.get("/{number}/runs/{run}", operation_id="list_connector_results")
def list_connector_results(
    number: Number, run: RunNumber, actor: ResultReader, db: Db,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> ResultsOut:  # fmt: skip
    """What became of each record of a run; what stayed as it was is only counted."""
    service.find(db, number)
    found = queries.results(db, number, run, after, limit)
    return ResultsOut(items=[ResultOut.model_validate(one) for one in found],
                      next=found[-1].id if len(found) == limit else None)  # fmt: skip


def _out(row: dict[str, Any]) -> ConnectorOut:
    return ConnectorOut.model_validate(row)
