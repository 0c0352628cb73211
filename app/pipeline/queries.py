"""Where a firm stands and why: explanations from the very statement that assesses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, or_, select
from sqlalchemy.orm import Session

from app.core.prepared import Prepared, as_sql, prepared, run
from app.criteria import phrases
from app.criteria import policy as p
from app.criteria.compiler import COMPARED, Compiler, LoadedSet, Rule, Test, comparison
from app.criteria.facts import Facts, WhatIf, best_known, known_at, supposing
from app.criteria.measuring import Amount
from app.criteria.schemas import (
    CriterionExplanation,
    FigureUsed,
    Part,
    SetExplanation,
    TestOutcome,
)
from app.criteria.store import get_sets, sets_in_force
from app.firms.catalogue import INDICATORS, Label
from app.firms.models import Submission

OUTCOME_NAMES = ("unmet", "met", "unknown", "not_applicable")
SCALES = {"yuan": 100, "percent": 100}


class _Key(tuple[LoadedSet, ...]):
    def __hash__(self) -> int:
        return hash(tuple((s.id, s.policy.code) for s in self))


@dataclass(frozen=True)
class Compiled:
    """A compiler and the statement of its details for one firm."""

    compiler: Compiler
    statement: Prepared
    # What never changes between two firms: the figures of each rule, the words of each test.
    reads: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    refs: dict[int, list[str]] = field(default_factory=dict)
    words: dict[int, Label] = field(default_factory=dict)

    def figures(self, rule: Rule, policy: p.CriteriaSet) -> list[tuple[str, int]]:
        """Which figures a rule reads, each once."""
        if id(rule) not in self.reads:
            found = _reads(rule.criterion.rule, policy.quantities)
            self.reads[id(rule)] = list(dict.fromkeys(found))
        return self.reads[id(rule)]

    def parts(self, rule: Rule, policy: p.CriteriaSet) -> list[str]:
        """Which named quantities it is made of, each once."""
        if id(rule) not in self.refs:
            found = _refs(rule.criterion.rule, policy.quantities)
            self.refs[id(rule)] = list(dict.fromkeys(found))
        return self.refs[id(rule)]

    def measured(self, test: Test, compared: p.Compared, policy: p.CriteriaSet) -> Label:
        """The quantity of a test in words."""
        if id(test) not in self.words:
            self.words[id(test)] = phrases.quantity(compared.of, policy.quantities)
        return self.words[id(test)]


def _compile(sets: list[LoadedSet], facts: Facts) -> Compiled:
    compiler = Compiler(sets, facts)
    detail = compiler.detail(lambda key: key == bindparam("firm_id", type_=Integer))
    return Compiled(compiler, prepared(as_sql(detail), {"as_of": "date", "firm_id": "int"}))


@lru_cache(maxsize=32)
def _compiled(sets: _Key) -> Compiled:
    return _compile(list(sets), best_known())


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

    `known` limits the facts to what had been recorded by that instant; `what_if` replaces some of
    them. Nothing is written.
    """
    day = as_of if what_if is None or what_if.as_of is None else what_if.as_of
    sets = sets_in_force(session, day) if codes is None else get_sets(session, codes)
    if not sets:
        return []
    values = {"as_of": day, "firm_id": firm_id}
    if known is None and what_if is None:
        compiled = _compiled(_Key(sets))
        found = run(session, compiled.statement, values).fetchone()
    else:
        facts = best_known() if known is None else known_at(known)
        if what_if is not None:
            facts = supposing(facts, firm_id, what_if)
        compiler = Compiler(sets, facts)
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
    tests = [_test(test, criterion, (compiled, policy), row) for test in rule.tests]
    outcome = OUTCOME_NAMES[row.values[rule.outcome]]
    figures = [_figure(code, back, row) for code, back in compiled.figures(rule, policy)]
    gap, unit = _gap(rule, row)
    return CriterionExplanation(
        id=criterion.id, label=criterion.label, document=policy.document,
        article=criterion.article, confidence=criterion.confidence, note=criterion.note,
        disabled=criterion.disabled, measures=list(criterion.measures), outcome=outcome,
        gap=gap, gap_unit=unit,
        sentence=_sentence(outcome, criterion, tests, figures),
        tests=tests, figures=figures, parts=[_part(name, loaded, compiled.compiler, row)
               for name in compiled.parts(rule, policy)],
        members=[_criterion(member, loaded, compiled, row) for member in rule.members],
    )  # fmt: skip


