"""The plan's targets against what is counted today, within one's scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.firms.models import Designation, Firm
from app.firms.queries import RUNGS, visible
from app.plans.models import Plan, Target

# What a target counts: holders of a designation, or whoever stands at least so high.
HOLDERS = {
    "hnte_count": "hnte", "srdi_count": "srdi", "little_giant_count": "little_giant",
    "single_champion_count": "single_champion",
}  # fmt: skip
AT_LEAST = {"tech_based_count": "tech_based"}
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Progress:
    """A target and how it stands; `count` and `href` are None where nothing counts it yet."""

    code: str
    label: Mapping[str, str]
    unit: str
    operator: str
    goal: Decimal
    due: date
    count: int | None
    href: str | None

    @property
    def missing(self) -> int | None:
        """How many more it takes; a number to be exceeded takes one more than itself."""
        if self.count is None:
            return None
        needed = int(self.goal) + (1 if self.operator == ">" else 0)
        return max(needed - self.count, 0)

    @property
    def share(self) -> int | None:
        """The part that is reached, in whole per cent, at most 100."""
        if self.count is None or self.missing is None:
            return None
        needed = self.count + self.missing
        return 100 if self.missing == 0 else int(100 * self.count / needed)


def progress(session: Session, actor: Actor, rungs: Counts, day: date) -> list[Progress]:
    """Every target with its next milestone, the counted ones first; `rungs` are today's counts."""
    held = _holders(session, actor, day)
    rows = session.execute(
        select(Target.code, Target.label, Target.unit, Target.milestones)
        .join(Plan, Plan.id == Target.plan_id)
        .where(Plan.since <= day, Plan.until >= day)
        .order_by(Target.id)
    )
    found = [_progress(row, rungs, held, day) for row in rows]
    return sorted(found, key=lambda one: one.count is None)


def _holders(session: Session, actor: Actor, day: date) -> Counts:
    rows = session.execute(
        select(Designation.kind, func.count())
        .join(Firm, Firm.id == Designation.firm_id)
        .where(
            Designation.kind.in_(HOLDERS.values()),
            Designation.valid.op("@>")(day),
            Designation.superseded_at.is_(None),
            visible(actor, day),
        )
        .group_by(Designation.kind)
    )
    return {kind: firms for kind, firms in rows}


def _progress(row: Any, rungs: Counts, held: Counts, day: date) -> Progress:
    milestone = _next(row.milestones, day)
    count, href = _counted(row.code, rungs, held)
    return Progress(
        code=row.code, label=row.label, unit=row.unit, operator=str(milestone["operator"]),
        goal=Decimal(str(milestone["value"])), due=date.fromisoformat(str(milestone["date"])),
        count=count, href=href,
    )  # fmt: skip


def _next(milestones: list[dict[str, Any]], day: date) -> dict[str, Any]:
    """The first milestone that is not past, else the last."""
    ordered = sorted(milestones, key=lambda one: str(one["date"]))
    ahead = (one for one in ordered if str(one["date"]) >= day.isoformat())
    return next(ahead, ordered[-1])


def _counted(code: str, rungs: Counts, held: Counts) -> tuple[int | None, str | None]:
    if code in HOLDERS:
        return held.get(HOLDERS[code], 0), f"/firms?designation={HOLDERS[code]}"
    if code in AT_LEAST:
        high = RUNGS[RUNGS.index(AT_LEAST[code]) :]
        return sum(rungs[rung] for rung in high), f"/firms?rung__in={','.join(high)}"
    return None, None
