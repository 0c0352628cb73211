"""What support is arranged by, over HTTP: measures, route rules, the clock, working days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core.clock import today
from app.core.resource import Resource
from app.firms import queries as firms
from app.firms.api import NEEDS_VERSION, FirmId, demand_version
from app.firms.schemas import LARGEST_ID
from app.support import days, queries, routing, rules, schemas
from app.support.models import Measure

router = APIRouter(prefix="/api/v1", tags=["support"], route_class=Resource)
IfMatch = Annotated[str | None, Header()]
RuleId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")]
Step = Annotated[int, Path(ge=-60, le=60)]
Year = Annotated[int | None, Query(ge=days.FIRST_YEAR, le=days.LAST_YEAR,
                                   description="This year if not given.")]  # fmt: skip


@router.get("/measures", operation_id="list_measures")
def list_measures(actor: Reader, db: Db) -> schemas.MeasuresOut:
    """Every playbook."""
    found = [schemas.MeasureOut.model_validate(one) for one in queries.measures(db).values()]
    return schemas.MeasuresOut(items=found)


@router.get("/measures/{code}", operation_id="get_measure")
def get_measure(code: Code, response: Response, actor: Reader, db: Db) -> schemas.MeasureOut:
    """One playbook; its ETag is needed to change it."""
    return _measure(queries.measure(db, code), response)


@router.put("/measures/{code}", operation_id="put_measure", responses=NEEDS_VERSION)
def put_measure(
    code: Code, body: schemas.MeasureIn, response: Response, actor: CurrentActor, tx: Tx,
    if_match: IfMatch = None,
) -> schemas.MeasureOut:  # fmt: skip
    """Say what a measure is; a new one is made with `If-Match: "0"`."""
    known = tx.get(Measure, code)
    version = known.version if known else 0
    demand_version(if_match, version, lambda _given: rules.stale(version))
    return _measure(rules.keep_measure(tx, actor, code, body, version), response)


def _measure(found: Measure, response: Response) -> schemas.MeasureOut:
    response.headers["ETag"] = f'"{found.version}"'
    return schemas.MeasureOut.model_validate(found)


@router.get("/route-rules", operation_id="list_route_rules")
def list_route_rules(actor: Reader, db: Db) -> schemas.RouteRulesOut:
    """Where cases go: of the rules that fit, the first; else to the measure's lead."""
    found = [schemas.RouteRuleOut.model_validate(one) for one in rules.route_rules(db)]
    return schemas.RouteRulesOut(items=found)


@router.post("/route-rules", operation_id="add_route_rule", status_code=201)
def add_route_rule(body: schemas.RouteRuleIn, actor: CurrentActor, tx: Tx) -> schemas.RouteRuleOut:
    """A rule after all others."""
    return schemas.RouteRuleOut.model_validate(rules.add_route_rule(tx, actor, body))


@router.put("/route-rules/{rule_id}", operation_id="put_route_rule", responses=NEEDS_VERSION)
def put_route_rule(
    rule_id: RuleId, body: schemas.RouteRuleIn, response: Response, actor: CurrentActor, tx: Tx,
    if_match: IfMatch = None,
) -> schemas.RouteRuleOut:  # fmt: skip
    """Change what a rule says; its `version` goes into `If-Match`."""
    rule = rules.route_rule(tx, rule_id)
    demand_version(if_match, rule.version, lambda _given: rules.stale(rule.version))
    changed = rules.change_route_rule(tx, actor, rule, body, rule.version)
    response.headers["ETag"] = f'"{changed.version}"'
    return schemas.RouteRuleOut.model_validate(changed)


@router.delete("/route-rules/{rule_id}", operation_id="delete_route_rule", status_code=204,
               responses=NEEDS_VERSION)  # fmt: skip
def delete_route_rule(
    rule_id: RuleId, actor: CurrentActor, tx: Tx, if_match: IfMatch = None
) -> None:
    """Route without it from now on."""
    rule = rules.route_rule(tx, rule_id)
    demand_version(if_match, rule.version, lambda _given: rules.stale(rule.version))
    rules.remove_route_rule(tx, actor, rule, rule.version)


@router.put("/route-rules:order", operation_id="order_route_rules")
def order_route_rules(
    body: schemas.OrderBody, actor: CurrentActor, tx: Tx
) -> schemas.RouteRulesOut:
    """Try the rules in this order; all of them must be named."""
    rules.order_route_rules(tx, actor, body.ids)
    return list_route_rules(actor, tx)


@router.get("/firms/{firm_id}/routes", operation_id="list_routes")
def list_routes(firm_id: FirmId, actor: Reader, db: Db) -> schemas.RoutesOut:
    """Where each case that would help a firm would go today; nothing is opened."""
    firms.get(db, actor, firm_id)
    return schemas.RoutesOut(items=[
        schemas.RouteOut(measure=one.measure, criteria=one.criteria, **vars(route))
        for one, route in routing.trial(db, firm_id, today())
    ])  # fmt: skip


@router.get("/clock-rules", operation_id="list_clock_rules")
def list_clock_rules(actor: Reader, db: Db) -> schemas.ClockRulesOut:
    """When reminders climb, in working days from the due date."""
    found = [schemas.ClockRuleOut.model_validate(one) for one in rules.clock_rules(db)]
    return schemas.ClockRulesOut(items=found)


@router.put("/clock-rules/{level}/{days}", operation_id="add_clock_rule", status_code=204)
def add_clock_rule(level: schemas.Level, days: Step, actor: CurrentActor, tx: Tx) -> None:
    """Tell a level on that working day."""
    rules.add_clock_rule(tx, actor, level, days)


@router.delete("/clock-rules/{level}/{days}", operation_id="delete_clock_rule", status_code=204)
def delete_clock_rule(level: schemas.Level, days: Step, actor: CurrentActor, tx: Tx) -> None:
    """Tell that level no more on that day."""
    rules.remove_clock_rule(tx, actor, level, days)


@router.get("/holidays", operation_id="list_holidays")
def list_holidays(actor: Reader, db: Db, year: Year = None) -> schemas.HolidaysOut:
    """The days of a year that are not what their weekday says."""
    found = days.of_year(db, year or today().year)
    return schemas.HolidaysOut(items=[schemas.HolidayOut.model_validate(one) for one in found])


@router.put("/holidays/{day}", operation_id="set_holiday")
def set_holiday(
    day: date, body: schemas.HolidayBody, actor: CurrentActor, tx: Tx
) -> schemas.HolidayKept:
    """Whether one works on a day; what is due on a new day off moves to the next working day."""
    wanted = days.Wanted(day, day, body.works, body.name)
    return schemas.HolidayKept(moved=days.record(tx, actor, wanted))


@router.delete("/holidays/{day}", operation_id="forget_holiday")
def forget_holiday(day: date, actor: CurrentActor, tx: Tx) -> schemas.HolidayKept:
    """The day is what its weekday says again."""
    return schemas.HolidayKept(moved=days.forget(tx, actor, day))
