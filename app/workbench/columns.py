"""The columns of a list: which are shown, what they are called, and how people change them."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.firms.catalogue import INDICATORS
from app.pipeline.pool import GAP
from app.workbench.benches import Bench
from app.workbench.words import Words

# Columns that a table of people's cannot show well.
UNSHOWN = ("id", "version", "gaps", "outcomes", "set")
FIGURE = "figure."
NUMBERS = ("gap_count", "unmet_count", "unknown_count")
YEARS_BACK = 5


@dataclass(frozen=True)
class Column:
    """One column: its label, the unit of its numbers, and the order that its head asks for."""

    name: str
    label: str
    unit: str | None
    numeric: bool
    order: str | None
    ordered: str

    @property
    def summed(self) -> bool:
        """Whether its sum says anything."""
        return is_summed(self.name)

    @property
    def money(self) -> bool:
        """Whether it holds amounts of yuan."""
        return self.unit == "yuan"


def shown(bench: Bench, words: Words) -> list[Column]:
    """The columns of the list in their order."""
    return [_column(bench, words, name) for name in bench.columns]


def _column(bench: Bench, words: Words, name: str) -> Column:
    field = bench.vocabulary.find(name)
    return Column(
        name=name,
        label=words.label(name),
        unit=None if field is None else field.unit,
        numeric=is_number(name),
        order=_next_order(bench, name),
        ordered=_ordered(bench, name),
    )


def is_number(name: str) -> bool:
    """Whether a column holds numbers."""
    return is_summed(name) or name in NUMBERS


def is_summed(name: str) -> bool:
    """Whether a column's numbers are worth adding up."""
    return name.startswith((FIGURE, GAP)) or name == "registered_capital"


def _next_order(bench: Bench, name: str) -> str | None:
    if bench.vocabulary.sort(name) is None:
        return None
    return name if _ordered(bench, name) == "descending" else f"-{name}"


def _ordered(bench: Bench, name: str) -> str:
    """As a table's head says it; only the first order shows."""
    first = bench.filters.order[0]
    if first.name != name:
        return "none"
    return "descending" if first.descending else "ascending"


# --- choosing -----------------------------------------------------------------------------------


def offered(bench: Bench) -> list[str]:
    """Every column that can be shown; figures of the last full year stand for any year's."""
    own = [name for name in bench.vocabulary.columns if name not in UNSHOWN]
    return [*own, *(f"{FIGURE}{code}" for code in INDICATORS)]


def years(bench: Bench) -> list[int]:
    """The years whose figures are offered, the last full one first."""
    return list(range(bench.day.year - 1, bench.day.year - 1 - YEARS_BACK, -1))


def changed(chosen: list[str], act: str, year: str = "") -> list[str]:
    """The columns after one step: `up:name`, `down:name`, `drop:name` or `add:name`.

    A figure that is added is that of the year, where one is named.
    """
    what, _, name = act.partition(":")
    if what == "add":
        name = f"{name}.{year}" if year and name.startswith(FIGURE) else name
        return chosen if name in chosen else [*chosen, name]
    if name not in chosen:
        return chosen
    if what == "drop":
        return [one for one in chosen if one != name] or chosen
    at = chosen.index(name)
    to = max(0, at - 1) if what == "up" else at + 1
    rest = [one for one in chosen if one != name]
    return [*rest[:to], name, *rest[to:]]


def fields_like(bench: Bench, names: Iterable[str], words: Words, typed: str) -> list[str]:
    """The fields that what was typed may mean: by name or label exactly, else by part of either."""
    asked = "".join(typed.split()).lower()
    spelt = {name: (name, "".join(words.label(name).split()).lower()) for name in names}
    exact = [name for name, forms in spelt.items() if asked in forms]
    return exact or [name for name, forms in spelt.items() if any(asked in one for one in forms)]


def only_known(bench: Bench, names: Iterable[str]) -> list[str]:
    """Those that the list can show, each once."""
    return [name for name in dict.fromkeys(names) if _is_known(bench, name)]


def _is_known(bench: Bench, name: str) -> bool:
    field = bench.vocabulary.find(name)
    family = name.split(".", 1)[0] in bench.vocabulary.families
    return name in bench.vocabulary.columns or (family and field is not None and field.shown)
