"""Criteria sets to one SQL statement: what `assess` stores and what `explain` shows.

Every set's criteria become columns of one sheet over the same facts; equal quantities and tests
are computed once for all sets. `summary` selects a row per firm and set, `detail` every column of
one firm: the same expressions, so the two can never disagree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import lcm
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Select,
    SmallInteger,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import BIT, array

from app.criteria import policy as p
from app.criteria.facts import Facts
from app.criteria.measuring import (
    TEN_THOUSAND,
    Amount,
    Measuring,
    Threshold,
    closeness,
    constant,
    excess,
    key,
    reaches,
    shortfall,
    stays,
    steps,
    whole,
)
from app.criteria.records import AS_OF, Records, Scope
from app.criteria.sheet import AT_ONCE, Sheet

Sql = ColumnElement[Any]
# Written into the statement, for it has thousands of them.
UNMET, MET, UNKNOWN, SKIPPED = (literal_column(str(int(o)), SmallInteger) for o in p.Outcome)
ZERO, FULL = literal_column("0", Integer), literal_column(str(TEN_THOUSAND), Integer)


TALLIED = ("unmet_count", "unknown_count", "met_count")
VERDICT = ("outcome", "readiness")


@dataclass(frozen=True)
class LoadedSet:
    """A criteria set and the number `assessment` knows it by."""

    id: int
    policy: p.CriteriaSet


@dataclass(frozen=True)
class Test:
    """One leaf condition as columns of the sheet, for the explanation."""

    condition: p.Node
    holds: str
    amount: Amount | None = None
    threshold: str | None = None
    bottom: int = 1
    gap: str | None = None


@dataclass
class Rule:
    """One criterion as columns: outcome, gap, closeness, and the tests inside it."""

    criterion: p.Criterion
    outcome: str
    gap: str
    close: str
    members: list["Rule"] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)


class Compiler:
    """Compiles sets over facts; one instance per statement."""

    def __init__(self, sets: list[LoadedSet], facts: Facts) -> None:
        self.sheet = Sheet()
        self.records = Records(self.sheet, facts)
        self.measuring = Measuring(self.sheet, self.records)
        self.measuring.condition = lambda node, owner: self._holds(node, owner, None)
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

    def _select(self, wanted: list[str], scope: Scope) -> Select[Any]:
        facts = self.records.source(self.sheet.facts_read_by(wanted), scope)
        return self.sheet.select(facts, wanted)

    def _detail_names(self) -> set[str]:
        names = {f"{indicator}_{-back}" for back, indicator in self.records.figures}
        for loaded in self.sets:
            names.update(self._totals(loaded))
            for rule in self._walk(self.rules[loaded.id]):
                names.update((rule.outcome, rule.gap))
                for test in rule.tests:
                    names.update(_test_names(test))
            for amount in self.parts[loaded.id].values():
                names.update(amount_names(amount))
        return names

    def _walk(self, rules: list[Rule]) -> list[Rule]:
        return [r for rule in rules for r in (rule, *self._walk(rule.members))]

    # --- sets ---------------------------------------------------------------------------------

    def _compile(self, loaded: LoadedSet) -> None:
        self.measuring.named = loaded.policy.quantities
        self.parts[loaded.id] = {
            name: self.measuring.part(name) for name in loaded.policy.quantities
        }
        self.rules[loaded.id] = [self._rule(c, loaded.id) for c in loaded.policy.criteria]

    def _outer(self, loaded: LoadedSet) -> int:
        """A bit at the place of each criterion that counts for the set; nested ones do not."""
        everything = self._walk(self.rules[loaded.id])
        counted = {id(rule) for rule in self.rules[loaded.id]}
        return sum(1 << 2 * n for n, rule in enumerate(everything) if id(rule) in counted)

    def _packed(self, loaded: LoadedSet) -> list[str]:
        """Columns of one set's outcomes as one number, its gaps, and closeness summed."""
        everything = self._walk(self.rules[loaded.id])
        read, define, name = self.sheet.read, self.sheet.define, f"s{loaded.id}_"
        define(f"{name}outcomes", lambda: _sum(
            [read(r.outcome) * whole(1 << 2 * n) for n, r in enumerate(everything)]))  # fmt: skip
        define(f"{name}close", lambda: _sum(
            [cast(read(r.close), Integer) for r in self.rules[loaded.id]]))  # fmt: skip
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

    # --- criteria -----------------------------------------------------------------------------

    def _rule(self, criterion: p.Criterion, set_id: int) -> Rule:
        if criterion.disabled is not None:
            return self._disabled(criterion, set_id)
        name = "c" + self._name_of(criterion, set_id)
        rule = Rule(criterion, f"{name}_o", f"{name}_g", f"{name}_k")
        built, reads = self.sheet.gather(lambda: self._outcome(criterion, rule, set_id))
        if rule.outcome in self.sheet:
            return rule
        self.sheet.add(rule.outcome, built, reads)

        def unmet() -> Sql:
            return self.sheet.read(rule.outcome) == UNMET

        self.sheet.define(rule.gap, lambda: case((unmet(), self._gap(criterion.rule, rule))))
        self.sheet.define(
            rule.close,
            lambda: case(
                (unmet(), self._close(criterion.rule, criterion.id, rule)), else_=_nothing()
            ),
        )
        return rule

    def _disabled(self, criterion: p.Criterion, set_id: int) -> Rule:
        rule = Rule(criterion, "off_o", "off_g", "off_k")
        self.sheet.define(rule.outcome, lambda: cast(SKIPPED, SmallInteger))
        self.sheet.define(rule.gap, _no_gap)
        self.sheet.define(rule.close, _nothing)
        rule.members = [self._rule(c, set_id) for c in _disabled_members(criterion)]
        return rule

    def _name_of(self, criterion: p.Criterion, set_id: int) -> str:
        """Equal criteria of different sets share their columns, unless something in them is own."""
        inner = list(p.nodes((criterion.rule, criterion.when)))
        if any(isinstance(node, p.Criterion | p.Judged) for node in inner):
            return f"{set_id}_" + criterion.id.replace(".", "_")
        both = [node for node in (criterion.rule, criterion.when) if node is not None]
        owner = "".join(self._owner_of(node, criterion.id) for node in both)
        when = "" if criterion.when is None else key(criterion.when, owner)
        return key(criterion.rule, owner) + when

    def _outcome(self, criterion: p.Criterion, rule: Rule, set_id: int) -> Sql:
        holds = self._holds(criterion.rule, criterion.id, rule, set_id)
        applies = None
        if criterion.when is not None:
            applies = self._holds(criterion.when, criterion.id, None)
        elif isinstance(criterion.rule, p.ByIndustry):
            applies = self._industry_fits(criterion.rule)
        if applies is None:
            return cast(func.coalesce(cast(holds, Integer), UNKNOWN), SmallInteger)
        return cast(
            case((~applies, SKIPPED), (holds, MET), (and_(~holds, applies), UNMET), else_=UNKNOWN),
            SmallInteger,
        )

    def _gap(self, node: Any, rule: Rule) -> Sql:
        """What closes it, in steps of its own unit; null where no amount does."""
        if isinstance(node, p.COMPARISONS):
            test = next(t for t in rule.tests if t.condition is node)
            return _no_gap() if test.gap is None else self.sheet.read(test.gap)
        if isinstance(node, p.Some):
            met = _sum([cast(func.coalesce(self._member(m, rule), false()), Integer)
                        for m in node.some.of])  # fmt: skip
            return cast(whole(node.some.k) - met, BigInteger)
        if isinstance(node, p.ByIndustry):
            return self._by_case(node, lambda rule_: self._gap(rule_, rule), _no_gap())
        return _no_gap()

    def _close(self, node: Any, owner: str, rule: Rule) -> Sql:
        """Closeness of what is unmet, in ten-thousandths below one."""
        match node:
            case p.AtLeast() | p.MoreThan() | p.AtMost() | p.LessThan():
                compared = comparison(node)
                amount, threshold = self._compared(compared, owner)
                rising = isinstance(node, p.AtLeast | p.MoreThan)
                return func.coalesce(closeness(amount, threshold, rising=rising), ZERO)
            case p.AnyOf():
                return func.greatest(*(self._member_close(m, owner, rule) for m in node.any))
            case p.AllOf():
                parts = [self._member_close(m, owner, rule) for m in node.all]
                return cast(_sum(parts).op("/", precedence=8)(whole(len(parts))), SmallInteger)
            case p.Some():
                met = [cast(func.coalesce(self._member(m, rule), false()), Integer)
                       for m in node.some.of]  # fmt: skip
                return cast(
                    (_sum(met) * FULL).op("/", precedence=8)(whole(node.some.k)), SmallInteger
                )
            case p.ByIndustry():
                return self._by_case(node, lambda r: self._close(r, owner, rule), _nothing())
        return _nothing()

    def _member_close(self, member: Any, owner: str, rule: Rule) -> Sql:
        if isinstance(member, p.Criterion):
            inner = next(r for r in rule.members if r.criterion is member)
            read = self.sheet.read
            return case((read(inner.outcome).in_([MET, SKIPPED]), FULL), else_=read(inner.close))
        holds = self._holds(member, owner, None)
        return case((holds, FULL), (~holds, self._close(member, owner, rule)), else_=ZERO)

    # --- conditions ---------------------------------------------------------------------------

    def _holds(self, node: Any, owner: str, rule: Rule | None, set_id: int = 0) -> Sql:
        """True, false or unknown; notes leaf tests and named members in `rule`."""
        match node:
            case p.AnyOf():
                return or_(*(self._noted(m, owner, rule, set_id, false()) for m in node.any))
            case p.AllOf():
                return and_(*(self._noted(m, owner, rule, set_id, true()) for m in node.all))
            case p.Some():
                return self._some(node.some, owner, rule, set_id)
            case p.Not():
                return ~self._holds(node.not_, owner, rule, set_id)
            case p.ByIndustry():
                return self._by_case(
                    node,
                    lambda inner: self._holds(inner, owner, rule, set_id),
                    cast(null(), Boolean),
                )
        return self._leaf(node, owner, rule)

    def _noted(self, member: Any, owner: str, rule: Rule | None, set_id: int, skipped: Sql) -> Sql:
        if not isinstance(member, p.Criterion):
            return self._holds(member, owner, rule, set_id)
        assert rule is not None, "named criteria stand in rules, not in `when`"
        inner = self._rule(member, set_id)
        rule.members.append(inner)
        return _three_valued(self.sheet.read(inner.outcome), skipped)

    def _member(self, member: Any, rule: Rule) -> Sql:
        """A member that was compiled before, read again."""
        if isinstance(member, p.Criterion):
            inner = next(r for r in rule.members if r.criterion is member)
            return self.sheet.read(inner.outcome) == MET
        return self._holds(member, rule.criterion.id, None)

    def _some(self, some: p.SomeOf, owner: str, rule: Rule | None, set_id: int) -> Sql:
        held = [self._noted(m, owner, rule, set_id, false()) for m in some.of]
        sure = _sum([cast(func.coalesce(h, false()), Integer) for h in held])
        may = _sum([cast(func.coalesce(h, true()), Integer) for h in held])
        return case((sure >= whole(some.k), true()), (may < whole(some.k), false()))

    def _leaf(self, node: Any, owner: str, rule: Rule | None) -> Sql:
        personal = owner if isinstance(node, p.Judged) else ""
        name = f"t{key(node, personal or self._owner_of(node, owner))}"
        holds = self.sheet.define(name, lambda: self._test(node, owner))
        if rule is not None:
            rule.tests.append(self._note(node, owner, name))
        return holds

    def _owner_of(self, node: Any, owner: str) -> str:
        """References mean other quantities in other sets, experts' points other owners."""
        if any(isinstance(inner, p.Ref | p.Expert) for inner in p.nodes(node)):
            return owner + str(sorted(self.measuring.named))
        return ""

    def _test(self, node: Any, owner: str) -> Sql:
        records = self.records
        match node:
            case p.AtLeast() | p.MoreThan():
                amount, threshold = self._compared(comparison(node), owner)
                return reaches(amount, threshold, strictly=isinstance(node, p.MoreThan))
            case p.AtMost() | p.LessThan():
                amount, threshold = self._compared(comparison(node), owner)
                return stays(amount, threshold, strictly=isinstance(node, p.LessThan))
            case p.Holds():
                return or_(*(records.holds(kind) for kind in node.holds))
            case p.Judged():
                return records.judged(owner)
            case p.NoIncident():
                return records.no_incident(node.no_incident)
            case p.NotListed():
                return records.not_listed(node.not_listed)
            case p.Known():
                return case((records.attribute(node.known).is_not(None), true()))
            case p.StartsWith():
                attribute = records.attribute(node.starts_with.field)
                prefixes: list[Sql] = [literal_column(f"'{x}%'") for x in node.starts_with.prefix]
                return or_(*(attribute.like(prefix) for prefix in prefixes))
            case p.IsTrue():
                of, _, column = node.is_true.rpartition(".")
                return records.residency(column) if of else records.attribute(column)
            case p.Resident():
                return records.resident()
            case p.ResidencyField():
                field_ = records.residency("field")
                return field_.in_([literal_column(f"'{x}'") for x in node.residency_field])
        raise TypeError(f"no SQL for {type(node).__name__}")

    def _note(self, node: Any, owner: str, name: str) -> Test:
        if not isinstance(node, p.COMPARISONS):
            return Test(node, name)
        compared = comparison(node)
        amount, threshold = self._compared(compared, owner)
        top = self.sheet.define(f"{name}_t", lambda: self._compared(compared, owner)[1].top)
        gap = None
        if amount.gap_unit is not None:
            gap = f"{name}_g"
            self.sheet.define(gap, lambda: self._amount_missing(node, owner))
        return Test(node, name, amount, str(top.key), threshold.bottom, gap)

    def _amount_missing(self, node: Any, owner: str) -> Sql:
        compared = comparison(node)
        amount, threshold = self._compared(compared, owner)
        if isinstance(node, p.AtMost | p.LessThan):
            if amount.gap_unit == "day":
                return _no_gap()  # an age cannot be lowered
            return excess(amount, threshold, strictly=isinstance(node, p.LessThan))
        if isinstance(compared.of, p.Months):
            return self._days_to_month(compared.of, threshold)
        return shortfall(amount, threshold, strictly=isinstance(node, p.MoreThan))

    def _days_to_month(self, of: p.Months, threshold: Threshold) -> Sql:
        start = self.measuring.moment(of.months.start)
        due = start + func.make_interval(ZERO, cast(threshold.top, Integer))
        return cast(cast(due, Date) - AS_OF, BigInteger)

    def _compared(self, compared: p.Compared, owner: str) -> tuple[Amount, Threshold]:
        amount = self.measuring.measure(compared.of, owner)
        if not isinstance(compared.value, p.Banded):
            return amount, constant(compared.value, amount)
        return amount, self._banded(compared.value, amount, owner)

    def _banded(self, banded: p.Banded, amount: Amount, owner: str) -> Threshold:
        by = self.measuring.measure(banded.by, owner)
        values = [steps(band.value, amount) for band in banded.bands]
        bottom = 1
        for value in values:
            bottom = lcm(bottom, value.denominator)
        cases = [
            (stays(by, constant(band.upto, by)) if band.upto is not None else by.low.is_not(None),
             whole(int(value * bottom)))
            for band, value in zip(banded.bands, values, strict=True)
        ]  # fmt: skip
        return Threshold(case(*cases), bottom)

    # --- industries ---------------------------------------------------------------------------

    def _by_case(self, node: p.ByIndustry, build: Any, unfit: Sql) -> Sql:
        cases = [(self._in(case_.industry), build(case_.rule)) for case_ in node.by_industry.cases]
        rest = node.by_industry.otherwise
        known = self.records.attribute("industry_code").is_not(None)
        if rest is not None:
            cases.append((known, build(rest)))
        return case(*cases, else_=unfit)

    def _industry_fits(self, node: p.ByIndustry) -> Sql | None:
        if node.by_industry.otherwise is not None:
            return None
        return or_(*(self._in(case_.industry) for case_ in node.by_industry.cases))

    def _in(self, industries: tuple[str, ...]) -> Sql:
        code = self.records.attribute("industry_code")
        return or_(*(code.like(literal_column(f"'{prefix}%'")) for prefix in industries))


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
    return cast(func.bit_count(cast(bits, BIT(64))), SmallInteger)


