"""Make firm plans, say how far one is, and write it as an official document."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.clock import now, today
from app.core.errors import Conflict, Invalid, NotFound, Stale
from app.core.papers import Column, Facts, Heading, Note, Paper, Signatures, Table, Text
from app.core.wording import named
from app.criteria import phrases
from app.criteria.schemas import CriterionExplanation, SetExplanation
from app.criteria.store import all_sets, sets_in_force
from app.firms import queries
from app.firms.models import Firm
from app.firms.queries import RUNGS
from app.pipeline.queries import explain
from app.support.days import Calendar
from app.support.models import Measure, SupportCase
from app.support.opening import demand_analyst
from app.support.plan_models import FirmPlan

RUNG_WORDS = {
    "incubated": ("在孵", "incubated"), "tech_based": ("科技型企业", "tech-based"),
    "candidate": ("高企培育库", "candidate pool"),
    "certified": ("高新技术企业", "high-tech enterprise"),
    "little_giant": ("“小巨人”", "little giant"),
}  # fmt: skip
LACKING = ("unmet", "unknown")


@dataclass(frozen=True)
class Goal:
    """What a plan is to reach, as somebody filled it in; `items` are measures with their dates."""

    rung: str
    on: date
    items: dict[str, date]
    note: str = ""
    agreed_on: date | None = None
    agreed_with: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a plan is: gaps that are closed of those it began with, cases done of all."""

    closed: int
    gaps: int
    done: int
    cases: int

    def line(self, locale: str) -> str:
        """On one line."""
        if locale == "zh":
            return f"短板补齐 {self.closed}/{self.gaps}，事项办结 {self.done}/{self.cases}"
        return f"gaps closed {self.closed}/{self.gaps}, cases done {self.done}/{self.cases}"


def of_goal(session: Session, firm_id: int, rung: str, day: date) -> SetExplanation | None:
    """The set of a rung that the firm is nearest to."""
    codes = [one.policy.code for one in sets_in_force(session, day) if one.policy.rung == rung]
    found = explain(session, firm_id, day, codes=codes) if codes else []
    return min(found, key=lambda one: (one.gap_count, -one.readiness), default=None)


def lacking(one: SetExplanation) -> list[CriterionExplanation]:
    """The criteria of a set that are unmet or cannot be judged."""
    return [criterion for criterion in one.criteria if criterion.outcome in LACKING]


def latest(session: Session, firm_id: int) -> FirmPlan | None:
    """The version that stands."""
    query = select(FirmPlan).where(FirmPlan.firm_id == firm_id).order_by(FirmPlan.number.desc())
    return session.scalar(query.limit(1))


def versions(session: Session, firm_id: int) -> list[FirmPlan]:
    """Every version, the latest first."""
    query = select(FirmPlan).where(FirmPlan.firm_id == firm_id).order_by(FirmPlan.number.desc())
    return list(session.scalars(query))


def stale(number: int) -> Stale:
    """Says that another version is the one that stands."""
    return Stale(f"现行的是第 {number} 版：请重新查看再修改 (changed meanwhile: read it again)",
                 current={"number": number})  # fmt: skip


def get(session: Session, firm_id: int, number: int) -> FirmPlan:
    """One version."""
    query = select(FirmPlan).where(FirmPlan.firm_id == firm_id, FirmPlan.number == number)
    found = session.scalar(query)
    if found is None:
        raise NotFound("没有这一版一企一策 (no such version)")
    return found


