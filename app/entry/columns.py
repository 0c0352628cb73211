"""Columns of the grid: indicators in groups, the ones a criteria set reads, units of money."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.core.errors import Invalid
from app.core.fields import nearest
from app.criteria.compiler import LoadedSet
from app.criteria.reading import figures_of_set
from app.firms.catalogue import INDICATORS, Indicator, Label

MOST_COLUMNS = 40
USUAL_COLUMNS = 12
UNITS = {
    "wan": (10_000, Label(zh="万元", en="10,000 yuan")),
    "yuan": (1, Label(zh="元", en="yuan")),
    "yi": (10**8, Label(zh="亿元", en="100 million yuan")),
}
KIND_UNITS = {"percent": Label(zh="%", en="%"), "points": Label(zh="分", en="points")}
COUNT_UNITS = {
    "year": Label(zh="年", en="years"),
    "rank": Label(zh="名次", en="rank"),
    "item": Label(zh="项", en="items"),
}
PERSONS = Label(zh="人", en="persons")
NOT_PERSONS = {"results_converted": COUNT_UNITS["item"]}


@dataclass(frozen=True)
class Group:
    """Indicators that people look for together."""

    label: Label
    codes: tuple[str, ...]


_GROUPS = (
    Group(
        Label(zh="人员", en="People"),
        ("staff_avg", "st_staff_avg", "rd_staff", "employees_ye", "senior_title_staff"),
    ),
    Group(
        Label(zh="收入与利润", en="Revenue and profit"),
        ("revenue_sales", "revenue_total", "revenue_hightech", "revenue_operating",
         "revenue_main", "cost_expense", "net_profit", "profit_total"),
    ),
    Group(
        Label(zh="研发与转化", en="R&D and conversion"),
        ("rd_hnte", "rd_hnte_domestic", "rd_deduct", "rd_acct", "rd_stat", "results_converted"),
    ),
    Group(
        Label(zh="资产与融资", en="Assets and finance"),
        ("net_assets_ye", "assets_ye", "liabilities_ye", "equity_raised", "vc_raised_cum"),
    ),
)  # fmt: skip


def _with_the_rest(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """An indicator that nobody has put into a group is still offered."""
    placed = {code for group in groups for code in group.codes}
    rest = tuple(code for code in INDICATORS if code not in placed)
    return (*groups, Group(Label(zh="市场与其他", en="Market and others"), rest))


GROUPS = _with_the_rest(_GROUPS)


def chosen(given: Iterable[str], loaded: LoadedSet) -> tuple[str, ...]:
    """The columns asked for, in their order; else those that the set reads, group by group."""
    wanted = [code for raw in given for code in raw.split(",") if code]
    for code in wanted:
        if code not in INDICATORS:
            detail = f"没有指标 {code} (unknown indicator)" + nearest(code, INDICATORS)
            raise Invalid(f"columns: {detail}", errors=[{"parameter": "columns", "detail": detail}])
    if not wanted:
        order = [code for group in GROUPS for code in group.codes]
        wanted = sorted(list(figures_of_set(loaded))[:USUAL_COLUMNS], key=order.index)
    return tuple(dict.fromkeys(wanted or ["revenue_sales"]))[:MOST_COLUMNS]


def unit_of(entry: Indicator, unit: str) -> Label:
    """What a column's numbers are in."""
    if entry.kind == "money":
        return UNITS[unit][1]
    if entry.kind in KIND_UNITS:
        return KIND_UNITS[entry.kind]
    return NOT_PERSONS.get(entry.code) or COUNT_UNITS.get(entry.unit or "", PERSONS)


def scale_of(entry: Indicator, unit: str) -> int:
    """Yuan per typed unit; one for what is no money."""
    return UNITS[unit][0] if entry.kind == "money" else 1


def shown(entry: Indicator, stored: int | None, unit: str) -> str:
    """A stored value as its column shows it: exact, with separators; empty where missing."""
    if stored is None:
        return ""
    return plain(entry.shown(stored) / scale_of(entry, unit))


def plain(value: Decimal) -> str:
    """A number with separators and without needless zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
