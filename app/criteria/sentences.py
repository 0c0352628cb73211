"""Outcomes in sentences, Chinese and English: what was found, what was asked, what is missing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.criteria import conditions as cond
from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.grammar import Node
from app.criteria.phrases import (
    ATTRIBUTES,
    COMPARATORS,
    DESIGNATIONS,
    HOLDERS,
    MOMENTS,
    OUTCOMES,
    amount,
    interval,
    label,
)
from app.criteria.schemas import CriterionExplanation, FigureUsed, TestOutcome
from app.firms.catalogue import Label

# What stands inside a `not`.
OPPOSITE = {
    "met": "unmet",
    "unmet": "met",
    "unknown": "unknown",
    "at_least": "less_than",
    "less_than": "at_least",
    "more_than": "at_most",
    "at_most": "more_than",
}
FALLING = ("at_most", "less_than")
STRICT = ("more_than", "less_than")
FEN = Decimal("0.01")


@dataclass(frozen=True)
class Standing:
    """What a criterion's sentence is made of, beside the criterion itself."""

    outcome: str
    # Leaf conditions that decide for this firm, by the identity of their node.
    tests: Mapping[int, TestOutcome]
    members: Mapping[str, CriterionExplanation]
    figures: Sequence[FigureUsed]
    industry: str | None
    # The day of registration, where it lies after a year that is asked for.
    too_young_since: date | None


@dataclass(frozen=True)
class Spoken:
    """A condition as it is told: what it came to, and which parts made it so."""

    outcome: str
    parts: tuple[Label, ...]
    named: bool = False
    alternatives: bool = False

    def text(self, *, nested: bool) -> Label:
        """The parts in one sentence, in brackets where they stand inside another."""
        zh, en = ("；或 ", "; or ") if self.alternatives else ("；", "; ")
        found = joined(self.parts, zh, en)
        if nested and len(self.parts) > 1:
            return Label(zh=f"（{found.zh}）", en=f"({found.en})")
        return found

    def within(self, outcome: str, *, named: bool) -> Label:
        """As part of several: beside sentences a bare name would say nothing."""
        if self.named and not named and len(self.parts) == 1:
            return plain(self.parts[0], outcome)
        return self.text(nested=True)


def both(make: Callable[[str], str]) -> Label:
    """The same in both languages."""
    return Label(zh=make("zh"), en=make("en"))


def joined(parts: Iterable[Label], zh: str, en: str) -> Label:
    """Texts one after the other."""
    found = list(parts)
    return Label(zh=zh.join(x.zh for x in found), en=en.join(x.en for x in found))


def plain(asked: Label, outcome: str) -> Label:
    """What was asked, and the answer."""
    zh, en = OUTCOMES[outcome]
    return Label(zh=f"{asked.zh}：{zh}", en=f"{asked.en}: {en}")


def question(node: Node, criterion: p.Criterion, *, negated: bool) -> Label:
    """A condition that compares nothing, in words."""
    match node:
        case cond.Holds():
            names = joined((label(DESIGNATIONS[kind]) for kind in node.holds), "或", " or ")
            zh, en = ("未持有", "no valid title") if negated else ("持有", "holds a valid title")
            return Label(zh=f"{zh}有效资质（{names.zh}）", en=f"{en} ({names.en})")
        case cond.NoIncident():
            zh, en = _window(node.no_incident)
            return Label(zh=f"{zh}无相关事故、违法记录", en=f"no such incident in {en}")
        case cond.NotListed():
            return Label(zh="未列入经营异常、严重失信名单", en="on no blacklist")
        case cond.Known():
            zh, en = ATTRIBUTES[node.known]
            return Label(zh=f"已登记{zh}", en=f"{en} recorded")
        case cond.Resident():
            return Label(zh="有在孵记录", en="has an open residency")
    return criterion.label


def _window(window: cond.Window) -> tuple[str, str]:
    if window.days is not None:
        return f"此前 {window.days} 天内", f"the {window.days} days before"
    if window.years is not None:
        return f"此前 {window.years} 年内", f"the {window.years} years before"
    years = window.calendar_years or 1
    return {
        1: ("当年", "this year"),
        2: ("上年及当年", "last year and this"),
    }.get(years, (f"近 {years} 个年度", f"the last {years} calendar years"))


