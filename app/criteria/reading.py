"""Which figures a rule, a criterion or a set reads, and what it reads beside figures."""

from collections.abc import Iterator
from typing import Any

from app.criteria import conditions as cond
from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.compiler import LoadedSet

# Years back from the year of application.
Read = tuple[str, int]
_LEAVES = (cond.Holds, cond.Judged, cond.NoIncident, cond.NotListed, cond.Known, cond.StartsWith,
           cond.IsTrue, cond.Resident, cond.ResidencyField)  # fmt: skip
_RECORDS = (quant.Count, quant.Amounts, quant.Days, quant.Months, quant.MonthsBegun,
            quant.Expert)  # fmt: skip


def figures(
    node: Any, named: dict[str, p.NamedQuantity], *, into_criteria: bool = False
) -> Iterator[Read]:
    """Every figure a rule reads, references followed; named members speak for themselves."""
    for inner in p.nodes(node, into_criteria=into_criteria):
        match inner:
            case quant.Ref():
                yield from figures(named[inner.ref].of, named)
            case quant.FigureOf():
                yield inner.of, inner.year
            case quant.Span():
                yield from ((inner.of, back) for back in inner.back)
            case quant.Growth():
                yield from ((inner.growth.of, back) for back in (-1, -2))
            case quant.MeanGrowth():
                yield from ((inner.mean_growth.of, back) for back in (-1, -2, -3))
            case quant.CompoundGrowth():
                growth = inner.compound_growth
                yield from ((growth.of, back) for back in (-1, -1 - growth.years))


# By the policy's identity; the policy is kept, so that the identity is not given to another.
_known: dict[int, tuple[p.CriteriaSet, dict[str, tuple[Read, ...]]]] = {}


def figures_by_criterion(loaded: LoadedSet) -> dict[str, tuple[Read, ...]]:
    """The figures that each criterion reads, those inside it included."""
    policy = loaded.policy
    if id(policy) not in _known:
        named = policy.quantities
        found = {
            c.id: tuple(dict.fromkeys(figures((c.rule, c.when), named, into_criteria=True)))
            for c in policy.walk()
            if c.disabled is None
        }
        _known[id(policy)] = (policy, found)
    return _known[id(policy)][1]


def figures_of_set(loaded: LoadedSet) -> dict[str, list[int]]:
    """Indicators that the criteria of a set read, each with its years back."""
    found: dict[str, list[int]] = {}
    for reads in figures_by_criterion(loaded).values():
        for code, back in reads:
            if back not in found.setdefault(code, []):
                found[code].append(back)
    return found


# By the criterion's identity, kept likewise.
_resting: dict[int, tuple[p.Criterion, bool]] = {}


def rests_on_figures(criterion: p.Criterion, named: dict[str, p.NamedQuantity]) -> bool:
    """Whether figures alone decide it: no record, judgement or points of a person."""
    if id(criterion) not in _resting:
        _resting[id(criterion)] = (criterion, _rests(criterion, named))
    return _resting[id(criterion)][1]


def _rests(criterion: p.Criterion, named: dict[str, p.NamedQuantity]) -> bool:
    return bool(list(figures(criterion.rule, named, into_criteria=True))) and not any(
        isinstance(inner, (*_LEAVES, *_RECORDS)) for inner in _all(criterion.rule, named)
    )


def _all(node: Any, named: dict[str, p.NamedQuantity]) -> Iterator[Any]:
    for inner in p.nodes(node):
        yield inner
        if isinstance(inner, quant.Ref):
            yield from _all(named[inner.ref].of, named)
