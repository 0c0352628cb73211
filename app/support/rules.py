"""What support is arranged by, as people change it: route rules, measures, the clock's steps."""

from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.errors import Conflict, Invalid, NotFound, Stale
from app.core.fields import nearest
from app.criteria.store import all_sets
from app.support.clock_models import LEVELS, ClockRule
from app.support.days import demand_keeper
from app.support.models import Measure, RouteRule
from app.support.opening import demand_analyst
from app.support.schemas import MeasureIn, RouteRuleIn
from app.support.service import bodies_of

RULES_LOCK = 7_301_118
CONDITIONS = ("measure", "criterion", "industry", "park_id", "staff_from", "staff_to")
MOST_STEPS = 20


# --- where cases go -----------------------------------------------------------------------------


def route_rules(session: Session) -> list[RouteRule]:
    """Every rule in the order in which they are tried."""
    return list(session.scalars(select(RouteRule).order_by(RouteRule.position, RouteRule.id)))


def route_rule(session: Session, number: int) -> RouteRule:
    """One rule."""
    found = session.get(RouteRule, number)
    if found is None:
        raise NotFound(f"没有编号为 {number} 的派单规则 (no such rule)")
    return found


def add_route_rule(session: Session, actor: Actor, given: RouteRuleIn) -> RouteRule:
    """A rule after all others."""
    _alone(session, actor)
    _check(session, given)
    last = session.scalar(select(func.max(RouteRule.position))) or 0
    found = RouteRule(position=last + 1, **given.model_dump())
    session.add(found)
    session.flush()
    return found


def change_route_rule(
    session: Session, actor: Actor, rule: RouteRule, given: RouteRuleIn, version: int
) -> RouteRule:
    """Change what a rule says; Stale where it is no longer the version that was read."""
    _alone(session, actor)
    session.refresh(rule)
    if rule.version != version:
        raise stale(rule.version)
    _check(session, given)
    for name, value in given.model_dump().items():
        setattr(rule, name, value)
    rule.version += 1
    session.flush()
    return rule


def remove_route_rule(session: Session, actor: Actor, rule: RouteRule, version: int) -> None:
    """Cases are routed without it from now on; those that went by it stay where they are."""
    _alone(session, actor)
    session.refresh(rule)
    if rule.version != version:
        raise stale(rule.version)
    session.delete(rule)
    session.flush()


def order_route_rules(session: Session, actor: Actor, ids: list[int]) -> None:
    """Try the rules in this order; Conflict where these are not all the rules there are."""
    _alone(session, actor)
    there = [rule.id for rule in route_rules(session)]
    if sorted(ids) != sorted(there):
        raise Conflict("规则有增减：请重新读取后再排序 (rules came or went: read them again)")
    for position, number in enumerate(ids, 1):
        session.execute(
            update(RouteRule).where(RouteRule.id == number, RouteRule.position != position)
            .values(position=position)
        )  # fmt: skip
    session.expire_all()


def stale(version: int) -> Stale:
    """Says that another version is the one that stands."""
    return Stale(f"已是第 {version} 版：请重新查看再改 (changed meanwhile: read it again)",
                 current={"version": version})  # fmt: skip


def _alone(session: Session, actor: Actor) -> None:
    """One change of the rules after the other: their order is one thing."""
    demand_analyst(actor)
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": RULES_LOCK})


def _check(session: Session, given: RouteRuleIn) -> None:
    """Invalid where a rule names what is not there, or would take every case."""
    if all(getattr(given, name) is None for name in CONDITIONS):
        raise wrong("measure", "请至少写一个条件：没有条件的规则会接走所有事项 (no condition)")
    if given.staff_to is not None and (given.staff_from or 0) > given.staff_to:
        raise wrong("staff_to", "人数上限小于下限 (the most is less than the least)")
    if given.measure is not None:
        known = list(session.scalars(select(Measure.code)))
        _among("measure", given.measure, known)
    if given.criterion is not None:
        _among("criterion", given.criterion, _criteria(session))
    if session.get(Organisation, given.organisation_id) is None:
        raise wrong("organisation_id", "没有这个单位：请从名录选择 (no such organisation)")
    park = None if given.park_id is None else session.get(Organisation, given.park_id)
    if given.park_id is not None and (park is None or park.kind != "park"):
        raise wrong("park_id", "没有这个园区：请从名录选择 (no such park)")
    if given.user_id is not None and given.organisation_id not in bodies_of(session, given.user_id):
        raise wrong("user_id", "经办人不属于该单位：请从名单选择 (not a person of this body)")


def _criteria(session: Session) -> list[str]:
    return [criterion.id for one in all_sets(session) for criterion in one.policy.walk()]


def _among(name: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise wrong(name, f"没有 {value[:60]} (no such {name})" + nearest(value, known))


# --- measures -----------------------------------------------------------------------------------


def keep_measure(
    session: Session, actor: Actor, code: str, given: MeasureIn, version: int
) -> Measure:
    """Say what a measure is; 0 makes a new one. Stale where it is another version by now."""
    demand_analyst(actor)
    found = session.get(Measure, code, with_for_update=True)
    if (found.version if found else 0) != version:
        raise stale(found.version if found else 0)
    codes = list(session.scalars(select(Organisation.code)))
    for name, body in [("lead", given.lead), *(("supporting", one) for one in given.supporting)]:
        _among(name, body, codes)
    values = given.model_dump()
    if found is None:
        found = Measure(code=code, version=1, **values)
        session.add(found)
    elif any(getattr(found, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(found, name, value)
        found.version += 1
    session.flush()
    return found


# --- the clock ----------------------------------------------------------------------------------


def clock_rules(session: Session) -> list[ClockRule]:
    """Every step of the clock, as it climbs."""
    found = session.scalars(select(ClockRule)).all()
    return sorted(found, key=lambda one: (LEVELS.index(one.level), one.days))


def add_clock_rule(session: Session, actor: Actor, level: str, days: int) -> None:
    """Tell a level on such a working day; twice is as once."""
    steps = _steps(session, actor) | {(level, days)}
    if len(steps) > MOST_STEPS:
        raise Invalid(f"提醒规则最多 {MOST_STEPS} 条 (at most {MOST_STEPS})")
    _check_climb(steps)
    if session.get(ClockRule, (level, days)) is None:
        session.add(ClockRule(level=level, days=days))
        session.flush()


def remove_clock_rule(session: Session, actor: Actor, level: str, days: int) -> None:
    """Tell that level no more on that day."""
    steps = _steps(session, actor)
    if (level, days) not in steps:
        raise NotFound("没有这条提醒规则 (no such step)")
    _check_climb(steps - {(level, days)})
    session.execute(delete(ClockRule).where(ClockRule.level == level, ClockRule.days == days))


def _steps(session: Session, actor: Actor) -> set[tuple[str, int]]:
    demand_keeper(actor)
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": RULES_LOCK})
    return {(one.level, one.days) for one in clock_rules(session)}


def _check_climb(steps: set[tuple[str, int]]) -> None:
    """Nobody is told of what the level beneath has not been told before."""
    first: dict[str, Any] = {}
    for level, days in steps:
        first[level] = min(days, first.get(level, days))
    told = [(first[level], level) for level in LEVELS if level in first]
    if not any(level == "officer" for _, level in told):
        raise wrong("level", "至少要有一条提醒经办人的规则 (the officer must be told)")
    if told != sorted(told, key=lambda one: one[0]):
        raise wrong(
            "days", "上一级不能早于下一级得知：请先提醒经办人，再提醒部门和领导 (it climbs)"
        )


def wrong(name: str, detail: str) -> Invalid:
    """One field is wrong."""
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