def answered(node: Node, criterion: p.Criterion, outcome: str, *, negated: bool) -> Label:
    """A question with its answer; what only a person can answer says so."""
    asked = question(node, criterion, negated=negated)
    if outcome != "unknown":
        return plain(asked, outcome)
    if isinstance(node, cond.Judged):
        return Label(zh=f"{asked.zh}：尚待人员判断", en=f"{asked.en}: not yet judged")
    if isinstance(node, cond.Known):
        zh, en = ATTRIBUTES[node.known]
        return Label(zh=f"缺数据：{zh}", en=f"Missing: {en}")
    return plain(asked, outcome)


def compared(test: TestOutcome, node: cond.Compared) -> Label:
    """A quantity beside its threshold, and how far apart they are."""
    if test.value is None and isinstance(node.of, quant.Days | quant.Months | quant.MonthsBegun):
        span: quant.Between = next(iter(vars(node.of).values()))
        # The day itself is always known; what is not is whence it is counted.
        zh, en = MOMENTS[span.start]
        return Label(zh=f"缺数据：{zh}日期", en=f"Missing: day of {en}")
    return both(lambda locale: _compared(test, locale))


def _compared(test: TestOutcome, locale: str) -> str:
    chinese, unit = locale == "zh", test.unit or ""
    value = amount(test.value, unit, locale)
    if test.value_high is not None:
        value = interval(test.value, test.value_high, unit, locale)
    elif test.outcome == "unknown" and test.value is not None:
        value = f"已知 {value}，其余未核实" if chinese else f"{value} known, the rest unchecked"
    comparator = test.comparator or "at_least"
    asked = COMPARATORS[comparator][0 if chinese else 1]
    bound = f"{asked} {amount(test.threshold, unit, locale)}"
    if unit == "rank":
        bound = f"前 {test.threshold} 名" if chinese else f"rank {test.threshold} or better"
    tier = "" if test.tier is None else (f"（{test.tier.zh}）" if chinese else f" ({test.tier.en})")
    gap = _gap(test, comparator, locale)
    if chinese:
        return f"{test.quantity.zh}：{value}，要求{bound}{tier}{gap}"
    return f"{test.quantity.en}: {value}, required {bound}{tier}{gap}"


def _gap(test: TestOutcome, comparator: str, locale: str) -> str:
    if test.gap is None:
        return ""
    gap, more = test.gap, ("", "")
    if comparator in STRICT and test.gap_unit == "yuan":
        # The last fen is what passes; people say “more than”.
        gap, more = gap - FEN, ("超过 ", "more than ")
    found = amount(gap, test.gap_unit or "", locale)
    too_much = comparator in FALLING and test.gap_unit != "place"
    zh, en = ("超出", "too much") if too_much else ("差", "to go")
    if locale == "zh":
        return f"，{zh}{more[0] or ' '}{found}"
    return f", {more[1]}{found} {en}"


def sentence(criterion: p.Criterion, standing: Standing) -> Label:
    """One plain sentence for a criterion."""
    found = _sentence(criterion, standing)
    return Label(zh=found.zh, en=found.en[:1].upper() + found.en[1:])


def _sentence(criterion: p.Criterion, standing: Standing) -> Label:
    if criterion.disabled is not None:
        return criterion.disabled
    match standing.outcome:
        case "not_applicable":
            return _not_applicable(criterion)
        case "unknown":
            return _unknown(criterion, standing)
    if isinstance(criterion.rule, cond.Some):
        return _counted(criterion, criterion.rule.some.k, standing)
    return _told(criterion, standing)


def _told(criterion: p.Criterion, standing: Standing) -> Label:
    """What made it so: of alternatives that failed all, of those that passed the ones that did."""
    spoken = _spoken(criterion.rule, standing)
    if spoken is None or not spoken.parts:
        return plain(criterion.label, standing.outcome)
    if not spoken.named:
        return spoken.text(nested=False)
    found = plain(criterion.label, standing.outcome)
    if spoken.alternatives:
        return found
    names = joined(spoken.parts, "；", "; ")
    return Label(zh=f"{found.zh}（{names.zh}）", en=f"{found.en} ({names.en})")


def _spoken(node: Any, standing: Standing) -> Spoken | None:
    """A condition in words, from what its leaves came to; None where nothing is asked."""
    match node:
        case p.Criterion():
            member = standing.members[node.id]
            if member.outcome == "not_applicable":
                return None
            return Spoken(member.outcome, (member.label,), named=True)
        case cond.AnyOf():
            return _group(node.any, standing, ("met", "unknown", "unmet"))
        case cond.AllOf():
            return _group(node.all, standing, ("unmet", "unknown", "met"))
        case cond.ByIndustry():
            rule = case_of(node.by_industry, standing.industry)
            return None if rule is None else _spoken(rule, standing)
        case cond.Not():
            return _spoken(node.not_, standing)
    test = standing.tests.get(id(node))
    return None if test is None else Spoken(test.outcome, (test.sentence,))


