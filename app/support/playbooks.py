"""Which measures would help a firm: those that its gaps name, ranked by what they close."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.criteria.compiler import LoadedSet
from app.criteria.policy import Outcome
from app.criteria.store import measures as shipped
from app.criteria.store import sets_in_force
from app.firms.queries import RUNGS, standing
from app.pipeline.fields import places
from app.pipeline.flags import AHEAD
from app.pipeline.models import Assessment
from app.support.models import Measure

# What is missing is asked for before anything else is done about it.
MISSING = "data.request"
USUAL_DAYS = {"data": 10, "guidance": 15, "ip": 40, "finance": 30, "technology": 40, "talent": 40}


@dataclass
class Proposal:
    """One measure for one firm: the gaps of one set that it closes, and how many it has in all.

    `gaps` is how much closes each that is unmet, exact, in the gap's own unit.
    """

    measure: str
    loaded: LoadedSet
    gap_count: int
    criteria: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    gaps: dict[str, Decimal] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Most gaps closed first, then the firm's nearest set, then by name."""
        return (-len(self.criteria), self.gap_count, self.measure)


def load_shipped(session: Session) -> None:
    """Record the shipped measures; those that are there stay as people edited them."""
    rows = [
        {"code": code, "label": one.label.model_dump(), "kind": one.kind, "lead": one.lead,
         "supporting": list(one.supporting), "citation": one.citation,
         "days": USUAL_DAYS[one.kind]}
        for code, one in shipped().items()
    ]  # fmt: skip
    session.execute(insert(Measure).values(rows).on_conflict_do_nothing())


def proposals(
    session: Session, ids: Iterable[int], day: date, only: str | None = None
) -> dict[int, list[Proposal]]:
    """For each firm the measures that help towards the rungs ahead of it, the best first.

    `only` is the one set whose gaps count; all of them if none is named.
    """
    sets = {one.id: one for one in sets_in_force(session, day)
            if one.policy.rung is not None and only in (None, one.policy.code)}  # fmt: skip
    steps = standing(day)
    query = (
        select(Assessment.firm_id, Assessment.set_id, Assessment.outcomes, Assessment.gaps,
               Assessment.gap_count, steps.c.step)
        .outerjoin(steps, steps.c.firm_id == Assessment.firm_id)
        .where(Assessment.firm_id.in_(list(ids)), Assessment.set_id.in_(sets),
               Assessment.gap_count > 0)
    )  # fmt: skip
    found: dict[int, dict[str, Proposal]] = {}
    for firm, number, outcomes, gaps, gap_count, step in session.execute(query):
        loaded = sets[number]
        if RUNGS.index(str(loaded.policy.rung)) + 1 in AHEAD.get(step or 0, ()):
            for one in _of_set(loaded, outcomes, gaps, gap_count):
                best = found.setdefault(firm, {}).setdefault(one.measure, one)
                if one.rank < best.rank:
                    found[firm][one.measure] = one
    return {firm: sorted(each.values(), key=lambda one: one.rank) for firm, each in found.items()}


def _of_set(
    loaded: LoadedSet, outcomes: int, gaps: list[int | None], gap_count: int
) -> Iterable[Proposal]:
    """What each measure would close of one set."""
    spots = places(loaded)
    found: dict[str, Proposal] = {}
    for spot, outcome in zip(spots, Outcome.unpack(outcomes, len(spots)), strict=True):
        if not spot.outer or outcome not in (Outcome.UNMET, Outcome.UNKNOWN):
            continue
        named = (MISSING,) if outcome is Outcome.UNKNOWN else spot.criterion.measures
        for code in named:
            one = found.setdefault(code, Proposal(code, loaded, gap_count))
            one.criteria.append(spot.criterion.id)
            if outcome is Outcome.UNKNOWN:
                one.unknown.append(spot.criterion.id)
            elif (gap := gaps[spot.index - 1]) is not None:
                one.gaps[spot.criterion.id] = Decimal(gap) / spot.scale
    return found.values()
