"""What evaluation reads: the best known facts, the facts known at an instant, or a what-if."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
    values,
)
from sqlalchemy import column as sql_column

from app.firms.catalogue import INDICATORS
from app.firms.models import Fact, Firm, FirmHistory, FirmYear, Judgement, Submission

ATTRIBUTES = (
    "registered_on",
    "region_code",
    "industry_code",
    "hightech_field",
    "resident_enterprise",
)


@dataclass(frozen=True)
class WhatIf:
    """Figures in stored units by (year, indicator), judgements and points by their id."""

    figures: Mapping[tuple[int, str], int | None] = field(default_factory=dict)
    judgements: Mapping[str, bool | int] = field(default_factory=dict)
    as_of: date | None = None


@dataclass(frozen=True)
class Facts:
    """Where evaluation takes firms, yearly figures and records from."""

    firm: FromClause
    firm_year: FromClause
    records: Callable[[type[Fact]], FromClause]


def table(model: type[Any]) -> Table:
    """A model's table, typed."""
    found = model.__table__
    assert isinstance(found, Table)
    return found


def best_known() -> Facts:
    """Everything as it is believed now."""

    def current(model: type[Fact]) -> FromClause:
        rows = table(model)
        return select(rows).where(rows.c.superseded_at.is_(None)).subquery()

    return Facts(table(Firm), table(FirmYear), current)


def known_at(instant: datetime) -> Facts:
    """Only what had been recorded by an instant, before any later correction."""

    def recorded(model: type[Fact]) -> FromClause:
        rows = table(model)
        still = or_(rows.c.superseded_at.is_(None), rows.c.superseded_at > instant)
        return select(rows).where(rows.c.recorded_at <= instant, still).subquery()

    return Facts(_firms_at(instant), _figures_at(instant), recorded)


def _firms_at(instant: datetime) -> FromClause:
    now = select(Firm.id, *(getattr(Firm, name) for name in ATTRIBUTES)).where(
        Firm.recorded_at <= instant
    )
    kinds: dict[str, Any] = {"registered_on": Date(), "resident_enterprise": Boolean()}
    before: Select[Any] = select(
        FirmHistory.firm_id.label("id"),
        *(
            cast(FirmHistory.record[name].astext, kinds.get(name, Text())).label(name)
            for name in ATTRIBUTES
        ),
    ).where(FirmHistory.recorded_at <= instant, FirmHistory.superseded_at > instant)
    return union_all(now, before).subquery()


def _figures_at(instant: datetime) -> FromClause:
    best = select(Submission).where(
        Submission.effective_at <= instant,
        or_(Submission.superseded_at.is_(None), Submission.superseded_at > instant),
    )
    rows = best.subquery()
    return (
        select(
            rows.c.firm_id,
            rows.c.year,
            *(
                func.max(rows.c.value).filter(rows.c.indicator == code).label(code)
                for code in INDICATORS
            ),
        )
        .group_by(rows.c.firm_id, rows.c.year)
        .subquery()
    )


def supposing(facts: Facts, firm_id: int, what_if: WhatIf) -> Facts:
    """The same facts with some of one firm's figures and judgements replaced."""

    def records(model: type[Fact]) -> FromClause:
        rows = facts.records(model)
        if model is not Judgement or not what_if.judgements:
            return rows
        kept = select(rows.c.firm_id, rows.c.criterion, rows.c.holds, rows.c.points).where(
            rows.c.criterion.not_in(what_if.judgements)
        )
        given = values(
            sql_column("firm_id", Integer),
            sql_column("criterion", Text),
            sql_column("holds", Boolean),
            sql_column("points", Integer),
            name="supposed",
        ).data([_judged(firm_id, key, said) for key, said in what_if.judgements.items()])
        return union_all(kept, select(given)).subquery()

    figures = _figures_supposing(facts.firm_year, firm_id, what_if)
    return Facts(facts.firm, figures, records)


def _judged(firm_id: int, key: str, said: bool | int) -> tuple[Any, ...]:
    if isinstance(said, bool):
        return (firm_id, key, literal(said, Boolean), cast(null(), Integer))
    return (firm_id, key, cast(null(), Boolean), literal(said, Integer))


def _figures_supposing(firm_year: FromClause, firm_id: int, what_if: WhatIf) -> FromClause:
    years = sorted({year for year, _ in what_if.figures})
    known = select(firm_year).where(firm_year.c.firm_id == firm_id).subquery()
    wanted = union_all(
        select(known.c.year), *(select(literal_column(str(int(year)))) for year in years)
    ).subquery()
    span = select(wanted.c.year).distinct().subquery()

    def column(code: str) -> Any:
        stored = known.c[code]
        cases = [
            (span.c.year == year, value)
            for (year, name), value in what_if.figures.items()
            if name == code
        ]
        return (case(*cases, else_=stored) if cases else stored).label(code)

    return (
        select(literal(firm_id).label("firm_id"), span.c.year, *(column(c) for c in INDICATORS))
        .select_from(span.outerjoin(known, and_(known.c.year == span.c.year)))
        .subquery()
    )
