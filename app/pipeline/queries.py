"""Where a firm stands and why: explanations from the very statement that assesses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, or_, select
from sqlalchemy.orm import Session

from app.core.prepared import Prepared, as_sql, prepared, run
from app.criteria import conditions as cond
from app.criteria import phrases, sentences
from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.amounts import Amount
from app.criteria.compiler import Compiler, LoadedSet, Rule
from app.criteria.facts import Facts, WhatIf, best_known, known_at, supposed, supposing
from app.criteria.leaves import COMPARED, Test, comparison
from app.criteria.reading import figures
from app.criteria.schemas import (
    CriterionExplanation,
    FigureUsed,
    Part,
    SetExplanation,
    TestOutcome,
)
from app.criteria.sentences import OPPOSITE, Standing, case_of
from app.criteria.store import get_sets, sets_in_force
from app.firms.catalogue import INDICATORS, Label
from app.firms.models import Submission

OUTCOME_NAMES = ("unmet", "met", "unknown", "not_applicable")
SCALES = {"yuan": 100, "percent": 100}
RISING = ("at_least", "more_than")
KINDS = {"as_of": "date", "firm_id": "int", "figures": "jsonb", "judgements": "jsonb"}


class _Key(tuple[LoadedSet, ...]):
    def __hash__(self) -> int:
        return hash(tuple((s.id, s.policy.code) for s in self))


@dataclass(frozen=True)
class Compiled:
    """A compiler and the statement of its details for one firm."""

    compiler: Compiler
    statement: Prepared
    # What never changes between two firms: the figures and the words of each test.
    reads: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    refs: dict[int, list[str]] = field(default_factory=dict)
    words: dict[int, Label] = field(default_factory=dict)

    def figures(self, node: Any, policy: p.CriteriaSet) -> list[tuple[str, int]]:
        """Which figures a leaf condition reads, each once."""
        if id(node) not in self.reads:
            self.reads[id(node)] = list(dict.fromkeys(figures(node, policy.quantities)))
        return self.reads[id(node)]

    def parts(self, rule: Rule, policy: p.CriteriaSet) -> list[str]:
        """Which named quantities it is made of, each once."""
        if id(rule) not in self.refs:
            found = _refs(rule.criterion.rule, policy.quantities)
            self.refs[id(rule)] = list(dict.fromkeys(found))
        return self.refs[id(rule)]

    def measured(self, test: Test, compared: cond.Compared, policy: p.CriteriaSet) -> Label:
        """The quantity of a test in words."""
        if id(test) not in self.words:
            self.words[id(test)] = phrases.quantity(compared.of, policy.quantities)
        return self.words[id(test)]


def _compile(sets: list[LoadedSet], facts: Facts) -> Compiled:
    compiler = Compiler(sets, facts)
    detail = compiler.detail(lambda key: key == bindparam("firm_id", type_=Integer))
    return Compiled(compiler, prepared(as_sql(detail), KINDS))


@lru_cache(maxsize=32)
def _compiled(sets: _Key) -> Compiled:
    return _compile(list(sets), best_known())


@lru_cache(maxsize=32)
def _supposing(sets: _Key) -> Compiled:
    return _compile(list(sets), supposing())


@dataclass(frozen=True)
class _Row:
    """One firm's details, and where each of its figures comes from."""

    values: dict[str, Any]
    as_of: date
    sources: dict[tuple[str, int], tuple[int | None, str, datetime | None]]
    figures: dict[tuple[str, int], FigureUsed] = field(default_factory=dict)

    def number(self, name: Any) -> int | None:
        found = self.values[str(name.key)]
        return None if found is None else int(found)

    @property
    def industry_code(self) -> str | None:
        """The firm's industry."""
        found: str | None = self.values["firm_industry_code"]
        return found

    @property
    def registered_on(self) -> date | None:
        """The day the firm was registered."""
        found: date | None = self.values["firm_registered_on"]
        return found

    def has_lived(self, back: int) -> bool:
        """Whether the firm was there in a year, counted back from the year of the day."""
        born = self.registered_on
        return born is None or born.year <= self.as_of.year + back


def explain(
    session: Session,
    firm_id: int,
    as_of: date,
    *,
    codes: list[str] | None = None,
    known: datetime | None = None,
    what_if: WhatIf | None = None,
) -> list[SetExplanation]:
    """One firm against the sets in force on a day (or the sets named), criterion by criterion.

    `known` limits the facts to what had been recorded by that instant; else `what_if` replaces
    some of them. Nothing is written.
    """
    day = as_of if what_if is None or what_if.as_of is None else what_if.as_of
    sets = sets_in_force(session, day) if codes is None else get_sets(session, codes)
    if not sets:
        return []
    values: dict[str, Any] = {"as_of": day, "firm_id": firm_id}
    if known is None:
        compiled = _compiled(_Key(sets)) if what_if is None else _supposing(_Key(sets))
        values |= {} if what_if is None else supposed(firm_id, what_if)
        found = run(session, compiled.statement, values).fetchone()
    else:
        compiler = Compiler(sets, known_at(known))
        detail = compiler.detail(lambda key: key == firm_id)
        compiled = Compiled(compiler, Prepared("", "", (), ()))
        mapped = session.execute(detail, {"as_of": day}).mappings().first()
        found = None if mapped is None else dict(mapped)
    if found is None:
        return []
    row = _Row(found, day, _sources(session, firm_id, known, what_if))
    return [_set(loaded, compiled, row, known) for loaded in sets]


