"""Loads plans from files, and keeps what people enter for them."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import now, today
from app.core.errors import Forbidden, Invalid
from app.core.yaml_files import read as read_yaml
from app.firms.models import SOURCES
from app.plans.grammar import PlanFile
from app.plans.models import ABOUT, LightRule, Plan, PlanFigure, Target, Task

SHIPPED = Path(__file__).parent / "data"
POPULATION = "population"
OLDEST = date(1990, 1, 1)
LARGEST = Decimal(10) ** 15
DECIMALS = 4


def load_shipped(session: Session) -> list[str]:
    """Load the plans that come with Tidu; returns the codes that are new or were changed."""
    return load_files(session, sorted(SHIPPED.glob("*.yaml")))


def load_files(session: Session, files: Iterable[Path]) -> list[str]:
    """Load plans and amendments of them; a file that is loaded already changes nothing."""
    changed = []
    for file in files:
        raw: dict[str, Any] = read_yaml(file)
        plan = PlanFile.model_validate(raw)
        content = json.loads(json.dumps(raw, default=str))
        if store(session, plan, content):
            changed.append(plan.code)
    return changed


def store(session: Session, plan: PlanFile, content: dict[str, Any]) -> bool:
    """Keep one version with its tasks, targets and units; whether that changed anything."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    this = (Plan.code == plan.code, Plan.adopted_on == plan.adopted_on)
    if session.scalar(select(Plan.digest).where(*this)) == digest:
        return False
    bodies = upsert(Organisation).values([{**o, "demo": False} for o in plan.organisations])
    session.execute(bodies.on_conflict_do_nothing(index_elements=["code"]))
    row = {name: content[name] for name in ("code", "label", "document", "region_code")} | {
        "since": plan.since, "until": plan.until, "adopted_on": plan.adopted_on,
        "digest": digest, "content": content,
    }  # fmt: skip
    kept = upsert(Plan).values(row).on_conflict_do_update(
        index_elements=["code", "adopted_on"], set_=row
    )  # fmt: skip
    number = session.scalars(kept.returning(Plan.id)).one()
    session.execute(delete(Task).where(Task.plan_id == number))
    session.execute(delete(Target).where(Target.plan_id == number))
    session.execute(insert(Task), [{**one, "plan_id": number} for one in content["tasks"]])
    columns = ("code", "label", "unit", "kind", "milestones", "known_by")
    session.execute(insert(Target), [
        {name: one[name] for name in columns} | {"plan_id": number} for one in content["targets"]
    ])  # fmt: skip
    return True


# --- what people enter --------------------------------------------------------------------------


def enter(
    session: Session, actor: Actor, plan: PlanFile, series: str, about: str, given: dict[str, Any]
) -> PlanFigure:
    """Keep a figure with its day, source and document; the one that stood is closed.

    Invalid names the field; entering the same again changes nothing.
    """
    demand_analyst(actor)
    day, value = given["day"], given["value"]
    _check(plan, series, about, given)
    known = session.scalar(
        select(PlanFigure)
        .where(PlanFigure.plan_code == plan.code, PlanFigure.series == series,
               PlanFigure.about == about, PlanFigure.day == day,
               PlanFigure.superseded_at.is_(None))
        .with_for_update()
    )  # fmt: skip
    said = {"value": value, "source": given["source"], "document": given["document"].strip()}
    if known is not None:
        if all(getattr(known, name) == told for name, told in said.items()):
            return known
        known.superseded_at = now()
        session.flush()  # one row stands at a time
    found = PlanFigure(plan_code=plan.code, series=series, about=about, day=day,
                       recorded_by=actor.name, **said)  # fmt: skip
    session.add(found)
    session.flush()  # its number is answered
    return found


def _check(plan: PlanFile, series: str, about: str, given: dict[str, Any]) -> None:
    target = plan.target(series)
    if target is None and series != POPULATION:
        raise wrong("series", f"没有目标 {series} (no such target)")
    if about not in ABOUT:
        raise wrong("about", f"{about} 应为 value 或 baseline (value or baseline)")
    if target is not None and about == "value" and target.entered is None:
        raise wrong("series", f"{series} 由系统计数，不接受填报值；可填基数 (it is counted)")
    if not OLDEST <= given["day"] <= today():
        raise wrong("day", f"日期 {given['day']} 尚未到来或过早 (not a past day)")
    value = given["value"]
    exact = value == value.quantize(Decimal(1).scaleb(-DECIMALS))
    if not 0 <= value < LARGEST or not exact:
        raise wrong("value", f"{value} 应为不小于 0、至多 {DECIMALS} 位小数的数 (0 or more)")
    if given["source"] not in SOURCES:
        raise wrong("source", f"{given['source']} 不是来源 (no such source)")
    if not given["document"].strip():
        raise wrong("document", "请写明出自哪份文件或报表 (say which document it is from)")


def set_lights(session: Session, actor: Actor, green: int, amber: int) -> None:
    """From now on lights are green and amber from these paces on, in per cent."""
    demand_analyst(actor)
    if not 0 < amber < green <= 200:
        raise wrong("green", "绿灯线应高于黄灯线，且在 1–200 之间 (amber below green, 1 to 200)")
    session.add(LightRule(green=green, amber=amber, set_by=actor.name))
    session.flush()  # later in this transaction it holds already


def demand_analyst(actor: Actor) -> None:
    """What decides over targets is the analysts' alone."""
    if actor.role is not Role.ANALYST or actor.token_id is not None:
        raise Forbidden("只有科技局分析员可以这样做 (only analysts may do this)")


def wrong(field: str, detail: str) -> Invalid:
    """Something is wrong with one field."""
    return Invalid(f"{field}: {detail}", errors=[{"pointer": f"/{field}", "detail": detail}])
