"""What the queue does for imports: check a file, import it, undo it.

Each is one transaction that starts with a look whether the work is still to be done, and whose last
act says that it is done. A worker killed in the middle leaves nothing behind, the next one begins
anew, and nothing is done twice. How far it is goes out by a connection of its own, which brings
back whether somebody has called it off.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.accounts.acting import act_as, act_unbound
from app.core.clock import now
from app.core.errors import AppError
from app.exchange.report import Report
from app.exchange.service import import_sheet
from app.imports import checking, queries, rejected, service, store, undoing
from app.imports.models import ImportBatch

ATTEMPTS = 3
COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "conflicts")
FAILED = "服务器出错，没有写入任何一行：请重试，或请管理员查看日志 (failed, nothing was written)"
log = structlog.get_logger("tidu.imports")
Work = Callable[[Session, ImportBatch, Callable[[int], None]], None]


class CalledOff(Exception):
    """Somebody has called the import off."""


def check(engine: Engine, number: int) -> None:
    """Read a file and try it; programs' imports follow at once."""
    _attempt(engine, number, "checking", _check)


def run(engine: Engine, number: int) -> None:
    """Import a file."""
    _attempt(engine, number, "running", _run)


def undo(engine: Engine, number: int) -> None:
    """Put back what an import changed."""
    _attempt(engine, number, "undoing", _undo)


def _attempt(engine: Engine, number: int, state: str, work: Work) -> None:
    """Do it, again where somebody else wrote the same rows at the same time; note how it ended."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _once(engine, number, state, work)
            return
        except CalledOff:
            _end(engine, number, state, "cancelled", None)
            return
        except AppError as error:
            _end(engine, number, state, "unreadable" if state == "checking" else "failed", error)
            return
        except DBAPIError as error:
            log.warning("import", number=number, attempt=attempt, error=type(error.orig).__name__)
            if attempt == ATTEMPTS:
                _end(engine, number, state, "failed", AppError(FAILED))
                raise
        except Exception:
            _end(engine, number, state, "failed", AppError(FAILED))
            raise


def _once(engine: Engine, number: int, state: str, work: Work) -> None:
    with Session(engine) as session, session.begin(), _reporting(engine, number) as progress:
        batch = session.get(ImportBatch, number, with_for_update=True)
        if batch is not None and batch.state == state:
            act_as(session, service.acting(batch), request_id=batch.request_id)
            work(session, batch, progress)


def _end(engine: Engine, number: int, state: str, end: str, error: AppError | None) -> None:
    """How it ended, where what it did has been rolled back."""
    with Session(engine) as session, session.begin():
        batch = session.get(ImportBatch, number, with_for_update=True)
        if batch is None or batch.state != state:
            return
        act_as(session, service.acting(batch), request_id=f"ending-{number}")
        batch.state = "done" if state == "undoing" else end
        batch.problem = None if error is None else _told(error)
        batch.finished_at = now()


def _told(error: AppError) -> str:
    """An error in one text: its detail, and what is wrong with each column."""
    faults = (f"{one.get('column', '')}: {one['detail']}" for one in error.extra.get("errors", ()))
    return "\n".join([error.detail, *faults])


@contextmanager
def _reporting(engine: Engine, number: int) -> Iterator[Callable[[int], None]]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield lambda done: _report(connection, number, done)


def _report(connection: Connection, number: int, done: int) -> None:
    if store.move(connection, number, done):
        raise CalledOff


# --- the work -----------------------------------------------------------------------------------


def _check(session: Session, batch: ImportBatch, progress: Callable[[int], None]) -> None:
    edits = store.edits(session, batch.id)
    with store.as_file(session, batch.id, batch.file_name) as path:
        found = checking.look(session, service.acting(batch), batch, path, edits, progress)
        batch.found = found.as_found()
        batch.problem = None
        store.replace_rows(session, batch.id, found.rows)
        if found.report is None:
            batch.state = "mapping"
            return
        batch.state = "checked"
        _count(batch, found.report)
        _keep_rejected(session, batch, path, found.report, edits)
    if batch.run_when_checked:
        batch.run_when_checked = False
        service.leave_run(session, batch)


def _run(session: Session, batch: ImportBatch, progress: Callable[[int], None]) -> None:
    edits = store.edits(session, batch.id)
    with store.as_file(session, batch.id, batch.file_name) as path:
        sheet = checking.opened(path, edits)
        mapping = queries.mapping_of(session, batch)
        how = checking.how_of(batch, dry_run=False)
        report = import_sheet(session, service.acting(batch), sheet, mapping, how, progress)
        progress(report.rows)
        _count(batch, report)
        batch.state = "done" if report.applied else "refused"
        batch.finished_at = now()
        _keep_rejected(session, batch, path, report, edits)


def _undo(session: Session, batch: ImportBatch, progress: Callable[[int], None]) -> None:
    act_unbound(session, service.acting(batch), request_id=f"undo-{batch.id}")
    batch.left_alone = undoing.undo(session, batch)
    batch.state = "undone"


def _count(batch: ImportBatch, report: Report) -> None:
    for name in COUNTS:
        setattr(batch, name, getattr(report, name))


def _keep_rejected(
    session: Session, batch: ImportBatch, path: Path, report: Report, edits: checking.Edits
) -> None:
    """The rejected rows as a workbook of their own, to be mended and sent again."""
    store.drop_file(session, batch.id, store.REJECTED)
    if report.faults:
        with rejected.workbook(path, report, batch.locale, edits) as file:
            store.keep_file(session, batch.id, file, store.REJECTED)
