"""Exports over HTTP: ask for a file, follow it, fetch it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Tx
from app.core import i18n
from app.core.resource import Resource
from app.exports import schemas, service
from app.exports.content import stream
from app.firms.schemas import LARGEST_ID
from app.workbench.export_pages import note
from app.workbench.sheets import MEDIA

router = APIRouter(prefix="/api/v1/exports", tags=["exports"], route_class=Resource)
Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
MOST = 100


@router.post("", operation_id="ask_export", status_code=202)
def ask_export(
    request: Request, body: schemas.ExportIn, response: Response, actor: Reader, readings: Noted,
    tx: Tx,
) -> schemas.ExportOut:  # fmt: skip
    """Have every row of a list written to a file; Location says where to follow it."""
    wanted, found = service.ask(tx, actor, body.of, body.query, body.format,
                                i18n.locale_of(request))  # fmt: skip
    note(readings, found, [("query", body.query)])
    response.headers["Location"] = f"/api/v1/exports/{wanted.id}"
    return schemas.ExportOut.model_validate(wanted)


@router.get("", operation_id="list_exports")
def list_exports(actor: Reader, db: Db) -> schemas.ExportsOut:
    """The latest first."""
    found = service.latest(db, actor, MOST)
    return schemas.ExportsOut(items=[schemas.ExportOut.model_validate(one) for one in found])


@router.get("/{number}", operation_id="get_export")
def get_export(number: Number, actor: Reader, db: Db) -> schemas.ExportOut:
    """One export and how far it is."""
    return schemas.ExportOut.model_validate(service.get(db, actor, number))


@router.get("/{number}/content", operation_id="get_export_content",
            response_class=StreamingResponse,
            responses={200: {"content": {media: {} for media in MEDIA.values()}}})  # fmt: skip
def get_export_content(
    request: Request, number: Number, actor: Reader, db: Db
) -> StreamingResponse:
    """The file, once it is ready."""
    return stream(request, service.get(db, actor, number))


@router.post("/{number}/cancel", operation_id="cancel_export")
def cancel_export(number: Number, actor: CurrentActor, tx: Tx) -> schemas.ExportOut:
    """Call it off."""
    return schemas.ExportOut.model_validate(service.call_off(tx, actor, number))
