"""`tidu user` and `tidu organisation`. Passwords are set by the people themselves, by a link."""

from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.orm import Session

from app.accounts import invitations, queries, second_factor, service, sessions
from app.accounts.actor import SYSTEM, Role
from app.accounts.models import ORGANISATION_KINDS, User
from app.core.clock import DISTRICT
from app.core.errors import NotFound
from app.core.settings import Settings
from app.core.terminal import AsJson, console, show, transaction

users = typer.Typer(no_args_is_help=True, help="People: invitations, roles, sessions.")
organisations = typer.Typer(no_args_is_help=True, help="The bodies that people act for.")
ItsCode = Annotated[str, typer.Option(help="The body's code: tidu organisation list.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Such as 2026-03-31.")]


def _period(since: datetime | None, until: datetime | None) -> service.Period:
    first, last = (None if at is None else at.date() for at in (since, until))
    return service.Period(first, last)


def _print_link(user: str, secret: str, *, as_json: bool) -> None:
    link = invitations.link_address(Settings(), secret)
    if as_json:
        show({"username": user, "link": link})
    else:
        console.print(link, highlight=False, soft_wrap=True)


def _as_dict(user: User, grants: list[dict[str, Any]], *, second_factor: bool) -> dict[str, Any]:
    state = "disabled" if user.disabled_at else "active"
    if state == "active" and user.password_hash is None and user.oidc_identity is None:
        state = "invited"
    return {"username": user.username, "name": user.name, "email": user.email, "state": state,
            "second_factor": second_factor, "grants": grants}  # fmt: skip


def _grants(session: Session, user: User) -> list[dict[str, Any]]:
    return [
        {
            "role": row.Grant.role,
            "organisation": row.body,
            "since": None if row.Grant.since == date.min else row.Grant.since,
            "until": row.Grant.until,
            "revoked_at": row.Grant.revoked_at,
            "holds": row.holds,
        }
        for row in queries.grants(session, user.id)
    ]


@users.command("invite")
def invite(  # noqa: PLR0913 - options of one command
    context: typer.Context,
    username: str,
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    organisation: ItsCode = "science",
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    email: Annotated[str, typer.Option(help="For sign-in by a provider.")] = "",
    since: Day = None,
    until: Day = None,
    as_json: AsJson = False,
) -> None:
    """Add a person with one role; prints the link by which they set their password, once."""
    with transaction(context) as session:
        user = service.add_person(session, username, name, email)
        body = service.organisation(session, organisation)
        service.add_grant(session, user, role, body, _period(since, until))
        secret = invitations.link_for(session, user)
    _print_link(user.username, secret, as_json=as_json)