def _gap(rule: Rule, row: _Row) -> tuple[Decimal | None, str | None]:
    stored = row.values[rule.gap]
    if stored is None:
        return None, None
    if isinstance(rule.criterion.rule, p.Some):
        return Decimal(stored), "criterion"
    amounts = [test.amount for test in rule.tests if test.amount is not None]
    unit = amounts[0].gap_unit if amounts else None
    return Decimal(stored) / SCALES.get(unit or "", 1), unit


def _test(
    test: Test, criterion: p.Criterion, known: tuple[Compiled, p.CriteriaSet], row: _Row
) -> TestOutcome:
    compiled, policy = known
    holds = row.values[test.holds]
    outcome = "unknown" if holds is None else ("met" if holds else "unmet")
    if test.amount is None or test.threshold is None:
        asked = phrases.question(test.condition, criterion)
        return TestOutcome(outcome=outcome, quantity=asked, sentence=_plain(asked, outcome))
    compared = comparison(test.condition)
    measured = compiled.measured(test, compared, policy)
    low, high = _value(test.amount, row)
    threshold = _threshold(row.values[test.threshold], test)
    gap = None
    if outcome == "unmet" and test.gap is not None and row.values[test.gap] is not None:
        gap = Decimal(int(row.values[test.gap])) / SCALES.get(test.amount.gap_unit or "", 1)
    found = TestOutcome(
        outcome=outcome, quantity=measured,
        comparator=COMPARED[type(test.condition)], value=low, value_high=high,
        threshold=threshold, unit=test.amount.unit, gap=gap, gap_unit=test.amount.gap_unit,
        sentence=measured,
    )  # fmt: skip
    found.sentence = _compared_sentence(found)
    return found


def _value(amount: Amount, row: _Row) -> tuple[Decimal | None, Decimal | None]:
    low = row.number(amount.low)
    if low is None:
        return None, None
    if amount.over is not None:
        over = row.number(amount.over)
        return (None if not over else _ratio(Fraction(low, over), amount)), None
    scale = SCALES.get(amount.unit, 1)
    high = None if amount.high is None else row.number(amount.high)
    shown = Decimal(low) / scale
    if amount.high is None or high == low:
        return shown, None
    return shown, None if high is None else Decimal(high) / scale


def _ratio(value: Fraction, amount: Amount) -> Decimal:
    if amount.unit != "ratio":
        return (Decimal(value.numerator) / value.denominator / SCALES.get(amount.unit, 1)).quantize(
            Decimal("0.01")
        )
    if amount.power == 1:
        return phrases.percent(value)
    # Shown only: the comparison itself multiplies out.
    root = float(1 + value) ** (1 / amount.power) - 1 if value > -1 else -1.0
    return Decimal(str(round(root * 100, 2)))


def _threshold(stored: int | None, test: Test) -> Decimal | None:
    compared = comparison(test.condition)
    assert test.amount is not None
    if isinstance(compared.value, Fraction):
        exact = compared.value
        percentage = test.amount.unit in ("ratio", "percent")
        return Decimal((exact * 100 if percentage else exact).numerator) / Decimal(
            (exact * 100 if percentage else exact).denominator
        )
    if stored is None:
        return None
    exact = Fraction(int(stored), test.bottom)
    if test.amount.unit == "ratio":
        return phrases.percent(exact)
    return Decimal(exact.numerator) / exact.denominator / SCALES.get(test.amount.unit, 1)


def _plain(asked: Label, outcome: str) -> Label:
    zh, en = phrases.OUTCOMES[outcome]
    return Label(zh=f"{asked.zh}：{zh}", en=f"{asked.en}: {en}")


