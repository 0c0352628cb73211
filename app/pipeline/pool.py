"""The pool: firms beside one criteria set's verdicts, filtered, ordered, a page at a time."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.errors import Invalid
from app.core.fields import not_among
from app.core.filters import Filters, parse
from app.core.paging import Page, page
from app.criteria.compiler import LoadedSet
from app.criteria.policy import Outcome
from app.criteria.store import sets_in_force
from app.firms import listing as shared
from app.firms.models import Firm
from app.firms.queries import visible
from app.pipeline.fields import places, vocabulary
from app.pipeline.models import Assessment

DEFAULT_RUNG = "certified"
GAP = "gap."
NAMES = {int(one): one.name.lower() for one in Outcome}
VERDICT = ("outcome", "unmet_count", "unknown_count", "gap_count", "readiness")
USUAL = (
    *shared.USUAL, "set", "outcome", "unmet_count", "unknown_count", "gap_count", "readiness",
    "unmet", "unknown", "gaps",
)  # fmt: skip


def chosen_set(session: Session, params: Iterable[tuple[str, str]], day: date) -> LoadedSet:
    """The set named by `set=`, else the one of the certified rung in force on the day."""
    named = [value for name, value in params if name == "set"]
    sets = sets_in_force(session, day)
    by_code = {one.policy.code: one for one in sets}
    if not named:
        default = [one for one in sets if one.policy.rung == DEFAULT_RUNG]
        if not default:
            raise _wrong(f"{day} 没有生效的高企认定条件，请用 set 指明 (name a set)")
        return default[0]
    if len(named) > 1:
        raise _wrong("参数 set 只能出现一次 (may be given once)")
    if named[0] not in by_code:
        raise _wrong(not_among(named[0], by_code))
    return by_code[named[0]]


def _wrong(detail: str) -> Invalid:
    return Invalid(f"set: {detail}", errors=[{"parameter": "set", "detail": detail}])


def read(session: Session, params: list[tuple[str, str]], day: date) -> tuple[LoadedSet, Filters]:
    """The set and the filters that a query string asks for."""
    loaded = chosen_set(session, params, day)
    return loaded, parse(params, vocabulary(session, loaded, day))


def listing(
    session: Session, actor: Actor, params: list[tuple[str, str]], day: date | None = None
) -> Page:
    """The page of the pool that a query string asks for."""
    on = day or today()
    return firms(session, actor, *read(session, params, on), on)


def firms(session: Session, actor: Actor, loaded: LoadedSet, filters: Filters, day: date) -> Page:
    """A page of the pool within what the actor may know; a constant number of statements."""
    columns = filters.columns or USUAL
    query = (
        select(*shared.stored(columns), *(getattr(Assessment, name) for name in VERDICT),
               Assessment.outcomes, Assessment.gaps)
        .join(Assessment, Assessment.firm_id == Firm.id)
        .where(Assessment.set_id == literal_column(str(int(loaded.id))), visible(actor, day))
    )  # fmt: skip
    found = page(session, query, filters, Firm.id)
    shared.decorate(session, found.items, columns, day)
    spelling = _Spelling(loaded, columns)
    for row in found.items:
        spelling.spell(row)
        shared.keep(row, columns)
    return found


class _Spelling:
    """Codes and positions as words: which criteria are unmet or unknown, and each gap."""

    def __init__(self, loaded: LoadedSet, columns: tuple[str, ...]) -> None:
        spots = places(loaded)
        self.code = loaded.policy.code
        self.outer = [(2 * (one.index - 1), one.criterion.id) for one in spots if one.outer]
        gapped = {name.removeprefix(GAP): name for name in columns if name.startswith(GAP)}
        self.whole, self.outcomes = "gaps" in columns, "outcomes" in columns
        self.gaps = [(one.index - 1, one.criterion.id, gapped.get(one.criterion.id),
                      one.scale)
                     for one in spots if self.whole or one.criterion.id in gapped]  # fmt: skip

    def spell(self, row: dict[str, Any]) -> None:
        """Replace what is stored of one firm's verdict by what it says."""
        gaps, packed = row.pop("gaps"), row.pop("outcomes")
        row["set"] = self.code
        row["outcome"] = NAMES[row["outcome"]]
        found = [(criterion, packed >> place & 3) for place, criterion in self.outer]
        row["unmet"] = [criterion for criterion, stands in found if stands == Outcome.UNMET]
        row["unknown"] = [criterion for criterion, stands in found if stands == Outcome.UNKNOWN]
        if self.outcomes:
            row["outcomes"] = {criterion: NAMES[stands] for criterion, stands in found}
        known = row["gaps"] = {}
        for place, criterion, column, scale in self.gaps:
            gap = None if gaps[place] is None else Decimal(gaps[place]) / scale
            if gap is not None:
                known[criterion] = gap
            if column is not None:
                row[column] = gap
