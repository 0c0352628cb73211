"""The register as arrays: which firms there are, and when each held what."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, Integer, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.core.clock import today
from app.firms.models import DESIGNATION_KINDS, Designation, Firm, Residency
from app.firms.queries import RUNG_OF_DESIGNATION
from app.plans.measuring import Asked

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ALWAYS, NEVER = 1, date(9999, 1, 1).toordinal()
STEPS = 6
RESIDENT = len(DESIGNATION_KINDS)
# The step of the ladder that each kind gives; zero where it gives none.
STEP_OF = np.array([*(RUNG_OF_DESIGNATION.get(kind, 0) for kind in DESIGNATION_KINDS), 1])


@dataclass(frozen=True)
class Register:
    """Firms by number, day of registration and of leaving; spells by firm (its place), kind, days.

    Days are ordinals; `left` and `end` are the first on which a firm is gone, a spell over.
    """

    ids: Ints
    registered: Ints
    left: Ints
    firm: Ints
    kind: Ints
    start: Ints
    end: Ints

    def kinds(self, codes: list[str]) -> Bools:
        """The spells of these kinds."""
        wanted = [DESIGNATION_KINDS.index(code) for code in codes]
        return np.isin(self.kind, wanted)

    def there(self, day: int) -> Bools:
        """Which firms are registered by a day, and neither moved out nor deregistered by it."""
        found: Bools = (self.registered <= day) & (day < self.left)
        return found

    def holds(self, of: Bools, day: int) -> Bools:
        """Which firms hold one of these spells on a day."""
        found = np.zeros(len(self.ids), dtype=bool)
        found[self.firm[of & (self.start <= day) & (day < self.end)]] = True
        return found

    def last_end(self, of: Bools, day: int) -> Ints:
        """The day on which what a firm holds on a day ends, later spells on record included."""
        found = np.zeros(len(self.ids), dtype=np.int64)
        going = of & (self.start <= day) & (day < self.end)
        np.maximum.at(found, self.firm[going], self.end[going])
        return found

    def standing(self, day: int) -> tuple[Ints, Ints]:
        """Each firm's step on a day, and the day since which what gives it has held."""
        going = (self.start <= day) & (day < self.end)
        firm, start, given = self.firm[going], self.start[going], STEP_OF[self.kind[going]]
        step = np.zeros(len(self.ids), dtype=np.int64)
        np.maximum.at(step, firm, given)
        since = np.where(step == 0, self.registered, NEVER)
        top = given == step[firm]
        np.minimum.at(since, firm[top], start[top])
        return step, since


def read(session: Session, asked: Asked, sections: tuple[str, ...] = ()) -> Register:
    """The firms that the actor may know of, with everything they held and hold."""
    left = case((Firm.status == "active", NEVER), else_=_ordinal(Firm.status_on, ALWAYS))
    firms = select(Firm.id, _ordinal(Firm.registered_on, ALWAYS), left.label("left")).where(
        asked.within(Firm.id)
    )
    if sections:
        firms = firms.where(func.left(Firm.industry_code, 1).in_(sections))
    ids, registered, left_on = columns(session, firms)
    order = np.argsort(ids)
    ids, registered, left_on = ids[order], registered[order], left_on[order]
    places = {kind: number for number, kind in enumerate(DESIGNATION_KINDS)}
    held = _spells(Designation, case(places, value=Designation.kind), Designation.valid)
    stays = _spells(Residency, literal(RESIDENT), Residency.during)
    firm, kind, start, end = columns(session, union_all(held, stays))
    at, known = places_of(ids, firm)
    return Register(ids, registered, left_on, at[known], kind[known], start[known], end[known])


def places_of(ids: Ints, firms: Ints) -> tuple[Ints, Bools]:
    """Where each of some firms stands among all of them, and whether it is there at all."""
    if not len(ids):
        return np.zeros(len(firms), dtype=np.int64), np.zeros(len(firms), dtype=bool)
    at = np.minimum(np.searchsorted(ids, firms), len(ids) - 1)
    return at, ids[at] == firms


def columns(session: Session, query: Any) -> list[NDArray[Any]]:
    """A query's columns as arrays; one row of arrays travels far faster than its rows would."""
    rows = query.subquery()
    found = session.execute(select(*(func.array_agg(column) for column in rows.c))).one()
    kinds = [np.float64 if isinstance(column.type, Float) else np.int64 for column in rows.c]
    return [np.array(values or [], dtype=kind) for values, kind in zip(found, kinds, strict=True)]


def _spells(model: Any, kind: Any, during: Any) -> Any:
    return select(
        model.firm_id, kind.label("kind"), _ordinal(func.lower(during), ALWAYS),
        _ordinal(func.upper(during), NEVER),
    ).where(model.superseded_at.is_(None))  # fmt: skip


def _ordinal(day: Any, missing: int) -> Any:
    """Python's ordinal of a day: 1 is 1 January of the year 1."""
    return func.coalesce(cast(day - literal(date(1, 1, 1)), Integer) + 1, missing)


def ordinal(day: date | None = None) -> int:
    """A day as a number; today if none is given."""
    return (day or today()).toordinal()
