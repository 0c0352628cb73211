"""A file of an export as it is fetched, a part at a time."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.responses import StreamingResponse

from app.accounts.auth import reading
from app.exports import service, store
from app.exports.models import ExportFile
from app.workbench.sheets import MEDIA


def stream(request: Request, found: ExportFile) -> StreamingResponse:
    """The content of a file that is ready; NotFound says why it is not."""
    service.demand_ready(found)
    number = found.id

    def content() -> Iterator[bytes]:
        with reading(request) as session:
            yield from store.parts(session, number)

    headers = {"content-disposition": f'attachment; filename="{found.file_name}"',
               "content-length": str(found.size)}  # fmt: skip
    return StreamingResponse(content(), media_type=MEDIA[found.format], headers=headers)
