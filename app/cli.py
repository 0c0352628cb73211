"""The command line: the same services as the pages; tables for people, --json for programs."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.command import organisations, users
from app.core.clock import today
from app.core.db import make_engine
from app.core.errors import AppError
from app.core.postgres import DatabaseUnavailable, running
from app.core.settings import Settings
from app.core.terminal import AsJson, console, show

REJECTED, UNUSABLE, UNREACHABLE = 1, 2, 3

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tokens = typer.Typer(no_args_is_help=True, help="API tokens.")
demo = typer.Typer(no_args_is_help=True, help="The demo district.")
criteria = typer.Typer(no_args_is_help=True, help="Criteria sets.")
for name, group in (("token", tokens), ("user", users), ("organisation", organisations),
                    ("demo", demo), ("criteria", criteria)):  # fmt: skip
    cli.add_typer(group, name=name)
AsOf = Annotated[str | None, typer.Option("--as-of", help="A date such as 2026-03-31.")]


class Kind(StrEnum):
    """What a file holds."""

    FIRMS = "firms"
    FIGURES = "figures"


@contextmanager
def database(*, prepared: bool = True) -> Iterator[Engine]:
    """An engine on the data folder or DATABASE_URL, with its tables up to date."""
    settings = Settings()
    with running(settings) as url:
        engine = make_engine(url, settings)
        try:
            if prepared:
                from app.start import prepare

                prepare(
                    engine,
                    demo=False,
                    say=lambda text: (
                        console.print(f"· {text}", style="dim") if sys.stderr.isatty() else None
                    ),
                )
            yield engine
        finally:
            engine.dispose()


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction of one command."""
    with database() as engine, Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def day(text: str | None) -> date:
    """A date option; today if it is not given."""
    try:
        return today() if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a date such as 2026-03-31") from error


@cli.callback()
def begin(context: typer.Context) -> None:
    """Tidu 梯度: firms, their rungs, and what is missing for the next one."""
    context.obj = transaction


@cli.command()
def serve(
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Load the demo where no firm is.")
    ] = False,
) -> None:
    """Prepare the database and serve pages and API until Ctrl-C."""
    settings = Settings()
    _check_port(settings)
    import uvicorn

    from app.accounts.safety import check
    from app.main import create_app
    from app.start import greeting, prepare

    check(settings)
    with running(settings) as url:
        owner = make_engine(url, settings)
        prepare(owner, demo=with_demo, say=lambda text: console.print(f"· {text}"))
        for line in greeting(owner, settings):
            console.print(line, highlight=False, soft_wrap=True)
        owner.dispose()
        engine = make_engine(url, settings, role=NOBODY)
        try:
            uvicorn.run(
                create_app(settings, engine),
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
            )
        finally:
            engine.dispose()


def _check_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise DatabaseUnavailable(
                f"port {settings.port} on {settings.host} cannot be used ({error.strerror}): "
                "choose another with --port or TIDU_PORT"
            ) from error


@cli.command()
def migrate() -> None:
    """Bring the database's tables, plan and criteria sets up to date."""
    with database():
        console.print("up to date")


@cli.command("import")
def import_(  # noqa: PLR0913 - options of one command
    kind: Kind,
    file: Path,
    mapping: Annotated[str | None, typer.Option(help="A mapping file, or one that ships.")] = None,
    source: Annotated[str, typer.Option(help="Whose figures: decides which win.")] = "import",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, keep nothing.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Import the good rows.")
    ] = False,
    clear_blanks: Annotated[
        bool, typer.Option("--clear-blanks", help="Blank cells clear.")
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows to this .csv.")
    ] = None,
    locale: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """Import firms or figures from .xlsx or .csv; nothing is kept if a row is bad, unless asked."""
    from app.exchange.mapping import load
    from app.exchange.service import import_file
    from app.firms.models import SOURCES

    if source not in SOURCES:
        raise typer.BadParameter(f"source is one of {', '.join(SOURCES)}")
    with transaction() as session, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"importing {file.name}", total=None)
        report = import_file(
            session,
            SYSTEM,
            file,
            kind.value,
            load(mapping),
            source=source,
            mode="skip" if skip_bad_rows else "atomic",
            dry_run=dry_run,
            clear=clear_blanks,
            largest_megabytes=Settings().upload_megabytes,
            progress=lambda done: bar.update(task, completed=done, description=f"{done} rows"),
        )
    from app.exchange.command import print_report, write_rejected

    if rejected is not None:
        write_rejected(file, report, rejected, locale)
    if as_json:
        show(report.as_dict(locale))
    else:
        print_report(console, report, locale, dry_run=dry_run)
    raise typer.Exit(REJECTED if report.faults else 0)


