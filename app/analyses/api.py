"""Analyses over HTTP: their numbers on any day, and the firms behind each."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session

from app.accounts.auth import Db, Reader
from app.analyses import numbers, queries, schemas
from app.analyses.cubes import ANALYSES
from app.analyses.queries import Analysis, opened
from app.core.resource import Resource
from app.firms.api import LIST_PARAMETERS, STRING
from app.pipeline.pages import given

router = APIRouter(prefix="/api/v1/analyses", tags=["analyses"], route_class=Resource)
Name = Annotated[str, Path(max_length=40, description=f"one of {', '.join(ANALYSES)}")]
# The day and the analysis's options as above; firms by any of its keys, a page at a time.
PAGED = ("ordering", "limit", "cursor", "count", "any", "filters")
PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": STRING,
     "description": field.description or "The day; today if none is given."}
    for name, field in schemas.AnalysisQuery.model_fields.items() if name in queries.OWN
] + [one for one in LIST_PARAMETERS if one["name"] in PAGED]  # fmt: skip


@router.get("/{name}", operation_id="get_analysis")
def get_analysis(
    name: Name, query: Annotated[schemas.AnalysisQuery, Query()], actor: Reader, db: Db
) -> schemas.AnyAnalysis:
    """One analysis on a day, of the firms within one's scope or some of them."""
    asked = opened(db, actor, name, query.pairs)
    found: schemas.AnyAnalysis = MAKERS[name](db, asked)
    return found


@router.get("/{name}/firms", operation_id="list_analysis_firms",
            openapi_extra={"parameters": PARAMETERS})  # fmt: skip
def list_analysis_firms(request: Request, name: Name, actor: Reader, db: Db) -> schemas.FirmsOut:
    """Exactly the firms that a number counts: narrowed by the keys of its row and column."""
    pairs = given(request)
    asked = opened(db, actor, name, pairs)
    found = queries.behind(db, asked, pairs)
    items = [
        schemas.FirmOut(id=row["id"], name=row["name"], credit_code=row["credit_code"],
                        keys={key: row[key] for key in asked.cube.dims})
        for row in found.items
    ]  # fmt: skip
    return schemas.FirmsOut(items=items, next=found.next, count=found.count,
                            count_is_exact=found.count_is_exact)  # fmt: skip


# --- each analysis ------------------------------------------------------------------------------


def _structure(session: Session, asked: Analysis) -> schemas.StructureOut:
    table = schemas.crossed(numbers.crossed(session, asked))
    return schemas.StructureOut(analysis="structure", as_of=asked.day, **table)


def _intensity(session: Session, asked: Analysis) -> schemas.IntensityOut:
    table = schemas.crossed(numbers.crossed(session, asked))
    beside = schemas.IntensityOut.numbers(numbers.intensity(session, asked))
    return schemas.IntensityOut(analysis="intensity", as_of=asked.day, **table, **beside)


def _stay(session: Session, asked: Analysis) -> schemas.StayOut:
    found, days = numbers.stay(session, asked)
    spans = [schemas.SpanOut.of(rung, days[rung]) for rung in found.rows if rung in days]
    return schemas.StayOut(analysis="stay", as_of=asked.day, **schemas.crossed(found), spans=spans)


def _conversion(session: Session, asked: Analysis) -> schemas.ConversionOut:
    items = [schemas.CohortOut.of(one) for one in numbers.conversion(session, asked)]
    return schemas.ConversionOut(analysis="conversion", as_of=asked.day, lower=asked.options.lower,
                                 upper=asked.options.upper, items=items)  # fmt: skip


def _flows(session: Session, asked: Analysis) -> schemas.FlowsOut:
    items = [schemas.FlowOut.of(one) for one in numbers.flows(session, asked)]
    return schemas.FlowsOut(analysis="flows", as_of=asked.day, items=items)


def _concentration(session: Session, asked: Analysis) -> schemas.ConcentrationOut:
    by = asked.options.by
    found = queries.held(session, asked.cube, by)
    items = [schemas.GroupOut.of(code, one) for code, one in sorted(found.items())]
    measure = asked.options.measure
    return schemas.ConcentrationOut(analysis="concentration", as_of=asked.day, measure=measure,
                                    by=by, items=items)  # fmt: skip


MAKERS: dict[str, Callable[[Session, Analysis], Any]] = {
    "structure": _structure, "conversion": _conversion, "stay": _stay, "flows": _flows,
    "concentration": _concentration, "intensity": _intensity,
}  # fmt: skip
