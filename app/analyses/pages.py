"""Analyses as pages and files: a table and a chart, and the firms behind every number."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from app.accounts.auth import Db, Noted, Reader
from app.analyses import queries
from app.analyses.cubes import ANALYSES, MEASURES, SCOPES
from app.analyses.queries import Analysis, opened
from app.analyses.views import Maker
from app.core import i18n
from app.core.filters import LARGEST_LIMIT
from app.core.web import render
from app.pipeline.pages import given
from app.workbench import sheets
from app.workbench.sheets import Sheet

router = APIRouter(prefix="/analyses", include_in_schema=False)
Name = Annotated[str, Path(max_length=40)]
Format = Annotated[Literal["csv", "xlsx"], Query()]
COUNTED = ("count", "exact")
WHOLE = [("limit", str(LARGEST_LIMIT)), ("count", "none")]
FIRM_HEADS = (("企业名称", "Name"), ("统一社会信用代码", "Credit code"))


@router.get("")
def start(actor: Reader) -> RedirectResponse:
    """The first of them."""
    return RedirectResponse(f"/analyses/{next(iter(ANALYSES))}", status_code=303)


@router.get("/{name}")
def show(request: Request, name: Name, actor: Reader, db: Db) -> HTMLResponse:
    """One analysis on a day, of all firms or some."""
    asked = opened(db, actor, name, given(request))
    return render(
        request, "analyses/one.html", asked=asked, analyses=ANALYSES, scopes=SCOPES,
        view=Maker(db, asked, i18n.locale_of(request)).view(), groups=queries.GROUPS,
        measures={code: queries.measure_label(code) for code in MEASURES}, higher=queries.HIGHER,
        query=urlencode([pair for pair in asked.pairs if pair[0] != "format"]),
    )  # fmt: skip


@router.get("/{name}/export")
def export(
    request: Request, name: Name, actor: Reader, readings: Noted, db: Db, format: Format = "csv"
) -> Response:
    """The table of an analysis as a file."""
    asked = opened(db, actor, name, given(request))
    view = Maker(db, asked, i18n.locale_of(request)).view()
    rows = [[cell.value for cell in row] for row in view.rows]
    _note(readings, asked, len(rows))
    widths = [28, *(14 for _ in view.heads[1:])]
    sheet = Sheet(f"{name}-{asked.day}", view.heads, widths, lambda _: iter([rows]))
    return sheets.sent(db, sheet, format)


def _note(readings: Any, asked: Analysis, rows: int) -> None:
    readings.note("firm", purpose="export", row_count=rows,
                  filter={"analysis": asked.name, **dict(asked.pairs)})  # fmt: skip


@router.get("/{name}/firms")
def behind(request: Request, name: Name, actor: Reader, db: Db) -> HTMLResponse:
    """Exactly the firms that a number counts."""
    pairs = given(request)
    asked = opened(db, actor, name, pairs)
    found = queries.behind(db, asked, [*pairs, COUNTED])
    query = [pair for pair in pairs if pair[0] != "cursor"]
    following = found.next and f"?{urlencode([*query, ('cursor', found.next)])}"
    return render(request, "analyses/firms.html", asked=asked, analyses=ANALYSES, found=found,
                  following=following, query=urlencode(query), told=_told(asked))  # fmt: skip


def _told(asked: Analysis) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """What the list is narrowed by, in words."""
    dims = asked.cube.dims
    return [(dims[name].label, dims[name].values[value])
            for name, value in asked.pairs if name in dims]  # fmt: skip


@router.get("/{name}/firms/export")
def export_firms(
    request: Request, name: Name, actor: Reader, readings: Noted, db: Db, format: Format = "csv"
) -> Response:
    """The firms behind a number as a file."""
    pairs = [pair for pair in given(request) if pair[0] not in ("cursor", "limit", "count")]
    asked = opened(db, actor, name, pairs)
    english = i18n.locale_of(request) == "en"
    _note(readings, asked, queries.behind(db, asked, [*pairs, COUNTED, ("limit", "1")]).count or 0)

    def pages(session: Session) -> Iterator[list[list[Any]]]:
        cursor: list[tuple[str, str]] = []
        while True:
            some = queries.behind(session, asked, [*pairs, *WHOLE, *cursor])
            yield [_row(asked, row, english=english) for row in some.items]
            if some.next is None:
                return
            cursor = [("cursor", some.next)]

    heads = [pair[english] for pair in FIRM_HEADS]
    heads += [dim.label[english] for dim in asked.cube.dims.values()]
    widths = [32, 21, *(14 for _ in asked.cube.dims)]
    return sheets.sent(db, Sheet(f"{name}-firms", heads, widths, pages), format)


def _row(asked: Analysis, row: dict[str, Any], *, english: bool) -> list[Any]:
    keys = [dim.values.get(row[dim.name], (row[dim.name],) * 2)[english]
            for dim in asked.cube.dims.values()]  # fmt: skip
    return [row["name"], row["credit_code"], *keys]
