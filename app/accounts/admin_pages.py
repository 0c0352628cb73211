"""Administration: people with their roles, and the bodies they act for. Nothing of any firm."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts import invitations, queries, second_factor, service, sessions
from app.accounts.actor import Actor, Role
from app.accounts.auth import Administrator, Db, Tx, settings_of
from app.core.clock import today
from app.core.errors import AppError, Invalid
from app.core.web import render

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form()]
Day = Annotated[date | None, Form()]
Number = Annotated[int, Path(ge=1, lt=2**31)]


def overview(request: Request, db: Session) -> Response:
    """An administrator's home."""
    return render(request, "accounts/overview.html", numbers=queries.overview(db))


def _tried(tx: Session, change: Callable[[], object]) -> AppError | None:
    """Make a change wholly or not at all; what is wrong with it is for the page to say."""
    try:
        with tx.begin_nested():
            change()
    except AppError as error:
        return error
    return None


def _show_link(request: Request, tx: Session, user_id: int, secret: str) -> Response:
    user = queries.person_by_id(tx, user_id)
    purpose = "invite" if user.password_hash is None else "reset"
    page = render(
        request, "accounts/link.html", user=user, purpose=purpose,
        days=invitations.LASTING[purpose].days,
        link=invitations.link_address(settings_of(request), secret),
    )  # fmt: skip
    page.headers["cache-control"] = "no-store"
    return page


@router.get("/admin/people")
def people(
    request: Request, actor: Administrator, db: Db, q: str = "", after: str = ""
) -> Response:
    """Everybody, by user name."""
    return _people(request, db, q, after, None, {})


def _people(
    request: Request,
    db: Session,
    search: str,
    after: str,
    error: AppError | None,
    given: dict[str, str],
) -> Response:
    found = queries.people(db, search, after)
    following = found.next and f"/admin/people?{urlencode({'q': search, 'after': found.next})}"
    page = render(
        request, "accounts/people.html", page=found, q=search, following=following,
        given=defaultdict(str, given), detail=None if error is None else error.detail,
        day=today(), bodies=queries.organisations(db, "department", "park", "incubator"),
    )  # fmt: skip
    page.status_code = 200 if error is None else error.status
    return page


@router.post("/admin/people")
def invite(  # noqa: PLR0913 - one form
    request: Request,
    actor: Administrator,
    tx: Tx,
    username: Typed = "",
    name: Typed = "",
    email: Typed = "",
    role: Typed = "",
    organisation: Typed = "",
    since: Day = None,
    until: Day = None,
) -> Response:
    """A new person with one role, and the link by which they join."""
    made: list[int] = []

    def change() -> None:
        user = service.add_person(tx, username, name, email)
        _grant(tx, user.id, role, organisation, service.Period(since, until))
        made.append(user.id)

    if error := _tried(tx, change):
        given = {"username": username, "name": name, "email": email, "role": role,
                 "organisation": organisation}  # fmt: skip
        return _people(request, tx, "", "", error, given)
    user = queries.person_by_id(tx, made[0])
    return _show_link(request, tx, user.id, invitations.link_for(tx, user))


def _grant(tx: Session, user_id: int, role: str, organisation: str, period: service.Period) -> None:
    if role not in list(Role):
        raise Invalid(f"没有角色 {role[:20]}：请从列表中选择 (no such role)")
    user = queries.person_by_id(tx, user_id)
    service.add_grant(tx, user, Role(role), service.organisation(tx, organisation), period)


@router.get("/admin/people/{user_id}")
def person(
    request: Request, user_id: Number, actor: Administrator, db: Db, said: str = ""
) -> Response:
    """One person: account, roles, sessions."""
    return _person(request, actor, db, user_id, said=said)


def _person(
    request: Request,
    actor: Actor,
    db: Session,
    user_id: int,
    *,
    said: str = "",
    error: AppError | None = None,
) -> Response:
    user = queries.person_by_id(db, user_id)
    page = render(
        request, "accounts/person.html", user=user, said=said, mine=actor.user_id == user.id,
        given=defaultdict(str), detail=None if error is None else error.detail,
        day=today(), grants=queries.grants(db, user.id),
        second_factor=second_factor.is_on(db, [user.id]),
        sessions=sessions.live_sessions(db, settings_of(request), user.id),
        bodies=queries.organisations(db, "department", "park", "incubator"),
    )  # fmt: skip
    page.status_code = 200 if error is None else error.status
    return page


def _back(user_id: int, said: str) -> Response:
    return RedirectResponse(f"/admin/people/{user_id}?said={said}", status_code=303)


@router.post("/admin/people/{user_id}")
def describe(
    request: Request,
    user_id: Number,
    actor: Administrator,
    tx: Tx,
    name: Typed = "",
    email: Typed = "",
) -> Response:
    """Name and address."""
    user = queries.person_by_id(tx, user_id)
    if error := _tried(tx, lambda: service.describe_person(tx, user, name, email)):
        return _person(request, actor, tx, user_id, error=error)
    return _back(user_id, "saved")


