"""Saved views: who may see which, what they stand for, and how they are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, any_, literal, or_, select, true
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import User
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.views.models import AUDIENCES, SavedView

Pairs = list[tuple[str, str]]
# How a page shows a list; a query over REST has no use for it.
SHOWN = ("display", "widths")
# Where in the list one is: no part of a view.
PLACE = ("cursor", "view", "based_on")
LONGEST_NAME = 60
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Wanted:
    """A view as somebody wants to keep it."""

    list_name: str
    name: str
    params: Pairs
    audience: str = "private"
    opens_for: list[str] = field(default_factory=list)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Which views this actor may know of: the one predicate behind pages, REST and `view=`."""
    own = SavedView.owner_id == actor.user_id
    team = and_(
        SavedView.audience == "team",
        SavedView.organisation_id.is_not(None),
        SavedView.organisation_id == actor.organisation_id,
    )
    return and_(true(), or_(SavedView.audience == "all", own, team))


def listed(session: Session, actor: Actor, of: str | None = None) -> list[tuple[SavedView, str]]:
    """The views of a list, or of all, that the actor may use, with their owners' names."""
    query = select(SavedView, User.name).join(User, User.id == SavedView.owner_id)
    if of is not None:
        query = query.where(SavedView.list_name == of)
    found = session.execute(query.where(visible(actor)).order_by(SavedView.name, SavedView.id))
    return [(view, name) for view, name in found]


def get(session: Session, actor: Actor, number: int, of: str | None = None) -> SavedView:
    """One view; NotFound also where it is somebody else's, or another list's."""
    query = select(SavedView).where(SavedView.id == number, visible(actor))
    if of is not None:
        query = query.where(SavedView.list_name == of)
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的视图，或它未与您共享 (no such view)")
    return found


def own(session: Session, actor: Actor, number: int) -> SavedView:
    """One view that the actor may change: their own."""
    found = get(session, actor, number)
    if found.owner_id != actor.user_id:
        raise Forbidden("只能修改自己的视图：请另存为自己的 (save it as your own)")
    return found


def expanded(session: Session, actor: Actor, of: str, params: Iterable[tuple[str, str]]) -> Pairs:
    """A query in which `view=<number>` is replaced by what that view stands for.

    A parameter that is given besides takes the place of the view's own of that name.
    """
    given = list(params)
    named = [value for name, value in given if name == "view"]
    rest = [(name, value) for name, value in given if name != "view"]
    if not named:
        return rest
    if len(named) > 1 or not named[0].isascii() or not named[0].isdigit():
        wrong = "应为一个视图编号 (give one view's number)"
        raise Invalid(f"view: {wrong}", errors=[{"parameter": "view", "detail": wrong}])
    view = get(session, actor, min(int(named[0]), LARGEST_ID), of)
    replaced = {name for name, _ in rest}
    return [(name, value) for name, value in view.params if name not in replaced] + rest


def query_of(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Only what a list's grammar reads."""
    return [(name, value) for name, value in pairs if name not in SHOWN]


def asked(session: Session, actor: Actor, of: str, params: Iterable[tuple[str, str]]) -> Pairs:
    """What a query over REST asks of a list's grammar, a saved view spelt out."""
    given = list(params)
    if all(name != "view" for name, _ in given):
        return given
    shown = [name for name, _ in given if name in SHOWN]
    return [pair for pair in expanded(session, actor, of, given)
            if pair[0] not in SHOWN or pair[0] in shown]  # fmt: skip


def opens_with(session: Session, actor: Actor, of: str) -> int | None:
    """The view with which a role's list opens, the latest where there are several."""
    query = select(SavedView.id).where(
        SavedView.list_name == of,
        SavedView.audience == "all",
        literal(actor.role.value) == any_(SavedView.opens_for),
    )
    return session.scalar(query.order_by(SavedView.updated_at.desc(), SavedView.id.desc()).limit(1))


def create(session: Session, actor: Actor, wanted: Wanted) -> SavedView:
    """Keep a new view of one's own."""
    if actor.user_id is None:
        raise Forbidden("只有登录的人可以保存视图 (views belong to people)")
    view = SavedView(list_name=wanted.list_name, owner_id=actor.user_id)
    _fill(session, actor, view, wanted)
    session.add(view)
    session.flush()
    return view


def change(session: Session, actor: Actor, view: SavedView, wanted: Wanted) -> SavedView:
    """Keep a view of one's own anew."""
    _fill(session, actor, view, wanted)
    session.flush()
    return view


def _fill(session: Session, actor: Actor, view: SavedView, wanted: Wanted) -> None:
    name = " ".join(wanted.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(f"name: 名称须有 1–{LONGEST_NAME} 个字符 (1 to {LONGEST_NAME} characters)")
    if wanted.audience not in AUDIENCES:
        raise Invalid(f"audience: 须为 {' / '.join(AUDIENCES)} 之一 (one of these)")
    if wanted.audience == "all" and actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以与所有人共享视图 (analysts share with everybody)")
    if wanted.opens_for and wanted.audience != "all":
        raise Invalid("opens_for: 默认视图须与所有人共享 (a default view is for everybody)")
    unknown = sorted(set(wanted.opens_for) - {role.value for role in Role})
    if unknown:
        raise Invalid(f"opens_for: 没有角色 {unknown[0]} (no such role)")
    _refuse_double(session, view, name)
    view.name, view.audience = name, wanted.audience
    view.params = [[n, v] for n, v in wanted.params if n not in PLACE]
    view.organisation_id = actor.organisation_id
    view.opens_for = sorted(set(wanted.opens_for))
    view.updated_at = now()


def _refuse_double(session: Session, view: SavedView, name: str) -> None:
    query = select(SavedView.id).where(
        SavedView.owner_id == view.owner_id,
        SavedView.list_name == view.list_name,
        SavedView.name == name,
    )
    if any(number != view.id for number in session.scalars(query)):
        raise Conflict(f"您已有名为“{name}”的视图：请换一个名称 (you have a view of this name)")
