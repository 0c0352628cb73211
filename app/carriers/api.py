"""Carriers over HTTP: what they are and achieved, who enters, moves up, graduates and leaves."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.carriers import keeping, queries, service
from app.carriers import schemas as wire
from app.core.clock import today
from app.core.resource import Resource
from app.firms import queries as firms
from app.firms.api import NEEDS_VERSION, demand_version
from app.firms.models import Residency
from app.firms.schemas import LARGEST_ID
from app.incubation.models import Carrier
from app.pipeline import trail_queries
from app.pipeline.trail_schemas import ActsOut

Number = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Year = Annotated[int | None, Query(ge=2000, le=2100, description="This year if not given.")]
IfMatch = Annotated[str | None, Header()]
router = APIRouter(prefix="/api/v1", tags=["carriers"], route_class=Resource)


def _year(given: int | None) -> int:
    return today().year if given is None else given


def _shown(one: queries.Performance, year: int) -> dict[str, Any]:
    return {**one.row._mapping, "funds": one.funds, "reward": one.reward, "year": year}


@router.get("/carriers", operation_id="list_carriers")
def list_carriers(actor: Reader, db: Db, year: Year = None) -> wire.CarriersOut:
    """Every carrier that the caller may read of, and its year."""
    found = queries.performance(db, actor, _year(year))
    rows = [wire.CarrierOut(**_shown(one, _year(year))) for one in found]
    return wire.CarriersOut(items=rows)


@router.get("/carriers/{carrier_id}", operation_id="get_carrier")
def get_carrier(
    carrier_id: Number, response: Response, actor: Reader, db: Db, year: Year = None
) -> wire.CarrierDetail:
    """One carrier; its ETag is needed to change it."""
    return _detail(db, actor, carrier_id, _year(year), response)


def _detail(
    db: Session, actor: Actor, carrier_id: int, year: int, response: Response
) -> wire.CarrierDetail:
    found = queries.one(db, actor, carrier_id, year)
    known = queries.described(db, carrier_id) or Carrier(version=0)
    response.headers["ETag"] = f'"{known.version}"'
    more = {name: getattr(known, name) for name in ("opened_on", "field", "operator", "version")}
    return wire.CarrierDetail(**_shown(found, year), **more)


@router.get("/carriers/{carrier_id}/history", operation_id="get_carrier_history")
def get_carrier_history(carrier_id: Number, actor: Reader, db: Db) -> ActsOut:
    """What was done to it: who, when, before and after."""
    queries.one(db, actor, carrier_id, today().year)
    return ActsOut.model_validate({"items": trail_queries.apart(db, "carrier", carrier_id)})


@router.put("/carriers/{carrier_id}", operation_id="describe_carrier", responses=NEEDS_VERSION)
def describe_carrier(
    carrier_id: Number, body: wire.CarrierIn, response: Response, actor: CurrentActor, tx: Tx,
    if_match: IfMatch = None,
) -> wire.CarrierDetail:  # fmt: skip
    """Say what a carrier is."""
    organisation = service.carrier(tx, carrier_id)
    service.check_keeps(actor, carrier_id)
    known = queries.described(tx, carrier_id)
    version = 0 if known is None else known.version
    demand_version(if_match, version, lambda _given: keeping.stale(version))
    keeping.describe(tx, actor, organisation, body, version)
    return _detail(tx, actor, carrier_id, today().year, response)


@router.get("/carriers/{carrier_id}/residents", operation_id="list_residents")
def list_residents(carrier_id: Number, actor: Reader, db: Db) -> wire.ResidenciesOut:
    """Who lives there today."""
    queries.one(db, actor, carrier_id, today().year)
    found = queries.stays(db, actor, carrier_id, today())
    return wire.ResidenciesOut(items=[_stay(one) for one in found])


def _stay(one: Residency) -> wire.ResidencyOut:
    values = {name: getattr(one, name) for name in wire.ResidencyOut.model_fields
              if name not in ("since", "until")}  # fmt: skip
    return wire.ResidencyOut(since=one.during.lower, until=service.last_day(one.during), **values)


@router.post("/carriers/{carrier_id}/residents", operation_id="enter_carrier", status_code=201)
def enter_carrier(
    carrier_id: Number, body: wire.EntryIn, actor: CurrentActor, tx: Tx
) -> wire.ResidencyOut:
    """A firm, or a team that is not registered yet, moves in."""
    actor.require("firms:write")
    organisation = service.carrier(tx, carrier_id)
    if body.firm_id is None:
        return _stay(service.enter_new(tx, actor, organisation, body.team(), body.entry()))
    firm = firms.get(tx, actor, body.firm_id)
    return _stay(service.enter(tx, actor, organisation, firm, body.entry()))


@router.post("/residencies/{residency_id}:graduate", operation_id="graduate")
def graduate(
    residency_id: Number, body: wire.GraduationIn, actor: CurrentActor, tx: Tx
) -> wire.ResidencyOut:
    """The firm has outgrown the carrier, by the rules of graduation."""
    found = service.stay(tx, actor, residency_id)
    return _stay(service.graduate(tx, actor, found, body.graduation()))


@router.post("/residencies/{residency_id}:leave", operation_id="leave_carrier")
def leave_carrier(
    residency_id: Number, body: wire.LeaveIn, actor: CurrentActor, tx: Tx
) -> wire.ResidencyOut:
    """The firm leaves without graduating."""
    found = service.stay(tx, actor, residency_id)
    return _stay(service.leave(tx, actor, found, body.day, body.said()))


@router.post("/residencies/{residency_id}:promote", operation_id="promote", status_code=201)
def promote(
    residency_id: Number, body: wire.PromotionIn, actor: CurrentActor, tx: Tx
) -> wire.ProposalOut:
    """Propose that the firm moves up the chain; an analyst's proposal is decided at once."""
    found = service.stay(tx, actor, residency_id)
    to = service.carrier(tx, body.to)
    return _proposal(service.propose(tx, actor, found, to, body.day, body.reason))


