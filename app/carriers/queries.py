"""Carriers, who lives in them, and what each achieved in a year, in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Row, Select, and_, bindparam, func, select, text
from sqlalchemy.orm import Session, aliased

from app.accounts.acting import whole_district
from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.db import FEN_PER_YUAN
from app.core.errors import Forbidden, NotFound
from app.criteria.models import CriteriaSet
from app.criteria.policy import Outcome
from app.firms.models import Firm, Residency
from app.firms.queries import rung_on, visible
from app.incubation.models import REWARDED, Carrier, Promotion, RewardRate, ServiceRecord
from app.pipeline.models import Assessment

SHOWN = 500
# A year's stays, what the firms became during them, what was done for them, what they raised. A
# firm counts for the carrier it was in on the day, and a title where it is the first of its kind.
PERFORMANCE = text("""
with span as (
  select make_date(:year, 1, 1) as first, least(make_date(:year, 12, 31), :today) as last
), stay as (
  select r.incubator_id, r.firm_id, r.during, r.graduated_on, span.first, span.last
  from residency as r cross join span
  where r.superseded_at is null and span.first <= span.last
    and r.during && daterange(span.first, span.last, '[]')
), moved as (
  select incubator_id,
    count(distinct firm_id) filter (where during @> last) as residents,
    count(distinct firm_id) filter (where lower(during) >= first) as entered,
    count(distinct firm_id) filter (where graduated_on between first and last) as graduates,
    count(distinct firm_id) filter (where upper(during) <= last and graduated_on is null)
      as left_otherwise
  from stay group by incubator_id
), became as (
  select stay.incubator_id,
    count(distinct stay.firm_id) filter (where d.kind <> 'hnte') as tech_based,
    count(distinct stay.firm_id) filter (where d.kind = 'hnte') as certified
  from stay join designation as d on d.firm_id = stay.firm_id and d.superseded_at is null
    and d.kind in ('cq_tech_based', 'tech_sme', 'hnte')
    and lower(d.valid) between stay.first and stay.last and stay.during @> lower(d.valid)
  where not exists (
    select from designation as e where e.firm_id = d.firm_id and e.superseded_at is null
      and e.kind in ('cq_tech_based', 'tech_sme', 'hnte') and (e.kind = 'hnte') = (d.kind = 'hnte')
      and lower(e.valid) < lower(d.valid))
  group by stay.incubator_id
), served as (
  select organisation_id as incubator_id, count(*) as services, coalesce(sum(hours), 0) as hours
  from service_record cross join span
  where superseded_at is null and served_on between span.first and span.last
    and organisation_id is not null
  group by organisation_id
), raised as (
  select stay.incubator_id, sum(e.amount) as funds
  from stay join equity_round as e on e.firm_id = stay.firm_id and e.superseded_at is null
    and e.happened_on between stay.first and stay.last and stay.during @> e.happened_on
  group by stay.incubator_id
)
select o.id, o.code, o.name, o.name_en, c.kind, c.level, c.platform, c.area_m2, c.seats,
  coalesce(residents, 0) as residents, coalesce(entered, 0) as entered,
  coalesce(graduates, 0) as graduates, coalesce(left_otherwise, 0) as left_otherwise,
  coalesce(tech_based, 0) as tech_based, coalesce(certified, 0) as certified,
  coalesce(services, 0) as services, coalesce(hours, 0) as hours,
  coalesce(funds, 0)::bigint as funds
