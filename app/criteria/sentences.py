"""Outcomes in sentences, Chinese and English: what was found, what was asked, what is missing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.criteria import policy as p
from app.criteria.phrases import (
    ATTRIBUTES,
    COMPARATORS,
    DESIGNATIONS,
    HOLDERS,
    MOMENTS,
    OUTCOMES,
    amount,
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


@dataclass(frozen=True)
class Standing:
    """What a criterion's sentence is made of, beside the criterion itself."""

    outcome: str
    tests: Sequence[TestOutcome]
    members: Sequence[CriterionExplanation]
    figures: Sequence[FigureUsed]
    industry_known: bool
    # The day of registration, where it lies after a year that is asked for.
    too_young_since: date | None


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


def question(node: p.Node, criterion: p.Criterion, *, negated: bool) -> Label:
    """A condition that compares nothing, in words."""
    match node:
        case p.Holds():
            names = joined((label(DESIGNATIONS[kind]) for kind in node.holds), "或", " or ")
            held = ("未持有有效的", "no valid") if negated else ("持有有效的", "valid")
            return Label(zh=f"{held[0]}{names.zh}", en=f"{held[1]} {names.en}")
        case p.NoIncident():
            return Label(zh="期内无相关事故、违法记录", en="no such incident in the window")
        case p.NotListed():
            return Label(zh="未列入经营异常、严重失信名单", en="on no blacklist")
        case p.Known():
            zh, en = ATTRIBUTES[node.known]
            return Label(zh=f"已登记{zh}", en=f"{en} recorded")
        case p.Resident():
            return Label(zh="有在孵记录", en="has an open residency")
    return criterion.label


def answered(node: p.Node, criterion: p.Criterion, outcome: str, *, negated: bool) -> Label:
    """A question with its answer; what only a person can answer says so."""
    asked = question(node, criterion, negated=negated)
    if outcome != "unknown":
        return plain(asked, outcome)
    if isinstance(node, p.Judged):
        return Label(zh=f"{asked.zh}：尚待人员判断", en=f"{asked.en}: not yet judged")
    if isinstance(node, p.Known):
        zh, en = ATTRIBUTES[node.known]
        return Label(zh=f"缺数据：{zh}", en=f"Missing: {en}")
    return plain(asked, outcome)


def compared(test: TestOutcome, node: p.Compared) -> Label:
    """A quantity beside its threshold, and how far apart they are."""
    if test.value is None and isinstance(node.of, p.Days | p.Months | p.MonthsBegun):
        span: p.Between = next(iter(vars(node.of).values()))
        # The day itself is always known; what is not is whence it is counted.
        zh, en = MOMENTS[span.start]
        return Label(zh=f"缺数据：{zh}日期", en=f"Missing: day of {en}")
    return both(lambda locale: _compared(test, locale))


def _compared(test: TestOutcome, locale: str) -> str:
    chinese, unit = locale == "zh", test.unit or ""
    value = amount(test.value, unit, locale)
    if test.value_high is not None:
        value = f"{value} – {amount(test.value_high, unit, locale)}"
    elif test.outcome == "unknown" and test.value is not None:
        value = f"已知 {value}，其余未核实" if chinese else f"{value} known, the rest unchecked"
    comparator = test.comparator or "at_least"
    asked = COMPARATORS[comparator][0 if chinese else 1]
    bound = amount(test.threshold, unit, locale)
    tier = "" if test.tier is None else (f"（{test.tier.zh}）" if chinese else f" ({test.tier.en})")
    gap = _gap(test, comparator, locale)
    if chinese:
        return f"{test.quantity.zh}：{value}，要求{asked} {bound}{tier}{gap}"
    return f"{test.quantity.en}: {value}, required {asked} {bound}{tier}{gap}"


def _gap(test: TestOutcome, comparator: str, locale: str) -> str:
    if test.gap is None:
        return ""
    found = amount(test.gap, test.gap_unit or "", locale)
    if comparator in FALLING:
        return f"，超出 {found}" if locale == "zh" else f", {found} too much"
    return f"，差 {found}" if locale == "zh" else f", {found} to go"