def _sources(
    session: Session, firm_id: int, known: datetime | None, what_if: WhatIf | None
) -> dict[tuple[str, int], tuple[int | None, str, datetime | None]]:
    query = select(
        Submission.indicator, Submission.year, Submission.value, Submission.source,
        Submission.recorded_at,
    ).where(Submission.firm_id == firm_id)  # fmt: skip
    if known is None:
        query = query.where(
            Submission.effective_at.is_not(None), Submission.superseded_at.is_(None)
        )
    else:
        query = query.where(
            Submission.effective_at <= known,
            or_(Submission.superseded_at.is_(None), Submission.superseded_at > known),
        )
    found: dict[tuple[str, int], tuple[int | None, str, datetime | None]] = {
        (r[0], r[1]): (r[2], r[3], r[4]) for r in session.execute(query)
    }
    for (year, indicator), value in ({} if what_if is None else what_if.figures).items():
        found[indicator, year] = (value, "what_if", None)
    return found


def _set(
    loaded: LoadedSet, compiled: Compiled, row: _Row, known: datetime | None
) -> SetExplanation:
    policy, name = loaded.policy, f"s{loaded.id}_"
    unmet, unknown = row.values[f"{name}unmet_count"], row.values[f"{name}unknown_count"]
    return SetExplanation(
        **{
            key: getattr(policy, key)
            for key in ("code", "title", "rung", "purpose", "label", "document", "since", "until",
                        "reviewed", "origin", "note")
        },
        as_of=row.as_of,
        known_at=known,
        outcome=OUTCOME_NAMES[row.values[f"{name}outcome"]],
        unmet_count=unmet,
        unknown_count=unknown,
        gap_count=unmet + unknown,
        readiness=Decimal(int(row.values[f"{name}readiness"])) / 10_000,
        criteria=[_criterion(r, loaded, compiled, row) for r in compiled.compiler.rules[loaded.id]],
    )  # fmt: skip


def _criterion(
    rule: Rule, loaded: LoadedSet, compiled: Compiled, row: _Row
) -> CriterionExplanation:
    criterion, policy = rule.criterion, loaded.policy
    applied = list(_applied(criterion.rule, row.industry_code))
    tests = {
        id(node): _test(test, criterion, (compiled, policy), row, negated=negated)
        for node, negated in applied
        for test in rule.tests
        if test.condition is node
    }
    outcome = OUTCOME_NAMES[row.values[rule.outcome]]
    reads = dict.fromkeys(one for node, _ in applied for one in compiled.figures(node, policy))
    figures = [_figure(code, back, row) for code, back in reads if row.has_lived(back)]
    too_young = row.registered_on if len(figures) < len(reads) else None
    members = [_criterion(member, loaded, compiled, row) for member in rule.members]
    standing = Standing(outcome, tests, {member.id: member for member in members}, figures,
                        row.industry_code, too_young)  # fmt: skip
    gap, unit = _gap(rule, tests.values(), row)
    return CriterionExplanation(
        id=criterion.id, label=criterion.label, document=policy.document,
        article=criterion.article, confidence=criterion.confidence, note=criterion.note,
        disabled=criterion.disabled, measures=list(criterion.measures), outcome=outcome,
        gap=gap, gap_unit=unit, sentence=sentences.sentence(criterion, standing),
        tests=list(tests.values()), figures=figures,
        parts=[_part(name, loaded, compiled.compiler, row)
               for name in compiled.parts(rule, policy)],
        members=members,
    )  # fmt: skip


def _applied(
    node: Any, industry: str | None, *, negated: bool = False
) -> Iterator[tuple[Any, bool]]:
    """The leaf conditions that decide a rule for a firm of this industry, and whether inside `not`.

    Named members speak for themselves.
    """
    match node:
        case p.Criterion():
            return
        case cond.AnyOf() | cond.AllOf() | cond.Some():
            members = (
                node.some.of if isinstance(node, cond.Some) else next(iter(vars(node).values()))
            )
            for member in members:
                yield from _applied(member, industry, negated=negated)
        case cond.Not():
            yield from _applied(node.not_, industry, negated=not negated)
        case cond.ByIndustry():
            rule = case_of(node.by_industry, industry)
            if rule is not None:
                yield from _applied(rule, industry, negated=negated)
        case _:
            yield node, negated


def _gap(rule: Rule, tests: Iterable[TestOutcome], row: _Row) -> tuple[Decimal | None, str | None]:
    stored = row.values[rule.gap]
    if stored is None:
        return None, None
    if isinstance(rule.criterion.rule, cond.Some):
        return Decimal(stored), "criterion"
    unit = next((test.gap_unit for test in tests if test.gap_unit is not None), None)
    return Decimal(stored) / SCALES.get(unit or "", 1), unit