from organisation as o left join carrier as c on c.organisation_id = o.id
left join moved on moved.incubator_id = o.id left join became on became.incubator_id = o.id
left join served on served.incubator_id = o.id left join raised on raised.incubator_id = o.id
where o.kind = 'incubator' and (cast(:own as int) is null or o.id = :own)
order by array_position(array['makerspace', 'incubator', 'accelerator'], c.kind) nulls last, o.name
""").bindparams(bindparam("own", type_=Integer))


@dataclass(frozen=True)
class Performance:
    """One carrier and one of its years; `reward` is what the rates of that year make of it."""

    row: Row[Any]
    funds: Decimal
    reward: Decimal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def check_reads(actor: Actor) -> int | None:
    """The only carrier an actor may read of, None for all; Forbidden for those who run none."""
    if actor.role is Role.INCUBATOR_MANAGER:
        return actor.organisation_id
    if actor.role in (Role.ANALYST, Role.LEADER, Role.OFFICER):
        return None
    raise Forbidden("孵化载体的数据只对科技局、部门和载体自己开放 (not for this role)")


def performance(
    session: Session, actor: Actor, year: int, carrier: int | None = None
) -> list[Performance]:
    """What every carrier that the actor may read of achieved in a year.

    A firm is counted on days when it was the carrier's resident: what its manager knew then, though
    the firm may have left since. Only numbers come out.
    """
    own = check_reads(actor)
    given = {"year": year, "today": today(), "own": own if own is not None else carrier}
    with whole_district(session):
        rows = session.execute(PERFORMANCE, given).all()
    rates = rates_in(session, year)
    return [_performance(row, rates) for row in rows]


def one(session: Session, actor: Actor, carrier_id: int, year: int) -> Performance:
    """One carrier's year; NotFound also for a manager of another one."""
    found = performance(session, actor, year, carrier_id)
    if not found or found[0].id != carrier_id:
        raise NotFound("没有这个孵化载体：请从列表中选择 (no such carrier)")
    return found[0]


def _performance(row: Row[Any], rates: dict[str, RewardRate]) -> Performance:
    reward = sum(
        (getattr(row, measure) * rate.amount for measure, rate in rates.items()), Decimal(0)
    )
    return Performance(row, Decimal(row.funds) / FEN_PER_YUAN, reward)


def rates_in(session: Session, year: int) -> dict[str, RewardRate]:
    """The rate of each measure on the last day of a year."""
    query = select(RewardRate).where(RewardRate.since <= date(year, 12, 31))
    latest = session.scalars(query.order_by(RewardRate.since))
    return {one.measure: one for one in latest}


def rates(session: Session) -> list[RewardRate]:
    """Every rate, by measure, the newest first."""
    place = func.array_position(list(REWARDED), RewardRate.measure, type_=Integer)
    return list(session.scalars(select(RewardRate).order_by(place, RewardRate.since.desc())))


def residents(session: Session, actor: Actor, carrier_id: int, day: date) -> Sequence[Any]:
    """Who lives there on a day, the longest first: rung, limit, and what graduation says."""
    rungs = rung_on(day)
    limit = func.lower(Residency.during) + func.make_interval(0, Residency.limit_months)
    return session.execute(
        select(
            Firm.id, Firm.name, Firm.credit_code, Firm.registered_on, Firm.version,
            Residency.id.label("stay"), Residency.during, Residency.premises_inside,
            rungs.c.rung, func.date(limit).label("limit_on"), _graduation().label("graduation"),
        )
        .join(Residency, Residency.firm_id == Firm.id)
        .outerjoin(rungs, rungs.c.firm_id == Firm.id)
        .where(
            visible(actor), Residency.incubator_id == carrier_id,
            Residency.during.contains(day), Residency.superseded_at.is_(None),
        )
        .order_by(func.lower(Residency.during), Firm.id).limit(SHOWN)
    ).all()  # fmt: skip


def stay(session: Session, actor: Actor, number: int, *, lock: bool = False) -> Residency:
    """One residency that stands; NotFound also where its firm is not this actor's to know."""
    query = select(Residency).join(Firm, Firm.id == Residency.firm_id).where(
        Residency.id == number, Residency.superseded_at.is_(None), visible(actor)
    )  # fmt: skip
    found = session.scalar(query.with_for_update(of=Residency) if lock else query)
    if found is None:
        raise NotFound("没有这条在孵记录，或它刚被更正：请刷新 (no such residency)")
    return found