def _group(
    members: Iterable[Any], standing: Standing, order: tuple[str, str, str]
) -> Spoken | None:
    """Several conditions: the outcome that comes first decides, and those that have it are told."""
    found = [spoken for m in members if (spoken := _spoken(m, standing)) is not None]
    outcome = next((o for o in order if any(s.outcome == o for s in found)), None)
    if outcome is None:
        return None
    telling = [spoken for spoken in found if spoken.outcome == outcome]
    if len(telling) == 1:
        return telling[0]
    named = all(spoken.named for spoken in telling)
    parts = [spoken.within(outcome, named=named) for spoken in telling]
    unique = dict(zip([(part.zh, part.en) for part in parts], parts, strict=True))
    alternatives = order[0] == "met" and outcome != "met"
    return Spoken(outcome, tuple(unique.values()), named=named, alternatives=alternatives)


def case_of(cases: cond.IndustryCases, industry: str | None) -> Any:
    """The rule for a firm's industry; None where there is none, or the industry is not known."""
    if industry is None:
        return None
    fitting = (case.rule for case in cases.cases if industry.startswith(case.industry))
    return next(fitting, cases.otherwise)


def _counted(criterion: p.Criterion, wanted: int, standing: Standing) -> Label:
    by_outcome: dict[str, list[Label]] = {}
    for member in standing.members.values():
        by_outcome.setdefault(member.outcome, []).append(member.label)
    met = len(by_outcome.get("met", ()))
    found = Label(
        zh=f"{criterion.label.zh}：已达标 {met} 项，要求 {wanted} 项",
        en=f"{criterion.label.en}: {met} met, {wanted} required",
    )
    for outcome in ("unmet", "unknown"):
        if names := by_outcome.get(outcome):
            zh, en = OUTCOMES[outcome]
            listed = joined(names, "、", "; ")
            found = Label(zh=f"{found.zh}；{zh}：{listed.zh}", en=f"{found.en}; {en}: {listed.en}")
    return found


def _not_applicable(criterion: p.Criterion) -> Label:
    if isinstance(criterion.when, cond.Resident):
        why = Label(zh="没有在孵记录", en="no open residency")
    elif isinstance(criterion.rule, cond.ByIndustry):
        why = Label(zh="本行业没有这项标准", en="there is no such bar in its industry")
    else:
        return plain(criterion.label, "not_applicable")
    return Label(zh=f"不适用：{why.zh}", en=f"Not applicable: {why.en}")


def _unknown(criterion: p.Criterion, standing: Standing) -> Label:
    if isinstance(criterion.rule, cond.ByIndustry) and standing.industry is None:
        zh, en = ATTRIBUTES["industry_code"]
        return Label(zh=f"缺数据：{zh}", en=f"Missing: {en}")
    missing = [figure for figure in standing.figures if figure.value is None]
    if missing:
        return _request(missing, standing)
    if isinstance(criterion.rule, cond.Some):
        return _counted(criterion, criterion.rule.some.k, standing)
    born = standing.too_young_since
    if born is not None and any(t.comparator and t.value is None for t in standing.tests.values()):
        return Label(
            zh=f"企业 {born} 成立，还没有所需的会计年度",
            en=f"Registered on {born}: the years asked for are not there yet",
        )
    spoken = _spoken(criterion.rule, standing)
    if spoken is None or not spoken.parts:
        return plain(criterion.label, "unknown")
    if not spoken.named:
        return spoken.text(nested=False)
    names = joined(spoken.parts, "；", "; ")
    return Label(zh=f"尚不能判断：{names.zh}", en=f"Cannot be told yet: {names.en}")


def _request(missing: Sequence[FigureUsed], standing: Standing) -> Label:
    """A data request: which figure, which year, who holds it; and what is known of a score."""

    def listed(locale: str) -> str:
        index = 0 if locale == "zh" else 1
        if locale == "zh":
            return "、".join(
                f"{f.year} 年{f.label.zh}（{HOLDERS[f.held_by][index]}）" for f in missing
            )
        return ", ".join(
            f"{f.label.en} of {f.year} (held by {HOLDERS[f.held_by][index]})" for f in missing
        )

    found = Label(zh=f"缺数据：{listed('zh')}", en=f"Missing: {listed('en')}")
    scores = [test.sentence for test in standing.tests.values() if test.value_high is not None]
    return joined([found, *scores], "；", "; ")
