"""Documents on the portrait: uploaded, shown, downloaded, removed."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Path, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx, reading, settings_of
from app.core.errors import AppError, Invalid
from app.core.settings import Settings
from app.core.web import HEADERS, render
from app.firms import documents, queries
from app.firms.api import FirmId
from app.firms.document_content import SHOWN
from app.firms.document_models import DOCUMENT_KINDS, Document
from app.firms.schemas import LARGEST_ID

router = APIRouter(prefix="/firms/{firm_id}/documents", include_in_schema=False)
DocumentId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
# Beside the file, a form's own few fields.
LARGEST_FORM = 50 * 1024**2 + 65_536
# A document can neither run nor fetch anything, nor be framed.
STILL = (
    "default-src 'none'; img-src 'self' data:; object-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def largest(settings: Settings) -> int:
    """Bytes that a document may have: what the setting allows, and never over 50 MB."""
    return min(settings.upload_megabytes, 50) * 1024**2


@router.get("")
def listed(firm_id: FirmId, actor: Reader) -> RedirectResponse:
    """The list stands on the portrait."""
    return RedirectResponse(f"/firms/{firm_id}#documents", status_code=303)


@router.post("", max_body_size=LARGEST_FORM)
def upload(
    request: Request, firm_id: FirmId, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile | None, File()] = None, kind: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Take one file."""
    actor.require("firms:write")
    firm = queries.get(tx, actor, firm_id)
    problem = None
    try:
        if file is None:
            raise Invalid("请选择要上传的文件 (choose a file)")
        with tx.begin_nested():
            documents.add(tx, actor, firm, kind, file.filename or "", file.file,
                          largest=largest(settings_of(request)))  # fmt: skip
    except AppError as error:
        problem = error
    if problem is None:
        return RedirectResponse(f"/firms/{firm_id}#documents", status_code=303)
    page = render(
        request, "pipeline/document.html", firm=firm, problem=problem, kinds=DOCUMENT_KINDS,
        chosen=kind,
    )  # fmt: skip
    page.status_code = problem.status
    return page


@router.get("/{document_id}/preview")
def preview(
    request: Request, firm_id: FirmId, document_id: DocumentId, actor: Reader, readings: Noted,
    db: Db,
) -> Response:  # fmt: skip
    """A picture or a PDF in the browser; other formats are only given to be saved."""
    found = documents.get(db, actor, firm_id, document_id)
    if found.media not in SHOWN:
        return RedirectResponse(f"/firms/{firm_id}/documents/{document_id}", status_code=303)
    readings.note("document", filter={"document": document_id}, row_count=1, firm_id=firm_id)
    return given_back(request, found, "inline")


@router.get("/{document_id}")
def download(
    request: Request, firm_id: FirmId, document_id: DocumentId, actor: Reader, readings: Noted,
    db: Db,
) -> Response:  # fmt: skip
    """The file as it came."""
    found = documents.get(db, actor, firm_id, document_id)
    readings.note("document", filter={"document": document_id}, row_count=1, firm_id=firm_id)
    return given_back(request, found, "attachment")


def given_back(request: Request, found: Document, how: str) -> StreamingResponse:
    """The content as a stream, which can neither run nor fetch anything."""

    def content() -> Iterator[bytes]:
        with reading(request) as session:
            yield from documents.parts(session, found.id)

    headers = HEADERS | {
        "content-length": str(found.size),
        "content-disposition": f"{how}; filename*=UTF-8''{quote(found.name)}",
        "content-security-policy": STILL,
        "cache-control": "private, no-store",
    }
    return StreamingResponse(content(), media_type=found.media, headers=headers)


@router.get("/{document_id}/remove")
def sure(
    request: Request, firm_id: FirmId, document_id: DocumentId, actor: Reader, db: Db
) -> HTMLResponse:
    """Whether it is meant."""
    actor.require("firms:write")
    found = documents.get(db, actor, firm_id, document_id)
    firm = queries.get(db, actor, firm_id)
    return render(request, "pipeline/document_remove.html", firm=firm, document=found)


@router.post("/{document_id}/remove")
def remove(
    firm_id: FirmId, document_id: DocumentId, actor: CurrentActor, tx: Tx
) -> RedirectResponse:
    """Delete it for good."""
    actor.require("firms:write")
    documents.remove(tx, actor, documents.get(tx, actor, firm_id, document_id))
    return RedirectResponse(f"/firms/{firm_id}#documents", status_code=303)
