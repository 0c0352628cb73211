"""Saved views over REST: what the pages show, and what `?view=` stands for."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path
from pydantic import BaseModel

from app.accounts.actor import Actor
from app.accounts.auth import Db, Reader
from app.accounts.models import User
from app.core.resource import Resource
from app.views import service as views
from app.views.models import SavedView

router = APIRouter(prefix="/api/v1/views", tags=["views"], route_class=Resource)
ViewId = Annotated[int, Path(ge=1, le=views.LARGEST_ID)]


class ViewOut(BaseModel):
    """A saved view; `query` is what `view=<id>` stands for on its list."""

    id: int
    list_name: Literal["firms", "pool"]
    name: str
    query: str
    audience: Literal["private", "team", "all"]
    opens_for: list[str]
    owner: str
    mine: bool
    updated_at: datetime


class ViewsOut(BaseModel):
    """Every view that the caller may use."""

    items: list[ViewOut]


@router.get("", operation_id="list_views")
def list_views(actor: Reader, db: Db) -> ViewsOut:
    """One's own views, those of one's organisation, and those of everybody, by name."""
    found = views.listed(db, actor)
    return ViewsOut(items=[_out(actor, view, owner) for view, owner in found])


@router.get("/{view_id}", operation_id="get_view")
def get_view(view_id: ViewId, actor: Reader, db: Db
             ) -> ViewOut:  # fmt: skip
    """One view; somebody else's private one does not exist."""
    view = views.get(db, actor, view_id)
    owner = db.get_one(User, view.owner_id)
    return _out(actor, view, owner.name)


def _out(actor: Actor, view: SavedView, owner: str) -> ViewOut:
    pairs = [(name, value) for name, value in view.params if name not in views.SHOWN]
    return ViewOut.model_validate({
        "id": view.id, "list_name": view.list_name, "name": view.name, "query": urlencode(pairs),
        "audience": view.audience, "opens_for": view.opens_for, "owner": owner,
        "mine": view.owner_id == actor.user_id, "updated_at": view.updated_at,
    })  # fmt: skip
