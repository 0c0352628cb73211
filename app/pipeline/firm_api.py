"""Firms made and changed over HTTP, where no credit code names them: teams, and many at once."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Integer, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounts.auth import CurrentActor, Tx
from app.core.clock import today
from app.core.errors import Invalid
from app.core.filters import EXPECTED, MOST_AT_ONCE, as_expected, parse
from app.core.resource import DRY_RUN, Resource
from app.firms import fields, queries, schemas, service
from app.firms.api import EXPECTED_COUNT, LIST_PARAMETERS, SEARCH, VIEW, detail, tag
from app.firms.models import Firm
from app.pipeline.service import assess
from app.views import service as views

router = APIRouter(prefix="/api/v1", tags=["firms"], route_class=Resource)
# Each firm's own: to change them for all at once is a mistake.
ONE_BY_ONE = {"name", "credit_code"}
FILTERED = [SEARCH, VIEW,
            *(one for one in LIST_PARAMETERS if one["name"] in ("any", "filters"))]  # fmt: skip


@router.post("/firms", operation_id="add_firm", status_code=201)
def add_firm(
    body: schemas.FirmNew, response: Response, actor: CurrentActor, tx: Tx
) -> schemas.FirmDetail:
    """A new firm, or a team that has no credit code yet; it belongs to who registers it."""
    actor.require("firms:write")
    given = body.model_dump(exclude_unset=True)
    firm = service.register(tx, actor, given.pop("name"), **given)
    assess(tx, [firm.id], today())
    tag(response, firm)
    response.headers["Location"] = f"/api/v1/firms/{firm.id}"
    return detail(tx, firm)


@router.patch("/firms", operation_id="change_found_firms",
              openapi_extra={"parameters": [EXPECTED_COUNT, *FILTERED]})  # fmt: skip
def change_found_firms(
    request: Request, body: schemas.FirmPatch, actor: CurrentActor, tx: Tx
) -> schemas.Changed:
    """Change every firm that a filter finds, if it finds as many as `expected_count` says."""
    actor.require("firms:write")
    changes = body.model_dump(exclude_unset=True)
    if own := sorted(ONE_BY_ONE & set(changes)):
        raise Invalid(f"{own[0]} 不能成批修改：请逐家修改 (change it firm by firm)",
                      errors=[{"pointer": f"/{one}", "detail": "one by one"}
                              for one in own])  # fmt: skip
    given = [one for one in request.query_params.multi_items() if one[0] != DRY_RUN["name"]]
    params = views.asked(tx, actor, "firms", given)
    vocabulary = fields.vocabulary(tx, today(), EXPECTED)
    found = select(Firm.id).where(queries.visible(actor), *parse(params, vocabulary).where)
    ids = tx.scalars(found.limit(MOST_AT_ONCE + 1).with_for_update(of=Firm)).all()
    as_expected(params, len(ids))
    return schemas.Changed(changed=_changed(tx, list(ids), changes))


def _changed(tx: Tx, ids: list[int], changes: dict[str, Any]) -> int:
    """How many were not so before."""
    differs = [getattr(Firm, name).is_distinct_from(value) for name, value in changes.items()]
    written = tx.scalars(
        update(Firm).where(Firm.id == func.any(literal(ids, ARRAY(Integer))), or_(*differs))
        .values(**changes).returning(Firm.id)
    ).all()  # fmt: skip
    if written:
        assess(tx, written, today())
    return len(written)
