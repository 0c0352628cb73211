"""Pages of what support is arranged by: where cases go, what helps, when reminders climb."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor, Db, Reader, Tx
from app.core import notices
from app.core.clock import today
from app.core.errors import AppError, Conflict, Forbidden, Invalid
from app.core.forms import checked, numbers
from app.core.web import render
from app.firms import search
from app.support import queries, routing, rules, words
from app.support.clock_models import LEVELS
from app.support.days import demand_keeper
from app.support.opening import demand_analyst
from app.support.pages import criteria_labels
from app.support.rules_api import Code, RuleId, Step
from app.support.schemas import Level, MeasureIn, RouteRuleIn

router = APIRouter(prefix="/support", include_in_schema=False)
NUMBERS = ("park_id", "staff_from", "staff_to", "organisation_id", "user_id", "days")


def back(request: Request, path: str, zh: str, en: str) -> Response:
    """To the list, where it says what was done."""
    answer = RedirectResponse(path, status_code=303)
    notices.leave(request, answer, zh, en)
    return answer


# --- where cases go -----------------------------------------------------------------------------


class RuleForm(BaseModel):
    """A rule as it was typed; `version` 0 is a new one."""

    measure: str = ""
    criterion: str = ""
    industry: str = ""
    park_id: str = ""
    staff_from: str = ""
    staff_to: str = ""
    organisation_id: str = ""
    user_id: str = ""
    days: str = ""
    version: int = 0

    def rule(self) -> RouteRuleIn:
        """What was typed; Invalid with every fault."""
        typed = self.model_dump(exclude={"version"})
        return checked(RouteRuleIn, numbers(typed, *NUMBERS))


@router.get("/routes")
def route_rules(request: Request, actor: Reader, db: Db, firm: str = "") -> HTMLResponse:
    """Every rule in its order, and where one firm's cases would go."""
    return _routes(request, db, actor, firm=firm)


