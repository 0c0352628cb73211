"""Rules and results in words, Chinese and English."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.criteria import policy as p
from app.criteria import quantities as quant
from app.criteria.kinds import BY_TABLE
from app.firms.catalogue import INDICATORS, Label

UNITS = {
    "yuan": ("元", "yuan"),
    "person": ("人", "persons"),
    "item": ("项", "items"),
    "year": ("年", "years"),
    "rank": ("名", ""),
    "place": ("个名次", "places"),
    "point": ("分", "points"),
    "percent": ("%", "%"),
    "ratio": ("%", "%"),
    "day": ("天", "days"),
    "month": ("个月", "months"),
    "ip_right": ("项", "rights"),
    "award": ("项", "awards"),
    "standard": ("项", "standards"),
    "rd_body": ("个", "bodies"),
    "record": ("条", "records"),
    "criterion": ("项条件", "criteria"),
}
SINGULAR = {"criteria": "criterion", "bodies": "body"}
RECORDS = {
    "ip_right": ("知识产权", "IP rights"),
    "award": ("科技奖励", "science awards"),
    "standard": ("参编标准", "standards"),
    "rd_body": ("研发机构", "R&D bodies"),
}
MOMENTS = {
    "registered_on": ("成立", "registration"),
    "residency.from": ("入驻", "entry"),
    "as_of": ("当日", "the date"),
}
COMPARATORS = {
    "at_least": ("不低于", "at least"),
    "at_most": ("不高于", "at most"),
    "more_than": ("超过", "more than"),
    "less_than": ("低于", "less than"),
}
DESIGNATIONS = {
    "cq_tech_based": ("重庆市科技型企业", "Chongqing tech-based enterprise"),
    "tech_sme": ("科技型中小企业", "national tech-based SME"),
    "pool": ("高企培育库", "high-tech candidate pool"),
    "hnte": ("高新技术企业", "high-tech enterprise"),
    "innovative_sme": ("创新型中小企业", "innovative SME"),
    "srdi": ("专精特新中小企业", "SRDI SME"),
    "little_giant": ("专精特新“小巨人”", "little giant"),
    "single_champion": ("制造业单项冠军", "single champion"),
    "above_scale": ("规模以上企业", "above-scale firm"),
    "gazelle": ("瞪羚企业", "gazelle"),
    "listed": ("上市", "listed"),
    "otc": ("场外挂牌/北交所", "OTC or Beijing exchange"),
    "contracting_qualification": ("建筑业资质", "contracting qualification"),
    "innovation_demonstration": ("国家技术创新示范企业", "technology-innovation demonstration"),
    "ip_advantage": ("知识产权优势（示范）企业", "IP advantage firm"),
    "incubatee": ("在孵企业", "incubated firm"),
    "graduation": ("毕业企业", "graduate of an incubator"),
    "sme_size": ("中小企业划型", "SME size class"),
    "star_board": ("科创板科创属性", "STAR board attributes"),
    "bse_board": ("北交所创新性", "Beijing exchange attributes"),
}
ATTRIBUTES = {
    "registered_on": ("成立日期", "registration date"),
    "region_code": ("注册地行政区划", "district of registration"),
    "industry_code": ("国民经济行业代码", "industry code"),
    "hightech_field": ("高新技术领域", "high-tech field"),
    "resident_enterprise": ("是否居民企业", "whether tax-resident"),
}
OUTCOMES = {
    "met": ("达标", "met"),
    "unmet": ("未达标", "unmet"),
    "unknown": ("缺数据", "unknown"),
    "not_applicable": ("不适用", "not applicable"),
}
HOLDERS = {
    "firm": ("企业", "the firm"),
    "tax": ("税务部门", "the tax bureau"),
    "statistics": ("统计部门", "the statistics bureau"),
    "miit_platform": ("优质中小企业平台", "the national SME platform"),
}
SOURCES = {
    "tax_bureau": ("税务局", "tax bureau"),
    "statistics_bureau": ("统计局", "statistics bureau"),
    "market_regulator": ("市场监管局", "market regulator"),
    "bureau": ("科技局", "science bureau"),
    "park_system": ("园区系统", "park system"),
    "incubator": ("孵化载体", "incubator"),
    "import": ("导入", "import"),
    "self_reported": ("企业自报", "self-reported"),
    "what_if": ("假设", "what-if"),
}


def label(pair: tuple[str, str]) -> Label:
    """A pair of texts as one label."""
    return Label(zh=pair[0], en=pair[1])


def _join(parts: list[Label], zh: str, en: str) -> Label:
    return Label(zh=zh.join(x.zh for x in parts), en=en.join(x.en for x in parts))


def _year(back: int) -> tuple[str, str]:
    return {-1: ("上年", "last year"), -2: ("前年", "the year before last")}.get(
        back, (f"{-back} 年前", f"the year {-back} years back")
    )


def quantity(node: Any, named: dict[str, p.NamedQuantity]) -> Label:
    """A quantity in words."""
    match node:
        case quant.Figure():
            zh, en = _year(node.figure.year)
            entry = INDICATORS[node.figure.of]
            return Label(zh=f"{zh}{entry.zh}", en=f"{entry.en} of {en}")
        case quant.Sum() | quant.Mean() | quant.YearlyCount():
            return _span(node)
        case quant.Ratio():
            top, bottom = quantity(node.ratio.of, named), quantity(node.ratio.to, named)
            return Label(zh=f"{top.zh}÷{bottom.zh}", en=f"{top.en} / {bottom.en}")
        case quant.Growth() | quant.MeanGrowth() | quant.CompoundGrowth():
            return _growth(node)
        case quant.Count() | quant.Amounts():
            return _of_records(node)
        case quant.Days() | quant.Months() | quant.MonthsBegun():
            span: quant.Between = getattr(node, next(iter(type(node).model_fields)))
            (z1, e1), (z2, e2) = MOMENTS[span.start], MOMENTS[span.end]
            return Label(zh=f"自{z1}至{z2}的时间", en=f"time from {e1} to {e2}")
        case quant.Ref():
            return named[node.ref].label
        case quant.Best():
            either = _join([quantity(each, named) for each in node.best], "与", " and ")
            return Label(zh=f"{either.zh}中较高者", en=f"the higher of {either.en}")
        case quant.Middle():
            inner = quantity(node.middle, named)
            return Label(zh=f"{inner.zh}的中值", en=f"middle of {inner.en}")
    return Label(zh="得分", en="points")


def record(name: str) -> Label:
    """What records of a kind are called, several of them."""
    kind = BY_TABLE.get(name)
    if name in RECORDS or kind is None:
        return label(RECORDS[name])
    return Label(zh=kind.label, en=kind.path.replace("-", " "))


def _of_records(node: quant.Count | quant.Amounts) -> Label:
    of: quant.CountOf | quant.RecordsOf
    if isinstance(node, quant.Count):
        of, (zh, en) = node.count, ("数", "number of")
    else:
        of, (zh, en) = node.amounts, ("金额合计", "total of")
    called, back = record(of.record), ("", "")
    if isinstance(of, quant.RecordsOf) and of.within_years is not None:
        back = (f"近 {of.within_years} 年", f" in {of.within_years} years")
    return Label(zh=f"{back[0]}符合条件的{called.zh}{zh}", en=f"{en} fitting {called.en}{back[1]}")


def _span(node: quant.Sum | quant.Mean | quant.YearlyCount) -> Label:
    span: quant.Span = getattr(node, next(iter(type(node).model_fields)))
    entry = INDICATORS[span.of]
    zh, en = {"Sum": ("合计", "total"), "Mean": ("平均", "mean")}.get(
        type(node).__name__, ("年均", "yearly mean")
    )
    if span.last < -1:
        until = _year(span.last)
        return Label(
            zh=f"至{until[0]}的 {span.years} 年{entry.zh}{zh}",
            en=f"{span.years}-year {en} of {entry.en} up to {until[1]}",
        )
    return Label(zh=f"近 {span.years} 年{entry.zh}{zh}", en=f"{span.years}-year {en} of {entry.en}")


def _growth(node: quant.Growth | quant.MeanGrowth | quant.CompoundGrowth) -> Label:
    match node:
        case quant.CompoundGrowth():
            entry, years = INDICATORS[node.compound_growth.of], node.compound_growth.years
            return Label(
                zh=f"{entry.zh}近 {years} 年复合增长率",
                en=f"{years}-year compound growth of {entry.en}",
            )
        case quant.MeanGrowth():
            entry = INDICATORS[node.mean_growth.of]
            return Label(zh=f"{entry.zh}增长率（三年）", en=f"three-year growth of {entry.en}")
    entry = INDICATORS[node.growth.of]
    return Label(zh=f"{entry.zh}增长率", en=f"growth of {entry.en}")


def amount(value: Decimal | None, unit: str, locale: str) -> str:
    """A value with its unit; large money in 万元, every fen kept."""
    if value is None:
        return "—"
    zh, en = UNITS[unit]
    if unit in ("ratio", "percent"):
        return f"{value.normalize():f}%"
    if unit == "yuan" and locale == "zh" and abs(value) >= 10_000:
        return f"{(value / 10_000).normalize():,f} 万元"
    if unit == "rank":
        return f"第 {value:f} 名" if locale == "zh" else f"rank {value:f}"
    text = f"{value.normalize():,f}"
    if locale == "zh":
        return f"{text} {zh}".strip()
    return f"{text} {SINGULAR.get(en, en.removesuffix('s')) if value == 1 else en}".strip()


def interval(low: Decimal | None, high: Decimal, unit: str, locale: str) -> str:
    """From one value to another, with their unit once."""
    first = "—" if low is None else f"{low.normalize():,f}"
    return f"{first} – {amount(high, unit, locale)}"


def hundredths(value: Fraction, *, rising: bool) -> Decimal:
    """Two decimals, never rounded over the threshold: down where more is better, else up."""
    top, bottom = value.numerator * 100, value.denominator
    return Decimal(top // bottom if rising else -(-top // bottom)) / 100


def compounded(value: Fraction, years: int, *, rising: bool) -> Decimal:
    """Yearly percentage of growth over several years, cut likewise and without rounding errors."""
    total = 1 + value
    if total <= 0:
        return Decimal(-100)
    steps = 10_000  # hundredths of a percent
    found = round(float(total) ** (1 / years) * steps)
    while Fraction(found, steps) ** years > total:
        found -= 1
    while Fraction(found + 1, steps) ** years <= total:
        found += 1
    if not rising and Fraction(found, steps) ** years < total:
        found += 1
    return Decimal(found - steps) / 100
