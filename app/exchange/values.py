"""Cells as people type them to exact values; whatever is not certain is refused with the reason."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

MISSING = frozenset({"", "-", "—", "--", "/", "无", "不详", "n/a", "na", "null", "none"})
YUAN = {"": 1, "元": 1, "千元": 10**3, "万": 10**4, "万元": 10**4, "百万": 10**6, "百万元": 10**6,
        "亿": 10**8, "亿元": 10**8, "yuan": 1, "10k yuan": 10**4, "million yuan": 10**6,
        "100m yuan": 10**8}  # fmt: skip
OWN_CURRENCY = ("人民币元", "元人民币", "人民币", "rmb", "cny")
AMOUNT = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)\s*\(?\s*([^\d()]*?)\s*\)?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+(\.\d+)?")
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0{1,2}:00(:00)?)?")
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DATES = range(10_000, 80_000)


class Unreadable(ValueError):
    """Why a cell cannot be read, and what to write instead, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.zh, self.en = zh, en


class ForeignCurrency(Unreadable):
    """An amount in another currency: kept as typed, never converted by guess."""


def folded(cell: object) -> str:
    """Full-width forms folded, an apostrophe in front and white space removed."""
    return unicodedata.normalize("NFKC", str(cell)).strip().lstrip("'").strip()


def is_missing(text: str, extra: frozenset[str] = frozenset()) -> bool:
    """Whether a cell says that there is no value."""
    return text.lower() in MISSING or text in extra


def amount(text: str, unit: int = 1) -> Decimal:
    """Yuan of an amount; `unit` is the header's (yuan per typed unit) where the cell has none."""
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise Unreadable("不是金额：请填数字，例如 1234.5 或 1,234.5万元",
                         "not an amount: type a number such as 1234.5 or 1,234.5万元")  # fmt: skip
    number, typed_unit = plain_number(found[1]), found[2].lower()
    own = typed_unit
    for word in OWN_CURRENCY:
        own = own.replace(word, "")
    if own not in YUAN:
        raise ForeignCurrency(f"单位“{found[2]}”不是人民币：请折算为人民币后填写",
                              f"unit {found[2]!r} is not yuan: convert it first")  # fmt: skip
    # “万人民币元” is ten thousand yuan; a bare “人民币元” is yuan; nothing typed: the header's.
    scale = YUAN[own] if typed_unit else unit
    yuan = number * scale
    if (yuan * 100) != int(yuan * 100):
        raise Unreadable("金额细于 1 分：请保留到分", "finer than a fen: round to 0.01 yuan")
    return yuan


def plain_number(text: str) -> Decimal:
    """A number with or without thousands separators in their right places."""
    if not GROUPED.fullmatch(text):
        raise Unreadable(
            "千分位逗号位置不对：请检查数字", "misplaced thousands separator: check it"
        )
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise Unreadable("不是数字", "not a number") from error


def whole(text: str) -> Decimal:
    """A count."""
    number = plain_number(re.sub(r"\s*[人项年名分个]$", "", text))
    if number != int(number):
        raise Unreadable("应为整数", "must be a whole number")
    return number


def percentage(text: str, *, fraction: bool = False) -> Decimal:
    """Percentage points: `12.5%` or, by the header's unit, 12.5 or 0.125."""
    if text.endswith("%"):
        return plain_number(text[:-1].strip())
    number = plain_number(text)
    return number * 100 if fraction else number


def day(cell: object) -> date:
    """A date as typed, as Excel stores it, or as eight digits."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = folded(cell)
    if re.fullmatch(r"\d{5}(\.0)?", text) and int(float(text)) in EXCEL_DATES:
        return EXCEL_EPOCH + timedelta(days=int(float(text)))
    eight = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    found = eight or DATE.fullmatch(text)
    if found is None:
        raise Unreadable("不是日期：请填 2024-05-31 这样的日期",
                         "not a date: type one such as 2024-05-31")  # fmt: skip
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise Unreadable(
            "没有这一天：请核对年月日", "no such day: check year, month, day"
        ) from error


def yes_or_no(text: str) -> bool:
    """An answer."""
    answers = {"是": True, "有": True, "yes": True, "true": True, "1": True,
               "否": False, "没有": False, "no": False, "false": False, "0": False}  # fmt: skip
    if text.lower() not in answers:
        raise Unreadable("请填 是 或 否", "answer yes or no")
    return answers[text.lower()]
