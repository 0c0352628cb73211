"""Who stands where against each criterion of a set: counts, each with the filter that lists it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.criteria.compiler import LoadedSet
from app.criteria.policy import Criterion, Outcome
from app.firms.models import Firm
from app.firms.queries import visible
from app.pipeline.fields import places
from app.pipeline.models import Assessment

# As the flag `near`: so few criteria are unmet or unknown.
NEAR = 2
COUNTED = (Outcome.MET, Outcome.UNMET, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)


@dataclass
class Standing:
    """One criterion: how many firms stand at each outcome, and how many miss it and little else."""

    criterion: Criterion
    outer: bool
    counts: dict[str, int]
    near: int = 0

    @property
    def total(self) -> int:
        """Firms held against it."""
        return sum(self.counts.values())


def by_criterion(
    session: Session, actor: Actor, loaded: LoadedSet, day: date
) -> dict[str, Standing]:
    """Counts within what the actor may know of; empty where nobody was held against the set."""
    near = Assessment.gap_count <= NEAR
    query = (
        select(Assessment.outcomes, near, func.count())
        .join(Firm, Firm.id == Assessment.firm_id)
        .where(Assessment.set_id == loaded.id, visible(actor, day))
        .group_by(Assessment.outcomes, near)
    )
    spots = places(loaded)
    found = {
        spot.criterion.id: Standing(
            spot.criterion, spot.outer, {outcome.name.lower(): 0 for outcome in COUNTED}
        )
        for spot in spots
    }
    rows = session.execute(query).all()
    for outcomes, is_near, firms in rows:
        for spot, outcome in zip(spots, Outcome.unpack(outcomes, len(spots)), strict=True):
            standing = found[spot.criterion.id]
            standing.counts[outcome.name.lower()] += firms
            if is_near and outcome is Outcome.UNMET:
                standing.near += firms
    return found if rows else {}