def sentence(criterion: p.Criterion, standing: Standing) -> Label:
    """One plain sentence for a criterion."""
    if criterion.disabled is not None:
        return criterion.disabled
    match standing.outcome:
        case "not_applicable":
            return _not_applicable(criterion)
        case "unknown":
            return _unknown(criterion, standing)
    if isinstance(criterion.rule, p.Some):
        return _counted(criterion, criterion.rule.some.k, standing)
    return _told(criterion, standing)


def _told(criterion: p.Criterion, standing: Standing) -> Label:
    """The tests that made it so."""
    tests, outcome = standing.tests, standing.outcome
    if len(tests) == 1 and not standing.members:
        return tests[0].sentence
    telling = [test.sentence for test in tests if test.outcome == outcome]
    # Any one of them would have sufficed.
    alternatives = isinstance(criterion.rule, p.AnyOf) and outcome == "unmet"
    if telling:
        return joined(telling, "；或 " if alternatives else "；", "; or " if alternatives else "; ")
    found = plain(criterion.label, outcome)
    failed = [m.label for m in standing.members if m.outcome == outcome == "unmet"]
    if isinstance(criterion.rule, p.AllOf) and failed:
        names = joined(failed, "、", ", ")
        return Label(zh=f"{found.zh}（{names.zh}）", en=f"{found.en} ({names.en})")
    return found


def _counted(criterion: p.Criterion, wanted: int, standing: Standing) -> Label:
    by_outcome: dict[str, list[Label]] = {}
    for member in standing.members:
        by_outcome.setdefault(member.outcome, []).append(member.label)
    met = len(by_outcome.get("met", ()))
    found = Label(
        zh=f"{criterion.label.zh}：已达标 {met} 项，要求 {wanted} 项",
        en=f"{criterion.label.en}: {met} met, {wanted} required",
    )
    for outcome in ("unmet", "unknown"):
        if names := by_outcome.get(outcome):
            zh, en = OUTCOMES[outcome]
            listed = joined(names, "、", ", ")
            found = Label(zh=f"{found.zh}；{zh}：{listed.zh}", en=f"{found.en}; {en}: {listed.en}")
    return found


def _not_applicable(criterion: p.Criterion) -> Label:
    if isinstance(criterion.when, p.Resident):
        why = Label(zh="没有在孵记录", en="no open residency")
    elif isinstance(criterion.rule, p.ByIndustry):
        why = Label(zh="本行业没有这项标准", en="there is no such bar in its industry")
    else:
        return plain(criterion.label, "not_applicable")
    return Label(zh=f"不适用：{why.zh}", en=f"Not applicable: {why.en}")


def _unknown(criterion: p.Criterion, standing: Standing) -> Label:
    if isinstance(criterion.rule, p.ByIndustry) and not standing.industry_known:
        zh, en = ATTRIBUTES["industry_code"]
        return Label(zh=f"缺数据：{zh}", en=f"Missing: {en}")
    missing = [figure for figure in standing.figures if figure.value is None]
    if missing:
        return _request(missing, standing)
    if isinstance(criterion.rule, p.Some):
        return _counted(criterion, criterion.rule.some.k, standing)
    born = standing.too_young_since
    if born is not None and any(t.comparator and t.value is None for t in standing.tests):
        return Label(
            zh=f"企业 {born} 成立，还没有所需的会计年度",
            en=f"Registered on {born}: the years asked for are not there yet",
        )
    telling = [test.sentence for test in standing.tests if test.outcome == "unknown"]
    if telling:
        return joined(telling, "；", "; ")
    members = [member.label for member in standing.members if member.outcome == "unknown"]
    if not members:
        return plain(criterion.label, "unknown")
    names = joined(members, "、", ", ")
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
    scores = [test.sentence for test in standing.tests if test.value_high is not None]
    return joined([found, *scores], "；", "; ")
