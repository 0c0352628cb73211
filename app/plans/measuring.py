"""How much a target has on a day: the whole, each park's part, and the firms behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    SQLColumnExpression,
    True_,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.db import FEN_PER_YUAN, Yuan
from app.criteria.facts import Facts, best_known, known_at, table
from app.criteria.grammar import Node
from app.firms.models import Firm
from app.firms.queries import visible
from app.plans import grammar
from app.plans.counting import DIVISIONS, When, contributions, divided
from app.plans.records import RECORDS

HUNDRED = 100


@dataclass(frozen=True)
class Asked:
    """A day, what had been recorded by an instant, and who asks."""

    actor: Actor
    day: date
    known: datetime | None = None

    @property
    def facts(self) -> Facts:
        """What was known then, or is known now."""
        return best_known() if self.known is None else known_at(self.known)

    def within(self, firm_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """Only firms that the actor may know of; nothing at all to test for the whole district."""
        scope = visible(self.actor)
        return true() if isinstance(scope, True_) else firm_id.in_(select(Firm.id).where(scope))


@dataclass(frozen=True)
class Measure:
    """What was counted: sums above and below the line, how many firms, of how many one lacks data.

    `scale` brings the quotient into the target's unit. Measures of disjoint firms add up.
    """

    part: int
    whole: int | None
    firms: int
    unknown: int
    scale: Fraction

    def __add__(self, other: "Measure") -> "Measure":
        whole = None if self.whole is None else self.whole + (other.whole or 0)
        return replace(
            self, part=self.part + other.part, whole=whole, firms=self.firms + other.firms,
            unknown=self.unknown + other.unknown,
        )  # fmt: skip

    @property
    def value(self) -> Fraction | None:
        """In the target's unit; unknown where nothing is known of any firm."""
        if self.unknown and self.unknown == self.firms:
            return None
        if self.whole is None:
            return self.part * self.scale
        return None if self.whole == 0 else Fraction(self.part, self.whole) * self.scale


def scale_of(rule: Node, population: Fraction | None) -> Fraction | None:
    """What brings the counted into the target's unit; None where the population is not known."""
    match rule:
        case grammar.Ratio() | grammar.Coverage():
            return Fraction(HUNDRED)
        case grammar.Sum(sum=records, amount=amount):
            kind = table(RECORDS[records.record].model).c[amount].type
            return Fraction(1, FEN_PER_YUAN) if isinstance(kind, Yuan) else Fraction(1)
        case grammar.PerPopulation(people=people):
            return None if not population else people / population
    return Fraction(1)


@dataclass(frozen=True)
class Wanted:
    """What is to be counted: by which rule, on which day, since when, in which unit."""

    rule: Node
    when: When
    scale: Fraction


def measures(
    session: Session, asked: Asked, wanted: Mapping[Any, Wanted]
) -> dict[Any, Measure | None]:
    """Everything that is wanted, in one statement; None where the register has no such fact yet."""
    facts = asked.facts
    queries = []
    for number, one in enumerate(wanted.values()):
        rows = contributions(one.rule, one.when, facts).subquery(f"counted{number}")
        queries.append(
            select(literal_column(str(number)).label("number"), *_totals(rows))
            .where(asked.within(rows.c.firm_id))
        )  # fmt: skip
    if not queries:
        return {}
    found = {row.number: row for row in session.execute(union_all(*queries))}
    return {key: _measured(found[number], one) for number, (key, one) in enumerate(wanted.items())}


def _totals(rows: FromClause) -> list[Any]:
    return [func.sum(rows.c.part).label("part"), func.sum(rows.c.whole).label("whole"),
            func.count().label("firms"),
            func.count().filter(rows.c.unknown).label("unknown")]  # fmt: skip


def _measured(row: Any, wanted: Wanted) -> Measure | None:
    if not row.firms:
        return None if lacks_facts(wanted.rule) else Measure(0, None, 0, 0, wanted.scale)
    whole = None if row.whole is None else int(row.whole)
    return Measure(int(row.part or 0), whole, row.firms, row.unknown, wanted.scale)


def by_division(session: Session, asked: Asked, wanted: Wanted, by: str) -> dict[Any, Measure]:
    """The parts by who answers for the firms; under None those for whom nobody does."""
    facts = asked.facts
    found = contributions(wanted.rule, wanted.when, facts)
    source, key, rows = divided(found, by, wanted.when.day, facts)
    query = (
        select(key.label("key"), *_totals(rows))
        .select_from(source)
        .where(asked.within(rows.c.firm_id))
        .group_by(key)
    )
    parts = {row.key: _measured(row, wanted) for row in session.execute(query)}
    return {key: one for key, one in parts.items() if one is not None}


def lacks_facts(rule: Node) -> bool:
    """Whether nothing counted means that nothing is known.

    Designations are kept by the bureau itself: what is not recorded is not held. Of records kept by
    others, none at all means that nobody has entered any.
    """
    return not isinstance(rule, grammar.Stock | grammar.Gained)


def firms_behind(asked: Asked, wanted: Wanted, by: str | None = None) -> Any:
    """`id`, `name`, `credit_code`, `part`, `whole`, `unknown` and `division` of each firm."""
    facts = asked.facts
    found = contributions(wanted.rule, wanted.when, facts)
    source, key, rows = divided(found, by, wanted.when.day, facts)
    return (
        select(Firm.id, Firm.name, Firm.credit_code, rows.c.part, rows.c.whole, rows.c.unknown,
               key.label("division"))
        .select_from(source.join(Firm, Firm.id == rows.c.firm_id))
        .where(visible(asked.actor))
    )  # fmt: skip


def divisions(session: Session, by: str, regulators: Mapping[str, str]) -> dict[Any, Organisation]:
    """Who answers, by the key that `by_division` gives."""
    if by not in DIVISIONS:
        raise ValueError(by)
    if by != "department":
        rows = session.scalars(select(Organisation).where(Organisation.kind == by))
        return {body.id: body for body in rows}
    codes = set(regulators.values())
    bodies = session.scalars(select(Organisation).where(Organisation.code.in_(codes)))
    known = {body.code: body for body in bodies}
    return {section: known[code] for section, code in regulators.items() if code in known}


def regulated(regulators: Mapping[str, str], code: str) -> list[str]:
    """The sections of GB/T 4754 that a department answers for."""
    return [section for section, unit in regulators.items() if unit == code]
