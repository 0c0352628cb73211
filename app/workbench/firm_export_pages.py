"""One firm as tables: its standing criterion by criterion, and its figures of all years."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

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
from app.firms.catalogue import Indicator
from app.pipeline import portrait
from app.pipeline.firm_paper import TEN_THOUSAND, Drawing
from app.pipeline.queries import explain
from app.workbench import sheets
from app.workbench.export_pages import Wanted
from app.workbench.sheets import Format, Sheet

router = APIRouter(include_in_schema=False)
STANDING_WIDTHS = [30, 30, 12, 50, 18, 34, 50]
FIGURE_WIDTH, UNIT_WIDTH, YEAR_WIDTH = 30, 8, 18


class Asked(BaseModel):
    """Which sets (all in force where none is named), on which day, as what."""

    format: Format = "csv"
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
    return sheets.sent(db, Sheet(name, heads, STANDING_WIDTHS, pages), asked.format)


@router.get("/firms/{firm_id}/figures/export")
def export_figures(
    request: Request, firm_id: FirmId, actor: Reader, readings: Noted, db: Db,
    format: Wanted = "csv",
) -> Response:  # fmt: skip
    """One firm's figures as its portrait shows them: a row per indicator, a column per year."""
    firm = queries.get(db, actor, firm_id)
    locale = i18n.locale_of(request)
    shown = portrait.figures(queries.years_of(db, firm.id), {}, ())
    readings.note("firm", purpose="export", filter={"figures": format}, row_count=1,
                  firm_id=firm.id)  # fmt: skip

    def pages(_session: Session) -> Iterator[list[list[Any]]]:
        yield [
            [line.indicator.label[locale], _unit(line.indicator, locale),
             *(_figure(line.indicator, cell.value, locale) for cell in line.cells)]
            for line in shown.lines
        ]  # fmt: skip

    heads = [*(("指标", "单位") if locale == "zh" else ("Indicator", "Unit")),
             *map(str, shown.years)]  # fmt: skip
    widths = [FIGURE_WIDTH, UNIT_WIDTH, *(YEAR_WIDTH for _ in shown.years)]
    name = f"figures-{firm.credit_code or firm.id}"
    return sheets.sent(db, Sheet(name, heads, widths, pages), format)


def _unit(entry: Indicator, locale: str) -> str:
    if entry.kind == "money":
        return "万元" if locale == "zh" else "yuan"
    return phrases.UNITS[entry.unit][locale == "en"] if entry.unit in phrases.UNITS else ""


def _figure(entry: Indicator, value: Decimal | None, locale: str) -> Decimal | None:
    """As the page shows it: money in ten thousand yuan where that is the custom."""
    if value is None or entry.kind != "money" or locale == "en":
        return value
    return value / TEN_THOUSAND
