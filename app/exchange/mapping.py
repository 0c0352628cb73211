"""Which column of a file is which fact: by known headers, or by a mapping file."""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from app.core.errors import Invalid
from app.exchange.values import YUAN, folded
from app.firms.catalogue import INDICATORS

HERE = Path(__file__).parent / "mappings"
FIRM_HEADERS = {
    "name": ("企业名称", "name", "企业", "单位名称"),
    "credit_code": ("统一社会信用代码", "credit_code", "信用代码"),
    "registered_on": ("成立日期", "注册日期", "registered_on", "成立时间"),
    "region": ("注册地行政区划", "行政区划", "地区", "region", "region_code", "区县"),
    "address": ("注册地址", "地址", "address"),
    "industry_code": ("国民经济行业", "行业代码", "industry_code"),
    "hightech_field": ("高新技术领域", "hightech_field", "技术领域"),
    "chain": ("产业链", "chain"),
    "resident_enterprise": ("居民企业", "resident_enterprise"),
    "legal_form": ("企业类型", "legal_form"),
    "registered_capital": ("注册资本", "注册资金", "registered_capital"),
    "business_scope": ("经营范围", "business_scope"),
}
FIGURE_KEYS = {
    "credit_code": FIRM_HEADERS["credit_code"],
    "name": FIRM_HEADERS["name"],
    "year": ("年度", "年份", "year"),
    "indicator": ("指标", "indicator"),
    "value": ("填报值", "数值", "value"),
    "unit": ("单位", "unit"),
}
HEADER_UNIT = re.compile(r"^(.*?)\s*[(（\[【]\s*([^()（）\[\]【】]+?)\s*[)）\]】]$")
HEADER_YEAR = re.compile(r"^(\d{4})\s*年?度?\s*(.+)$")
FRACTION = "fraction"


@dataclass(frozen=True)
class Column:
    """What a column holds; `scale` is yuan per typed unit, `year` the year its header names."""

    field: str
    header: str
    scale: int = 1
    year: int | None = None
    indicator: bool = False


@dataclass(frozen=True)
class Mapping:
    """Headers by hand, values by hand, and words that mean “missing”."""

    columns: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str | None] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()


def load(name_or_path: str | None) -> Mapping:
    """A mapping that ships with Tidu, by name, or a file; raises Invalid."""
    if name_or_path is None:
        return Mapping()
    path = HERE / f"{name_or_path}.yaml"
    if not path.is_file():
        path = Path(name_or_path)
    if not path.is_file():
        shipped = ", ".join(sorted(p.stem for p in HERE.glob("*.yaml")))
        raise Invalid(f"没有映射 {name_or_path}：请给出映射文件路径，或用自带的 {shipped}")
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if unknown := set(raw) - {"columns", "regions", "missing"}:
        raise Invalid(f"映射 {path.name} 有未知的键 {', '.join(sorted(unknown))}")
    regions = {key: None if v is None else str(v) for key, v in raw.get("regions", {}).items()}
    return Mapping(raw.get("columns", {}), regions, frozenset(raw.get("missing", [])))


def columns(headers: list[str], known: dict[str, tuple[str, ...]], mapping: Mapping,
            *, indicators: bool) -> list[Column | None]:  # fmt: skip
    """What each header means; raises Invalid naming every header that nothing is known of."""
    words = {folded(word).lower(): code for code, spoken in known.items() for word in spoken}
    found: list[Column | None] = []
    errors = []
    for position, header in enumerate(headers, 1):
        column = _column(header, words, mapping, indicators=indicators)
        if column is None and mapping.columns.get(header) != "ignore":
            errors.append(_unknown(header, position, words, indicators=indicators))
        found.append(column)
    named = [(c.field, c.year) for c in found if c is not None]
    for code, year in sorted({n for n in named if named.count(n) > 1}, key=str):
        errors.append({"row": 1, "column": code, "detail": f"表头重复：{code} {year or ''} 有多列"})
    if errors:
        raise Invalid("表头有误：" + "；".join(e["detail"] for e in errors), errors=errors)
    return found


def _column(header: str, words: dict[str, str], mapping: Mapping, *, indicators: bool
            ) -> Column | None:  # fmt: skip
    spoken = mapping.columns.get(header, header)
    if spoken == "ignore":
        return None
    text = folded(spoken)
    if text.lower() in words:
        return Column(words[text.lower()], header)
    unit = HEADER_UNIT.match(text)
    if unit and folded(unit[1]).lower() in words:
        return Column(words[folded(unit[1]).lower()], header, YUAN.get(unit[2].lower(), 1))
    return _indicator(text, header) if indicators else None


def _indicator(text: str, header: str) -> Column | None:
    year = None
    if dated := HEADER_YEAR.match(text):
        year, text = int(dated[1]), dated[2]
    by_word = indicator_words()
    if text.lower() in by_word:
        return Column(by_word[text.lower()], header, 1, year, indicator=True)
    unit = HEADER_UNIT.match(text)
    if unit is None or unit[1].lower() not in by_word:
        return None
    code = by_word[unit[1].lower()]
    kind = INDICATORS[code].kind
    if kind == "money":
        if unit[2].lower() not in YUAN:
            raise Invalid(f"表头“{header}”的单位“{unit[2]}”不认识：请用 元、千元、万元 或 亿元")
        return Column(code, header, YUAN[unit[2].lower()], year, indicator=True)
    if unit[2].lower() in YUAN and unit[2]:
        raise Invalid(f"表头“{header}”：{INDICATORS[code].zh}不是金额，不能以“{unit[2]}”为单位")
    return Column(code, header, 1, year, indicator=True)


def indicator_words() -> dict[str, str]:
    """Every name of every indicator, folded, to its code."""
    found = {}
    for entry in INDICATORS.values():
        for word in (entry.code, entry.zh, entry.en):
            found[folded(word).lower()] = entry.code
    return found


def _unknown(header: str, position: int, words: dict[str, str], *, indicators: bool
             ) -> dict[str, Any]:  # fmt: skip
    known = [*words, *(indicator_words() if indicators else ())]
    near = get_close_matches(folded(header).lower(), known, n=1, cutoff=0.5)
    hint = f"，是否为“{near[0]}”" if near else ""
    return {
        "row": 1,
        "column": header,
        "detail": f"第 {position} 列表头“{header}”不认识{hint}：请改正，或在映射中写为 ignore",
    }
