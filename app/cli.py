"""The command line: the same services as the pages; tables for people, --json for programs."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts.acting import NOBODY
from app.accounts.actor import SYSTEM
from app.accounts.command import organisations, users
from app.accounts.token_command import group as tokens
from app.audit.command import group as trail
from app.connectors.command import group as connectors
from app.core.clock import today
from app.core.db import make_engine
from app.core.errors import AppError
from app.core.heap import settled
from app.core.postgres import DatabaseUnavailable, running
from app.core.settings import Settings
from app.core.terminal import AsJson, Database, console, show
from app.firms.person_command import group as persons

REJECTED, UNUSABLE, UNREACHABLE = 1, 2, 3
FAULTS_SHOWN = 20

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
demo = typer.Typer(no_args_is_help=True, help="The demo district.")
criteria = typer.Typer(no_args_is_help=True, help="Criteria sets.")
for name, group in (("token", tokens), ("user", users), ("organisation", organisations),
                    ("person", persons), ("demo", demo), ("criteria", criteria),
                    ("audit", trail), ("connector", connectors)):  # fmt: skip
    cli.add_typer(group, name=name)
AsOf = Annotated[str | None, typer.Option("--as-of", help="A date such as 2026-03-31.")]


class Locale(StrEnum):
    """The language of sentences."""

    ZH = "zh"
    EN = "en"


InLocale = Annotated[Locale, typer.Option(help="The language of sentences.")]


@contextmanager
def database(*, prepared: bool = True) -> Iterator[Engine]:
    """An engine on the data folder or DATABASE_URL, with its tables up to date or as they are."""
    from app.start import prepare

    settings = Settings()
    with running(settings) as url:
        engine = make_engine(url, settings)
        try:
            if prepared:
                prepare(engine, demo=False, say=_say_to_people)
            yield engine
        finally:
            engine.dispose()


def _say_to_people(text: str) -> None:
    if sys.stderr.isatty():
        console.print(f"· {text}", style="dim")


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
    context.obj = Database(database, transaction)


@cli.command()
def serve(
    with_demo: Annotated[bool, typer.Option("--demo", help="Load it where no firm is.")] = False,
) -> None:
    """Prepare the database and serve pages and API until Ctrl-C."""
    settings = Settings()
    with settled():
        import uvicorn

        from app import worker as jobs
        from app.accounts.safety import check
        from app.main import create_app
        from app.start import check_port, greeting, prepare

    check_port(settings)
    check(settings)
    with running(settings) as url:
        owner = make_engine(url, settings)
        prepare(owner, demo=with_demo, say=lambda text: console.print(f"· {text}"))
        for line in greeting(owner, settings):
            console.print(line, highlight=False, soft_wrap=True)
        owner.dispose()
        engine = make_engine(url, settings, role=NOBODY)
        # Told to stop, uvicorn does and then passes the signal on: the database must stop, too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        beside = jobs.child() if settings.with_worker else nullcontext()
        with settled():
            app = create_app(settings, engine)
        try:
            with beside:
                uvicorn.run(
                    app, host=settings.host, port=settings.port, log_level="warning",
                    access_log=False, proxy_headers=False, server_header=False,
                )  # fmt: skip
        finally:
            engine.dispose()


@cli.command()
def worker(
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input closes.")
    ] = False,
) -> None:
    """Do the jobs that wait, and the scheduled ones, until Ctrl-C; beside a server or apart."""
    with settled():
        from app import worker as jobs
        from app.accounts.safety import check
        from app.core.logs import log_plainly

    settings = Settings()
    check(settings)
    log_plainly()
    with database(prepared=not with_parent) as engine:
        jobs.run(settings, engine, with_parent=with_parent)


@cli.command()
def migrate() -> None:
    """Bring the database's tables, plan and criteria sets up to date."""
    with database():
        console.print("up to date")


@cli.command("import")
def import_(  # noqa: PLR0913 - options of one command
    kind: Annotated[
        str, typer.Argument(metavar="firms|figures|KIND", help="KIND: records, such as loans.")
    ],
    file: Path,
    mapping: Annotated[str | None, typer.Option(help="A mapping file, or one that ships.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A header to leave out; may be repeated.")
    ] = None,
    source: Annotated[str, typer.Option(help="Whose figures: decides which win.")] = "import",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, keep nothing.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Import the good rows.")
    ] = False,
    clear_blanks: Annotated[
        bool, typer.Option("--clear-blanks", help="A blank cell clears.")
    ] = False,
    rejected: Annotated[Path | None, typer.Option(help="A .csv for the rejected rows.")] = None,
    locale: InLocale = Locale.ZH,
    as_json: AsJson = False,
) -> None:
    """Import a .xlsx or .csv of firms, figures or records; all or nothing, unless asked."""
    from app.exchange import command
    from app.exchange.kinds import VOCABULARIES
    from app.exchange.mapping import load
    from app.exchange.service import import_file
    from app.firms.models import SOURCES

    if kind not in VOCABULARIES:
        raise typer.BadParameter(f"kind is one of {', '.join(VOCABULARIES)}")
    if source not in SOURCES:
        raise typer.BadParameter(f"source is one of {', '.join(SOURCES)}")
    command.check_target(rejected)
    meaning = load(mapping).ignoring(ignore or [])
    with transaction() as session, command.progress_of(file) as progress:
        report = import_file(
            session, SYSTEM, file, kind, meaning,
            source=source, mode="skip" if skip_bad_rows else "atomic", dry_run=dry_run,
            clear=clear_blanks, largest_megabytes=Settings().upload_megabytes, progress=progress,
        )  # fmt: skip
    if rejected is not None:
        command.write_rejected(file, report, rejected, locale)
    if as_json:
        show(report.as_dict(locale))
    else:
        command.print_report(console, report, locale, dry_run=dry_run)
    raise typer.Exit(REJECTED if report.faults else 0)


