"""Imports in the browser: steps at addresses of their own, to be left and come back to."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx, reading, settings_of
from app.core import i18n
from app.core.clock import today
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import render
from app.criteria.phrases import SOURCES as SOURCE_WORDS
from app.criteria.phrases import label
from app.exchange import mapping, templates
from app.exchange.headers import CODE
from app.exchange.kinds import LABELS, TEMPLATES, VOCABULARIES
from app.exchange.mapping import IGNORE
from app.firms.catalogue import INDICATORS
from app.firms.models import SOURCES
from app.firms.schemas import LARGEST_ID
from app.imports import checking, queries, service, store
from app.imports.models import ImportBatch
from app.imports.template_pages import XLSX

router = APIRouter(prefix="/imports", include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
# Beside the file, a form's own few fields.
LARGEST_FORM = 50 * 1024**2 + 65_536
SHOWN, MOST_COLUMNS = 50, 200
UNITS = ("", "元", "千元", "万元", "百万元", "亿元")


@router.get("")
def imports(
    request: Request, actor: Reader, db: Db,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    kind: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:  # fmt: skip
    """What has been sent, a place to send more, and templates."""
    found = queries.latest(db, actor, before=before, most=SHOWN)
    return _list(request, actor, found, kind=kind)


def _list(
    request: Request, actor: Actor, found: list[ImportBatch], problem: AppError | None = None,
    kind: str = "",
) -> HTMLResponse:  # fmt: skip
    page = render(
        request, "imports/imports.html", batches=found, kinds=LABELS, kind=kind,
        templates=templates.TEMPLATES.values(), records=TEMPLATES,
        may_choose=actor.role is Role.ANALYST, this_year=today().year,
        sources={code: label(SOURCE_WORDS[code]) for code in SOURCES},
        presets=mapping.shipped(),
        following=found[-1].id if len(found) == SHOWN else None, problem=problem,
        megabytes=largest(request) // 1024**2,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def largest(request: Request) -> int:
    """Bytes that an upload may have: what the setting allows, and never over 50 MB."""
    return min(settings_of(request).upload_megabytes, 50) * 1024**2


@router.post("", max_body_size=LARGEST_FORM)
def send(
    request: Request, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile | None, File()] = None, kind: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "", preset: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take a file; what it holds is shown on its own page."""
    try:
        if file is None:
            raise Invalid("请选择要上传的文件 (choose a file)")
        sent = service.Sent(kind, source, preset=preset)
        with tx.begin_nested():
            batch = service.send(tx, actor, file.filename or "", file.file, sent,
                                 largest=largest(request))  # fmt: skip
    except AppError as error:
        if error.status == 403:
            raise
        latest = queries.latest(tx, actor, before=None, most=SHOWN)
        return _list(request, actor, latest, error, kind)
    return _to(batch.id)


def _to(number: int) -> RedirectResponse:
    return RedirectResponse(f"/imports/{number}", status_code=303)


@router.get("/{number}")
def one(
    request: Request, number: Number, actor: Reader, db: Db,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0, faulty: bool = False,
) -> HTMLResponse:  # fmt: skip
    """One import, at the step that it is at."""
    batch = queries.get(db, actor, number)
    return _page(request, db, batch, after=after, faulty=faulty)


def _page(
    request: Request, db: Session, batch: ImportBatch, *, after: int, faulty: bool
) -> HTMLResponse:
    rows = store.rows(db, batch.id, after=after, faulty=faulty, most=SHOWN)
    return render(
        request, "imports/import.html", batch=batch, kinds=LABELS, rows=rows, faulty=faulty,
        following=rows[-1].row_no if len(rows) == SHOWN else None, fields=_fields(batch, request),
        chosen=queries.mapping_of(db, batch), units=UNITS, sources=SOURCE_WORDS,
        progress=store.progress(db, batch.id), left=queries.left_alone(db, batch),
        wrong=wrong, indicators=INDICATORS, code_at=_code_at(batch),
        may_fetch=_has_rejected(db, batch),
    )  # fmt: skip


def _code_at(batch: ImportBatch) -> int | None:
    """The place of the credit code, where a row of a known name takes that firm's."""
    return checking.place_of(batch.found.get("header", []), CODE, batch)


def _has_rejected(db: Session, batch: ImportBatch) -> bool:
    """Whether the workbook of rejected rows is still kept."""
    return next(store.parts(db, batch.id, store.REJECTED), None) is not None


def wrong(row: store.ShownRow, header: str) -> list[dict[str, str]]:
    """What is wrong with one cell of a row."""
    return [fault for fault in row.faults if fault["column"] == header]


def _fields(batch: ImportBatch, request: Request) -> list[tuple[str, str]]:
    """What a column may be: the word that a mapping says, and how it is shown."""
    known = VOCABULARIES[batch.kind]
    english = i18n.locale_of(request) == "en"
    found = [(said[0], said[1] if english else said[0]) for said in known.spoken.values()]
    if known.indicators:
        found += [(entry.zh, entry.en if english else entry.zh) for entry in INDICATORS.values()]
    return found


