"""Criteria sets to one SQL statement: what `assess` stores and what `explain` shows.

Every set's criteria become columns of one sheet over the same facts; equal quantities and tests
are computed once for all sets. `summary` selects a row per firm and set, `detail` every column of
one firm: the same expressions, so the two can never disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array

from app.criteria import policy as p
from app.criteria.amounts import Amount, Sql, added, whole
from app.criteria.facts import Facts
from app.criteria.leaves import ZERO, Leaves
from app.criteria.measuring import Measuring
from app.criteria.records import Records, Scope
from app.criteria.rules import FULL, MET, SKIPPED, UNKNOWN, UNMET, Rule, Rules
from app.criteria.sheet import AT_ONCE, Sheet

__all__ = ["Compiler", "LoadedSet", "Rule"]

PACKED = ("outcomes", "tally", "close", "gaps")
COUNTS = ("unmet_count", "unknown_count", "met_count")
VERDICT = ("outcome", "readiness")


@dataclass(frozen=True)
class LoadedSet:
    """A criteria set, the number `assessment` knows it by, and whether it was ever used."""

    id: int
    policy: p.CriteriaSet
    used: bool = field(default=False, compare=False)


class Compiler:
    """Compiles sets over facts; one instance per statement."""

    def __init__(self, sets: list[LoadedSet], facts: Facts) -> None:
        self.sheet = Sheet()
        self.records = Records(self.sheet, facts)
        self.measuring = Measuring(self.sheet, self.records)
        self._rules = Rules(self.sheet, Leaves(self.sheet, self.records, self.measuring))
        self.measuring.condition = lambda node, owner: self._rules.holds(node, owner, None)
        self.sets = sets
        self.rules: dict[int, list[Rule]] = {}
        self.parts: dict[int, dict[str, Amount]] = {}
        for loaded in sets:
            self._compile(loaded)

    # --- statements ---------------------------------------------------------------------------

    def summary(self, scope: Scope) -> Select[Any]:
        """A row per firm and set: outcome, counts, readiness, outcomes and gaps in order."""
        wanted = [name for loaded in self.sets for name in self._packed(loaded)]
        wide = self._select(wanted, scope).subquery("wide")
        ids = sorted(loaded.id for loaded in self.sets)
        numbers = select(func.unnest(array([whole(n) for n in ids])).label("set_id")).subquery(
            "sets"
        )

        def chosen(suffix: str, kind: Any) -> Sql:
            options = {n: literal_column(f"wide.s{n}_{suffix}", kind) for n in ids}
            return _by_halves(numbers.c.set_id, ids, options).label(suffix)

        packed = (
            select(
                wide.c.firm_id,
                numbers.c.set_id,
                chosen("outcomes", BigInteger()),
                chosen("tally", Integer()),
                chosen("close", Integer()),
                chosen("gaps", None),
            )
            .select_from(wide.join(numbers, true()))
            .offset(AT_ONCE)
            .subquery("packed")
        )
        tallied = (
            select(*packed.c, *(e.label(n) for n, e in counts(packed.c).items()))
            .offset(AT_ONCE)
            .subquery("tallied")
        )
        c = tallied.c
        return select(
            c.firm_id, c.set_id, c.unmet_count, c.unknown_count, c.outcomes, c.gaps,
            *(e.label(n) for n, e in verdict(c).items()),
        )  # fmt: skip

    def detail(self, scope: Scope) -> Select[Any]:
        """Every column of every criterion, quantity and test."""
        return self._select(sorted(self._detail_names()), scope)

    def verdicts(self, scope: Scope) -> Select[Any]:
        """A row per firm: `s<id>_outcome` and `s<id>_outcomes` of each set, and nothing else."""
        for loaded in self.sets:
            self._totals(loaded)
        names = [f"s{loaded.id}_{name}" for loaded in self.sets for name in ("outcome", "outcomes")]
        return self._select(names, scope)

    def _select(self, wanted: list[str], scope: Scope) -> Select[Any]:
        facts = self.records.source(self.sheet.facts_read_by(wanted), scope)
        return self.sheet.select(facts, wanted)

    def _detail_names(self) -> set[str]:
        names = {f"{indicator}_{-back}" for back, indicator in self.records.figures}
        # They decide which years and which industry's rule a sentence speaks of.
        for attribute in ("registered_on", "industry_code"):
            names.add(str(self.records.attribute(attribute).key))
        for loaded in self.sets:
            names.update(self._totals(loaded))
            for rule in self._walk(self.rules[loaded.id]):
                names.update((rule.outcome, rule.gap))
                for test in rule.tests:
                    names.update(test.columns())
            for amount in self.parts[loaded.id].values():
                names.update(amount.columns())
        return names

    def _walk(self, rules: list[Rule]) -> list[Rule]:
        return [r for rule in rules for r in (rule, *self._walk(rule.members))]

    # --- sets ---------------------------------------------------------------------------------

    def _compile(self, loaded: LoadedSet) -> None:
        self.measuring.named = loaded.policy.quantities
        self.parts[loaded.id] = {
            name: self.measuring.part(name) for name in loaded.policy.quantities
        }
        self.rules[loaded.id] = [self._rules.compile(c, loaded.id) for c in loaded.policy.criteria]

    def _packed(self, loaded: LoadedSet) -> list[str]:
        """Columns of one set's outcomes as one number, how many of each, closeness, and gaps.

        Nested criteria have an outcome and a gap; only the outer ones count for the set.
        """
        outer = self.rules[loaded.id]
        everything = self._walk(outer)
        read, define, name = self.sheet.read, self.sheet.define, f"s{loaded.id}_"
        define(f"{name}outcomes", lambda: added(
            [read(r.outcome) * whole(1 << 2 * n) for n, r in enumerate(everything)]))  # fmt: skip
        define(f"{name}tally", lambda: added([_one_more(read(r.outcome)) for r in outer]))
        define(f"{name}close", lambda: added([read(r.close) for r in outer]))
        define(f"{name}gaps", lambda: array([read(r.gap) for r in everything], type_=BigInteger))
        return [name + label for label in PACKED]

    def _totals(self, loaded: LoadedSet) -> list[str]:
        """The same counted: what `summary` says of a set, as columns of the sheet."""
        name = f"s{loaded.id}_"
        labels = dict(zip(PACKED, self._packed(loaded), strict=True))

        def counted(build: Callable[[Any], dict[str, Sql]], label: str) -> Sql:
            read = {known: self.sheet.read(column) for known, column in labels.items()}
            return build(SimpleNamespace(**read))[label]

        for build, made in ((counts, COUNTS), (verdict, VERDICT)):
            for label in made:
                self.sheet.define(name + label, partial(counted, build, label))
            labels |= {label: name + label for label in made}
        return [name + label for label in (*COUNTS, *VERDICT)]


def counts(columns: Any) -> dict[str, Sql]:
    """How many criteria of the set have each outcome, from a byte for each."""
    return {
        f"{name}_count": columns.tally.op(">>")(whole(8 * outcome)).op("&")(whole(0xFF))
        for name, outcome in (
            ("unmet", p.Outcome.UNMET), ("unknown", p.Outcome.UNKNOWN), ("met", p.Outcome.MET)
        )
    }  # fmt: skip


def verdict(columns: Any) -> dict[str, Sql]:
    """What a set's counts come to."""
    applied = columns.unmet_count + columns.unknown_count + columns.met_count
    reached = columns.met_count * FULL + columns.close
    return {
        "outcome": case(
            (columns.unmet_count > ZERO, UNMET), (columns.unknown_count > ZERO, UNKNOWN),
            (columns.met_count > ZERO, MET), else_=SKIPPED,
        ),
        "readiness": cast(
            reached.op("/", precedence=8)(func.greatest(applied, whole(1))), Integer
        ),
    }  # fmt: skip


def _one_more(outcome: Sql) -> Sql:
    """One in the byte of that outcome."""
    return literal_column("1", Integer).op("<<")(outcome * whole(8))


def _by_halves(number: Sql, among: list[int], options: Mapping[int, Sql]) -> Sql:
    """The option of a number: asked for by halves, for it is asked once for every firm and set."""
    if len(among) == 1:
        return options[among[0]]
    middle = len(among) // 2
    lower = _by_halves(number, among[:middle], options)
    upper = _by_halves(number, among[middle:], options)
    return case((number < whole(among[middle]), lower), else_=upper)
