"""Connectors in the administrator's hands; what became of each record is shown to analysts."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import ROLE_OF_ORGANISATION, Actor, Role
from app.accounts.auth import Administrator, Db, Tx, settings_of
from app.accounts.service import organisation
from app.connectors import queries, service
from app.connectors.access import Looking, ResultReader
from app.connectors.mapping import ready
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import render

router = APIRouter(prefix="/connectors", include_in_schema=False)
Number = Annotated[int, Path(ge=1, lt=2**31)]
RunNumber = Annotated[int, Path(ge=1, lt=2**63)]
RUNS, RESULTS = 20, 200


class ConnectorForm(BaseModel):
    """The form as it was filled in."""

    organisation: str = ""
    name: str = ""
    url: str = ""
    account: str = ""
    secret: str = ""
    mapping: str = ""


@router.get("")
def connector_list(
    request: Request, actor: Looking, db: Db, take: Annotated[str, Query(max_length=50)] = ""
) -> HTMLResponse:
    """Every connector, and the form for another; `take` fills in a ready mapping."""
    return _list(request, db, ConnectorForm(mapping=ready().get(take, "")))


@router.post("")
def add(
    request: Request, form: Annotated[ConnectorForm, Form()], actor: Administrator, tx: Tx
) -> HTMLResponse:
    """A new connector, or the form again with what is wrong."""
    wanted = service.Wanted(form.name, form.url.strip(), form.mapping, form.account, form.secret)
    try:
        body = organisation(tx, form.organisation)
        made = service.add(tx, settings_of(request), actor, body, wanted)
    except (Invalid, NotFound) as error:
        return _list(request, tx, form, error)
    return _one(request, tx, actor, made.id)


@router.get("/{number}")
def connector_page(request: Request, number: Number, actor: Looking, db: Db) -> HTMLResponse:
    """One connector: its state, its runs and their errors."""
    service.find(db, number)
    return _one(request, db, actor, number)


@router.get("/{number}/runs/{run}")
def run_page(
    request: Request, number: Number, run: RunNumber, actor: ResultReader, db: Db,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> HTMLResponse:  # fmt: skip
    """What became of each record of a run; they are firms' data, and so for analysts."""
    service.find(db, number)
    found = queries.results(db, number, run, after, RESULTS)
    return render(request, "connectors/run.html", row=queries.connector(db, number), run=run,
                  results=found,
                  following=found[-1].id if len(found) == RESULTS else None)  # fmt: skip


@router.post("/{number}/run")
def run_now(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """A run as soon as the worker is free."""
    service.start(tx, service.find(tx, number), dry=False)
    return _back(number)


@router.post("/{number}/try")
def try_now(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """A dry run: the first page of each stream, of which nothing is kept or sent."""
    service.start(tx, service.find(tx, number), dry=True)
    return _back(number)


@router.post("/{number}/enable")
def enable(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Let it run by its schedule."""
    service.switch(tx, service.find(tx, number), on=True)
    return _back(number)


@router.post("/{number}/disable")
def disable(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """Let it rest."""
    service.switch(tx, service.find(tx, number), on=False)
    return _back(number)


@router.post("/{number}/delete")
def delete(number: Number, actor: Administrator, tx: Tx) -> RedirectResponse:
    """End a connector; what it brought stays."""
    tx.delete(service.find(tx, number))
    return RedirectResponse("/connectors", status_code=303)


def _back(number: int) -> RedirectResponse:
    return RedirectResponse(f"/connectors/{number}", status_code=303)


def _list(
    request: Request, session: Session, form: ConnectorForm, problem: AppError | None = None
) -> HTMLResponse:
    bodies = [b for kind in ROLE_OF_ORGANISATION for b in accounts.organisations(session, kind)]
    page = render(request, "connectors/connectors.html", rows=queries.connectors(session),
                  bodies=bodies, form=form, problem=problem, ready=list(ready()))  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _one(request: Request, session: Session, actor: Actor, number: int) -> HTMLResponse:
    return render(request, "connectors/connector.html", row=queries.connector(session, number),
                  runs=queries.runs(session, number, RUNS),
                  analyst=actor.role is Role.ANALYST)  # fmt: skip
