"""The reform run over HTTP: a draft criteria set against another; nothing is stored."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db
from app.core.errors import Forbidden, Invalid
from app.core.fields import nearest
from app.core.resource import Resource
from app.criteria import drafting
from app.criteria.compiler import LoadedSet
from app.criteria.store import all_sets
from app.pipeline import reform
from app.pipeline.schemas import Day

router = APIRouter(prefix="/api/v1", tags=["criteria"], route_class=Resource)


class CompareBody(BaseModel):
    """`draft` is a set as docs/criteria.md describes it, or `thresholds` changes some of `against`.

    Either stands against the set `against` on a day; the lists are cut at `limit` a move.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    against: Annotated[str, Field(max_length=100, description="code of a criteria set")]
    draft: dict[str, Any] | None = None
    thresholds: dict[str, str] | None = Field(
        None, description="new numbers by the paths that `thresholds` of the answer names"
    )
    as_of: Annotated[Day | None, Field(strict=False)] = None
    limit: Annotated[int, Field(ge=0, le=reform.MOST_LISTED)] = 200


class MovedOut(BaseModel):
    """A firm that stands otherwise under the draft, and the criteria that make it so."""

    firm_id: int
    name: str
    credit_code: str | None
    park: str | None
    industry_section: str | None
    old: str
    new: str
    criteria: list[str]


class MoveOut(BaseModel):
    """How many firms make one move, and the first of them."""

    count: int
    items: list[MovedOut]


class PairOut(BaseModel):
    """Firms by their outcome under the old set and under the new one."""

    old: str
    new: str
    count: int


class PlaceOut(BaseModel):
    """Moves of one park, or of one industry section; `name` is empty where there is none."""

    name: str | None
    moves: dict[str, int]


class ThresholdOut(BaseModel):
    """A number of the set `against` that a draft may change."""

    path: str
    criterion: str
    comparator: str
    value: int | str
    upto: int | str | None


class ComparisonOut(BaseModel):
    """Who enters, leaves, turns unknown or unmet, is exempt; the outcomes of all firms by pairs."""

    against: str
    draft: str
    as_of: Day
    firms: int
    unchanged: int
    enter: MoveOut
    leave: MoveOut
    unknown: MoveOut
    unmet: MoveOut
    not_applicable: MoveOut
    pairs: list[PairOut]
    by_park: list[PlaceOut]
    by_industry: list[PlaceOut]
    thresholds: list[ThresholdOut]


@router.post("/criteria-sets:compare", operation_id="compare_criteria_sets")
def compare_criteria_sets(body: CompareBody, actor: CurrentActor, db: Db) -> ComparisonOut:
    """Hold the whole register against a draft and against a set; nothing is stored."""
    may_reform(actor)
    current = _set(db, body.against)
    content = drafting.contents(db)[body.against]
    if (body.draft is None) == (body.thresholds is None):
        raise _wrong("/draft", "draft 与 thresholds 给出且只给出一个 (give exactly one of them)")
    if body.draft is not None:
        raw = drafting.bounded(body.draft)
    else:
        raw = drafting.with_thresholds(content, body.thresholds or {})
    draft = drafting.proved(db, raw)
    found = reform.compare(db, current, draft, body.as_of, body.limit)
    return _shown(found, drafting.thresholds(content, current.policy))


def may_reform(actor: Actor) -> None:
    """Analysts only: it reads the whole register."""
    if actor.role is not Role.ANALYST or actor.token_id is not None:
        raise Forbidden("只有科技局分析员可以进行改革试算 (only analysts run reforms)")


def _set(session: Session, code: str) -> LoadedSet:
    known = {one.policy.code: one for one in all_sets(session)}
    if code not in known:
        wrong = f"没有条件版本 {code} (unknown criteria set)" + nearest(code, known)
        raise _wrong("/against", wrong)
    return known[code]


def _wrong(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": pointer, "detail": detail}])


def _shown(found: reform.Reform, thresholds: list[drafting.Threshold]) -> ComparisonOut:
    moves = {move: MoveOut(count=found.counts[move], items=_items(found, move))
             for move in reform.MOVES}  # fmt: skip
    return ComparisonOut(
        against=found.old.policy.code, draft=found.new.policy.code, as_of=found.as_of,
        firms=found.firms, unchanged=found.unchanged, **moves,
        pairs=[PairOut(old=old, new=new, count=count)
               for (old, new), count in sorted(found.pairs.items())],
        by_park=[PlaceOut(name=name, moves=counts) for (name, _), counts in found.parks.items()],
        by_industry=[PlaceOut(name=name, moves=counts)
                     for name, counts in found.sections.items()],
        thresholds=[ThresholdOut(path=t.path, criterion=t.criterion, comparator=t.comparator,
                                 value=t.value, upto=t.upto) for t in thresholds],
    )  # fmt: skip


def _items(found: reform.Reform, move: reform.Move) -> list[MovedOut]:
    return [
        MovedOut(
            firm_id=one.firm_id, name=one.name, credit_code=one.credit_code, park=one.park,
            industry_section=one.section, old=one.old, new=one.new,
            criteria=[criterion.id for criterion in one.criteria],
        )
        for one in found.listed[move]
    ]  # fmt: skip