def _routes(
    request: Request, db: Session, actor: Actor, *, firm: str = "", problem: AppError | None = None
) -> HTMLResponse:
    tried, found = [], None
    if firm.strip():
        try:
            found = _one_firm(db, actor, firm)
            tried = routing.trial(db, found["id"], today())
        except AppError as error:
            problem = problem or error
    page = render(
        request, "support/routes.html", rules=rules.route_rules(db), firm=firm, found=found,
        tried=tried, problem=problem, **_named(db, actor),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


def _one_firm(db: Session, actor: Actor, words: str) -> Any:
    """The firm that somebody means by name or credit code."""
    found = search.find(db, actor, words.strip()[:100], 2).items
    if not found:
        raise Invalid("没有找到这家企业：请用全称或信用代码 (no such firm)")
    return found[0]


def _named(db: Session, actor: Actor) -> dict[str, Any]:
    bodies = accounts.organisations(db)
    return {
        "measures": queries.measures(db), "labels": criteria_labels(db), "words": words,
        "bodies": {one.id: one for one in bodies}, "by_code": {one.code: one for one in bodies},
        "officers": queries.seated(db), "may_edit": actor.role is Role.ANALYST,
    }  # fmt: skip


@router.get("/routes/new")
def new_rule(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """An empty rule."""
    demand_analyst(actor)
    return _rule(request, db, actor, 0, RuleForm())


@router.post("/routes/new")
def add_rule(
    request: Request, form: Annotated[RuleForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """A rule after all others."""
    demand_analyst(actor)
    try:
        with tx.begin_nested():
            rules.add_route_rule(tx, actor, form.rule())
    except AppError as error:
        return _rule(request, tx, actor, 0, form, error)
    return back(request, "/support/routes", "已添加规则", "The rule is added")


@router.get("/routes/{rule_id}")
def show_rule(request: Request, rule_id: RuleId, actor: Reader, db: Db) -> HTMLResponse:
    """One rule to change."""
    demand_analyst(actor)
    rule = rules.route_rule(db, rule_id)
    known = {name: getattr(rule, name) for name in RuleForm.model_fields}
    typed = {name: "" if value is None else str(value) for name, value in known.items()}
    return _rule(request, db, actor, rule_id, RuleForm.model_validate(typed))


def _rule(
    request: Request, db: Session, actor: Actor, number: int, form: RuleForm,
    problem: AppError | None = None,
) -> HTMLResponse:  # fmt: skip
    page = render(
        request, "support/route.html", number=number, form=form, problem=problem,
        parks=accounts.organisations(db, "park"), **_named(db, actor),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/routes/{rule_id}")
def change_rule(
    request: Request, rule_id: RuleId, form: Annotated[RuleForm, Form()], actor: CurrentActor,
    tx: Tx,
) -> Response:  # fmt: skip
    """Change what a rule says."""
    demand_analyst(actor)
    rule = rules.route_rule(tx, rule_id)
    try:
        with tx.begin_nested():
            rules.change_route_rule(tx, actor, rule, form.rule(), form.version)
    except AppError as error:
        return _rule(request, tx, actor, rule_id, form, error)
    return back(request, "/support/routes", "已保存", "Saved")


@router.post("/routes/{rule_id}/{step}")
def move_rule(
    request: Request, rule_id: RuleId, step: Annotated[str, Path(pattern="^(up|down|remove)$")],
    actor: CurrentActor, tx: Tx, version: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Try a rule earlier, or later, or no more."""
    demand_analyst(actor)
    rule = rules.route_rule(tx, rule_id)
    try:
        with tx.begin_nested():
            if step == "remove":
                rules.remove_route_rule(tx, actor, rule, version)
            else:
                _shift(tx, actor, rule_id, -1 if step == "up" else 1)
    except AppError as error:
        return _routes(request, tx, actor, problem=error)
    return back(request, "/support/routes", "已保存", "Saved")


def _shift(session: Session, actor: Actor, number: int, by: int) -> None:
    order = [one.id for one in rules.route_rules(session)]
    there = order.index(number) + by
    if not 0 <= there < len(order):
        raise Conflict("已经在最前或最后 (it is first or last already)")
    order.remove(number)
    order.insert(there, number)
    rules.order_route_rules(session, actor, order)


# --- measures -----------------------------------------------------------------------------------


class MeasureForm(BaseModel):
    """A measure as it was typed; `version` 0 is a new one."""

    code: str = ""
    label_zh: str = ""
    label_en: str = ""
    kind: str = ""
    lead: str = ""
    supporting: list[str] = []
    citation: str = ""
    contact: str = ""
    documents: str = ""
    days: str = ""
    budget: str = ""
    active: str = ""
    version: int = 0

    def measure(self) -> MeasureIn:
        """What was typed; Invalid with every fault."""
        typed = self.model_dump(exclude={"version", "code", "label_zh", "label_en"})
        label = {"zh": self.label_zh.strip(), "en": self.label_en.strip()}
        if not all(label.values()):
            raise rules.wrong("label", "请填写中英文名称 (a name in both languages)")
        typed |= {"label": label, "active": self.active == "yes"}
        return checked(MeasureIn, numbers(typed, "days"))


@router.get("/measures")
def measures(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every measure."""
    return render(request, "support/measures.html", **_named(db, actor))


@router.get("/measures/{code}")
def show_measure(request: Request, code: Code, actor: Reader, db: Db) -> HTMLResponse:
    """One measure to change; `new` is an empty one."""
    demand_analyst(actor)
    if code == "new":
        return _measure(request, db, actor, MeasureForm(active="yes", days="15"))
    found = queries.measure(db, code)
    names = ("code", "kind", "lead", "citation", "contact", "documents", "days", "budget")
    typed = {name: str(getattr(found, name) or "") for name in names}
    return _measure(request, db, actor, MeasureForm(
        **typed, label_zh=found.label["zh"], label_en=found.label["en"],
        supporting=found.supporting, active="yes" if found.active else "", version=found.version,
    ))  # fmt: skip


def _measure(
    request: Request, db: Session, actor: Actor, form: MeasureForm, problem: AppError | None = None
) -> HTMLResponse:
    page = render(
        request, "support/measure.html", form=form, problem=problem, **_named(db, actor),
        departments=accounts.organisations(db, "department", "group"),
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


@router.post("/measures/{code}")
def keep_measure(
    request: Request, code: Code, form: Annotated[MeasureForm, Form()], actor: CurrentActor, tx: Tx
) -> Response:
    """Say what a measure is; under `new` the form names its code."""
    demand_analyst(actor)
    try:
        with tx.begin_nested():
            named = checked(NewCode, {"code": form.code}).code if code == "new" else code
            rules.keep_measure(tx, actor, named, form.measure(), form.version)
    except AppError as error:
        return _measure(request, tx, actor, form, error)
    return back(request, "/support/measures", "已保存", "Saved")


class NewCode(BaseModel):
    """What a new measure is called in code."""

    code: Code


# --- the clock ----------------------------------------------------------------------------------


@router.get("/clock")
def clock(request: Request, actor: CurrentActor, db: Db) -> HTMLResponse:
    """When reminders climb."""
    if actor.role is Role.AUDITOR:
        raise Forbidden("这个角色不能查看帮扶规则 (not for auditors)")
    return _clock(request, db, actor)


def _clock(
    request: Request, db: Session, actor: Actor, problem: AppError | None = None
) -> HTMLResponse:
    page = render(
        request, "support/clock.html", steps=rules.clock_rules(db), levels=LEVELS, words=words,
        may_edit=actor.role in (Role.ANALYST, Role.ADMIN), problem=problem,
    )  # fmt: skip
    page.status_code = 200 if problem is None else problem.status
    return page


class StepForm(BaseModel):
    """A step of the clock."""

    level: Level
    days: Step


@router.post("/clock/{step}")
def set_clock(
    request: Request, step: Annotated[str, Path(pattern="^(add|remove)$")],
    form: Annotated[StepForm, Form()], actor: CurrentActor, tx: Tx,
) -> Response:  # fmt: skip
    """Add a step, or take one away."""
    act = rules.add_clock_rule if step == "add" else rules.remove_clock_rule
    demand_keeper(actor)
    try:
        with tx.begin_nested():
            act(tx, actor, form.level, form.days)
    except AppError as error:
        return _clock(request, tx, actor, error)
    return back(request, "/support/clock", "已保存", "Saved")