COMPARED: dict[type[Any], str] = {kind: next(iter(kind.model_fields)) for kind in p.COMPARISONS}


def comparison(node: Any) -> p.Compared:
    """The inside of a comparison, whichever it is."""
    found: p.Compared = getattr(node, COMPARED[type(node)])
    return found


def amount_names(amount: Amount) -> list[str]:
    """The sheet's columns that hold an amount."""
    parts = (amount.low, amount.high, amount.over)
    return [str(part.key) for part in parts if part is not None]


def _test_names(test: Test) -> list[str]:
    names = [test.holds, *filter(None, (test.threshold, test.gap))]
    return names if test.amount is None else names + amount_names(test.amount)


def _three_valued(outcome: Sql, skipped: Sql) -> Sql:
    return case(
        (outcome == MET, true()), (outcome == UNMET, false()), (outcome == SKIPPED, skipped)
    )


def _disabled_members(criterion: p.Criterion) -> list[p.Criterion]:
    """Named members of a disabled criterion: disabled with it."""
    inner = [n for n in p.nodes(criterion.rule) if isinstance(n, p.Criterion)]
    return [c.model_copy(update={"disabled": criterion.disabled, "rule": p.Judged(judged=True)})
            for c in inner]  # fmt: skip


def _no_gap() -> Sql:
    return cast(null(), BigInteger)


def _nothing() -> Sql:
    return literal_column("0", SmallInteger)


def _sum(terms: Sequence[Sql]) -> Sql:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