def stays(session: Session, actor: Actor, carrier_id: int, day: date) -> list[Residency]:
    """The residencies of a carrier on a day."""
    query = select(Residency).join(Firm, Firm.id == Residency.firm_id).where(
        visible(actor), Residency.incubator_id == carrier_id, Residency.during.contains(day),
        Residency.superseded_at.is_(None),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Residency.id)))


def _graduation() -> Any:
    """The stored verdict of the rules of graduation."""
    return (
        select(Assessment.outcome)
        .join(CriteriaSet, CriteriaSet.id == Assessment.set_id)
        .where(Assessment.firm_id == Firm.id, CriteriaSet.title == "graduation")
        .order_by(CriteriaSet.since.desc()).limit(1).scalar_subquery()
    )  # fmt: skip


def outcome_name(number: int | None) -> str | None:
    """A stored verdict by name."""
    return None if number is None else Outcome(number).name.lower()


def former(session: Session, actor: Actor, carrier_id: int, day: date) -> Sequence[Any]:
    """Who has left, as far as the actor may still know of them; the last first."""
    return session.execute(
        select(Firm.id, Firm.name, Residency.during, Residency.graduated_on, Residency.left_reason,
               Residency.decided_reason)
        .join(Residency, Residency.firm_id == Firm.id)
        .where(
            visible(actor), Residency.incubator_id == carrier_id, Residency.superseded_at.is_(None),
            func.upper(Residency.during) <= day,
        )
        .order_by(func.upper(Residency.during).desc(), Firm.id).limit(SHOWN)
    ).all()  # fmt: skip


def proposals(session: Session, actor: Actor, carrier_id: int | None) -> Sequence[Any]:
    """Promotions that wait for a decision, from or to one carrier or all."""
    here, there = aliased(Organisation), aliased(Organisation)
    query = (
        select(Promotion, Firm.name, here, there)
        .join(Firm, Firm.id == Promotion.firm_id)
        .join(here, here.id == Promotion.from_id).join(there, there.id == Promotion.to_id)
        .where(visible(actor), Promotion.superseded_at.is_(None), Promotion.accepted.is_(None))
    )  # fmt: skip
    if carrier_id is not None:
        query = query.where((Promotion.from_id == carrier_id) | (Promotion.to_id == carrier_id))
    return session.execute(query.order_by(Promotion.id).limit(SHOWN)).all()


def services(session: Session, actor: Actor, carrier_id: int) -> Sequence[Any]:
    """The latest services that a carrier gave."""
    return session.execute(
        select(ServiceRecord, Firm.name)
        .join(Firm, Firm.id == ServiceRecord.firm_id)
        .where(visible(actor), ServiceRecord.organisation_id == carrier_id,
               ServiceRecord.superseded_at.is_(None))
        .order_by(ServiceRecord.served_on.desc(), ServiceRecord.id.desc()).limit(20)
    ).all()  # fmt: skip


def described(session: Session, carrier_id: int) -> Carrier | None:
    """What is on record of a carrier itself."""
    return session.get(Carrier, carrier_id)


def kept(actor: Actor) -> Select[Any]:
    """Every carrier on record; a manager's own."""
    query = select(Carrier).order_by(Carrier.organisation_id)
    if actor.role is Role.ANALYST:
        return query
    return query.where(Carrier.organisation_id == actor.organisation_id)


def above(session: Session, kinds: tuple[str, ...]) -> Sequence[Any]:
    """Carriers of these kinds, where a resident could move."""
    return session.execute(
        select(Organisation.id, Organisation.name, Organisation.name_en, Carrier.kind)
        .join(Carrier, and_(Carrier.organisation_id == Organisation.id, Carrier.kind.in_(kinds)))
        .order_by(Carrier.kind, Organisation.name)
    ).all()
