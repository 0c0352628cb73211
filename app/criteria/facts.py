"""What evaluation reads: the best known facts, the facts known at an instant, or a what-if."""

import json
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
    cast,
    func,
    or_,
    select,
    text,
    union_all,
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


# One firm's years with what is supposed laid over them: a figure that is named, empty ones too,
# takes the place of the known one; a year that is not on record is there once it is supposed.
SUPPOSED_YEARS = """
select whole.* from (select known from firm_year as known where known.firm_id = :firm_id) as had
full join jsonb_each(:figures) as given on given.key = cast((had.known).year as text),
jsonb_populate_record(coalesce(had.known, cast(null as firm_year)),
                      coalesce(given.value, jsonb_build_object())) as whole
"""
SUPPOSED_JUDGEMENTS = """
select firm_id, criterion, holds, cast(points as int) as points from judgement
where firm_id = :firm_id and superseded_at is null and not jsonb_exists(:judgements, criterion)
union all
select :firm_id, key, case jsonb_typeof(value) when 'boolean' then cast(value as boolean) end,
       case jsonb_typeof(value) when 'number' then cast(value as int) end
from jsonb_each(:judgements)
"""


def supposing() -> Facts:
    """The best known facts with some of one firm's figures and judgements replaced.

    What is supposed are parameters (`supposed`), so that one prepared statement answers them all.
    """
    known = best_known()
    years = text(SUPPOSED_YEARS).columns(
        *(sql_column(each.name, each.type) for each in table(FirmYear).columns)
    )
    judged = text(SUPPOSED_JUDGEMENTS).columns(
        sql_column("firm_id", Integer), sql_column("criterion", Text),
        sql_column("holds", Boolean), sql_column("points", Integer),
    )  # fmt: skip

    def records(model: type[Fact]) -> FromClause:
        return judged.subquery() if model is Judgement else known.records(model)

    return Facts(known.firm, years.subquery(), records)


def supposed(firm_id: int, what_if: WhatIf) -> dict[str, str]:
    """The parameters of `supposing`."""
    years: dict[int, dict[str, int | None]] = {}
    for (year, indicator), value in what_if.figures.items():
        years.setdefault(year, {"firm_id": firm_id, "year": year, "version": 1})[indicator] = value
    return {"figures": json.dumps(years), "judgements": json.dumps(dict(what_if.judgements))}
