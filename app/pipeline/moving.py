"""Moving a firm on the ladder: what the rung asks, what is missing, and the decision of a person.

A rung is never set: a title is granted or ended, and the rung follows. Titles of the ladders beside
the headline one are granted and ended alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.errors import Invalid, NotFound
from app.criteria.schemas import SetExplanation
from app.criteria.store import sets_in_force
from app.firms import queries, service
from app.firms.models import DESIGNATION_KINDS, Designation, Firm
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS
from app.pipeline.queries import explain
from app.pipeline.service import assess
from app.pipeline.trail import words

# Years a title runs where its rule says so; the national tech-based SME runs with the calendar.
YEARS = {"hnte": 3, "little_giant": 3, "pool": 3, "innovative_sme": 3, "srdi": 3,
         "single_champion": 3}  # fmt: skip
WITH_THE_YEAR = "tech_sme"
# Their rules know no title without an end.
ENDING = frozenset(
    {"hnte", "little_giant", "innovative_sme", "srdi", "single_champion", WITH_THE_YEAR}
)
# Titles that give no rung.
BESIDE = tuple(kind for kind in DESIGNATION_KINDS if kind not in RUNG_OF_DESIGNATION)


@dataclass(frozen=True)
class Move:
    """From where to where, the criteria of that rung, and the titles that stand above it.

    Where the goal is a title beside the ladder, `above` is that title, if the firm holds it.
    """

    rung: str
    stands: str | None
    sets: list[SetExplanation]
    kinds: list[str]
    above: list[Designation]

    @property
    def beside(self) -> bool:
        """Whether a title is asked for that gives no rung."""
        return self.rung in BESIDE

    @property
    def up(self) -> bool:
        """Whether a title would have to be granted."""
        if self.beside:
            return not self.above
        return self.stands is None or RUNGS.index(self.rung) > RUNGS.index(self.stands)

    @property
    def ready(self) -> bool:
        """Whether some way to the rung has all its criteria met."""
        return any(one.outcome == "met" for one in self.sets)


def proposed(session: Session, firm: Firm, goal: str, day: date) -> Move:
    """What moving a firm to a rung, or a title beside the ladder, would take."""
    if goal not in (*RUNGS, *BESIDE):
        raise NotFound("没有这个梯次或资质：请从列表选择 (no such rung or title)")
    beside = goal in BESIDE
    codes = [one.policy.code for one in sets_in_force(session, day)
             if goal == (one.policy.title if beside else one.policy.rung)]  # fmt: skip
    held = [one for one in queries.designations(session, firm.id) if day in one.valid]
    return Move(
        rung=goal,
        stands=queries.rung_of(session, firm.id, day),
        sets=explain(session, firm.id, day, codes=codes) if codes else [],
        kinds=[goal] if beside else _giving(goal),
        above=[one for one in held if _is_above(one.kind, goal)],
    )


def _giving(rung: str) -> list[str]:
    """The titles that give a rung."""
    step = RUNGS.index(rung) + 1
    return [kind for kind, at in RUNG_OF_DESIGNATION.items() if at == step]


def _is_above(kind: str, goal: str) -> bool:
    if goal in BESIDE:
        return kind == goal
    return RUNG_OF_DESIGNATION.get(kind, 0) > RUNGS.index(goal) + 1


def usual_end(kind: str, first: date) -> date | None:
    """The last day of a title that begins on a day, where its rule sets one."""
    if kind == WITH_THE_YEAR:
        return first.replace(month=12, day=31)
    if kind not in YEARS:
        return None
    year = first.year + YEARS[kind]
    leap_day = (first.month, first.day) == (2, 29)
    same_day = first.replace(year=year, day=28 if leap_day else first.day)
    return same_day if leap_day else same_day - timedelta(days=1)


@dataclass(frozen=True)
class Grant:
    """A title as a person decides it; `despite`: though criteria are unmet or unknown."""

    kind: str
    first: date
    last: date | None
    number: str | None
    reason: str
    despite: bool


def grant(session: Session, actor: Actor, firm: Firm, rung: str, given: Grant) -> Designation:
    """Record the title, on what it rests and why, and hold the firm against the criteria anew."""
    move = proposed(session, firm, rung, today())
    if given.kind not in move.kinds:
        raise Invalid(f"梯次不含资质 {given.kind}：请从列表选择 (not a title of this rung)")
    if not given.reason.strip():
        raise Invalid("请写明理由 (say why)")
    if given.last is None and given.kind in ENDING:
        usual = usual_end(given.kind, given.first)
        raise Invalid(f"该资质有期限，通常到 {usual}：请填写结束日 (this title has an end)")
    if given.last is not None and given.last < given.first:
        raise Invalid("结束日早于开始日：请核对日期 (ends before it begins)")
    basis = next((one for one in move.sets if one.title == given.kind), None)
    if basis is not None and basis.outcome != "met" and not given.despite:
        raise Invalid("尚有条件未达标或缺数据：如仍要认定，请勾选确认 (criteria are not all met)")
    beyond = None if given.last is None else given.last + timedelta(days=1)
    found = service.designate(
        session, actor, firm, given.kind, Range(given.first, beyond), reason=given.reason.strip(),
        basis=None if basis is None else kept(basis), number=given.number,
        granted_under=None if basis is None else basis.code,
    )  # fmt: skip
    _assess(session, firm)
    return found


def kept(one: SetExplanation) -> dict[str, Any]:
    """The assessment a decision rests on, as it is kept with it."""
    by_outcome = {
        name: [c.id for c in one.criteria if c.outcome == name] for name in ("unmet", "unknown")
    }
    return {"set": one.code, "as_of": one.as_of.isoformat(), "outcome": one.outcome,
            "readiness": str(one.readiness), **by_outcome}  # fmt: skip


def end(
    session: Session, actor: Actor, firm: Firm, designation_id: int, last: date, reason: str
) -> Designation:
    """Let a title end, with a reason of the closed list and perhaps more words."""
    code, _, more = reason.partition(": ")
    if code not in end_reasons():
        raise Invalid("请选择结束原因 (choose the reason)")
    query = select(Designation).where(
        Designation.id == designation_id,
        Designation.firm_id == firm.id,
        Designation.superseded_at.is_(None),
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("没有这项资质，或它刚被更正：请刷新 (no such title)")
    said = f"{code}: {more.strip()}" if more.strip() else code
    ended = service.end_designation(session, actor, found, last, said)
    _assess(session, firm)
    return ended


def end_reasons() -> dict[str, Any]:
    """Why a title ends: the closed list."""
    return words().values["designation.end_reason"]


def _assess(session: Session, firm: Firm) -> None:
    assess(session, [firm.id], today())


def missing(sets: list[SetExplanation]) -> Iterator[Any]:
    """The criteria that are not met, of the set that is nearest."""
    nearest = min(sets, key=lambda one: one.gap_count, default=None)
    yield from [] if nearest is None else (c for c in nearest.criteria if c.outcome != "met")
