"""Loads plans: their organisations, tasks and targets."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.plans.models import Plan, Target, Task

SHIPPED = Path(__file__).parent / "data"


def load_shipped(session: Session) -> list[str]:
    """Load the plans that come with Tidu; returns the codes that are new or were changed."""
    changed = []
    for file in sorted(SHIPPED.glob("*.yaml")):
        raw: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        content = json.loads(json.dumps(raw, default=str))
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        if session.scalar(select(Plan.digest).where(Plan.code == raw["code"])) == digest:
            continue
        _check_units(raw)
        _store(session, raw, content, digest)
        changed.append(str(raw["code"]))
    return changed


def _check_units(raw: dict[str, Any]) -> None:
    known = {entry["code"] for entry in raw["organisations"]}
    for task in raw["tasks"]:
        if unknown := {*task["lead"], *task["supporting"]} - known:
            raise ValueError(f"task {task['code']} names unknown units {sorted(unknown)}")


def _store(session: Session, raw: dict[str, Any], content: dict[str, Any], digest: str) -> None:
    bodies = insert(Organisation).values([{**o, "demo": False} for o in raw["organisations"]])
    session.execute(bodies.on_conflict_do_nothing(index_elements=["code"]))
    session.execute(delete(Plan).where(Plan.code == raw["code"]))
    plan = Plan(digest=digest, **{k: raw[k] for k in (
        "code", "label", "document", "region_code", "since", "until")})  # fmt: skip
    session.add(plan)
    session.flush()  # tasks and targets need its number
    session.execute(insert(Task).values([{**t, "plan_id": plan.id} for t in raw["tasks"]]))
    session.execute(insert(Target).values([{**t, "plan_id": plan.id} for t in content["targets"]]))