@router.post("/admin/people/{user_id}/grants")
def grant(  # noqa: PLR0913 - one form
    request: Request,
    user_id: Number,
    actor: Administrator,
    tx: Tx,
    role: Typed = "",
    organisation: Typed = "",
    since: Day = None,
    until: Day = None,
) -> Response:
    """One more role for a period."""
    service.check_not_oneself(actor, user_id)
    period = service.Period(since, until)
    if error := _tried(tx, lambda: _grant(tx, user_id, role, organisation, period)):
        return _person(request, actor, tx, user_id, error=error)
    return _back(user_id, "granted")


@router.post("/admin/people/{user_id}/grants/{grant_id}/revoke")
def revoke(user_id: Number, grant_id: Number, actor: Administrator, tx: Tx) -> Response:
    """Take a role back; its sessions end at once."""
    service.revoke(tx, actor, queries.grant_of(tx, user_id, grant_id))
    return _back(user_id, "revoked")


@router.post("/admin/people/{user_id}/disable")
def disable(user_id: Number, actor: Administrator, tx: Tx) -> Response:
    """Shut the person out; their sessions end at once."""
    service.disable(tx, actor, queries.person_by_id(tx, user_id))
    return _back(user_id, "disabled")


@router.post("/admin/people/{user_id}/enable")
def enable(user_id: Number, actor: Administrator, tx: Tx) -> Response:
    """Let the person in again."""
    service.enable(queries.person_by_id(tx, user_id))
    return _back(user_id, "enabled")


@router.post("/admin/people/{user_id}/link")
def new_link(request: Request, user_id: Number, actor: Administrator, tx: Tx) -> Response:
    """A link to join or to set a new password, shown once; older ones end."""
    service.check_not_oneself(actor, user_id)
    user = queries.person_by_id(tx, user_id)
    return _show_link(request, tx, user_id, invitations.link_for(tx, user))


@router.post("/admin/people/{user_id}/second-factor/remove")
def remove_second_factor(user_id: Number, actor: Administrator, tx: Tx) -> Response:
    """For somebody who lost the telephone and the recovery codes."""
    service.remove_second_factor(tx, actor, queries.person_by_id(tx, user_id))
    return _back(user_id, "second_factor_removed")


@router.post("/admin/people/{user_id}/sessions/end")
def end_sessions(user_id: Number, actor: Administrator, tx: Tx) -> Response:
    """End the person's sessions."""
    sessions.end_all(tx, queries.person_by_id(tx, user_id).id, "signed_out_by_admin")
    return _back(user_id, "sessions_ended")


@router.get("/admin/organisations")
def organisations(request: Request, actor: Administrator, db: Db, said: str = "") -> Response:
    """Every body, and whom the groups stand for."""
    return _organisations(request, db, None, {}, said)


def _organisations(
    request: Request, db: Session, error: AppError | None, given: dict[str, str], said: str = ""
) -> Response:
    page = render(
        request, "accounts/organisations.html", bodies=queries.organisations(db), said=said,
        members=queries.members(db), given=defaultdict(str, given),
        detail=None if error is None else error.detail,
    )  # fmt: skip
    page.status_code = 200 if error is None else error.status
    return page


@router.post("/admin/organisations")
def add_organisation(
    request: Request,
    actor: Administrator,
    tx: Tx,
    code: Typed = "",
    name: Typed = "",
    name_en: Typed = "",
    kind: Typed = "",
) -> Response:
    """A body that the plan did not bring."""
    if error := _tried(tx, lambda: service.add_organisation(tx, code, name, name_en, kind)):
        given = {"code": code, "name": name, "name_en": name_en, "kind": kind}
        return _organisations(request, tx, error, given)
    return RedirectResponse("/admin/organisations?said=added", status_code=303)


@router.get("/admin/organisations/{body_id}")
def organisation(
    request: Request, body_id: Number, actor: Administrator, db: Db, said: str = ""
) -> Response:
    """One body; a group's members are chosen here."""
    return _organisation(request, db, body_id, said=said)


def _organisation(
    request: Request, db: Session, body_id: int, *, said: str = "", error: AppError | None = None
) -> Response:
    body = queries.organisation_by_id(db, body_id)
    page = render(
        request, "accounts/organisation.html", body=body, said=said,
        candidates=queries.organisations(db, "department", "park", "incubator"),
        chosen={member.id for member in queries.members(db).get(body.id, [])},
        detail=None if error is None else error.detail,
    )  # fmt: skip
    page.status_code = 200 if error is None else error.status
    return page


@router.post("/admin/organisations/{body_id}")
def change_organisation(
    request: Request,
    body_id: Number,
    actor: Administrator,
    tx: Tx,
    name: Typed = "",
    name_en: Typed = "",
    member: Annotated[list[int], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Names, and the members of a group."""
    body = queries.organisation_by_id(tx, body_id)

    def change() -> None:
        service.rename_organisation(tx, body, name, name_en)
        if body.kind == "group":
            service.set_members(tx, body, member)

    if error := _tried(tx, change):
        return _organisation(request, tx, body_id, error=error)
    return RedirectResponse(f"/admin/organisations/{body_id}?said=saved", status_code=303)
