"""Criteria sets over HTTP; `pipeline.api` takes these routes in."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from app.accounts.auth import CurrentActor, Db
from app.core.clock import today
from app.core.resource import Resource
from app.criteria.compiler import LoadedSet
from app.criteria.store import all_sets, get_sets
from app.firms.catalogue import Label

Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,99}$")]

router = APIRouter(tags=["criteria"], route_class=Resource)


class CriteriaSetOut(BaseModel):
    """One version of one title's criteria; `until` is the last day in force."""

    code: str
    title: str
    rung: str | None
    purpose: str
    label: Label
    document: str
    origin: str
    since: date
    until: date | None
    in_force: bool
    reviewed: date
    criteria: list[str]


class CriteriaSetsOut(BaseModel):
    """Every version of every set, in ladder order."""

    items: list[CriteriaSetOut]


class CriteriaSetDetail(CriteriaSetOut):
    """One set with its text: criteria, rules, thresholds, articles, as written."""

    note: Label | None
    content: dict[str, Any]


@router.get("/criteria-sets", operation_id="list_criteria_sets")
def list_criteria_sets(actor: CurrentActor, db: Db) -> CriteriaSetsOut:
    """Every version of every criteria set, and whether it is in force today."""
    return CriteriaSetsOut(items=[CriteriaSetOut(**_shown(one)) for one in all_sets(db)])


@router.get("/criteria-sets/{code}", operation_id="get_criteria_set")
def get_criteria_set(code: Code, actor: CurrentActor, db: Db) -> CriteriaSetDetail:
    """One criteria set with its whole text."""
    loaded = get_sets(db, [code])[0]
    content = loaded.policy.model_dump(
        mode="json", by_alias=True, exclude_none=True, include={"quantities", "criteria"}
    )
    return CriteriaSetDetail(**_shown(loaded), note=loaded.policy.note, content=content)


def _shown(loaded: LoadedSet) -> dict[str, Any]:
    policy, day = loaded.policy, today()
    same = set(CriteriaSetOut.model_fields) - {"in_force", "criteria"}
    return {name: getattr(policy, name) for name in same} | {
        "in_force": policy.since <= day and (policy.until is None or day <= policy.until),
        "criteria": [criterion.id for criterion in policy.walk()],
    }
