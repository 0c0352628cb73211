"""A firm's portrait, or how it stands by its criteria, as DOCX and PDF to be filed."""

from datetime import date
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.accounts.auth import Db, Noted, Reader
from app.core import i18n
from app.core.clock import today
from app.core.papers import DOCX, PDF, to_docx, to_pdf
from app.firms import queries
from app.firms.api import FirmId
from app.pipeline.firm_paper import Drawing

router = APIRouter(include_in_schema=False)
WRITERS = {"docx": (to_docx, DOCX), "pdf": (to_pdf, PDF)}


class Asked(BaseModel):
    """Which document; `set` names the only criteria set that it is to be about."""

    format: Literal["docx", "pdf"] = "docx"
    as_of: date | None = None
    set: str = Field("", max_length=100)


@router.get("/firms/{firm_id}/paper")
def paper(
    request: Request, firm_id: FirmId, asked: Annotated[Asked, Query()], actor: Reader,
    readings: Noted, db: Db,
) -> Response:  # fmt: skip
    """The firm as a document, in the reader's language."""
    firm = queries.get(db, actor, firm_id)
    drawing = Drawing(db, firm, asked.as_of or today(), i18n.locale_of(request))
    drawn = drawing.explanation([asked.set]) if asked.set else drawing.portrait()
    write, media = WRITERS[asked.format]
    readings.note("firm", purpose="export", filter=asked.model_dump(exclude_none=True),
                  row_count=1, firm_id=firm.id)  # fmt: skip
    name = quote(f"{firm.name}-{drawn.title}.{asked.format}")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(write(drawn), media_type=media, headers=headers)
