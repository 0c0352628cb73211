"""`tidu person`: what is held about one person, and its deletion."""

from typing import Annotated

import typer

from app.accounts.actor import SYSTEM
from app.core.terminal import console, show, transaction
from app.firms import persons

group = typer.Typer(no_args_is_help=True, help="One person's data on request.")
Name = Annotated[str | None, typer.Option(help="The person's name.")]
Phone = Annotated[str | None, typer.Option(help="A phone number, in any form.")]
Email = Annotated[str | None, typer.Option(help="An e-mail address.")]


@group.command("export")
def export(
    context: typer.Context, name: Name = None, phone: Phone = None, email: Email = None
) -> None:
    """Print all that is held about a person as JSON: contacts, and who read them when and why."""
    person = persons.asked(name, phone, email)
    with transaction(context) as session:
        show(persons.export(session, SYSTEM, person))


@group.command("erase")
def erase(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it is kept for good: no personal data.")],
    name: Name = None,
    phone: Phone = None,
    email: Email = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a person's contacts for good, after a question that names their number."""
    person = persons.asked(name, phone, email)
    with transaction(context) as session:
        found = persons.look(session, SYSTEM, person)
        firms = ", ".join(sorted({row.name for row in found}))
        console.print(f"{len(found)} contacts{': ' if found else ''}{firms}", highlight=False)
        if found and (yes or typer.confirm("Delete them for good?")):
            number = persons.erase(session, SYSTEM, person, reason, len(found))
            console.print(f"{number} deleted")