def _test(
    test: Test, criterion: p.Criterion, known: tuple[Compiled, p.CriteriaSet], row: _Row, *,
    negated: bool,
) -> TestOutcome:  # fmt: skip
    compiled, policy = known
    holds = row.values[test.holds]
    outcome = "unknown" if holds is None else ("met" if holds is not negated else "unmet")
    if test.amount is None or test.threshold is None:
        asked = sentences.question(test.condition, criterion, negated=negated)
        said = sentences.answered(test.condition, criterion, outcome, negated=negated)
        return TestOutcome(outcome=outcome, quantity=asked, sentence=said)
    of = comparison(test.condition)
    comparator = COMPARED[type(test.condition)]
    rising = comparator in RISING
    low, high = _value(test.amount, row, rising=rising)
    gap = None
    if outcome == "unmet" and test.gap is not None and row.values[test.gap] is not None:
        gap = Decimal(int(row.values[test.gap])) / SCALES.get(test.amount.gap_unit or "", 1)
    found = TestOutcome(
        outcome=outcome, quantity=compiled.measured(test, of, policy),
        comparator=OPPOSITE[comparator] if negated else comparator, value=low, value_high=high,
        threshold=_threshold(row.values[test.threshold], test), tier=_tier(test, of, policy, row),
        unit=test.amount.unit, gap=gap, gap_unit=test.amount.gap_unit,
        sentence=criterion.label,
    )  # fmt: skip
    found.sentence = sentences.compared(found, of)
    return found


def _tier(test: Test, of: cond.Compared, policy: p.CriteriaSet, row: _Row) -> Label | None:
    """Why this threshold and not another: the quantity that decides, and its value."""
    if test.by is None or not isinstance(of.value, cond.Banded):
        return None
    value, _ = _value(test.by, row, rising=True)
    if value is None:
        return None
    by = phrases.quantity(of.value.by, policy.quantities)
    zh, en = (phrases.amount(value, test.by.unit, locale) for locale in ("zh", "en"))
    return Label(zh=f"按{by.zh} {zh}", en=f"by {by.en} of {en}")


def _value(amount: Amount, row: _Row, *, rising: bool) -> tuple[Decimal | None, Decimal | None]:
    low = row.number(amount.low)
    if low is None:
        return None, None
    scale = SCALES.get(amount.unit, 1)
    if amount.over is not None:
        over = row.number(amount.over)
        return (None if not over else _shown(Fraction(low, over), amount, rising=rising)), None
    high = None if amount.high is None else row.number(amount.high)
    shown = Decimal(low) / scale
    if amount.high is None or high == low:
        return shown, None
    return shown, None if high is None else Decimal(high) / scale


def _shown(value: Fraction, amount: Amount, *, rising: bool) -> Decimal:
    """A quotient with two decimals that never contradict the outcome."""
    if amount.power > 1:
        return phrases.compounded(value, amount.power, rising=rising)
    unit = Fraction(100) if amount.unit == "ratio" else Fraction(1, SCALES.get(amount.unit, 1))
    return phrases.hundredths(value * unit, rising=rising)


def _threshold(stored: int | None, test: Test) -> Decimal | None:
    value = comparison(test.condition).value
    assert test.amount is not None
    if isinstance(value, Fraction):
        exact = value * 100 if test.amount.unit in ("ratio", "percent") else value
        return Decimal(exact.numerator) / exact.denominator
    if stored is None:
        return None
    exact = Fraction(int(stored), test.bottom)
    if test.amount.unit == "ratio":
        exact = exact * 100
    return Decimal(exact.numerator) / exact.denominator / SCALES.get(test.amount.unit, 1)


def _figure(code: str, back: int, row: _Row) -> FigureUsed:
    year = row.as_of.year + back
    if (code, year) not in row.figures:
        entry = INDICATORS[code]
        _, source, recorded = row.sources.get((code, year), (None, None, None))
        stored = row.values[f"{code}_{-back}"]
        row.figures[code, year] = FigureUsed(
            indicator=code, label=entry.label, year=year,
            value=None if stored is None else entry.shown(stored),
            unit={"money": "yuan", "percent": "percent", "points": "point"}.get(
                entry.kind, entry.unit or "person"),
            source=source, recorded_at=recorded, held_by=entry.held_by,
        )  # fmt: skip
    return row.figures[code, year]


def _refs(node: Any, named: dict[str, p.NamedQuantity]) -> Iterator[str]:
    """Named quantities that a rule is made of, those inside them included."""
    for inner in p.nodes(node, into_criteria=False):
        if isinstance(inner, quant.Ref):
            yield inner.ref
            yield from _refs(named[inner.ref].of, named)


def _part(name: str, loaded: LoadedSet, compiler: Compiler, row: _Row) -> Part:
    amount = compiler.parts[loaded.id][name]
    low = row.number(amount.low) or 0
    high = low if amount.high is None else row.number(amount.high)
    label = loaded.policy.quantities[name].label
    return Part(id=name, label=label, low=low, high=low if high is None else high)
