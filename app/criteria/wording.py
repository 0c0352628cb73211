"""A criterion's rule in words, thresholds included: what versions are compared by."""

from fractions import Fraction
from typing import Any

from app.criteria import conditions as cond
from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.grammar import Node
from app.criteria.leaves import COMPARED, comparison
from app.criteria.measuring import counted_in
from app.criteria.phrases import (
    ATTRIBUTES,
    COMPARATORS,
    DESIGNATIONS,
    UNITS,
    label,
    quantity,
)
from app.firms.catalogue import INDICATORS, Label

Named = dict[str, p.NamedQuantity]
COUNTED = {"count": "person", "points": "point", "money": "yuan", "percent": "percent"}
NOT_LISTED = ("不在经营异常或失信名单上", "on no list of abnormal or dishonest firms")
WAN = 10_000


def rule(node: Any, named: Named) -> Label:
    """What must hold."""
    match node:
        case p.Criterion():  # told by a line of its own
            return Label(zh=f"“{node.label.zh}”", en=f"“{node.label.en}”")
        case cond.AtLeast() | cond.AtMost() | cond.MoreThan() | cond.LessThan():
            return _comparison(node, named)
        case cond.AnyOf():
            return _several(node.any, named, ("满足其一：", "any of: "))
        case cond.AllOf():
            return _several(node.all, named, ("同时满足：", "all of: "))
        case cond.Some():
            k = node.some.k
            return _several(node.some.of, named, (f"至少满足 {k} 项：", f"at least {k} of: "))
        case cond.Not():
            inner = rule(node.not_, named)
            return Label(zh=f"并非（{inner.zh}）", en=f"not ({inner.en})")
        case cond.ByIndustry():
            return _by_industry(node, named)
    return _record(node)


def _several(members: Any, named: Named, opening: tuple[str, str]) -> Label:
    parts = [rule(member, named) for member in members]
    return Label(
        zh=opening[0] + "；".join(part.zh for part in parts),
        en=opening[1] + "; ".join(part.en for part in parts),
    )


def _by_industry(node: cond.ByIndustry, named: Named) -> Label:
    zh, en = [], []
    for case in node.by_industry.cases:
        inner, codes = rule(case.rule, named), "、".join(case.industry)
        zh.append(f"行业 {codes}：{inner.zh}")
        en.append(f"industry {codes.replace('、', ', ')}: {inner.en}")
    if node.by_industry.otherwise is not None:
        inner = rule(node.by_industry.otherwise, named)
        zh.append(f"其他行业：{inner.zh}")
        en.append(f"other industries: {inner.en}")
    return Label(zh="；".join(zh), en="; ".join(en))


def _record(node: Any) -> Label:
    match node:
        case cond.Holds():
            both = [DESIGNATIONS[kind] for kind in node.holds]
            return Label(zh="持有有效的" + "或".join(zh for zh, _ in both),
                         en="holds " + " or ".join(en for _, en in both))  # fmt: skip
        case cond.Judged():
            return Label(zh="由人工判断", en="judged by a person")
        case cond.NoIncident():
            return _no_incident(node.no_incident)
        case cond.NotListed():
            return label(NOT_LISTED)
        case cond.Known():
            zh, en = ATTRIBUTES[node.known]
            return Label(zh=f"已登记{zh}", en=f"{en} is recorded")
        case cond.StartsWith():
            zh, en = ATTRIBUTES[node.starts_with.field]
            prefixes = "、".join(node.starts_with.prefix)
            return Label(zh=f"{zh}属于 {prefixes}", en=f"{en} in {prefixes.replace('、', ', ')}")
        case cond.Resident():
            return Label(zh="在孵", en="is incubated")
        case cond.IsTrue():
            inside = node.is_true != "resident_enterprise"
            return label(("场地在载体内", "premises inside") if inside
                         else ("是居民企业", "is tax-resident"))  # fmt: skip
        case cond.ResidencyField():
            fields = "、".join(node.residency_field)
            return Label(zh=f"入驻领域为 {fields}", en=f"field of residency is {fields}")
    return Label(zh="见条文", en="as the article says")


def _no_incident(window: cond.Window) -> Label:
    if window.days is not None:
        zh, en = f"{window.days} 天", f"{window.days} days"
    else:
        years = window.years or window.calendar_years
        zh, en = f"{years} 年", f"{years} years"
    return Label(zh=f"近 {zh}内无所列的事故或违法", en=f"no such accident or offence in {en}")


def _comparison(node: Any, named: Named) -> Label:
    compared = comparison(node)
    of = quantity(compared.of, named)
    zh, en = COMPARATORS[COMPARED[type(node)]]
    unit = unit_of(compared.of, named)
    if isinstance(compared.value, Fraction):
        said = threshold(compared.value, unit)
        return Label(zh=f"{of.zh}{zh} {said.zh}", en=f"{of.en} {en} {said.en}")
    by, by_unit = quantity(compared.value.by, named), unit_of(compared.value.by, named)
    tiers = [(band.upto, threshold(band.value, unit)) for band in compared.value.bands]
    zh_tiers, en_tiers = [], []
    for upto, said in tiers:
        if upto is None:
            zh_tiers.append(f"更高：{said.zh}")
            en_tiers.append(f"above: {said.en}")
        else:
            edge = threshold(upto, by_unit)
            zh_tiers.append(f"至 {edge.zh}：{said.zh}")
            en_tiers.append(f"up to {edge.en}: {said.en}")
    return Label(zh=f"{of.zh}{zh}（按{by.zh}，{'；'.join(zh_tiers)}）",
                 en=f"{of.en} {en} (by {by.en}, {'; '.join(en_tiers)})")  # fmt: skip


def unit_of(node: Node, named: Named) -> str:
    """The unit that a threshold of this quantity is written in."""
    match node:
        case quant.Ref():
            return unit_of(named[node.ref].of, named)
        case quant.Ratio() | quant.Growth() | quant.MeanGrowth() | quant.CompoundGrowth():
            return "ratio"
        case quant.Count():
            return counted_in(node)
        case quant.Amounts():
            return "yuan"
        case quant.Days():
            return "day"
        case quant.Months() | quant.MonthsBegun():
            return "month"
        case quant.Figure():
            return _unit_of_indicator(node.figure.of)
        case quant.Sum() | quant.Mean() | quant.YearlyCount():
            span: quant.Span = getattr(node, next(iter(type(node).model_fields)))
            return _unit_of_indicator(span.of)
        case quant.Best():
            return unit_of(node.best[0], named)
    return "point"


def _unit_of_indicator(code: str) -> str:
    entry = INDICATORS[code]
    return entry.unit or COUNTED[entry.kind]


def threshold(value: Fraction, unit: str) -> Label:
    """A threshold as people write it."""
    if unit in ("ratio", "percent"):
        return label((f"{_plain(value * 100)}%",) * 2)
    zh, en = UNITS.get(unit, ("", ""))
    if unit == "yuan" and abs(value) >= WAN:
        return Label(zh=f"{_plain(value / WAN)} 万元", en=f"{_plain(value)} {en}")
    return Label(zh=f"{_plain(value)} {zh}".strip(), en=f"{_plain(value)} {en}".strip())


def _plain(value: Fraction) -> str:
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.6f}".rstrip("0").rstrip(".")
