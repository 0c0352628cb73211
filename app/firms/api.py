"""Reads of the register over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy.orm import Session

from app.accounts.auth import CurrentActor, Db, Noted, Reader, Readings
from app.core.clock import today
from app.core.errors import PreconditionRequired, Stale
from app.core.filters import Vocabulary, describe
from app.core.paging import Page
from app.core.resource import Resource, version_of, written
from app.core.web import problem_response
from app.firms import fields, figure_schemas, listing, queries, schemas
from app.firms.models import Firm
from app.views import service as views

FirmId = Annotated[int, Path(ge=1, le=schemas.LARGEST_ID)]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema,
            "description": description}  # fmt: skip


STRING = {"type": "string"}
SEARCH = _parameter("q", STRING,
                    "Part of a name, former name, pinyin, initials or credit code.")  # fmt: skip
VIEW = _parameter("view", {"type": "integer"},
                  "Number of a saved view; what is given besides replaces its own.")  # fmt: skip
# Of every list.
LIST_PARAMETERS = [
    _parameter("ordering", STRING, "Orders, separated by commas; `-` descends."),
    _parameter("fields", STRING, "Columns, separated by commas."),
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
               "Rows of a page."),
    _parameter("cursor", STRING, "`next` of the page before."),
    _parameter("count", {"type": "string", "enum": ["exact", "capped", "none"]},
               "Whether, and how far, rows are counted."),
    _parameter("any", STRING, "`field:value|field__lookup:value`: at least one of them."),
    {"name": "filters", "in": "query", "required": False, "style": "form", "explode": True,
     "schema": {"type": "object", "additionalProperties": STRING},
     "description": "`field=value` or `field__lookup=value`; see docs/filters.md and …/filters."},
]  # fmt: skip

EXPECTED_COUNT = _parameter("expected_count", {"type": "integer", "minimum": 0},
                            "How many are meant to change; another number changes nothing.") | {
    "required": True}  # fmt: skip

NEEDS_VERSION: dict[int | str, dict[str, Any]] = {
    412: problem_response("Changed meanwhile"),
    428: problem_response("If-Match is missing"),
}

router = APIRouter(prefix="/api/v1", tags=["firms"], route_class=Resource)


def detail(session: Session, firm: Firm) -> schemas.FirmDetail:
    """A firm as the API shows it."""
    return schemas.firm_detail(firm, listing.beside(session, firm.id, today()))


def tag(response: Response, firm: Firm) -> None:
    """The record's version, which a change must name."""
    response.headers["ETag"] = f'"{firm.version}"'


def demand_version(if_match: str | None, version: int, stale: Callable[[str], Stale]) -> None:
    """Refuse a change that does not name the version it was made on, or names another."""
    if if_match is None:
        raise PreconditionRequired(
            "缺少 If-Match：请先读取记录，把它的 ETag 放入 If-Match (send the ETag you read)"
        )
    if if_match.strip() != "*" and version_of(if_match) != str(version):
        raise stale(if_match[:50])


def understood(vocabulary: Vocabulary) -> schemas.FiltersOut:
    """A list's vocabulary, described."""
    return schemas.FiltersOut(
        items=[schemas.FilterOut(**one) for one in describe(vocabulary)],
        orders=list(vocabulary.sorts),
        columns=list(vocabulary.columns),
        default_ordering=vocabulary.ordering,
    )


def note_search(readings: Readings, what: str, params: list[tuple[str, str]], found: Page) -> None:
    """Note a search with its filter and the number of rows that it showed."""
    asked = listing.searched(params)
    if asked is not None:
        readings.note(what, purpose="search", filter=asked, row_count=len(found.items))


@router.get(
    "/firms",
    operation_id="list_firms",
    response_model=schemas.FirmPage,
    openapi_extra={"parameters": [SEARCH, VIEW, *LIST_PARAMETERS]},
)
def list_firms(request: Request, actor: Reader, readings: Noted, db: Db) -> Response:
    """Firms within the actor's scope, filtered, ordered, a page at a time."""
    params = views.asked(db, actor, "firms", request.query_params.multi_items())
    found = listing.register(db, actor, params)
    note_search(readings, "firm", params, found)
    return written(vars(found))


@router.get("/firms/filters", operation_id="firm_filters")
def firm_filters(actor: Reader, db: Db) -> schemas.FiltersOut:
    """What the list of firms can be filtered and ordered by."""
    return understood(fields.vocabulary(db, today()))


@router.get(
    "/firms/by-credit-code/{credit_code}",
    operation_id="get_firm_by_credit_code",
    response_model=schemas.FirmDetail,
)
def get_firm_by_credit_code(
    credit_code: Annotated[str, Path(pattern=r"^[0-9A-Za-z]{18}$")], actor: Reader, db: Db
) -> Response:
    """One firm by its unified social credit code."""
    found = listing.one(db, actor, "credit_code", credit_code.upper())
    return _shown(db, found or queries.by_credit_code(db, actor, credit_code))


@router.get("/firms/{firm_id}", operation_id="get_firm", response_model=schemas.FirmDetail)
def get_firm(firm_id: FirmId, actor: Reader, db: Db) -> Response:
    """One firm; its ETag is needed to change it."""
    return _shown(db, listing.one(db, actor, "id", firm_id) or queries.get(db, actor, firm_id))


def _shown(session: Session, firm: Firm) -> Response:
    found = written(detail(session, firm))
    tag(found, firm)
    return found


@router.get("/firms/{firm_id}/figures", operation_id="get_figures")
def get_figures(firm_id: FirmId, actor: Reader, db: Db) -> figure_schemas.FiguresOut:
    """The best known figures with their provenance, and the conflicts that await a decision."""
    queries.get(db, actor, firm_id)
    found = queries.figures_of(db, firm_id)
    best = {(f.indicator.code, f.year): f.value for f in found}
    return figure_schemas.FiguresOut(
        items=[figure_schemas.figure_out(one) for one in found],
        conflicts=[
            figure_schemas.conflict_out(row, best.get((row.indicator, row.year)))
            for row in queries.open_conflicts(db, firm_id)
        ],
    )


@router.get("/firms/{firm_id}/designations", operation_id="get_firm_designations")
def get_designations(firm_id: FirmId, actor: Reader, db: Db) -> schemas.DesignationsOut:
    """Every designation the firm holds or held."""
    queries.get(db, actor, firm_id)
    found = queries.designations(db, firm_id)
    return schemas.DesignationsOut(items=[schemas.designation_out(row) for row in found])


@router.get("/indicators", operation_id="list_indicators")
def list_indicators(actor: CurrentActor) -> figure_schemas.IndicatorsOut:
    """The catalogue of indicators: code, label, unit, range, definition, who holds it."""
    return figure_schemas.indicators_out()
