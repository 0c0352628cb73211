"""What the queue does for exports: write one file.

The rows are read in one transaction that sees one state of the register and writes nothing; what is
written goes beside it to a file, and into the database only when it is whole. A worker killed in
the middle leaves nothing behind; the next one finds the file unfinished and begins anew. A file
that is ready is not written again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app.accounts.acting import act_as
from app.core.clock import now
from app.core.errors import AppError
from app.exports import service, store
from app.exports.models import BUSY, ExportFile
from app.workbench import sheets
from app.workbench.exporting import listed

FAILED = "服务器出错，文件没有生成：请重试，或请管理员查看日志 (failed: try again)"
MOVE = text("update export_file set done = :done where id = :number and state = 'running'")
Pages = Iterator[list[list[Any]]]


class CalledOff(Exception):
    """Nobody wants the file any more."""


def write(engine: Engine, number: int) -> None:
    """Write a file, if that is still to be done."""
    wanted = _begun(engine, number)
    if wanted is None:
        return
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as progress:
            _write(engine, wanted, progress)
    except CalledOff:
        return
    except AppError as error:
        _end(engine, number, error.detail)
    except Exception:
        _end(engine, number, FAILED)
        raise


def _begun(engine: Engine, number: int) -> ExportFile | None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        wanted = session.get(ExportFile, number, with_for_update=True)
        if wanted is None or wanted.state not in BUSY:
            return None
        act_as(session, service.acting(wanted), request_id=f"export-{number}")
        wanted.state, wanted.done = "running", 0
        return wanted


def _write(engine: Engine, wanted: ExportFile, progress: Connection) -> None:
    kind = cast(sheets.Format, wanted.format)
    with Session(engine) as reading, reading.begin():
        reading.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        act_as(reading, service.acting(wanted), request_id=f"export-{wanted.id}", reading=True)
        reading.execute(text("set local statement_timeout = 0"))
        found = listed(reading, service.acting(wanted), wanted.of, parse_qsl(wanted.query),
                       wanted.locale)  # fmt: skip
        pages = _counted(found.sheet.pages(reading), wanted, progress)
        with sheets.written(pages, found.sheet, kind) as path:
            _keep(engine, wanted, path)


def _counted(pages: Pages, wanted: ExportFile, progress: Connection) -> Pages:
    """The pages, with word of how far it is; CalledOff where nobody waits for it."""
    for page in pages:
        yield page
        wanted.done += len(page)
        moved = progress.execute(MOVE, {"done": wanted.done, "number": wanted.id})
        if moved.rowcount == 0:
            raise CalledOff


def _keep(engine: Engine, wanted: ExportFile, path: Path) -> None:
    with Session(engine) as session, session.begin():
        kept = session.get_one(ExportFile, wanted.id, with_for_update=True)
        if kept.state != "running":
            raise CalledOff
        act_as(session, service.acting(kept), request_id=f"export-{kept.id}")
        kept.size = store.keep(session, kept.id, path)
        kept.rows = kept.done = wanted.done
        kept.state, kept.finished_at = "ready", now()


def _end(engine: Engine, number: int, problem: str) -> None:
    with Session(engine) as session, session.begin():
        wanted = session.get_one(ExportFile, number, with_for_update=True)
        if wanted.state == "running":
            act_as(session, service.acting(wanted), request_id=f"export-{number}")
            wanted.state, wanted.problem, wanted.finished_at = "failed", problem, now()
