"""What every firm can be divided by on a day: rung, industry, park, size, age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Organisation
from app.accounts.queries import organisations
from app.analyses.sizes import size_of
from app.criteria.facts import table
from app.firms.industries import SECTIONS
from app.firms.models import Firm, FirmYear, Location
from app.firms.moves import STEPS, standings
from app.firms.queries import visible
from app.plans.counting import figure_year
from app.plans.measuring import Asked
from app.workbench.words import RUNGS

Pair = tuple[str, str]
Sql = ColumnElement[Any]
UNKNOWN, NOWHERE = "unknown", "none"
NOT_KNOWN: Pair = ("缺数据", "not known")
SIZE_WORDS: Mapping[str, Pair] = {
    "large": ("大型", "large"), "medium": ("中型", "medium"), "small": ("小型", "small"),
    "micro": ("微型", "micro"), UNKNOWN: NOT_KNOWN,
}  # fmt: skip
# Years since registration, from and below.
AGES = ((0, 1), (1, 3), (3, 5), (5, 10), (10, None))


@dataclass(frozen=True)
class Dim:
    """One thing that firms are divided by: its name, and its values in order with their words."""

    name: str
    label: Pair
    values: Mapping[str, Pair]


def band(low: int, high: int | None) -> str:
    """The name of a span of numbers."""
    return f"{low}-{high}" if high is not None else f"{low}+"


def _years(low: int, high: int | None) -> Pair:
    if high is None:
        return (f"{low} 年及以上", f"{low} years and more")
    return (f"{low}–{high} 年", f"{low}–{high} years") if low else (f"不满 {high} 年",
            f"below {high} year")  # fmt: skip


def dims(session: Session) -> dict[str, Dim]:
    """The five, with the parks that there are."""
    parks = {park.code: (park.name, park.name_en or park.name)
             for park in organisations(session, "park")}  # fmt: skip
    ages = {band(*age): _years(*age) for age in AGES} | {UNKNOWN: NOT_KNOWN}
    found = (
        Dim("rung", ("梯次", "Rung"), {step: RUNGS[step] for step in (*STEPS[1:], STEPS[0])}),
        Dim("industry", ("行业门类", "Industry"), SECTIONS | {UNKNOWN: NOT_KNOWN}),
        Dim("park", ("园区", "Park"), parks | {NOWHERE: ("不在园区", "in no park")}),
        Dim("size", ("规模", "Size"), SIZE_WORDS),
        Dim("age", ("注册年限", "Age"), ages),
    )
    return {dim.name: dim for dim in found}


@dataclass(frozen=True)
class People:
    """Firms joined to what divides them on a day, the columns that say so, and who is there.

    A firm is there if it stands on a rung that day, or is registered and neither gone nor moved.
    """

    source: FromClause
    columns: dict[str, Sql]
    there: Sql


def people(day: date) -> People:
    """Every firm of the register."""
    stood = standings((day,))
    here = aliased(Location)
    park = aliased(Organisation)
    figures = table(FirmYear).alias("figures")
    step = func.coalesce(stood.c.step0, 0)
    source = (
        table(Firm)
        .outerjoin(stood, stood.c.firm_id == Firm.id)
        .outerjoin(here, and_(here.firm_id == Firm.id, here.superseded_at.is_(None),
                              here.during.op("@>")(literal(day))))
        .outerjoin(park, park.id == here.park_id)
        .outerjoin(figures, and_(figures.c.firm_id == Firm.id,
                                 figures.c.year == figure_year(day)))
    )  # fmt: skip
    columns: dict[str, Sql] = {
        "rung": case(dict(enumerate(STEPS)), value=step),
        "industry": func.coalesce(func.left(Firm.industry_code, 1), UNKNOWN),
        "park": func.coalesce(park.code, NOWHERE),
        "size": size_of(Firm.industry_code, figures),
        "age": _age(day),
    }
    return People(source, columns, or_(step > 0, _there(day)))


def _there(day: date) -> Sql:
    """Registered by then, and not yet moved out or deregistered; gone without a day is gone."""
    gone = and_(Firm.status != "active", or_(Firm.status_on.is_(None), Firm.status_on <= day))
    return and_(or_(Firm.registered_on.is_(None), Firm.registered_on <= day), ~gone)


def _age(day: date) -> Sql:
    ways = [(Firm.registered_on > years_before(day, high), band(low, high))
            for low, high in AGES if high is not None]  # fmt: skip
    first = (Firm.registered_on.is_(None), UNKNOWN)
    return case(first, *ways, else_=band(*AGES[-1]))


def years_before(day: date, years: int) -> date:
    """The same day so many years before; 28 February for a 29th that is not there."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return date(day.year - years, day.month, last)


def narrowed(
    asked: Asked, chosen: Mapping[str, list[str]], *, everybody: bool = False
) -> Select[Any]:
    """`firm_id` and the five keys of the firms that have one of the chosen values of each.

    `everybody` also takes in those that are not there on the day any more, or not yet.
    """
    found = people(asked.day)
    tests = [found.columns[name].in_(values) for name, values in chosen.items()]
    keys = [column.label(name) for name, column in found.columns.items()]
    scope = visible(asked.actor)
    query = (
        select(Firm.id.label("firm_id"), *keys)
        .select_from(found.source)
        .where(scope, *tests, *([] if everybody else [found.there]))
    )
    return query.with_only_columns(*query.selected_columns)