def make(session: Session, actor: Actor, firm: Firm, goal: Goal, expected: int) -> FirmPlan:
    """A new version; Conflict where somebody made another one meanwhile."""
    demand_analyst(actor)
    session.refresh(firm, with_for_update=True)  # two versions are made one after the other
    before = latest(session, firm.id)
    if (before.number if before else 0) != expected:
        raise Conflict("已有更新的版本：请重新查看再修改 (changed meanwhile: read it again)")
    named = _checked(session, goal)
    target = of_goal(session, firm.id, goal.rung, today())
    if target is None:
        raise _wrong("goal_rung", "该梯次今天没有生效的条件 (no criteria in force)")
    found = FirmPlan(
        firm_id=firm.id, number=expected + 1, goal_rung=goal.rung, goal_on=goal.on,
        gaps=[_kept(target, one) for one in lacking(target)], items=named,
        note=goal.note.strip()[:2000] or None, agreed_on=goal.agreed_on,
        agreed_with=goal.agreed_with.strip()[:100] or None, made_by=actor.name,
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def _checked(session: Session, goal: Goal) -> list[dict[str, str]]:
    """The items as they are kept; Invalid names what is wrong."""
    if goal.rung not in RUNGS:
        raise _wrong("goal_rung", "请选择目标梯次 (choose the rung)")
    if goal.on <= today():
        raise _wrong("goal_on", "目标日期应在今天之后 (after today)")
    if (goal.agreed_on is None) != (not goal.agreed_with.strip()):
        raise _wrong("agreed_with", "请同时填写商定日期和企业方 (both or neither)")
    measures = {one.code: one for one in session.scalars(select(Measure))}
    kept = []
    for code, by in goal.items.items():
        if code not in measures:
            raise _wrong("items", f"没有措施 {code} (no such measure)")
        if by > goal.on:
            raise _wrong("items", f"{measures[code].label['zh']} 的期限晚于目标日期 (too late)")
        kept.append({"measure": code, "organisation": measures[code].lead, "by": by.isoformat()})
    return kept


def _kept(target: SetExplanation, one: CriterionExplanation) -> dict[str, str | None]:
    gap = None if one.gap is None else str(one.gap)
    return {"set": target.code, "criterion": one.id, "outcome": one.outcome, "gap": gap,
            "unit": one.gap_unit}  # fmt: skip


def progress(session: Session, plan: FirmPlan, day: date) -> Progress:
    """How far a plan is on a day, by the criteria it was made on."""
    codes = list(dict.fromkeys(str(one["set"]) for one in plan.gaps))
    found = explain(session, plan.firm_id, day, codes=codes) if codes else []
    good = {(one.code, c.id) for one in found for c in one.criteria if c.outcome not in LACKING}
    closed = sum((one["set"], one["criterion"]) in good for one in plan.gaps)
    states = dict(session.execute(
        select(SupportCase.state, func.count())
        .where(SupportCase.firm_id == plan.firm_id,
               SupportCase.measure.in_([item["measure"] for item in plan.items]))
        .group_by(SupportCase.state)
    ).all())  # fmt: skip
    total = sum(states.values())
    return Progress(closed, len(plan.gaps), states.get("done", 0), total)


def usual(session: Session, measures: list[Measure], day: date) -> dict[str, date]:
    """By when each measure is usually done."""
    calendar = Calendar(session)
    return {one.code: calendar.after(day, one.days) for one in measures}


def paper(session: Session, firm: Firm, plan: FirmPlan, locale: str) -> Paper:
    """The plan as a document that bureau and firm sign."""
    at = 0 if locale == "zh" else 1

    def said(zh: str, en: str) -> str:
        return (zh, en)[at]

    bodies = {one.code: one for one in session.scalars(select(Organisation))}
    stands = queries.rung_of(session, firm.id, today())
    how_far = progress(session, plan, today()).line(locale)
    facts = Facts([
        (said("企业", "Firm"), firm.name),
        (said("统一社会信用代码", "Credit code"), firm.credit_code or "—"),
        (said("现处梯次", "Stands"), RUNG_WORDS[stands][at] if stands else "—"),
        (said("目标梯次", "Goal"), RUNG_WORDS[plan.goal_rung][at]),
        (said("目标日期", "By"), plan.goal_on.isoformat()),
        (said("进展", "Progress"), how_far),
    ])  # fmt: skip
    blocks: list[Any] = [
        facts, Heading(said("短板", "What is missing")), _gaps(session, plan, locale),
        Heading(said("措施与分工", "Who does what")), _items(session, plan, bodies, locale),
    ]  # fmt: skip
    if plan.note:
        blocks += [Heading(said("说明", "Remarks")), Text(plan.note)]
    if plan.agreed_on:
        with_whom = said(f"{plan.agreed_on} 与 {plan.agreed_with} 商定",
                         f"Agreed with {plan.agreed_with} on {plan.agreed_on}")  # fmt: skip
        blocks.append(Text(with_whom))
    blocks += [
        Note(said("条件、差距依据制定当日的评估；达标与否以主管部门认定为准。",
                  "Criteria and gaps are those of the assessment on the day it was made.")),
        Signatures([said("区科技局", "Science and Technology Bureau"), firm.name]),
    ]  # fmt: skip
    return Paper(said("一企一策培育方案", "Firm plan"), blocks, now(),
                 subtitle=said(f"{firm.name} · 第 {plan.number} 版",
                               f"{firm.name} · version {plan.number}"), locale=locale)  # fmt: skip


def _gaps(session: Session, plan: FirmPlan, locale: str) -> Table:
    known = {c.id: c for one in all_sets(session) for c in one.policy.walk()}
    heads = ("条件", "差距", "依据") if locale == "zh" else ("Criterion", "Gap", "Article")
    none = "缺数据" if locale == "zh" else "no data"
    rows = []
    for one in plan.gaps:
        criterion = known[str(one["criterion"])]
        amount = none if one["outcome"] == "unknown" else "—"
        if one["gap"] is not None:
            amount = phrases.amount(Decimal(one["gap"]), one["unit"] or "", locale)
        rows.append((criterion.label[locale], amount, criterion.article))
    return Table([Column(heads[0], share=3), Column(heads[1], numeric=True, share=2),
                  Column(heads[2], share=2)], rows)  # fmt: skip


def _items(session: Session, plan: FirmPlan, bodies: dict[str, Organisation], locale: str) -> Table:
    measures = {one.code: one for one in session.scalars(select(Measure))}
    heads = ("措施", "牵头单位", "完成期限") if locale == "zh" else ("Measure", "Lead", "By")
    rows = []
    for item in plan.items:
        body = bodies.get(item["organisation"])
        name = item["organisation"]
        if body is not None:
            name = named(body, locale)
        rows.append((measures[item["measure"]].label[locale], name, item["by"]))
    return Table([Column(heads[0], share=3), Column(heads[1], share=2), Column(heads[2])], rows)


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])
