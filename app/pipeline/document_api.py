"""Documents of firms over HTTP: sent, listed, fetched, removed; records name them by number."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx, settings_of
from app.core.resource import Resource
from app.firms import documents, queries
from app.firms.api import FirmId
from app.firms.document_models import DOCUMENT_KINDS
from app.pipeline.document_pages import LARGEST_FORM, DocumentId, given_back, largest

router = APIRouter(prefix="/api/v1/firms/{firm_id}/documents", tags=["firms"],
                   route_class=Resource)  # fmt: skip
BINARY = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": BINARY}}}


class DocumentOut(BaseModel):
    """A document as it is known: its media by its content, `digest` the SHA-256 of it."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    firm_id: int
    kind: str
    name: str
    media: str
    size: int
    digest: str
    recorded_by: str | None
    recorded_at: datetime


class DocumentsOut(BaseModel):
    """A firm's documents, newest first."""

    items: list[DocumentOut]


@router.get("", operation_id="list_documents")
def list_documents(firm_id: FirmId, actor: Reader, db: Db) -> DocumentsOut:
    """A firm's documents; their numbers are what records name as attachments."""
    queries.get(db, actor, firm_id)
    found = documents.listed(db, firm_id)
    return DocumentsOut(items=[DocumentOut.model_validate(one) for one in found])


@router.post("", operation_id="add_document", status_code=201, max_body_size=LARGEST_FORM)
def add_document(
    request: Request, firm_id: FirmId, response: Response, actor: CurrentActor, tx: Tx,
    file: Annotated[UploadFile, File(description="PDF, office file or picture")],
    kind: Annotated[Literal[DOCUMENT_KINDS], Form()],  # type: ignore[valid-type]
) -> DocumentOut:  # fmt: skip
    """Send a document of a firm."""
    actor.require("firms:write")
    firm = queries.get(tx, actor, firm_id)
    found = documents.add(tx, actor, firm, kind, file.filename or "", file.file,
                          largest=largest(settings_of(request)))  # fmt: skip
    tx.refresh(found)
    response.headers["Location"] = f"/api/v1/firms/{firm_id}/documents/{found.id}"
    return DocumentOut.model_validate(found)


@router.get("/{document_id}", operation_id="get_document")
def get_document(firm_id: FirmId, document_id: DocumentId, actor: Reader, db: Db) -> DocumentOut:
    """What is known of one document."""
    return DocumentOut.model_validate(documents.get(db, actor, firm_id, document_id))


@router.get("/{document_id}/content", operation_id="get_document_content",
            response_class=StreamingResponse, responses=CONTENT)  # fmt: skip
def get_document_content(
    request: Request, firm_id: FirmId, document_id: DocumentId, actor: Reader, readings: Noted,
    db: Db,
) -> StreamingResponse:  # fmt: skip
    """The file as it came; fetching it is noted."""
    found = documents.get(db, actor, firm_id, document_id)
    readings.note("document", filter={"document": document_id}, row_count=1, firm_id=firm_id)
    return given_back(request, found, "attachment")


@router.delete("/{document_id}", operation_id="remove_document", status_code=204)
def remove_document(firm_id: FirmId, document_id: DocumentId, actor: CurrentActor, tx: Tx) -> None:
    """Delete one for good; the trail keeps its digest."""
    actor.require("firms:write")
    documents.remove(tx, actor, documents.get(tx, actor, firm_id, document_id))
