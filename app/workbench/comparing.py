"""A few firms side by side: what they are, their figures, and every criterion."""

from dataclasses import dataclass
from typing import Any

from app.firms.catalogue import INDICATORS
from app.pipeline.fields import places
from app.workbench.benches import COMPARED, COMPARED_FIGURES, Bench
from app.workbench.words import Words


@dataclass(frozen=True)
class Line:
    """One line of the comparison: a column of the list, or a criterion with outcome and gap."""

    label: str
    name: str
    unit: str | None
    values: list[Any]
    criterion: bool = False
    # Whether all firms say the same.
    alike: bool = False


@dataclass(frozen=True)
class Section:
    """Lines of one kind."""

    label: str
    lines: list[Line]


def rows(bench: Bench, words: Words, firms: list[dict[str, Any]]) -> list[Section]:
    """Everything that is compared, in sections."""
    own = [name for name in COMPARED if name not in ("outcomes", "gaps")]
    facts = [_line(words.label(name), name, None, [firm[name] for firm in firms]) for name in own]
    figures = [
        _line(_figure(words, code, year), code, INDICATORS[code].unit or _unit(code), [
            firm[f"figure.{code}.{year}"] for firm in firms
        ])
        for code in COMPARED_FIGURES
        for year in range(bench.day.year - 3, bench.day.year)
    ]  # fmt: skip
    titled = [(("企业", "Firm"), facts), (("年度指标", "Yearly figures"), figures),
              (("认定条件", "Criteria"), _criteria(bench, words, firms))]  # fmt: skip
    return [Section(words.pick(title), lines) for title, lines in titled]


def _figure(words: Words, code: str, year: int) -> str:
    return f"{INDICATORS[code].label[words.locale]} {year}"


def _unit(code: str) -> str:
    return "yuan" if INDICATORS[code].kind == "money" else "person"


def _line(label: str, name: str, unit: str | None, values: list[Any]) -> Line:
    return Line(label, name, unit, values, alike=all(one == values[0] for one in values))


def _criteria(bench: Bench, words: Words, firms: list[dict[str, Any]]) -> list[Line]:
    assert bench.loaded is not None
    lines = []
    for place in places(bench.loaded):
        name = place.criterion.id
        if place.outer:
            values = [(firm["outcomes"][name], firm["gaps"].get(name)) for firm in firms]
            alike = all(one[0] == values[0][0] for one in values)
            label = place.criterion.label[words.locale]
            lines.append(Line(label, name, place.gap_unit, values, criterion=True, alike=alike))
    return lines