@cli.command()
def evaluate(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Hold every firm against every criteria set in force."""
    from app.pipeline.service import evaluate as run_evaluation

    on = day(as_of)
    with database() as engine:
        run = run_evaluation(engine, on)
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
    locale: InLocale = Locale.ZH,
    as_json: AsJson = False,
) -> None:
    """Say where one firm stands: every criterion with value, threshold, gap and article."""
    from app.firms.queries import by_credit_code, rung_of
    from app.pipeline.command import print_explanation
    from app.pipeline.queries import explain as ask

    on = day(as_of)
    with transaction() as session:
        firm = by_credit_code(session, SYSTEM, credit_code)
        rung = rung_of(session, firm.id, on)
        found = ask(session, firm.id, on, codes=set_)
    if as_json:
        assessments = [each.model_dump(mode="json") for each in found]
        show({"credit_code": firm.credit_code, "name": firm.name, "rung": rung,
              "assessments": assessments})  # fmt: skip
    else:
        print_explanation(console, firm.name, rung, found, locale)


@cli.command()
def pool(
    filters: Annotated[
        list[str] | None, typer.Argument(help="Filters: gap_count__lte=1 q=…")
    ] = None,
    set_: Annotated[str | None, typer.Option("--set", help="Else the certified rung's.")] = None,
    order: Annotated[str, typer.Option(help="Columns, - for descending.")] = "-readiness,name",
    columns: Annotated[str, typer.Option(help="Columns to show.")] = (
        "credit_code,name,rung,outcome,gap_count,readiness"
    ),
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List firms by how far they are from a rung; filters as in the API."""
    from app.audit.service import note_read
    from app.firms.listing import searched
    from app.pipeline.pool import listing

    given: list[tuple[str, str]] = []
    for text in filters or []:
        key, _, value = text.partition("=")
        given.append((key, value))
    shown = [column.strip() for column in columns.split(",")]
    given += [("ordering", order.replace(" ", "")), ("fields", ",".join(shown)),
              ("limit", str(limit)), ("count", "exact")]  # fmt: skip
    if set_:
        given.append(("set", set_))
    with transaction() as session:
        page = listing(session, SYSTEM, given)
        if asked := searched(given):
            note_read(session, "pool", purpose="search", filter=asked, row_count=len(page.items))
    if as_json:
        show({"items": page.items, "next": page.next, "count": page.count})
        return
    # What is copied into the next command is never cut short.
    table = Table(*(Column(name, no_wrap=name == "credit_code") for name in shown))
    for item in page.items:
        table.add_row(*("" if item[c] is None else escape(str(item[c])) for c in shown))
    console.print(table)
    console.print(f"{len(page.items)} / {page.count}")


@demo.command("load")
def load_demo() -> None:
    """Make the demo district."""
    from app.demo.service import load
    from app.pipeline.service import evaluate as run_evaluation

    with database() as engine:
        with Session(engine) as session, session.begin():
            firms = load(session, today())
        run_evaluation(engine, today())
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
        shown = {"code", "title", "purpose", "since", "until"}
        show([s.model_dump(mode="json", include=shown) for s in found])
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
        sys.exit(cli(standalone_mode=False) or 0)
    except AppError as error:
        _fail(error.detail, UNUSABLE, error.extra.get("errors", ()))
    except typer.TyperException as error:
        said = error.format_message() if hasattr(error, "format_message") else str(error)
        # Without arguments the help was shown, and nothing is left to say.
        _fail(f"{' '.join(said.split())} (--help)" if said else "", UNUSABLE)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        wrong = [
            f"TIDU_{str(e['loc'][0]).upper()}: {e['msg']}"
            for e in error.errors()
            if e["type"] != "default_factory_not_called"  # it follows from another one
        ]
        _fail("; ".join(wrong), UNUSABLE)
    except typer.Abort:
        _fail("aborted", UNUSABLE)
    except (DatabaseUnavailable, OperationalError) as error:
        _fail(str(error).splitlines()[0], UNREACHABLE)
    except OSError as error:
        _fail(f"{error.strerror}: {error.filename}", UNREACHABLE)


def _fail(line: str, code: int, faults: Sequence[dict[str, Any]] = ()) -> NoReturn:
    rest = [fault for fault in faults if str(fault["detail"]) not in line]
    shown = [f"tidu: {line}"] if line else []
    shown += [
        f"  {fault['pointer']}: {fault['detail']}" if "pointer" in fault else f"  {fault['detail']}"
        for fault in rest[:FAULTS_SHOWN]
    ]
    if len(rest) > FAULTS_SHOWN:
        shown.append(f"  … {len(rest) - FAULTS_SHOWN}")
    sys.stderr.write("".join(f"{each}\n" for each in shown))
    sys.exit(code)
