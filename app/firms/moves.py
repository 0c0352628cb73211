"""Standings on several days at once, and filters by what changed between two of them."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from itertools import permutations
from typing import Any

from sqlalchemy import (
    Select,
    Subquery,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import Date

from app.core.fields import Field, Predicate
from app.firms.fields import NO_RUNG, on_designation, on_rungs, resolved
from app.firms.models import DESIGNATION_KINDS, Designation, Firm, Residency
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS

STEPS = (NO_RUNG, *RUNGS)
BETWEEN = ".."
# Up, down, or from one rung to another: `tech_based..candidate`.
WAYS = ("up", "down", *(f"{a}{BETWEEN}{b}" for a, b in permutations(STEPS, 2)))
OLDEST = date(1990, 1, 1)
MOST_MOVED = 10_000


def periods() -> Subquery:
    """`firm_id`, `step` and `during` of everything that puts a firm on a rung."""
    held = select(
        Designation.firm_id,
        case(RUNG_OF_DESIGNATION, value=Designation.kind).label("step"),
        Designation.valid.label("during"),
    ).where(Designation.kind.in_(RUNG_OF_DESIGNATION), Designation.superseded_at.is_(None))
    inside = select(
        Residency.firm_id, literal(1).label("step"), Residency.during.label("during")
    ).where(Residency.superseded_at.is_(None))
    return union_all(held, inside).subquery()


def standings(days: Sequence[date]) -> Subquery:
    """`firm_id` and `step0`, `step1`, … (0–5) on each of the days; firms that never stood lack."""
    steps = periods()
    highest = func.max(steps.c.step)
    columns = [
        func.coalesce(highest.filter(steps.c.during.op("@>")(day)), 0).label(f"step{number}")
        for number, day in enumerate(days)
    ]
    return (
        select(steps.c.firm_id, *columns)
        .where(or_(*(steps.c.during.op("@>")(day) for day in days)))
        .group_by(steps.c.firm_id)
        .subquery("standings")
    )


def rung_field(name: str, day: date) -> Field | None:
    """`rung.<day>`: the rung a firm stood on that day."""
    then = _day(name, day)
    if then is None:
        return None
    return Field(
        name, "choice", matches=partial(on_rungs, day=then), choices=(*RUNGS, NO_RUNG), shown=False,
        label={"zh": f"{then} 的梯次", "en": f"Rung on {then}"},
    )  # fmt: skip


def moved_field(name: str, session: Session, day: date) -> Field | None:
    """`moved.<day>`: which way a firm went between that day and now."""
    then = _day(name, day)
    if then is None:
        return None
    return Field(
        name, "choice", matches=partial(_moved, session=session, then=then, day=day), choices=WAYS,
        shown=False, label={"zh": f"{then} 以来的升降", "en": f"Moved since {then}"},
    )  # fmt: skip


def expires_field(name: str, day: date) -> Field | None:
    """`expires.<kind>`: the last day of a designation that is valid now."""
    kind = name.partition(".")[2]
    if kind not in DESIGNATION_KINDS:
        return None
    last = type_coerce(func.upper(Designation.valid) - 1, Date)
    return Field(
        name, "date", last, wrap=partial(on_designation, kind=kind, day=day), shown=False,
        label={"zh": f"有效资质 {kind} 的截止日", "en": f"Last day of the valid {kind}"},
    )  # fmt: skip


def since_field(name: str, day: date) -> Field | None:
    """`since.<kind>`: the first day of a designation that is valid now."""
    kind = name.partition(".")[2]
    if kind not in DESIGNATION_KINDS:
        return None
    first = type_coerce(func.lower(Designation.valid), Date)
    return Field(
        name, "date", first, wrap=partial(on_designation, kind=kind, day=day), shown=False,
        label={"zh": f"有效资质 {kind} 的起始日", "en": f"First day of the valid {kind}"},
    )  # fmt: skip


# Beside `moved`, which asks the database while it is read.
FAMILIES = {"rung": rung_field, "expires": expires_field, "since": since_field}


def _day(name: str, latest: date) -> date | None:
    try:
        found = date.fromisoformat(name.partition(".")[2])
    except ValueError:
        return None
    sound = OLDEST <= found <= latest and name.endswith(found.isoformat())
    return found if sound else None


def _moved(ways: list[str], session: Session, then: date, day: date) -> Predicate:
    """Who moved is found once for whatever the list asks of them; usually few did."""
    return resolved(session, select(Firm.id), (_ways(ways, then, day),), MOST_MOVED)[0]


def _ways(ways: list[str], then: date, day: date) -> Predicate:
    """Between two rungs by one statement of both days; up and down need less."""
    spans = {"up": (then, day), "down": (day, then)}
    wanted = [Firm.id.in_(_rose(*spans[way])) for way in dict.fromkeys(ways) if way in spans]
    pairs = [tuple(map(STEPS.index, way.split(BETWEEN))) for way in ways if way not in spans]
    if pairs:
        steps = standings((then, day))
        both = tuple_(steps.c.step0, steps.c.step1)
        wanted.append(Firm.id.in_(select(steps.c.firm_id).where(both.in_(pairs))))
    return or_(*wanted)


def _rose(before: date, after: date) -> Select[Any]:
    """Firms that stand higher on the second day: something new puts them above all they had.

    The other way round, who stood higher once stands lower now.
    """
    new, old = periods(), periods()
    stood = exists().where(
        old.c.firm_id == new.c.firm_id,
        old.c.step >= new.c.step,
        old.c.during.bool_op("@>")(before),
    )
    return select(new.c.firm_id).where(
        new.c.during.bool_op("@>")(after),
        not_(new.c.during.bool_op("@>")(before)),
        not_(stood),
    )
