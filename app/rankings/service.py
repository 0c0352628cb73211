"""Ranks units among their like, by what their lists ask of them.

Each measure of each target gives a unit a mid-rank among the units that have that target: the
share of the others it is ahead of, ties counting half. A unit's score in a measure is the mean over
its targets, and the composite the weighted mean over the measures. So targets of any unit can be
put together, and none outweighs the rest by its size.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.clock import today
from app.plans.service import demand_analyst
from app.rankings.models import KINDS, RankingSnapshot
from app.target_lists.standing import Item, Standing, standings, visible_lists

MEASURES = ("completion", "increment", "growth", "pace")
# In per cent, as printed beside every ranking.
WEIGHTS = {"completion": 40, "increment": 20, "growth": 20, "pace": 20}
BINDING = ("issued", "accepted", "closed")


@dataclass(frozen=True)
class Row:
    """One unit: its rank, and what is known and not known of it.

    `rank` is None where it has no target or nothing is known; equal composites share a rank, and
    the next one counts them all (1, 2, 2, 4).
    """

    code: str
    name: str
    name_en: str | None
    rank: int | None
    composite: float | None
    scores: dict[str, float | None]
    values: dict[str, float | None]
    targets: int
    unknown_targets: int
    unknown_firms: int
    late: int
    list_id: int | None
    before: int | None = None


def ranking(
    session: Session, actor: Actor, year: int, kind: str, code: str | None = None
) -> list[Row]:
    """Units of a kind now, the first first; by one target if a code is given."""
    bodies = session.scalars(select(Organisation).where(Organisation.kind == kind)).all()
    numbers = {body.id for body in bodies}
    lists = [one for one in visible_lists(session, actor, year)
             if one.status in BINDING and one.organisation_id in numbers]  # fmt: skip
    rows = rank(standings(session, actor, lists), code)
    ranked = {row.code for row in rows}
    without = [Row(body.code, body.name, body.name_en, None, None, dict.fromkeys(MEASURES),
                   dict.fromkeys(MEASURES), 0, 0, 0, 0, None)
               for body in bodies if body.code not in ranked]  # fmt: skip
    return rows + sorted(without, key=lambda row: row.name)


def rank(found: Iterable[Standing], code: str | None = None) -> list[Row]:
    """Units with lists, by their composite."""
    units = [(one, [item for item in one.items if code in (None, item.item.target_code)])
             for one in found]  # fmt: skip
    units = [(one, items) for one, items in units if items]
    scores = {measure: _scores(units, measure) for measure in MEASURES}
    composites = [_composite([scores[measure][at] for measure in MEASURES])
                  for at in range(len(units))]  # fmt: skip
    rows = [
        _row(one, items, composites, at, {name: scores[name][at] for name in MEASURES})
        for at, (one, items) in enumerate(units)
    ]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.name))


def _scores(units: list[tuple[Standing, list[Item]]], measure: str) -> list[Fraction | None]:
    """The mean mid-rank of each unit over its targets, in per cent."""
    told: dict[str, list[tuple[int, Fraction]]] = {}
    for at, (_, items) in enumerate(units):
        for item in items:
            value: Fraction | None = getattr(item, measure)
            if value is not None:
                told.setdefault(item.item.target_code, []).append((at, value))
    parts: list[list[Fraction]] = [[] for _ in units]
    for values in told.values():
        for at, value in values:
            parts[at].append(_mid_rank(value, [other for _, other in values]))
    return [sum(part, Fraction(0)) / len(part) if part else None for part in parts]


def _mid_rank(value: Fraction, among: list[Fraction]) -> Fraction:
    behind = sum(other < value for other in among)
    equal = sum(other == value for other in among) - 1
    others = len(among) - 1
    return Fraction(100 * (2 * behind + equal), 2 * others) if others else Fraction(50)


def _composite(scores: list[Fraction | None]) -> Fraction | None:
    """Measures that are not known are left out, and the weights of the others made up to 100."""
    known = [(score, weight) for score, weight in zip(scores, WEIGHTS.values(), strict=True)
             if score is not None]  # fmt: skip
    if not known:
        return None
    return sum((score * weight for score, weight in known), Fraction(0)) / sum(w for _, w in known)


def _row(
    one: Standing, items: list[Item], composites: list[Fraction | None], at: int,
    scores: dict[str, Fraction | None],
) -> Row:  # fmt: skip
    own = composites[at]
    place = None if own is None else 1 + sum(c is not None and c > own for c in composites)
    values = {name: _mean([getattr(item, name) for item in items]) for name in MEASURES}
    if len({item.target.unit for item in items}) > 1:
        values["increment"] = None  # firms and yuan have no mean
    return Row(
        one.body.code, one.body.name, one.body.name_en, place, _float(own),
        {name: _float(score) for name, score in scores.items()}, values, len(items),
        sum(item.value is None for item in items), sum(item.unknown for item in items),
        sum(item.late for item in items), one.owner.id,
    )  # fmt: skip


def _mean(values: list[Fraction | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(sum(known, Fraction(0)) / len(known)) if known else None


def _float(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 2)


# --- history ------------------------------------------------------------------------------------


def take(session: Session, actor: Actor, plan: str, year: int) -> None:
    """Keep today's rankings of every kind; taken again on a day, the later one stands."""
    demand_analyst(actor)
    for kind in KINDS:
        rows = [_kept(row) for row in ranking(session, actor, year, kind)]
        given = {"plan_code": plan, "year": year, "kind": kind, "day": today(), "rows": rows,
                 "taken_by": actor.name}  # fmt: skip
        stmt = insert(RankingSnapshot).values(given)
        session.execute(
            stmt.on_conflict_do_update(
                index_elements=["plan_code", "kind", "day"], set_={"rows": rows}
            )
        )


def _kept(row: Row) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "before"}


def snapshots(session: Session, plan: str, year: int, kind: str) -> list[RankingSnapshot]:
    """What was kept in a year, the oldest first."""
    return list(session.scalars(
        select(RankingSnapshot)
        .where(RankingSnapshot.plan_code == plan, RankingSnapshot.year == year,
               RankingSnapshot.kind == kind)
        .order_by(RankingSnapshot.day)
    ))  # fmt: skip


def last_before(found: list[RankingSnapshot], day: date) -> dict[str, int | None]:
    """Ranks by code as last kept before a day."""
    earlier = [one for one in found if one.day < day]
    if not earlier:
        return {}
    return {str(row["code"]): row["rank"] for row in earlier[-1].rows}  # type: ignore[misc]


def restored(kept: RankingSnapshot) -> list[Row]:
    """A ranking as it was kept."""
    return [Row(**row) for row in kept.rows]  # type: ignore[arg-type]


def history(kept: list[RankingSnapshot]) -> dict[str, list[int | None]]:
    """Each unit's ranks, by name, on the days that were kept."""
    names = dict.fromkeys(str(row["name"]) for one in kept for row in one.rows)
    found: dict[str, list[int | None]] = {}
    for name in names:
        ranks = [next((row["rank"] for row in one.rows if row["name"] == name), None)
                 for one in kept]  # fmt: skip
        if any(rank is not None for rank in ranks):
            found[name] = ranks  # type: ignore[assignment]
    return found