@cli.command()
def evaluate(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Hold every firm against every criteria set in force."""
    from app.pipeline.service import evaluate as run_evaluation

    with transaction() as session:
        run = run_evaluation(session, day(as_of))
        found = {"as_of": run.as_of, "firms": run.firms, "changed": run.changed}
    if as_json:
        show(found)
    else:
        console.print(f"{run.as_of}: {run.firms} firms, {run.changed} verdicts changed")


@cli.command()
def explain(
    credit_code: str,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Only these sets.")] = None,
    as_of: AsOf = None,
    locale: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """Say where one firm stands: every criterion with value, threshold, gap and article."""
    from app.firms.queries import by_credit_code, rung_of
    from app.pipeline.command import print_explanation
    from app.pipeline.queries import explain as ask

    with transaction() as session:
        firm = by_credit_code(session, SYSTEM, credit_code)
        rung = rung_of(session, firm.id, day(as_of))
        found = ask(session, firm.id, day(as_of), codes=set_)
    if as_json:
        show(
            {
                "credit_code": firm.credit_code,
                "name": firm.name,
                "rung": rung,
                "assessments": [each.model_dump(mode="json") for each in found],
            }
        )
    else:
        print_explanation(console, firm.name, rung, found, locale)


@cli.command()
def pool(
    filters: Annotated[
        list[str] | None, typer.Argument(help="Filters: gap_count__lte=1 q=…")
    ] = None,
    set_: Annotated[
        str | None, typer.Option("--set", help="Criteria set; the certified rung's.")
    ] = None,
    order: Annotated[str, typer.Option(help="Columns, - for descending.")] = "-readiness,name",
    columns: Annotated[str, typer.Option(help="Columns to show.")] = (
        "credit_code,name,rung,outcome,gap_count,readiness"
    ),
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List firms by how far they are from a rung; filters as in the API."""
    from app.pipeline.pool import listing

    given: list[tuple[str, str]] = []
    for text in filters or []:
        key, _, value = text.partition("=")
        given.append((key, value))
    given += [("ordering", order), ("fields", columns), ("limit", str(limit)), ("count", "exact")]
    if set_:
        given.append(("set", set_))
    with transaction() as session:
        page = listing(session, SYSTEM, given)
    if as_json:
        show({"items": page.items, "next": page.next, "count": page.count})
        return
    table = Table(*columns.split(","))
    for item in page.items:
        table.add_row(*("" if item[c] is None else str(item[c]) for c in columns.split(",")))
    console.print(table)
    console.print(f"{len(page.items)} / {page.count}")


@tokens.command("create")
def create_token(
    organisation: Annotated[str, typer.Option(help="Whose token: its code.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="firms:read, firms:write, figures:write.")],
    days: Annotated[int, typer.Option(min=1, max=730)] = 90,
    as_json: AsJson = False,
) -> None:
    """Issue a token; it is shown once."""
    from app.accounts.tokens import issue_token

    with transaction() as session:
        secret = issue_token(session, organisation, name, scope, days)
    if as_json:
        show({"token": secret})
    else:
        console.print(secret, highlight=False, soft_wrap=True)


@demo.command("load")
def load_demo() -> None:
    """Make the demo district."""
    from app.demo.service import load
    from app.pipeline.service import evaluate as run_evaluation

    with transaction() as session:
        firms = load(session, today())
        run_evaluation(session, today())
    console.print(f"{firms} demo firms")


@demo.command("remove")
def remove_demo() -> None:
    """Remove exactly the demo."""
    from app.demo.service import remove

    with transaction() as session:
        console.print(f"{remove(session)} demo firms removed")


@criteria.command("load")
def load_criteria(files: list[Path]) -> None:
    """Load criteria sets from files: new ones, or successors."""
    from app.criteria.store import load_files

    with transaction() as session:
        console.print(", ".join(load_files(session, files)) or "nothing new")


@criteria.command("list")
def list_criteria(as_json: AsJson = False) -> None:
    """Every version of every set."""
    from app.criteria.store import all_sets

    with transaction() as session:
        found = [s.policy for s in all_sets(session)]
    if as_json:
        show(
            [
                s.model_dump(mode="json", include={"code", "title", "purpose", "since", "until"})
                for s in found
            ]
        )
        return
    table = Table("code", "purpose", "since", "until", "label")
    for s in found:
        table.add_row(s.code, s.purpose, str(s.since), str(s.until or ""), s.label.zh)
    console.print(table)


@cli.command()
def doctor() -> None:
    """Check that everything Tidu needs is there and works."""
    from app.start import check

    with database() as engine:
        for line in check(engine):
            console.print(f"✓ {line}")


def main() -> None:
    """Run; every expected failure is one line and an exit code."""
    try:
        cli()
    except AppError as error:
        sys.stderr.write(f"tidu: {error.detail}\n")
        for each in error.extra.get("errors", [])[:20]:
            sys.stderr.write(f"  {each.get('detail')}\n")
        sys.exit(UNUSABLE)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])).upper()
        sys.stderr.write(f"tidu: the setting TIDU_{name} cannot be used ({first['msg']})\n")
        sys.exit(UNUSABLE)
    except (DatabaseUnavailable, OperationalError) as error:
        sys.stderr.write(f"tidu: {str(error).splitlines()[0]}\n")
        sys.exit(UNREACHABLE)
    except OSError as error:
        sys.stderr.write(f"tidu: {error.strerror}: {error.filename}\n")
        sys.exit(UNREACHABLE)


if __name__ == "__main__":
    main()