@users.command("list")
def list_users(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Everybody, with the roles that hold today."""
    with transaction(context) as session:
        page = queries.people(session, search, limit=10_000)
        found = [
            _as_dict(
                user,
                [{"role": g.role, "organisation": g.body, "until": g.until}
                 for g in page.roles.get(user.id, [])],
                second_factor=user.id in page.second_factor,
            )
            for user in page.items
        ]  # fmt: skip
    if as_json:
        show(found)
        return
    table = Table("username", "name", "state", "second factor", "roles")
    for each in found:
        roles = ", ".join(f"{g['role']} ({g['organisation']})" for g in each["grants"])
        table.add_row(each["username"], each["name"], each["state"],
                      "on" if each["second_factor"] else "", roles)  # fmt: skip
    console.print(table)


@users.command("show")
def show_user(context: typer.Context, username: str, as_json: AsJson = False) -> None:
    """One person with every role, also those that ended."""
    with transaction(context) as session:
        user = queries.person(session, username)
        on = bool(second_factor.is_on(session, [user.id]))
        found = _as_dict(user, _grants(session, user), second_factor=on)
    if as_json:
        show(found)
        return
    print_ = console.print
    print_(f"[bold]{found['username']}[/] {found['name']} · {found['state']}"
           f"{' · second factor' if on else ''}")  # fmt: skip
    for each in found["grants"]:
        mark = "[green]✓[/]" if each["holds"] else "[dim]–[/]"
        span = f"{each['since'] or ''} – {each['until'] or ''}"
        print_(f"{mark} {each['role']} · {each['organisation']} · {span}")


@users.command("disable")
def disable(context: typer.Context, username: str, as_json: AsJson = False) -> None:
    """Shut a person out; their sessions end at once."""
    with transaction(context) as session:
        ended = service.disable(session, SYSTEM, queries.person(session, username))
    _say({"username": username, "sessions_ended": ended}, as_json=as_json)


@users.command("enable")
def enable(context: typer.Context, username: str, as_json: AsJson = False) -> None:
    """Let a person in again."""
    with transaction(context) as session:
        service.enable(queries.person(session, username))
    _say({"username": username, "state": "active"}, as_json=as_json)


@users.command("reset")
def reset(context: typer.Context, username: str, as_json: AsJson = False) -> None:
    """A new link to join or to set a new password; older ones end."""
    with transaction(context) as session:
        secret = invitations.link_for(session, queries.person(session, username))
    _print_link(username, secret, as_json=as_json)


@users.command("grant")
def grant(
    context: typer.Context,
    username: str,
    role: Annotated[Role, typer.Option()],
    organisation: ItsCode,
    since: Day = None,
    until: Day = None,
    as_json: AsJson = False,
) -> None:
    """Give a person one more role, for a period."""
    with transaction(context) as session:
        user = queries.person(session, username)
        body = service.organisation(session, organisation)
        service.add_grant(session, user, role, body, _period(since, until))
        found = _as_dict(user, _grants(session, user), second_factor=False)["grants"]
    _say({"username": username, "grants": found}, as_json=as_json)


@users.command("revoke")
def revoke(
    context: typer.Context,
    username: str,
    role: Annotated[Role, typer.Option()],
    organisation: ItsCode,
    as_json: AsJson = False,
) -> None:
    """Take a role back; its sessions end at once."""
    with transaction(context) as session:
        user = queries.person(session, username)
        body = service.organisation(session, organisation)
        held = [g.Grant for g in queries.grants(session, user.id)
                if (g.Grant.role, g.Grant.organisation_id) == (role, body.id)
                and g.Grant.revoked_at is None]  # fmt: skip
        if not held:
            raise NotFound(f"{username} 没有 {body.name} 的 {role} 角色：用 tidu user show 查看")
        ended = sum(service.revoke(session, SYSTEM, one) for one in held)
    _say( {"username": username, "revoked": len(held), "sessions_ended": ended},
         as_json=as_json)  # fmt: skip


@users.command("sessions")
def list_sessions(
    context: typer.Context,
    username: str,
    end: Annotated[bool, typer.Option("--end", help="End them all.")] = False,
    as_json: AsJson = False,
) -> None:
    """A person's open sessions."""
    with transaction(context) as session:
        user = queries.person(session, username)
        found = [
            {"device": s.label, "address": str(s.address or ""), "method": s.method,
             "signed_in_at": s.created_at, "last_used_at": s.seen_at}
            for s in sessions.live_sessions(session, Settings(), user.id)
        ]  # fmt: skip
        ended = sessions.end_all(session, user.id, "signed_out_by_admin") if end else 0
    if as_json:
        show({"username": username, "sessions": found, "sessions_ended": ended})
        return
    table = Table("device", "address", "method", "signed in", "last used")
    for each in found:
        table.add_row(*map(_plain, each.values()))
    console.print(table)
    if end:
        console.print(f"{ended} sessions ended")


def _plain(value: Any) -> str:
    """An instant as the district's clocks showed it, and words as they are."""
    if isinstance(value, datetime):
        return value.astimezone(DISTRICT).strftime("%Y-%m-%d %H:%M")
    return str(value or "")


@users.command("totp-reset")
def reset_second_factor(context: typer.Context, username: str, as_json: AsJson = False) -> None:
    """Take away the second factor of somebody who lost it; their sessions end."""
    with transaction(context) as session:
        user = queries.person(session, username)
        removed = service.remove_second_factor(session, SYSTEM, user)
    _say({"username": username, "second_factor_removed": removed}, as_json=as_json)


def _say(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show(found)
        return
    rest = ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in found.items()
                     if key not in ("username", "grants"))  # fmt: skip
    roles = ", ".join(f"{g['role']} ({g['organisation']})" for g in found.get("grants", ())
                      if g["holds"])  # fmt: skip
    console.print(f"{found['username']}: {rest or roles or 'done'}")


@organisations.command("list")
def list_organisations(context: typer.Context, as_json: AsJson = False) -> None:
    """Every body with its code, and whom the groups stand for."""
    with transaction(context) as session:
        members = queries.members(session)
        found = [
            {"code": body.code, "name": body.name, "kind": body.kind,
             "members": [member.code for member in members.get(body.id, [])]}
            for body in queries.organisations(session)
        ]  # fmt: skip
    if as_json:
        show(found)
        return
    table = Table("code", "kind", "name", "members")
    for each in sorted(found, key=lambda one: str(one["kind"])):
        table.add_row(str(each["code"]), str(each["kind"]), str(each["name"]),
                      ", ".join(each["members"]))  # fmt: skip
    console.print(table)


@organisations.command("add")
def add_organisation(
    context: typer.Context,
    code: str,
    name: str,
    kind: Annotated[str, typer.Option(help=", ".join(ORGANISATION_KINDS))],
    name_en: Annotated[str, typer.Option(help="Its English name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a body that the plan did not bring."""
    with transaction(context) as session:
        body = service.add_organisation(session, code, name, name_en, kind)
        found = {"code": body.code, "name": body.name, "kind": body.kind}
    if as_json:
        show(found)
    else:
        console.print(f"{body.code} · {body.name}")


@organisations.command("members")
def set_members(
    context: typer.Context,
    group: str,
    member: Annotated[list[str] | None, typer.Argument(help="Codes; none empties it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which bodies a group stands for."""
    with transaction(context) as session:
        body = service.organisation(session, group)
        chosen = [service.organisation(session, code) for code in member or []]
        service.set_members(session, body, [one.id for one in chosen])
        found = {"code": body.code, "members": [one.code for one in chosen]}
    if as_json:
        show(found)
    else:
        console.print(f"{group}: {', '.join(member or []) or '—'}")
