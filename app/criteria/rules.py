"""Criteria to SQL: outcome, gap and closeness of each, from the conditions it is made of."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    true,
)

from app.criteria import conditions as cond
from app.criteria import policy as p
from app.criteria.amounts import Sql, added, whole
from app.criteria.comparing import TEN_THOUSAND, closeness
from app.criteria.leaves import ZERO, Leaves, Test, comparison, no_gap
from app.criteria.measuring import key
from app.criteria.sheet import Sheet

# Written into the statement, for it has thousands of them.
UNMET, MET, UNKNOWN, SKIPPED = (literal_column(str(int(o)), Integer) for o in p.Outcome)
FULL = literal_column(str(TEN_THOUSAND), Integer)


@dataclass
class Rule:
    """One criterion as columns: outcome, gap, closeness, and the tests inside it."""

    criterion: p.Criterion
    outcome: str
    gap: str
    close: str
    # Whether its condition holds, where that is all: it applies to every firm.
    held: str | None = None
    members: list["Rule"] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)


class Rules:
    """Compiles criteria over leaf conditions; equal ones of different sets share their columns."""

    def __init__(self, sheet: Sheet, leaves: Leaves) -> None:
        self.sheet = sheet
        self.leaves = leaves

    def compile(self, criterion: p.Criterion, set_id: int) -> Rule:
        """Its outcome, gap and closeness as columns, and those of the criteria inside it."""
        if criterion.disabled is not None:
            return self._disabled(criterion, set_id)
        name = "c" + self._name_of(criterion, set_id)
        rule = Rule(criterion, f"{name}_o", f"{name}_g", f"{name}_k")
        built, reads = self.sheet.gather(
            lambda: self._outcome(criterion, rule, f"{name}_h", set_id)
        )
        if rule.outcome in self.sheet:
            return rule
        self.sheet.add(rule.outcome, built, reads)

        def where_unmet(found: Sql, otherwise: Sql) -> Sql:
            if found.compare(otherwise):
                return otherwise
            return case((self.sheet.read(rule.outcome) == UNMET, found), else_=otherwise)

        node, owner = criterion.rule, criterion.id
        self.sheet.define(rule.gap, lambda: where_unmet(self._gap(node, rule), no_gap()))
        self.sheet.define(
            rule.close, lambda: where_unmet(self._close(node, owner, rule), _nothing())
        )
        return rule

    def _disabled(self, criterion: p.Criterion, set_id: int) -> Rule:
        rule = Rule(criterion, "off_o", "off_g", "off_k")
        self.sheet.define(rule.outcome, lambda: SKIPPED)
        self.sheet.define(rule.gap, no_gap)
        self.sheet.define(rule.close, _nothing)
        rule.members = [self.compile(c, set_id) for c in _disabled_members(criterion)]
        return rule

    def _name_of(self, criterion: p.Criterion, set_id: int) -> str:
        """Equal criteria of different sets share their columns, unless something in them is own."""
        inner = list(p.nodes((criterion.rule, criterion.when)))
        if any(isinstance(node, p.Criterion | cond.Judged) for node in inner):
            return f"{set_id}_" + criterion.id.replace(".", "_")
        both = [node for node in (criterion.rule, criterion.when) if node is not None]
        owner = "".join(self.leaves.owner_of(node, criterion.id) for node in both)
        when = "" if criterion.when is None else key(criterion.when, owner)
        return key(criterion.rule, owner) + when

    def _outcome(self, criterion: p.Criterion, rule: Rule, name: str, set_id: int) -> Sql:
        built, reads = self.sheet.gather(
            lambda: self.holds(criterion.rule, criterion.id, rule, set_id)
        )
        if name not in self.sheet:
            self.sheet.add(name, built, reads)
        holds, applies = self.sheet.read(name), None
        if criterion.when is not None:
            applies = self.holds(criterion.when, criterion.id, None)
        elif isinstance(criterion.rule, cond.ByIndustry):
            applies = self.leaves.industry_fits(criterion.rule)
        if applies is None:
            rule.held = name
            return func.coalesce(cast(holds, Integer), UNKNOWN)
        return case(
            (~applies, SKIPPED), (holds, MET), (and_(~holds, applies), UNMET), else_=UNKNOWN
        )

    def _gap(self, node: Any, rule: Rule) -> Sql:
        """What closes it, in steps of its own unit; null where no amount does."""
        if isinstance(node, cond.COMPARISONS):
            test = next(t for t in rule.tests if t.condition is node)
            return no_gap() if test.gap is None else self.sheet.read(test.gap)
        if isinstance(node, cond.Some):
            met = added([cast(func.coalesce(self._member(m, rule), false()), Integer)
                        for m in node.some.of])  # fmt: skip
            return cast(whole(node.some.k) - met, BigInteger)
        if isinstance(node, cond.ByIndustry):
            return self.leaves.by_case(node, lambda rule_: self._gap(rule_, rule), no_gap())
        return no_gap()

    def _close(self, node: Any, owner: str, rule: Rule) -> Sql:
        """Closeness of what is unmet, in ten-thousandths below one."""
        match node:
            case cond.AtLeast() | cond.MoreThan() | cond.AtMost() | cond.LessThan():
                compared = comparison(node)
                amount, threshold = self.leaves.compared(compared, owner)
                near = closeness(
                    amount, threshold, rising=isinstance(node, cond.AtLeast | cond.MoreThan),
                    strictly=isinstance(node, cond.MoreThan | cond.LessThan),
                )  # fmt: skip
                return func.coalesce(near, ZERO)
            case cond.AnyOf():
                return func.greatest(*(self._member_close(m, owner, rule) for m in node.any))
            case cond.AllOf():
                parts = [self._member_close(m, owner, rule) for m in node.all]
                return added(parts).op("/", precedence=8)(whole(len(parts)))
            case cond.Some():
                met = [cast(func.coalesce(self._member(m, rule), false()), Integer)
                       for m in node.some.of]  # fmt: skip
                return (added(met) * FULL).op("/", precedence=8)(whole(node.some.k))
            case cond.ByIndustry():
                return self.leaves.by_case(node, lambda r: self._close(r, owner, rule), _nothing())
        return _nothing()

    def _member_close(self, member: Any, owner: str, rule: Rule) -> Sql:
        if isinstance(member, p.Criterion):
            inner = next(r for r in rule.members if r.criterion is member)
            return case((self._done(inner), FULL), else_=self.sheet.read(inner.close))
        holds = self.holds(member, owner, None)
        return case((holds, FULL), (~holds, self._close(member, owner, rule)), else_=ZERO)

    def _done(self, inner: Rule) -> Sql:
        """Met, or nothing that this firm is held to."""
        if inner.held is not None:
            return self.sheet.read(inner.held)
        return self.sheet.read(inner.outcome).in_([MET, SKIPPED])

    # --- conditions ---------------------------------------------------------------------------

    def holds(self, node: Any, owner: str, rule: Rule | None, set_id: int = 0) -> Sql:
        """True, false or unknown; notes leaf tests and named members in `rule`."""
        match node:
            case cond.AnyOf():
                return or_(*(self._noted(m, owner, rule, set_id, false()) for m in node.any))
            case cond.AllOf():
                return and_(*(self._noted(m, owner, rule, set_id, true()) for m in node.all))
            case cond.Some():
                return self._some(node.some, owner, rule, set_id)
            case cond.Not():
                return ~self.holds(node.not_, owner, rule, set_id)
            case cond.ByIndustry():
                return self.leaves.by_case(
                    node,
                    lambda inner: self.holds(inner, owner, rule, set_id),
                    cast(null(), Boolean),
                )
        if rule is not None:
            rule.tests.append(self.leaves.noted(node, owner))
        return self.leaves.holds(node, owner)

    def _noted(self, member: Any, owner: str, rule: Rule | None, set_id: int, skipped: Sql) -> Sql:
        if not isinstance(member, p.Criterion):
            return self.holds(member, owner, rule, set_id)
        assert rule is not None, "named criteria stand in rules, not in `when`"
        inner = self.compile(member, set_id)
        rule.members.append(inner)
        if inner.held is not None:
            return self.sheet.read(inner.held)
        return _three_valued(self.sheet.read(inner.outcome), skipped)

    def _member(self, member: Any, rule: Rule) -> Sql:
        """A member that was compiled before, read again."""
        if isinstance(member, p.Criterion):
            inner = next(r for r in rule.members if r.criterion is member)
            if inner.held is not None:
                return self.sheet.read(inner.held)
            return self.sheet.read(inner.outcome) == MET
        return self.holds(member, rule.criterion.id, None)

    def _some(self, some: cond.SomeOf, owner: str, rule: Rule | None, set_id: int) -> Sql:
        held = [self._noted(m, owner, rule, set_id, false()) for m in some.of]
        sure = added([cast(func.coalesce(h, false()), Integer) for h in held])
        may = added([cast(func.coalesce(h, true()), Integer) for h in held])
        return case((sure >= whole(some.k), true()), (may < whole(some.k), false()))


def _three_valued(outcome: Sql, skipped: Sql) -> Sql:
    return case(
        (outcome == MET, true()), (outcome == UNMET, false()), (outcome == SKIPPED, skipped)
    )


def _disabled_members(criterion: p.Criterion) -> list[p.Criterion]:
    """Named members of a disabled criterion: disabled with it."""
    inner = [n for n in p.nodes(criterion.rule) if isinstance(n, p.Criterion)]
    return [c.model_copy(update={"disabled": criterion.disabled, "rule": cond.Judged(judged=True)})
            for c in inner]  # fmt: skip


def _nothing() -> Sql:
    return literal_column("0", Integer)
