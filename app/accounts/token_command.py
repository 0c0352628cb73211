"""`tidu token`: issue, look at, rotate and revoke the tokens of machines."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from app.accounts import token_queries as queries
from app.accounts import tokens
from app.accounts.actor import SYSTEM
from app.core.clock import DISTRICT
from app.core.terminal import AsJson, console, show, transaction

group = typer.Typer(no_args_is_help=True, help="API tokens.")
Reference = Annotated[str, typer.Argument(help="Its prefix, such as ab12cd34, or its number.")]


@group.command("create")
def create(  # noqa: PLR0913 - options of one command
    context: typer.Context,
    organisation: Annotated[str, typer.Option(help="Whose token: its code.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(tokens.SCOPES)}.")],
    days: Annotated[int, typer.Option(help=f"How long, at most {tokens.LONGEST_DAYS}.")] = 90,
    from_: Annotated[
        list[str] | None, typer.Option("--from", help="Only from this range, 203.0.113.0/24.")
    ] = None,
    per_minute: Annotated[int | None, typer.Option(help="Requests a minute of its own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a token; it is shown once."""
    wanted = tokens.Wanted(organisation, name, tuple(scope), days, tuple(from_ or ()), per_minute)
    with transaction(context) as session:
        _show_secret(tokens.issue(session, wanted, SYSTEM), as_json=as_json)


@group.command("list")
def list_(
    context: typer.Context,
    organisation: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    ended: Annotated[bool, typer.Option("--all", help="Also what has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List tokens: whose, what for, until when, last use; what ends within 14 days is marked."""
    with transaction(context) as session:
        rows = queries.all_tokens(session, organisation=organisation, ended=ended)
    if as_json:
        show([row.as_dict() for row in rows])
        return
    table = Table("token", "organisation", "name", "scopes", "state", "until", "last use")
    for row in rows:
        table.add_row(
            row.prefix, row.organisation, row.name, " ".join(row.scopes), _state(row),
            _when(row.expires_at, "%Y-%m-%d"), _when(row.used_at, "%Y-%m-%d %H:%M"),
        )  # fmt: skip
    console.print(table)
    if ending := sum(row.state == "expiring" for row in rows):
        console.print(f"[yellow]{ending} end within 14 days: tidu token rotate PREFIX[/]")


@group.command("show")
def show_(context: typer.Context, token: Reference, as_json: AsJson = False) -> None:
    """Show one token, and the chain of those it replaced and that replaced it."""
    with transaction(context) as session:
        row = queries.token_row(session, queries.find(session, token).id)
        chain = [each.prefix for each in queries.chain(session, row)]
    if as_json:
        show(row.as_dict() | {"chain": chain})
        return
    for name, value in row.as_dict().items():
        shown = " ".join(value) if isinstance(value, list) else value
        console.print(f"{name:20} {'—' if shown in (None, '') else shown}", highlight=False)
    console.print(f"{'chain':20} {' → '.join(chain)}", highlight=False)


@group.command("rotate")
def rotate(
    context: typer.Context,
    token: Reference,
    overlap: Annotated[
        int, typer.Option(help=f"Days the old one lives on, at most {tokens.LONGEST_OVERLAP}.")
    ] = tokens.OVERLAP,
    days: Annotated[int | None, typer.Option(help="How long; as the old one unless told.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a successor with the same rights; it is shown once."""
    with transaction(context) as session:
        old = queries.find(session, token)
        issued = tokens.rotate(session, old, SYSTEM, overlap_days=overlap, days=days)
        _show_secret(issued, as_json=as_json)


@group.command("revoke")
def revoke(context: typer.Context, token: Reference, as_json: AsJson = False) -> None:
    """End a token at once."""
    with transaction(context) as session:
        found = queries.find(session, token)
        tokens.revoke(session, found)
        row = queries.token_row(session, found.id)
    if as_json:
        show(row.as_dict())
    else:
        console.print(f"{row.prefix} is revoked", highlight=False)


def _show_secret(issued: tokens.Issued, *, as_json: bool) -> None:
    if as_json:
        token = issued.token
        show({"token": issued.secret, "id": token.id, "prefix": token.prefix,
              "expires_at": token.expires_at})  # fmt: skip
    else:
        console.print(issued.secret, highlight=False, soft_wrap=True)


def _state(row: queries.TokenRow) -> str:
    marked = {
        "expiring": f"[yellow]expiring: {row.days_left} days[/]",
        "replaced": f"replaced by {row.successor}",
        "expired": "[red]expired[/]",
        "revoked": "[red]revoked[/]",
    }
    return marked.get(row.state, row.state)


def _when(instant: datetime | None, form: str) -> str:
    return "—" if instant is None else instant.astimezone(DISTRICT).strftime(form)
