"""Each analysis as a cube: one row for each firm, and the keys by which it is divided.

A number is a count of rows by some keys, and the list behind it is the rows that have them: so no
number can differ from its firms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.analyses.dims import NOT_KNOWN, UNKNOWN, Dim, Pair, band, dims, narrowed
from app.criteria.facts import table
from app.firms.catalogue import INDICATORS
from app.firms.models import Firm, FirmYear
from app.firms.moves import OLDEST, STEPS, periods, standings
from app.plans.cockpit import stays
from app.plans.counting import figure_year
from app.plans.measuring import Asked
from app.workbench.words import RUNGS as RUNG_WORDS

ANALYSES: Mapping[str, Pair] = {
    "structure": ("结构", "Structure"),
    "conversion": ("转化", "Conversion"),
    "stay": ("停留时间", "Time in rung"),
    "flows": ("梯次流动", "Flows"),
    "concentration": ("集中度", "Concentration"),
    "intensity": ("研发强度", "R&D intensity"),
}
# Four years and a day in days: years of waiting are counted without a calendar.
FOUR_YEARS = 1461
WAITED = 5
YEARS_BACK = 4
STAYS = ((0, 180), (180, 365), (365, 730), (730, 1095), (1095, 1825), (1825, None))
# Per cent of revenue, from and below.
SHARES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 10), (10, None))
SCOPES: Mapping[str, tuple[str, str, Pair]] = {
    "hnte": ("rd_hnte", "revenue_sales", ("高企口径", "high-tech enterprise scope")),
    "accounts": ("rd_acct", "revenue_operating", ("审计口径", "accounts")),
    "statistics": ("rd_stat", "revenue_operating", ("统计口径", "statistics")),
}
OUTCOMES: Mapping[str, Pair] = {
    "converted": ("已转化", "converted"), "waiting": ("仍在等待", "still waiting"),
    "left": ("已离开", "left"), "straight": ("直接进入", "came straight"),
}  # fmt: skip
PLACES: Mapping[str, Pair] = {
    "1": ("第 1 名", "first"), "2-4": ("第 2–4 名", "2nd–4th"), "5-10": ("第 5–10 名", "5th–10th"),
    "11+": ("其余", "the rest"), UNKNOWN: NOT_KNOWN,
}  # fmt: skip
MEASURES = tuple(code for code, one in INDICATORS.items() if one.kind == "money" and not one.signed)


@dataclass(frozen=True)
class Options:
    """What is asked beside the day: which firms, and what each analysis has of its own."""

    chosen: Mapping[str, list[str]] = field(default_factory=dict)
    lower: str = "tech_based"
    upper: str = "certified"
    scope: str = "hnte"
    measure: str = "revenue_sales"
    by: str = "industry"


@dataclass(frozen=True)
class Cube:
    """`rows` holds `firm_id`, the key of each dimension, and perhaps numbers of its own."""

    rows: Subquery
    dims: dict[str, Dim]


def cube(session: Session, asked: Asked, name: str, options: Options) -> Cube:
    """The rows of an analysis."""
    makers = {"structure": _structure, "conversion": _conversion, "stay": _stay, "flows": _flows,
              "concentration": _concentration, "intensity": _intensity}  # fmt: skip
    query, own = makers[name](asked, options)
    known = dims(session)
    if name == "flows":
        known = {key: dim for key, dim in known.items() if key != "rung"}
    return Cube(query.subquery("cube"), known | {dim.name: dim for dim in own})


Made = tuple[Select[Any], list[Dim]]


def _structure(asked: Asked, options: Options) -> Made:
    return narrowed(asked, options.chosen), []


# --- figures ------------------------------------------------------------------------------------


def _figures(asked: Asked, options: Options, *columns: str) -> tuple[Subquery, list[Any]]:
    """The firms, and these figures of the last full year."""
    who = narrowed(asked, options.chosen).subquery("who")
    years = table(FirmYear).alias("year")
    found = (
        select(who, *(type_coerce(years.c[name], BigInteger).label(f"figure{at}")
                      for at, name in enumerate(columns)))
        .outerjoin(years, and_(years.c.firm_id == who.c.firm_id,
                               years.c.year == figure_year(asked.day)))
        .subquery("figured")
    )  # fmt: skip
    return found, [found.c[f"figure{at}"] for at in range(len(columns))]


def _intensity(asked: Asked, options: Options) -> Made:
    over, under, _ = SCOPES[options.scope]
    found, (spent, sold) = _figures(asked, options, over, under)
    # Compared by multiplying out: exact, and sound where nothing was sold.
    ways = [
        (100 * spent < high * sold, band(low, high)) for low, high in SHARES if high is not None
    ]
    share = case((or_(spent.is_(None), sold.is_(None)), UNKNOWN), (sold <= 0, "no_sales"),
                 (spent == 0, "zero"), *ways, else_=band(*SHARES[-1]))  # fmt: skip
    words = {"zero": ("无研发费用", "none spent")}
    words |= {band(*one): _per_cent(*one) for one in SHARES}
    words |= {"no_sales": ("无收入", "no revenue"), UNKNOWN: NOT_KNOWN}
    dim = Dim("share", ("研发强度", "R&D intensity"), words)
    return select(found, share.label("share"), spent.label("over"), sold.label("under")), [dim]


def _per_cent(low: int, high: int | None) -> Pair:
    said = f"≥ {low}%" if high is None else f"{low}–{high}%"
    return (said, said)


def _concentration(asked: Asked, options: Options) -> Made:
    found, (value,) = _figures(asked, options, options.measure)
    group = literal("all") if options.by == "all" else found.c[options.by]
    ranked = select(
        found, value.label("value"),
        func.row_number().over(partition_by=[group, value.is_(None)],
                               order_by=[value.desc(), found.c.firm_id]).label("number"),
    ).subquery("ranked")  # fmt: skip
    number = ranked.c.number
    place = case((ranked.c.value.is_(None), UNKNOWN), (number == 1, "1"), (number <= 4, "2-4"),
                 (number <= 10, "5-10"), else_="11+")  # fmt: skip
    dim = Dim("place", ("名次", "Place"), PLACES)
    return select(ranked, place.label("place")), [dim]


# --- time ---------------------------------------------------------------------------------------


def _stay(asked: Asked, options: Options) -> Made:
    who = narrowed(asked, options.chosen).subquery("who")
    stood = stays(asked.actor, asked.day)
    days = literal(asked.day) - stood.c.since
    ways = [(days < high, band(low, high)) for low, high in STAYS if high is not None]
    stay = case((days.is_(None), UNKNOWN), *ways, else_=band(*STAYS[-1]))
    words = dict(zip(
        [band(*one) for one in STAYS],
        [("不满半年", "below half a year"), ("半年–1 年", "half to 1 year"),
         ("1–2 年", "1–2 years"), ("2–3 年", "2–3 years"), ("3–5 年", "3–5 years"),
         ("5 年及以上", "5 years and more")], strict=True,
    )) | {UNKNOWN: NOT_KNOWN}  # fmt: skip
    query = select(who, stay.label("stay"), days.label("days")).join(
        stood, stood.c.firm_id == who.c.firm_id
    )
    return query, [Dim("stay", ("已停留", "So far"), words)]


def _conversion(asked: Asked, options: Options) -> Made:
    """Firms that came to the lower rung, or higher, and whether they came to the upper one."""
    day = asked.day
    who = narrowed(asked, options.chosen).subquery("who")
    steps = periods()
    begins = func.coalesce(func.lower(steps.c.during), OLDEST)
    entry, reached = (
        func.min(begins).filter(steps.c.step >= STEPS.index(rung))
        for rung in (options.lower, options.upper)
    )
    came = (
        select(steps.c.firm_id, entry.label("entry"), reached.label("reached"))
        .where(begins <= day).group_by(steps.c.firm_id).having(entry.is_not(None))
        .subquery("came")
    )  # fmt: skip
    left = case((and_(Firm.status != "active", Firm.status_on <= day), Firm.status_on))
    outcome = case((came.c.reached <= came.c.entry, "straight"),
                   (came.c.reached.is_not(None), "converted"), (left.is_not(None), "left"),
                   else_="waiting")  # fmt: skip
    last = func.greatest(func.coalesce(came.c.reached, left, literal(day)), came.c.entry)
    days = last - came.c.entry
    year = func.greatest((4 * days + FOUR_YEARS - 1) // FOUR_YEARS, 1)
    waited = case((year > WAITED, f"{WAITED}+"), else_=cast(year, Text))
    query = (
        select(who, _year(came.c.entry).label("cohort"), outcome.label("outcome"),
               waited.label("waited"), days.label("days"))
        .join(came, came.c.firm_id == who.c.firm_id).join(Firm, Firm.id == who.c.firm_id)
    )  # fmt: skip
    cohorts = {str(year): (f"{year} 年", str(year)) for year in range(OLDEST.year, day.year + 1)}
    years = {str(n): (f"第 {n} 年", f"year {n}") for n in range(1, WAITED + 1)}
    return query, [
        Dim("cohort", ("进入年份", "Came in"), cohorts),
        Dim("outcome", ("结果", "Outcome"), OUTCOMES),
        Dim("waited", ("等待", "Waited"), years | {f"{WAITED}+": ("更久", "longer")}),
    ]


def _year(day: Any) -> Any:
    return cast(func.date_part("year", day), Text)


# --- flows --------------------------------------------------------------------------------------


def ends(day: date) -> list[date]:
    """The ends of the years before a day, and the day."""
    return [date(year, 12, 31) for year in range(day.year - YEARS_BACK, day.year)] + [day]


def _flows(asked: Asked, options: Options) -> Made:
    """Every firm that stood on a rung on one of the days, with its rung on each."""
    days = ends(asked.day)
    stood = standings(days)
    chosen = {name: values for name, values in options.chosen.items() if name != "rung"}
    who = narrowed(asked, chosen, everybody=True).subquery("who")
    rungs = dict(enumerate(STEPS))
    keys = [
        case(rungs, value=stood.c[f"step{at}"]).label(f"on.{day}") for at, day in enumerate(days)
    ]
    kept = [who.c[name] for name in ("firm_id", "industry", "park", "size", "age")]
    query = select(*kept, *keys).join(stood, stood.c.firm_id == who.c.firm_id)
    words = {step: RUNG_WORDS[step] for step in (*STEPS[1:], STEPS[0])}
    return query, [Dim(f"on.{day}", (f"{day} 梯次", f"Rung on {day}"), words) for day in days]