def _compared_sentence(test: TestOutcome) -> Label:
    made = {}
    for index, locale in enumerate(("zh", "en")):
        value = phrases.amount(test.value, test.unit or "", locale)
        if test.value_high is not None:
            value = f"{value} – {phrases.amount(test.value_high, test.unit or '', locale)}"
        elif test.outcome == "unknown" and test.value is not None:
            value = {"zh": f"已知 {value}，其余未核实", "en": f"{value} known, the rest unchecked"}[
                locale
            ]
        bound = phrases.amount(test.threshold, test.unit or "", locale)
        comparator = phrases.COMPARATORS[test.comparator or "at_least"][index]
        gap = ""
        if test.gap is not None:
            missing = phrases.amount(test.gap, test.gap_unit or "", locale)
            gap = f"，差 {missing}" if locale == "zh" else f", {missing} to go"
        need = "要求" if locale == "zh" else "required"
        colon, comma = ("：", "，") if locale == "zh" else (": ", ", ")
        quantity = test.quantity[locale]
        made[locale] = (
            f"{quantity}{colon}{value}{comma}{need}{comparator} {bound}{gap}".replace(
                "requiredat", "required at"
            )
            .replace("requiredmore", "required more")
            .replace("requiredless", "required less")
        )
    return Label(**made)


def _sentence(
    outcome: str, criterion: p.Criterion, tests: list[TestOutcome], figures: list[FigureUsed]
) -> Label:
    if criterion.disabled is not None:
        return criterion.disabled
    missing = [f for f in figures if f.value is None]
    if outcome == "unknown" and missing:
        return _request(missing)
    if len(tests) == 1:
        return tests[0].sentence
    telling = [t.sentence for t in tests if t.outcome == outcome]
    if telling:
        return Label(zh="；".join(t.zh for t in telling), en="; ".join(t.en for t in telling))
    return _plain(criterion.label, outcome)


def _request(missing: list[FigureUsed]) -> Label:
    """A data request: which figure, which year, who holds it."""
    zh = "、".join(f"{f.year} 年{f.label.zh}（{phrases.HOLDERS[f.held_by][0]}）" for f in missing)
    en = ", ".join(
        f"{f.label.en} of {f.year} (held by {phrases.HOLDERS[f.held_by][1]})" for f in missing
    )
    return Label(zh=f"缺数据：{zh}", en=f"Missing: {en}")


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


def _reads(node: Any, named: dict[str, p.NamedQuantity]) -> Iterator[tuple[str, int]]:
    """Every figure a rule reads, references followed; named members speak for themselves."""
    for inner in p.nodes(node, into_criteria=False):
        match inner:
            case p.Ref():
                yield from _reads(named[inner.ref].of, named)
            case p.FigureOf():
                yield inner.of, inner.year
            case p.Span():
                yield from ((inner.of, back) for back in inner.back)
            case p.Growth():
                yield from ((inner.growth.of, back) for back in (-1, -2))
            case p.MeanGrowth():
                yield from ((inner.mean_growth.of, back) for back in (-1, -2, -3))
            case p.CompoundGrowth():
                growth = inner.compound_growth
                yield from ((growth.of, back) for back in (-1, -1 - growth.years))


def _refs(node: Any, named: dict[str, p.NamedQuantity]) -> Iterator[str]:
    """Named quantities that a rule is made of, those inside them included."""
    for inner in p.nodes(node, into_criteria=False):
        if isinstance(inner, p.Ref):
            yield inner.ref
            yield from _refs(named[inner.ref].of, named)


def _part(name: str, loaded: LoadedSet, compiler: Compiler, row: _Row) -> Part:
    amount = compiler.parts[loaded.id][name]
    low = row.number(amount.low) or 0
    high = low if amount.high is None else row.number(amount.high)
    label = loaded.policy.quantities[name].label
    return Part(id=name, label=label, low=low, high=low if high is None else high)
