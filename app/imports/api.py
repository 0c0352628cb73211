"""Imports for programs: a file is sent, answered 202, and followed at its status address."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.resource import Resource
from app.firms.schemas import LARGEST_ID
from app.imports import queries, service, store
from app.imports.models import ImportBatch
from app.imports.pages import LARGEST_FORM, largest, rejected_file
from app.imports.template_pages import XLSX

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], route_class=Resource)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Mode = Literal["atomic", "skip"]
State = Literal["checking", "unreadable", "mapping", "checked", "running", "done", "refused",
                "failed", "cancelled", "undoing", "undone"]  # fmt: skip


class ImportOut(BaseModel):
    """One import. `rows` = created + updated + unchanged + rejected, once it is checked."""

    id: int
    kind: str
    state: State
    file_name: str
    source: str
    mode: Mode
    clear: bool
    encoding: str | None
    remarks: list[str] = Field(description="what of the file is not read, or read unseen")
    problem: str | None
    rows: int | None
    created: int | None
    updated: int | None
    unchanged: int | None
    rejected: int | None
    conflicts: int | None
    rows_read: int = Field(description="by the job that works on it")
    left_alone: int | None = Field(description="changes that an undo left: edited since")
    by: str
    made_at: datetime
    finished_at: datetime | None


class ImportsOut(BaseModel):
    """The latest imports first; `next` is the following `before`."""

    items: list[ImportOut]
    next: int | None


class RowFaults(BaseModel):
    """A rejected row and everything that is wrong with it."""

    row: int
    errors: list[dict[str, str]]


class FaultsOut(BaseModel):
    """Rejected rows in the file's order; `next` is the following `after`."""

    items: list[RowFaults]
    next: int | None


class ColumnsIn(BaseModel):
    """What columns are: {header in the file: known header, or `ignore`}."""

    model_config = ConfigDict(extra="forbid")
    columns: Annotated[dict[str, str], Field(max_length=200)]
    clear: bool = False


class RunIn(BaseModel):
    """`atomic`: all rows or none; `skip`: without those that are rejected."""

    model_config = ConfigDict(extra="forbid")
    mode: Mode = "atomic"


class UndoIn(BaseModel):
    """`edited`: of an import that is undone, also what somebody has changed since."""

    model_config = ConfigDict(extra="forbid")
    edited: bool = False


def _out(db: Any, batch: ImportBatch) -> ImportOut:
    english = batch.locale == "en"
    known = store.progress(db, batch.id)
    return ImportOut(
        id=batch.id, kind=batch.kind, state=batch.state, file_name=batch.file_name,
        source=batch.source, mode=batch.mode, clear=batch.clear,
        encoding=batch.found.get("encoding"), problem=batch.problem,
        remarks=[one[english] for one in batch.found.get("remarks", ())],
        rows_read=0 if known is None else known.done, left_alone=batch.left_alone,
        by=batch.by_name, made_at=batch.made_at, finished_at=batch.finished_at,
        **service.summary(batch),
    )  # fmt: skip


def _accepted(db: Any, batch: ImportBatch, response: Response) -> ImportOut:
    response.headers["Location"] = f"/api/v1/imports/{batch.id}"
    return _out(db, batch)


@router.post("", operation_id="send_import", status_code=202, max_body_size=LARGEST_FORM)
def send_import(  # noqa: PLR0913 - the form's fields
    request: Request, response: Response, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile, File(description="XLSX or CSV")],
    kind: Annotated[str, Form(description="firms or figures")],
    mode: Annotated[Mode, Form()] = "atomic",
    source: Annotated[str, Form(description="whose data; of analysts only")] = "",
    clear: Annotated[bool, Form(description="blank cells clear")] = False,
    preset: Annotated[str, Form(description="a mapping that ships")] = "",
    run: Annotated[bool, Form(description="import it at once after the check")] = True,
) -> ImportOut:  # fmt: skip
    """Send a file; look at Location for what becomes of it."""
    sent = service.Sent(kind, source, mode, clear, preset, run)
    batch = service.send(tx, actor, file.filename or "", file.file, sent, largest=largest(request))
    return _accepted(tx, batch, response)


@router.get("", operation_id="list_imports")
def list_imports(
    actor: Reader, db: Db, before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> ImportsOut:  # fmt: skip
    """Imports of one's organisation; an analyst's are all."""
    found = queries.latest(db, actor, before=before, most=limit)
    return ImportsOut(items=[_out(db, one) for one in found],
                      next=found[-1].id if len(found) == limit else None)  # fmt: skip


@router.get("/{number}", operation_id="get_import")
def get_import(number: Number, actor: Reader, db: Db) -> ImportOut:
    """How far it is, and what became of its rows."""
    return _out(db, queries.get(db, actor, number))


@router.get("/{number}/faults", operation_id="list_import_faults")
def list_import_faults(
    number: Number, actor: Reader, db: Db,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FaultsOut:  # fmt: skip
    """Every fault of every row."""
    batch = queries.get(db, actor, number)
    found = store.rows(db, batch.id, after=after, faulty=True, most=limit)
    items = [
        RowFaults(row=row.row_no, errors=[
            {"column": f["column"], "value": f["value"],
             "detail": f"{f['zh']} ({f['en']})"} for f in row.faults
        ]) for row in found
    ]  # fmt: skip
    return FaultsOut(items=items, next=found[-1].row_no if len(found) == limit else None)


@router.get("/{number}/rejected", operation_id="get_import_rejected",
            response_class=StreamingResponse, responses={200: {"content": {XLSX: {}}}})  # fmt: skip
def get_import_rejected(request: Request, number: Number, actor: Reader, db: Db
                        ) -> StreamingResponse:  # fmt: skip
    """The rejected rows as a workbook, reasons in a last column."""
    return rejected_file(request, db, queries.get(db, actor, number))


@router.put("/{number}/columns", operation_id="map_import", status_code=202)
def map_import(
    number: Number, body: ColumnsIn, response: Response, actor: CurrentActor, tx: Tx
) -> ImportOut:
    """Say what the columns are; the file is checked anew, and the next one is known."""
    batch = service.choose_columns(tx, actor, number, body.columns, clear=body.clear)
    return _accepted(tx, batch, response)


@router.post("/{number}/run", operation_id="run_import", status_code=202)
def run_import(
    number: Number, body: RunIn, response: Response, actor: CurrentActor, tx: Tx
) -> ImportOut:
    """Import a file that has been checked."""
    return _accepted(tx, service.run(tx, actor, number, body.mode), response)


@router.post("/{number}/cancel", operation_id="cancel_import", status_code=202)
def cancel_import(number: Number, response: Response, actor: CurrentActor, tx: Tx) -> ImportOut:
    """Call it off: what is not committed by then never happened."""
    return _accepted(tx, service.call_off(tx, actor, number), response)


@router.post("/{number}/undo", operation_id="undo_import", status_code=202)
def undo_import(
    number: Number, body: UndoIn, response: Response, actor: CurrentActor, tx: Tx
) -> ImportOut:
    """Put back what it changed, but for what has been edited since."""
    return _accepted(tx, service.undo(tx, actor, number, edited=body.edited), response)