@router.get("/{number}/state")
def state(request: Request, number: Number, actor: Reader, db: Db) -> Response:
    """How far the work is; when it is done, the page as a whole is asked for."""
    batch = queries.get(db, actor, number)
    if not batch.is_busy:
        return Response(headers={"hx-redirect": f"/imports/{number}"})
    return render(request, "imports/_progress.html", batch=batch,
                  progress=store.progress(db, number))  # fmt: skip


class ColumnsForm(BaseModel):
    """What each column is, in the header's order; `unit`: of money, where the header has none."""

    said: Annotated[list[str], Field(max_length=MOST_COLUMNS)] = []
    unit: Annotated[list[str], Field(max_length=MOST_COLUMNS)] = []
    clear: str = ""


@router.post("/{number}/columns")
def columns(
    number: Number, form: Annotated[ColumnsForm, Form()], actor: CurrentActor, tx: Tx
) -> RedirectResponse:
    """Say what the columns are, and check anew."""
    header = queries.get(tx, actor, number).found.get("header", [])
    chosen = {}
    for place, (head, said) in enumerate(zip(header, form.said, strict=False)):
        unit = form.unit[place] if place < len(form.unit) else ""
        if head and said:
            chosen[head] = f"{said}（{unit}）" if unit in UNITS[1:] and said != IGNORE else said
    return _to(service.choose_columns(tx, actor, number, chosen, clear=form.clear == "yes").id)


class RowForm(BaseModel):
    """The cells of one row, by their places."""

    place: Annotated[list[str], Field(max_length=MOST_COLUMNS)] = []
    cell: Annotated[list[str], Field(max_length=MOST_COLUMNS)] = []


@router.post("/{number}/rows/{row_no}")
def mend(
    request: Request, number: Number, row_no: Number, form: Annotated[RowForm, Form()],
    actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Type over a row; it is checked at once."""
    typed = dict(zip(form.place, form.cell, strict=False))
    row = service.mend(tx, actor, number, row_no, typed)
    batch = queries.get(tx, actor, number)
    if "hx-request" not in request.headers:
        return RedirectResponse(f"/imports/{number}?after={row_no - 1}", status_code=303)
    return render(request, "imports/_row.html", batch=batch, row=row,
                  wrong=wrong, code_at=_code_at(batch), counting=True)  # fmt: skip


class RunForm(BaseModel):
    """How it is to be imported."""

    mode: str = "atomic"


@router.post("/{number}/run")
def run(number: Number, form: Annotated[RunForm, Form()], actor: CurrentActor, tx: Tx
        ) -> RedirectResponse:  # fmt: skip
    """Import it."""
    return _to(service.run(tx, actor, number, form.mode).id)


@router.post("/{number}/check")
def check(number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """Check the whole file once more."""
    return _to(service.check_again(tx, actor, number).id)


@router.post("/{number}/cancel")
def cancel(number: Number, actor: CurrentActor, tx: Tx) -> RedirectResponse:
    """Call it off."""
    return _to(service.call_off(tx, actor, number).id)


class UndoForm(BaseModel):
    """Whether what has been edited since is put back as well."""

    edited: str = ""


@router.get("/{number}/undo")
def sure(request: Request, number: Number, actor: Reader, db: Db) -> HTMLResponse:
    """Whether it is meant."""
    batch = queries.get(db, actor, number)
    return render(request, "imports/undo.html", batch=batch, kinds=LABELS)


@router.post("/{number}/undo")
def undo(number: Number, form: Annotated[UndoForm, Form()], actor: CurrentActor, tx: Tx
         ) -> RedirectResponse:  # fmt: skip
    """Put everything back as it was."""
    return _to(service.undo(tx, actor, number, edited=form.edited == "yes").id)


@router.get("/{number}/rejected")
def rejected(request: Request, number: Number, actor: Reader, db: Db) -> StreamingResponse:
    """The rejected rows as a workbook, ready to be mended and sent again."""
    return rejected_file(request, db, queries.get(db, actor, number))


def rejected_file(request: Request, db: Session, batch: ImportBatch) -> StreamingResponse:
    """The workbook of an import's rejected rows; NotFound where there are none."""
    if not _has_rejected(db, batch):
        raise NotFound(
            "这次导入没有被拒绝的行，或文件已过保存期 (none rejected, or not kept any more)"
        )

    def content() -> Iterator[bytes]:
        with reading(request) as session:
            yield from store.parts(session, batch.id, store.REJECTED)

    named = {"content-disposition": f'attachment; filename="rejected-{batch.id}.xlsx"'}
    return StreamingResponse(content(), media_type=XLSX, headers=named)