def _proposal(one: Any) -> wire.ProposalOut:
    return wire.ProposalOut(**{n: getattr(one, n) for n in wire.ProposalOut.model_fields})


@router.get("/promotions", operation_id="list_promotions")
def list_promotions(actor: Reader, db: Db) -> wire.ProposalsOut:
    """Promotions that wait for a decision."""
    found = queries.proposals(db, actor, queries.check_reads(actor))
    return wire.ProposalsOut(items=[_proposal(row[0]) for row in found])


@router.post("/promotions/{promotion_id}:decide", operation_id="decide_promotion")
def decide_promotion(
    promotion_id: Number, body: wire.DecisionIn, actor: CurrentActor, tx: Tx
) -> wire.ProposalOut:
    """Accept, and the firm moves; or decline, and it stays."""
    actor.require("firms:write")
    found = service.proposal(tx, actor, promotion_id)
    return _proposal(service.decide(tx, actor, found, accepted=body.accepted, reason=body.reason))


@router.get("/reward-rates", operation_id="list_reward_rates")
def list_reward_rates(actor: Reader, db: Db) -> wire.RatesOut:
    """What a carrier earns for what it did."""
    found = queries.rates(db)
    return wire.RatesOut(items=[_rate(one) for one in found])


def _rate(one: Any) -> wire.RateOut:
    return wire.RateOut(**{name: getattr(one, name) for name in wire.RateOut.model_fields})


@router.post("/reward-rates", operation_id="set_reward_rate", status_code=201)
def set_reward_rate(body: wire.RateIn, actor: CurrentActor, tx: Tx) -> wire.RateOut:
    """Set what one of a measure earns from a day on."""
    return _rate(keeping.set_rate(tx, actor, body))
