"""Named SQL columns, each computed once, from columns computed before it.

PostgreSQL inlines a subquery's expressions wherever they are used; a score that is used four times
would be computed four times, and what builds on it sixteen times. `offset 0` keeps each level's
columns computed once while rows stream through and the plan stays parallel. What is read once needs
no column: every column and every level of the statement is paid for by each firm.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    Cast,
    ColumnClause,
    ColumnElement,
    FromClause,
    Null,
    Select,
    column,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.visitors import iterate, replacement_traverse
from sqlalchemy.types import TypeEngine

FIRM_ID = "firm_id"
# A constant from the start: an integer would be cast by the planner only after it has decided
# that a subquery with an offset cannot run in parallel.
AT_ONCE: ColumnElement[int] = literal_column("'0'::bigint")
T = TypeVar("T")


@dataclass(frozen=True)
class Cell:
    """A column, the level that computes it, and the columns it reads."""

    expression: ColumnElement[Any]
    level: int
    reads: frozenset[str]


class Sheet:
    """Columns by name. Level 0 is what the facts supply; every other level builds on lower ones."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}
        self._reads: list[set[str]] = [set()]

    def __contains__(self, name: str) -> bool:
        return name in self._cells

    def given(self, name: str, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column of the facts themselves."""
        if name not in self._cells:
            self._cells[name] = Cell(expression, 0, frozenset())
        return self.read(name)

    def read(self, name: str) -> ColumnElement[Any]:
        """An earlier column, for use in the one being defined."""
        self._reads[-1].add(name)
        return column(name, type_=self._cells[name].expression.type)

    def gather(self, build: Callable[[], T]) -> tuple[T, frozenset[str]]:
        """What `build` returns, and the columns it read meanwhile."""
        self._reads.append(set())
        built = build()
        return built, frozenset(self._reads.pop())

    def add(self, name: str, expression: ColumnElement[Any], reads: frozenset[str]) -> None:
        """A column computed from those it reads, one level above the highest of them."""
        level = 1 + max((self._cells[read].level for read in reads), default=0)
        self._cells[name] = Cell(expression, level, reads)

    def define(self, name: str, build: Callable[[], ColumnElement[Any]]) -> ColumnElement[Any]:
        """The column of that name, computed by `build` unless it exists already."""
        if name not in self._cells:
            self.add(name, *self.gather(build))
        return self.read(name)

    def facts_read_by(self, wanted: list[str]) -> dict[str, ColumnElement[Any]]:
        """The level-0 columns that these need, directly or not."""
        needed = self._closure(wanted)
        return {n: c.expression for n, c in self._cells.items() if c.level == 0 and n in needed}

    def _closure(self, wanted: list[str]) -> set[str]:
        found: set[str] = set()
        queue = list(wanted)
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue.extend(self._cells[name].reads)
        return found

    def select(self, facts: FromClause, wanted: list[str]) -> Select[Any]:
        """`firm_id` and the wanted columns, level upon level over the facts."""
        cells = _folded({n: self._cells[n] for n in self._closure(wanted)}, set(wanted))
        source = facts
        for level in range(1, max(c.level for c in cells.values()) + 1):
            later = {r for c in cells.values() if c.level > level for r in c.reads} | set(wanted)
            kept = [n for n, c in cells.items() if c.level < level and n in later]
            made = [n for n, c in cells.items() if c.level == level]
            source = (
                select(
                    literal_column(FIRM_ID),
                    *(literal_column(name) for name in sorted(kept)),
                    *(cells[name].expression.label(name) for name in sorted(made)),
                )
                .select_from(source)
                .offset(AT_ONCE)
                .subquery(f"level_{level}")
            )
        return select(literal_column(FIRM_ID), *(self._out(n) for n in wanted)).select_from(source)

    def _out(self, name: str) -> ColumnElement[Any]:
        kind: TypeEngine[Any] = self._cells[name].expression.type
        return literal_column(name, type_=kind).label(name)


def _folded(cells: dict[str, Cell], wanted: set[str]) -> dict[str, Cell]:
    """The same with fewer columns: what is read once, or costs nothing, stands where it is read.

    There it is computed only where the branch of the `case` that reads it is taken.
    """
    folded = {name: cell for name, cell in cells.items() if cell.level == 0}
    inside: dict[str, ColumnElement[Any]] = {}
    made = sorted(cells.keys() - folded.keys(), key=lambda name: cells[name].level)
    read = Counter(one for name in made for one in _names(cells[name].expression))
    for name in made:
        found = _replaced(cells[name].expression, inside)
        if name not in wanted and (read[name] == 1 or _is_free(found)):
            inside[name] = found
        else:
            reads = frozenset(_names(found))
            level = 1 + max((folded[one].level for one in reads), default=0)
            folded[name] = Cell(found, level, reads)
    return folded


def _names(expression: ColumnElement[Any]) -> list[str]:
    """The columns that an expression reads, each as often as it does."""
    return [
        str(one.key) for one in iterate(expression)
        if isinstance(one, ColumnClause) and not one.is_literal
    ]  # fmt: skip


def _replaced(
    expression: ColumnElement[Any], inside: dict[str, ColumnElement[Any]]
) -> ColumnElement[Any]:
    """The expression with columns replaced by what they stand for."""

    def replace(element: Any, **_: Any) -> ColumnElement[Any] | None:
        known = isinstance(element, ColumnClause) and not element.is_literal
        return Grouping(inside[element.key]) if known and element.key in inside else None

    found: ColumnElement[Any] = replacement_traverse(expression, {}, replace)
    return found


def _is_free(expression: ColumnElement[Any]) -> bool:
    """A constant, or another column by its name."""
    inner: Any = expression
    while isinstance(inner, Grouping):
        inner = inner.element
    return isinstance(inner, ColumnClause) or (
        isinstance(inner, Cast) and isinstance(inner.clause, Null)
    )
