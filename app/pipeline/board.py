"""The board: firms by rung, as many cards of each as a screen holds, with counts and sums."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    and_,
    any_,
    func,
    literal,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.fields import Predicate
from app.core.filters import Filters
from app.core.paging import Page, ordered, page
from app.criteria.compiler import LoadedSet
from app.criteria.policy import Outcome
from app.firms import listing
from app.firms.catalogue import INDICATORS
from app.firms.fields import NO_RUNG, on_rungs
from app.firms.models import Firm, FirmYear
from app.firms.queries import RUNGS, rung, standing, visible
from app.pipeline import pool
from app.pipeline.models import Assessment

COLUMNS = (NO_RUNG, *RUNGS)
SUMMED = ("revenue_sales", "rd_hnte")
CARDS, AT_ONCE = 12, 1_000
# Of how many firms a filtered board asks at once where they stand.
FEW = 3_000
BESIDE = ("park", f"figure.{SUMMED[0]}")
VERDICT = ("outcome", "gap_count", "readiness")
Params = list[tuple[str, str]]
Card = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One rung and the first of its firms' cards."""

    rung: str
    cards: Page


@dataclass(frozen=True)
class Total:
    """How many firms a rung has, and what their figures add up to in yuan."""

    rung: str
    count: int
    sums: dict[str, Decimal | None]


@dataclass(frozen=True)
class Board:
    """Every column, beside which criteria set the cards are shown, and of which year the sums."""

    loaded: LoadedSet
    columns: list[Column]
    year: int


def board(session: Session, actor: Actor, params: Params, day: date) -> Board:
    """The cards for a query of the pool's grammar; a constant number of statements."""
    loaded, filters = pool.read(session, _unpaged(params), day)
    few = replace(filters, limit=CARDS)
    pages = {
        name: _cards(session, actor, loaded, replace(few, where=where), day)
        for name, where in _spread(session, actor, loaded, filters, day).items()
    }
    listing.decorate(session, [c for one in pages.values() for c in one.items], BESIDE, day)
    return Board(loaded, [Column(name, pages[name]) for name in COLUMNS], day.year - 1)


def _spread(
    session: Session, actor: Actor, loaded: LoadedSet, filters: Filters, day: date
) -> dict[str, tuple[Predicate, ...]]:
    """The conditions of each column; the first firms that meet the filters are looked for once."""
    own = {name: _on(filters, name, day) for name in COLUMNS}
    if not filters.where:
        return own
    query = select(Firm.id).join(Assessment, _beside(loaded))
    query = query.where(visible(actor, day), *filters.where)
    _without_helpers(session)
    found = session.scalars(ordered(query, filters, Firm.id).limit(FEW + 1)).all()
    return {
        # A column that they do not fill may hold firms that come after them.
        name: _among(firms) if len(found) <= FEW or len(firms) > CARDS else own[name]
        for name, firms in _by_rung(session, found, day).items()
    }


def _without_helpers(session: Session) -> None:
    """Helpers of a parallel plan look up every firm one by one, or work out every firm's rung."""
    session.execute(text("set local max_parallel_workers_per_gather = 0"))


def _by_rung(session: Session, firms: Sequence[int], day: date) -> dict[str, list[int]]:
    """As many firms of each rung as its column shows, and one more, as they follow each other."""
    steps = standing(day)
    of_them = steps.c.firm_id == any_(literal(list(firms), ARRAY(Integer)))
    stands = dict(session.execute(select(steps.c.firm_id, steps.c.step).where(of_them)).all())
    columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
    for firm in firms:
        columns[rung(stands.get(firm)) or NO_RUNG].append(firm)
    return {name: numbers[: CARDS + 1] for name, numbers in columns.items()}


def _among(firms: list[int]) -> tuple[Predicate, ...]:
    return (Firm.id == any_(literal(firms, ARRAY(Integer))),)


def _on(filters: Filters, name: str, day: date) -> tuple[Predicate, ...]:
    return (*filters.where, on_rungs([name], day))


def more(session: Session, actor: Actor, params: Params, name: str, day: date) -> Page:
    """Further cards of one column."""
    loaded, filters = pool.read(session, params, day)
    column = replace(filters, limit=CARDS, where=_on(filters, name, day))
    found = _cards(session, actor, loaded, column, day)
    listing.decorate(session, found.items, BESIDE, day)
    return found


def rows(session: Session, actor: Actor, params: Params, day: date) -> Iterator[list[Card]]:
    """Every card of every column in their order, some at a time; each says its rung."""
    loaded, filters = pool.read(session, _unpaged(params), day)
    for name in COLUMNS:
        part: Filters | None = replace(filters, limit=AT_ONCE, where=_on(filters, name, day))
        while part is not None:
            found = _cards(session, actor, loaded, part, day)
            listing.decorate(session, found.items, BESIDE, day)
            yield [card | {"rung": name} for card in found.items]
            part = None if found.next is None else replace(part, cursor=found.next)


def _unpaged(params: Params) -> Params:
    return [(name, value) for name, value in params if name != "cursor"]


def _beside(loaded: LoadedSet) -> Any:
    number: Any = literal_column(str(int(loaded.id)))
    return and_(Assessment.firm_id == Firm.id, Assessment.set_id == number)


def totals(session: Session, actor: Actor, params: Params, day: date) -> list[Total]:
    """Counts and sums by rung; firms without a figure add nothing, and are not taken for nought."""
    loaded, filters = pool.read(session, _unpaged(params), day)
    _without_helpers(session)
    steps = standing(day)
    # Whole fen, summed exactly.
    sums = [
        func.sum(type_coerce(getattr(FirmYear, code), BigInteger)).label(code) for code in SUMMED
    ]
    of_last_year = and_(FirmYear.firm_id == Firm.id, FirmYear.year == day.year - 1)
    query = select(steps.c.step, func.count(), *sums).select_from(Firm)
    if filters.where:
        query = query.join(Assessment, _beside(loaded))
    rows = session.execute(
        query.outerjoin(steps, steps.c.firm_id == Firm.id)
        .outerjoin(FirmYear, of_last_year)
        .where(visible(actor, day), *filters.where)
        .group_by(steps.c.step)
    )
    nothing: tuple[int, list[Any]] = (0, [None] * len(SUMMED))
    found = {rung(step) or NO_RUNG: (number, totals) for step, number, *totals in rows}
    return [_total(name, *found.get(name, nothing)) for name in COLUMNS]


def _total(name: str, count: int, fen: list[Any]) -> Total:
    sums = {
        code: None if total is None else INDICATORS[code].shown(int(total))
        for code, total in zip(SUMMED, fen, strict=True)
    }
    return Total(name, count, sums)


def _cards(session: Session, actor: Actor, loaded: LoadedSet, filters: Filters, day: date) -> Page:
    query = (
        select(Firm.id, Firm.name, *(getattr(Assessment, part) for part in VERDICT))
        .join(Assessment, _beside(loaded))
        .where(visible(actor, day))
    )
    found = page(session, query, replace(filters, count="none"), Firm.id)
    for row in found.items:
        row["outcome"] = Outcome(row["outcome"]).name.lower()
    return found
