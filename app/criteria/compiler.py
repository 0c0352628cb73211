"""Criteria sets to one SQL statement: what `assess` stores and what `explain` shows.

Every set's criteria become columns of one sheet over the same facts; equal quantities and tests
are computed once for all sets. `summary` selects a row per firm and set, `detail` every column of
one firm: the same expressions, so the two can never disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from sqlalchemy.dialects.postgresql import BIT, array

from app.criteria import policy as p
from app.criteria.amounts import Amount, Sql, added, whole
from app.criteria.facts import Facts
from app.criteria.leaves import ZERO, Leaves
from app.criteria.measuring import Measuring
from app.criteria.records import Records, Scope
from app.criteria.rules import FULL, MET, SKIPPED, UNKNOWN, UNMET, Rule, Rules
from app.criteria.sheet import AT_ONCE, Sheet

__all__ = ["Compiler", "LoadedSet", "Rule"]

TALLIED = ("unmet_count", "unknown_count", "met_count")
VERDICT = ("outcome", "readiness")


@dataclass(frozen=True)
class LoadedSet:
    """A criteria set and the number `assessment` knows it by."""

    id: int
    policy: p.CriteriaSet


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
        numbers = (
            select(
                func.unnest(array([whole(loaded.id) for loaded in self.sets])).label("set_id"),
                func.unnest(array([whole(self._outer(loaded)) for loaded in self.sets])).label(
                    "outer_bits"
                ),
            )
        ).subquery("sets")

        def chosen(suffix: str, kind: Any) -> Sql:
            options = {
                loaded.id: literal_column(f"wide.s{loaded.id}_{suffix}", kind)
                for loaded in self.sets
            }
            return case(options, value=numbers.c.set_id).label(suffix)

        packed = (
            select(
                wide.c.firm_id,
                numbers.c.set_id,
                cast(numbers.c.outer_bits, BigInteger).label("outer_bits"),
                chosen("outcomes", BigInteger()),
                chosen("close", Integer()),
                chosen("gaps", None),
            )
            .select_from(wide.join(numbers, true()))
            .offset(AT_ONCE)
            .subquery("packed")
        )
        tallied = (
            select(*packed.c, *(e.label(n) for n, e in tally(packed.c).items()))
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

    def _outer(self, loaded: LoadedSet) -> int:
        """A bit at the place of each criterion that counts for the set; nested ones do not."""
        everything = self._walk(self.rules[loaded.id])
        counted = {id(rule) for rule in self.rules[loaded.id]}
        return sum(1 << 2 * n for n, rule in enumerate(everything) if id(rule) in counted)

    def _packed(self, loaded: LoadedSet) -> list[str]:
        """Columns of one set's outcomes as one number, its gaps, and closeness summed."""
        everything = self._walk(self.rules[loaded.id])
        read, define, name = self.sheet.read, self.sheet.define, f"s{loaded.id}_"
        define(f"{name}outcomes", lambda: added(
            [read(r.outcome) * whole(1 << 2 * n) for n, r in enumerate(everything)]))  # fmt: skip
        define(f"{name}close", lambda: added(
            [read(r.close) for r in self.rules[loaded.id]]))  # fmt: skip
        define(f"{name}gaps", lambda: array([read(r.gap) for r in everything], type_=BigInteger))
        return [name + label for label in ("outcomes", "close", "gaps")]

    def _totals(self, loaded: LoadedSet) -> list[str]:
        """The same counted: what `summary` says of a set, as columns of the sheet."""
        packed, name = self._packed(loaded), f"s{loaded.id}_"
        labels = {"outcomes": packed[0], "close": packed[1]}

        def counted(build: Callable[[Any], dict[str, Sql]], label: str) -> Sql:
            read = {known: self.sheet.read(column) for known, column in labels.items()}
            return build(SimpleNamespace(**read, outer_bits=whole(self._outer(loaded))))[label]

        for build, made in ((tally, TALLIED), (verdict, VERDICT)):
            for label in made:
                self.sheet.define(name + label, partial(counted, build, label))
            labels |= {label: name + label for label in made}
        return [name + label for label in (*TALLIED, *VERDICT)]


def tally(columns: Any) -> dict[str, Sql]:
    """How many criteria of the set have each outcome, from two bits for each."""
    outer = columns.outer_bits
    low = columns.outcomes.op("&")(outer)
    high = columns.outcomes.op(">>")(literal_column("1")).op("&")(outer)
    counted = {
        "unmet_count": outer.op("&")(low.op("|")(high).op("#")(outer)),
        "unknown_count": high.op("&")(low.op("#")(outer)),
        "met_count": low.op("&")(high.op("#")(outer)),
    }
    return {name: _bits(found) for name, found in counted.items()}


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


def _bits(bits: Sql) -> Sql:
    return func.bit_count(cast(bits, BIT(64)))
