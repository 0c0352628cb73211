"""How a list's firms are spread over the values of its fields, each count leading to its firms."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, Text, cast, func, literal, select, text, true, union_all
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.criteria.policy import Outcome
from app.firms.fields import NO_RUNG
from app.firms.flag_models import Flag
from app.firms.flags import stands
from app.firms.industries import HIGHTECH_FIELDS, SECTIONS
from app.firms.models import Designation, Firm, Location, Residency
from app.firms.queries import RUNGS, standing
from app.pipeline.fields import places
from app.pipeline.models import Assessment
from app.workbench.benches import Bench
from app.workbench.words import Words

MOST_VALUES = 12
# What groups of codes are called.
CLASSES = {
    "industry_code__isw": ("行业门类", "Industry section"),
    "hightech_field__isw": ("高新技术领域", "High-tech field"),
    "region_code": ("行政区划", "District"),
}


@dataclass(frozen=True)
class Value:
    """One value: how many firms have it, and the list with it added, or taken away again."""

    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One field's values, the most frequent first; `more` have been left out."""

    label: str
    values: list[Value]
    more: int = 0


@dataclass
class _Counts:
    """Firms by parameter and value."""

    firms: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, parameter: str, value: str, firms: int) -> None:
        self.firms.setdefault(parameter, Counter())[value] += firms


def facets(session: Session, bench: Bench, words: Words) -> list[Facet]:
    """The facets of the query, two statements whatever they are."""
    # Helpers of a parallel plan would each work out every firm's rung.
    session.execute(text("set local max_parallel_workers_per_gather = 0"))
    counts = _Counts()
    for parameter, value, firms in session.execute(_spread(bench)):
        counts.add(parameter, value, firms)
    if bench.loaded is not None:
        _by_criterion(session, bench, counts)
    return [
        _facet(bench, words, (parameter, label), counts.firms.get(parameter, Counter()))
        for parameter, label in _titles(bench, words).items()
        if counts.firms.get(parameter)
    ]


def _titles(bench: Bench, words: Words) -> Mapping[str, str]:
    """The parameters in the order of the page, with what they are called."""
    of_pool = {"outcome": words.label("outcome"), "unmet": words.pick(("未达标的条件", "Unmet")),
               "unknown": words.pick(("缺数据的条件", "Unknown"))}  # fmt: skip
    own = ("rung", "flag", "designation", "park", "incubator", "industry_code__isw",
           "hightech_field__isw", "chain", "region_code", "origin", "status")  # fmt: skip
    labels = {name: words.label(name) for name in own} | {
        name: words.pick(pair) for name, pair in CLASSES.items()
    }
    return (of_pool if bench.loaded is not None else {}) | labels


def _spread(bench: Bench) -> Any:
    """Parameter, value and number of firms, of every field in one statement."""
    columns = [Firm.id, Firm.region_code, Firm.chain, Firm.origin, Firm.status,
               func.left(Firm.industry_code, 1).label("section"),
               func.left(Firm.hightech_field, 1).label("field")]  # fmt: skip
    if bench.loaded is not None:
        columns.append(Assessment.outcome)
    found = bench.found(*columns).cte("found")
    steps = standing(bench.day)
    step = func.coalesce(steps.c.step, 0)
    by_rung = (
        select(literal("rung"), cast(step, Text), func.count())
        .select_from(found)
        .outerjoin(steps, steps.c.firm_id == found.c.id)
        .group_by(step)
    )
    parts = [by_rung, _flagged(bench, found), _titles_held(bench, found), *_inside(bench, found)]
    plain = {"region_code": "region_code", "chain": "chain", "origin": "origin",
             "status": "status", "industry_code__isw": "section",
             "hightech_field__isw": "field"}  # fmt: skip
    if bench.loaded is not None:
        plain["outcome"] = "outcome"
    for parameter, name in plain.items():
        column = found.c[name]
        counted = select(literal(parameter), cast(column, Text), func.count())
        parts.append(counted.where(column.is_not(None)).group_by(column))
    return union_all(*parts)


def _flagged(bench: Bench, found: CTE) -> Any:
    # A firm has several flags of a kind; told apart before the join, they come from the index.
    flagged = select(Flag.kind, Flag.firm_id).where(stands(bench.day)).distinct().subquery()
    return (
        select(literal("flag"), flagged.c.kind, func.count())
        .select_from(found)
        .join(flagged, flagged.c.firm_id == found.c.id)
        .group_by(flagged.c.kind)
    )


def _titles_held(bench: Bench, found: CTE) -> Any:
    """A firm holds a title once: two of one kind never overlap; nor is it in two places."""
    return (
        select(literal("designation"), Designation.kind, func.count())
        .select_from(found)
        .join(Designation, Designation.firm_id == found.c.id)
        .where(Designation.superseded_at.is_(None), Designation.valid.op("@>")(bench.day))
        .group_by(Designation.kind)
    )


def _inside(bench: Bench, found: CTE) -> Iterable[Any]:
    for name, model, body in (("park", Location, Location.park_id),
                              ("incubator", Residency, Residency.incubator_id)):  # fmt: skip
        yield (
            select(literal(name), Organisation.code, func.count())
            .select_from(found)
            .join(model, model.firm_id == found.c.id)
            .join(Organisation, Organisation.id == body)
            .where(model.superseded_at.is_(None), model.during.op("@>")(bench.day), true())
            .group_by(Organisation.code)
        )


def _by_criterion(session: Session, bench: Bench, counts: _Counts) -> None:
    assert bench.loaded is not None
    spots = places(bench.loaded)
    query = bench.found(Assessment.outcomes, func.count()).group_by(Assessment.outcomes)
    wanted = {Outcome.UNMET: "unmet", Outcome.UNKNOWN: "unknown"}
    for outcomes, firms in session.execute(query):
        for spot, outcome in zip(spots, Outcome.unpack(outcomes, len(spots)), strict=True):
            if spot.outer and outcome in wanted:
                counts.add(wanted[outcome], spot.criterion.id, firms)


def _facet(bench: Bench, words: Words, title: tuple[str, str], firms: Counter[str]) -> Facet:
    parameter, label = title
    chosen = [value for name, value in bench.pairs if name == parameter]
    largest = firms.most_common()
    shown = [pair for pair in largest if _code(parameter, pair[0]) in chosen]
    shown += [pair for pair in largest if pair not in shown][: MOST_VALUES - len(shown)]
    values = [
        Value(_word(words, parameter, code), number, _address(bench, parameter, code, chosen),
              code in chosen)
        for raw, number in shown for code in [_code(parameter, raw)]
    ]  # fmt: skip
    return Facet(label, values, len(largest) - len(shown))


def _code(parameter: str, raw: str) -> str:
    """As the parameter takes it."""
    if parameter == "rung":
        return (NO_RUNG, *RUNGS)[int(raw)]
    if parameter == "outcome":
        return Outcome(int(raw)).name.lower()
    return f"{raw}." if parameter == "hightech_field__isw" else raw


def _word(words: Words, parameter: str, code: str) -> str:
    classes = {"industry_code__isw": SECTIONS, "hightech_field__isw": HIGHTECH_FIELDS}
    if parameter in classes:
        pair = classes[parameter].get(code.rstrip("."))
        return code if pair is None else words.pick(pair)
    return words.value(parameter, code)


def _address(bench: Bench, parameter: str, code: str, chosen: list[str]) -> str:
    pair = (parameter, code)
    if code in chosen:
        return bench.address([one for one in bench.pairs if one != pair])
    return bench.address([*bench.pairs, pair])
