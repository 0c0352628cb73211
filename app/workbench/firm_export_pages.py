"""The board as a file, and one firm's standing criterion by criterion: the rows of the screen."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.auth import Db, Noted, Reader
from app.core import i18n
from app.core.clock import today
from app.criteria import phrases
from app.firms import queries
from app.firms.api import FirmId
from app.firms.listing import Row
from app.pipeline import board
from app.pipeline.firm_paper import RUNGS, Drawing
from app.pipeline.pages import given
from app.pipeline.queries import explain
from app.workbench import sheets
from app.workbench.sheets import Sheet

router = APIRouter(include_in_schema=False)
FORMAT = "format"
BOARD_HEADS = (
    ("梯次", "Rung"), ("企业名称", "Name"), ("结果", "Outcome"), ("短板", "Gaps"),
    ("成熟度", "Readiness"), ("园区", "Park"), ("上年销售收入（元）", "Last year's sales (yuan)"),
)  # fmt: skip
NOT_ON = ("不在梯次", "on no rung")
BOARD_WIDTHS = [16, 34, 12, 8, 10, 20, 20]
STANDING_WIDTHS = [30, 30, 12, 50, 18, 34, 50]


@router.get("/board/export")
def export_board(
    request: Request, actor: Reader, readings: Noted, db: Db,
    format: Annotated[Literal["csv", "xlsx"], Query()] = "csv",
) -> Response:  # fmt: skip
    """Every card of the board, column by column, as a file."""
    pairs = [pair for pair in given(request) if pair[0] not in (FORMAT, "cursor")]
    english = i18n.locale_of(request) == "en"
    day = today()
    rows = sum(one.count for one in board.totals(db, actor, pairs, day))
    readings.note("pool", purpose="export", filter={"board": dict(pairs)}, row_count=rows)

    def pages(session: Session) -> Iterator[list[list[Any]]]:
        for cards in board.rows(session, actor, pairs, day):
            yield [_card(card, english=english) for card in cards]

    heads = [pair[english] for pair in BOARD_HEADS]
    return sheets.sent(request, db, Sheet("board", heads, BOARD_WIDTHS, pages), format)


def _card(card: Row, *, english: bool) -> list[Any]:
    park = card.get("park")
    name = None if park is None else (english and park.get("name_en")) or park["name"]
    return [
        RUNGS.get(card["rung"], NOT_ON)[english], card["name"],
        phrases.OUTCOMES[card["outcome"]][english], card["gap_count"], card["readiness"], name,
        card.get(board.BESIDE[1]),
    ]  # fmt: skip


class Asked(BaseModel):
    """Which sets (all in force where none is named), on which day, as what."""

    format: Literal["csv", "xlsx"] = "csv"
    as_of: date | None = None
    set: str = Field("", max_length=100)


@router.get("/firms/{firm_id}/standing/export")
def export_standing(
    request: Request, firm_id: FirmId, asked: Annotated[Asked, Query()], actor: Reader,
    readings: Noted, db: Db,
) -> Response:  # fmt: skip
    """One firm's explanation as a table: outcome, sentence, gap, article and figures of each."""
    firm = queries.get(db, actor, firm_id)
    day = asked.as_of or today()
    drawing = Drawing(db, firm, day, i18n.locale_of(request))
    codes = [asked.set] if asked.set else None
    explain(db, firm.id, day, codes=codes)  # what is asked wrongly is said before anything is sent
    readings.note("firm", purpose="export", filter=asked.model_dump(exclude_none=True),
                  row_count=1, firm_id=firm.id)  # fmt: skip

    def pages(session: Session) -> Iterator[list[list[Any]]]:
        for one in explain(session, firm.id, day, codes=codes):
            label = one.label[drawing.locale]
            yield [[label, *cells, drawing.used(criterion)]
                   for criterion, cells in drawing.rows(one)]  # fmt: skip

    heads = [drawing.say("条件集", "Criteria"), *drawing.heads,
             drawing.say("所用数据", "Figures used")]  # fmt: skip
    name = f"standing-{firm.credit_code or firm.id}"
    return sheets.sent(request, db, Sheet(name, heads, STANDING_WIDTHS, pages), asked.format)
