"""Saved views in people's hands: kept, renamed, shared, thrown away."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from app.accounts.actor import Actor, Role
from app.accounts.auth import Db, Reader, Tx
from app.core import notices
from app.core.errors import AppError
from app.core.navigation import READERS
from app.core.web import render
from app.views import service as views
from app.views.models import AUDIENCES, SavedView
from app.workbench.benches import from_query
from app.workbench.pages import Carried, ListName

router = APIRouter(prefix="/lists/{of}/views", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=views.LARGEST_ID)]


class ViewForm(BaseModel):
    """A view as it was filled in; `on` is the list's query."""

    name: str = ""
    audience: str = "private"
    opens_for: list[str] = []
    on: str = ""
    widths: str = ""


@router.get("/new")
def new(
    request: Request, of: ListName, query: Annotated[Carried, Query()], actor: Reader, db: Db
) -> HTMLResponse:
    """The form for keeping the present query."""
    from_query(db, actor, of, query.on)
    return _form(request, actor, of, ViewForm(on=query.on))


@router.post("")
def create(
    request: Request, of: ListName, form: Annotated[ViewForm, Form()], actor: Reader, tx: Tx
) -> Response:
    """Keep it, and show the list through it."""
    bench = from_query(tx, actor, of, form.on)
    pairs = [pair for pair in bench.pairs if pair[0] != "widths"]
    if form.widths:
        pairs.append(("widths", form.widths[:1000]))
    wanted = views.Wanted(of, form.name, pairs, form.audience, form.opens_for)
    try:
        with tx.begin_nested():
            view = views.create(tx, actor, wanted)
    except AppError as error:
        return _form(request, actor, of, form, problem=error)
    return _to(request, view)


@router.get("/{number}")
def edit(request: Request, of: ListName, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """One's own view: its name, who may use it, and the way to throw it away."""
    view = views.own(db, actor, number)
    form = ViewForm(name=view.name, audience=view.audience, opens_for=view.opens_for)
    return _form(request, actor, of, form, view)


@router.post("/{number}")
def change(
    request: Request, of: ListName, number: Number, form: Annotated[ViewForm, Form()],
    actor: Reader, tx: Tx,
) -> Response:  # fmt: skip
    """Another name, or for others to use."""
    view = views.own(tx, actor, number)
    pairs = [(name, value) for name, value in view.params]
    wanted = views.Wanted(view.list_name, form.name, pairs, form.audience, form.opens_for)
    try:
        with tx.begin_nested():
            views.change(tx, actor, view, wanted)
    except AppError as error:
        tx.refresh(view)
        return _form(request, actor, of, form, view, error)
    return _to(request, view)


@router.post("/{number}/query")
def replace_query(
    request: Request, of: ListName, number: Number, form: Annotated[ViewForm, Form()],
    actor: Reader, tx: Tx,
) -> RedirectResponse:  # fmt: skip
    """Keep the present query under the same name."""
    view = views.own(tx, actor, number)
    bench = from_query(tx, actor, of, form.on)
    wanted = views.Wanted(of, view.name, bench.pairs, view.audience, view.opens_for)
    return _to(request, views.change(tx, actor, view, wanted))


@router.post("/{number}/remove")
def remove(
    request: Request, of: ListName, number: Number, actor: Reader, tx: Tx
) -> RedirectResponse:
    """Throw it away."""
    view = views.own(tx, actor, number)
    tx.delete(view)
    answer = RedirectResponse(f"/{of}", status_code=303)
    notices.leave(request, answer, "视图已删除", "The view is gone")
    return answer


def _to(request: Request, view: SavedView) -> RedirectResponse:
    answer = RedirectResponse(f"/{view.list_name}?{urlencode({'view': view.id})}", status_code=303)
    notices.leave(request, answer, f"视图“{view.name}”已保存", f"The view “{view.name}” is saved")
    return answer


def _form(
    request: Request, actor: Actor, of: ListName, form: ViewForm,
    view: SavedView | None = None, problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    shares = actor.role is Role.ANALYST
    page = render(
        request, "workbench/view.html", of=of, form=form, view=view, problem=problem,
        audiences=[one for one in AUDIENCES if shares or one != "all"],
        roles=sorted(READERS) if shares else [],
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page
