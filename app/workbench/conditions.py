"""The conditions of a list: shown as sentences, taken away, and built field by field."""

import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from app.core.errors import Invalid
from app.core.fields import YES, Field
from app.core.filters import parse
from app.criteria import phrases
from app.exchange import values
from app.firms.catalogue import INDICATORS
from app.views import service as views
from app.workbench.benches import FORM, Bench, Pairs
from app.workbench.columns import FIGURE
from app.workbench.words import Words, days_of_titles, of_records

# How a form says “is”, and that there is no value or some.
EQUAL = "eq"
EMPTINESS = {
    "empty": (("为空", "is empty"), "true"),
    "filled": (("不为空", "is not empty"), "false"),
}


@dataclass(frozen=True)
class Condition:
    """One condition in words, the list without it, and where it is changed, if a form can."""

    at: int
    sentence: str
    without: str
    change: str | None


def conditions(bench: Bench, words: Words) -> list[Condition]:
    """What narrows the list, in the order given."""
    return [
        Condition(at, words.condition(name, value), bench.address(_without(bench.pairs, at)),
                  _change(bench, at))
        for at, (name, value) in enumerate(bench.pairs)
        if name not in FORM or name == "any"
    ]  # fmt: skip


def _without(pairs: Pairs, at: int) -> Pairs:
    return [*pairs[:at], *pairs[at + 1 :]]


def _change(bench: Bench, at: int) -> str | None:
    """The form of one condition, filled in, over the list without it."""
    parameter, value = bench.pairs[at]
    name, _, lookup = parameter.partition("__")
    field = bench.vocabulary.find(name)
    if field is None or lookup == "in":
        return None
    if lookup == "empty":
        lookup, value = "empty" if YES[value] else "filled", ""
    asked = {"on": bench.asking(_without(bench.pairs, at)), "field": name,
             "lookup": lookup or EQUAL, "value": value, "changing": "yes"}  # fmt: skip
    return f"/lists/{bench.of}/filter?{urlencode(asked)}"


# --- building -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Fields of one kind, by name and label."""

    label: str
    fields: dict[str, str]

    def only(self, names: list[str]) -> "Group":
        """Some of them."""
        return Group(self.label, {n: label for n, label in self.fields.items() if n in names})


def groups(bench: Bench, words: Words) -> list[Group]:
    """Every field that can be filtered by."""
    of_firm: dict[str, str] = {}
    of_set: dict[str, str] = {}
    figures: dict[str, str] = {}
    verdicts = {"outcome", "gap_count", "unmet_count", "unknown_count", "readiness", "met",
                "unmet", "unknown", "not_applicable"}  # fmt: skip
    for name in bench.vocabulary.fields:
        group = (
            figures if name.startswith(FIGURE)
            else of_set if name in verdicts or name.startswith("gap.")
            else of_firm
        )  # fmt: skip
        group[name] = words.label(name)
    of_firm |= {name: words.label(name) for name in days_of_titles()}
    records = {name: words.label(name) for name in of_records()}
    titled = [
        (("企业与资质", "Firms and titles"), of_firm),
        (("认定条件", "Criteria"), of_set),
        (("年度指标", "Yearly figures"), figures),
        (("各类记录", "Records"), records),
    ]
    return [Group(words.pick(title), fields) for title, fields in titled if fields]


@dataclass(frozen=True)
class Draft:
    """A condition as it was filled in; `beside` is the place of its alternative."""

    field: str
    lookup: str
    value: str
    beside: int | None = None


def lookups(field: Field, words: Words) -> dict[str, str]:
    """The comparisons that a field understands, in words."""
    named = {
        name or EQUAL: words.lookup(field, name)
        for name in field.allowed
        if name not in ("in", "empty")
    }
    if "empty" in field.allowed:
        named |= {name: words.pick(pair) for name, (pair, _) in EMPTINESS.items()}
    return named


def years(bench: Bench, name: str) -> list[int]:
    """The years that a figure can be asked of."""
    return list(range(bench.day.year, bench.day.year - 7, -1)) if name.startswith(FIGURE) else []


def added(bench: Bench, draft: Draft) -> Pairs:
    """The list's query with one more condition; Invalid says what is wrong with it."""
    field = bench.vocabulary.find(draft.field)
    if field is None:
        raise Invalid(f"没有字段 {draft.field}：请从列表中选择 (no such field)")
    pairs = _beside(bench.pairs, draft.beside, _pair(field, draft))
    parse(views.query_of(pairs), bench.vocabulary)
    return pairs


def _pair(field: Field, draft: Draft) -> tuple[str, str]:
    if draft.lookup in EMPTINESS:
        return f"{draft.field}__empty", EMPTINESS[draft.lookup][1]
    lookup = "" if draft.lookup == EQUAL else draft.lookup
    parameter = f"{draft.field}__{lookup}" if lookup else draft.field
    return parameter, _typed(field, lookup, draft.value)


def _beside(pairs: Pairs, at: int | None, pair: tuple[str, str]) -> Pairs:
    if at is None or not 0 <= at < len(pairs):
        return [*pairs, pair]
    name, value = pairs[at]
    before = value if name == "any" else _member(name, value)
    return [*pairs[:at], ("any", f"{before}|{_member(*pair)}"), *pairs[at + 1 :]]


def _member(name: str, value: str) -> str:
    escaped = value.replace("|", "\\|")
    return f"{name}:{escaped}"


def _typed(field: Field, lookup: str, raw: str) -> str:
    """What people type as the grammar takes it: 50万 is half a million yuan, 1,000 a thousand."""
    text = values.folded(raw)
    if not text:
        raise Invalid("请填写比较的值 (give a value to compare with)")
    if field.kind != "number":
        return text if field.kind == "date" else raw.strip()
    parts = re.split(r"\s*[~至–]\s*|(?<=\S),\s+|;", text) if lookup == "between" else [text]
    if lookup == "between" and len(parts) == 1:
        parts = text.split(",")
    return ",".join(_number(field, part.strip()) for part in parts)


def _number(field: Field, text: str) -> str:
    try:
        found = values.amount(text) if field.unit == "yuan" else _plain(text)
    except values.Unreadable as error:
        raise Invalid(f"{text}: {error.zh} ({error.en})") from None
    return f"{found:f}"


def _plain(text: str) -> Decimal:
    plain = text.replace(",", "").rstrip("%")
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,6})?", plain):
        raise values.Unreadable("不是数字，例如 60 或 0.5", "not a number such as 60 or 0.5")
    return Decimal(plain)


def hint(field: Field, words: Words) -> str:
    """How a field's value is typed."""
    if field.kind == "date":
        return words.pick(("如 2026-06-30；或 today-30d、today+3m（天 d 周 w 月 m 年 y）",
                           "2026-06-30, or today-30d, today+3m (d, w, m, y)"))  # fmt: skip
    if field.unit == "yuan":
        return words.pick(("元；可写 50万、1.2亿元", "in yuan; 50万 or 1.2亿元 are understood"))
    if field.unit in phrases.UNITS:
        return words.pick(phrases.UNITS[field.unit])
    if field.name == "readiness":
        return words.pick(("0 到 1", "0 to 1"))
    return ""


def meaning(name: str, locale: str) -> str | None:
    """What an indicator means, for those who build a condition on it."""
    code = name.split(".")[1] if name.startswith(FIGURE) else None
    return INDICATORS[code].definition[locale] if code in INDICATORS else None
