"""Cells as people type them to exact values; whatever is not certain is refused with the reason."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

MISSING = frozenset({"", "-", "—", "--", "/", "无", "不详", "n/a", "na", "null", "none"})
YUAN = {"": 1, "元": 1, "千元": 10**3, "万": 10**4, "万元": 10**4, "百万": 10**6, "百万元": 10**6,
        "亿": 10**8, "亿元": 10**8, "yuan": 1, "10kyuan": 10**4, "millionyuan": 10**6,
        "100myuan": 10**8}  # fmt: skip
OWN_CURRENCY = ("人民币元", "元人民币", "人民币", "rmb", "cny")
FOREIGN = re.compile(
    "(美|港|日|欧|韩|澳|澳大利亚|加|加拿大|新加坡|新西兰|新台|台|澳门)(元|币|圆)"
    "|英镑|法郎|马克|泰铢|卢布|卢比|林吉特|外币|usd|hkd|jpy|eur|gbp|krw|twd|sgd|aud|cad|chf"
)
AMOUNT = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)\s*\(?\s*([^\d()]*?)\s*\)?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+(\.\d+)?")
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0{1,2}:00(:00)?)?")
MONTH = re.compile(r"\d{4}[-/.年]\d{1,2}月?")
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DATES = range(10_000, 80_000)
# What may stand behind a count or a share, in a cell or in its header.
UNITS = frozenset(("人", "人次", "项", "年", "名", "位", "分", "个", "家", "件",
                   "persons", "people", "items", "years", "points", "rank"))  # fmt: skip
SHARES = frozenset(("%", "％", "百分比", "percent"))
# First divisions of the sections of GB/T 4754-2017, A to T.
DIVISIONS = (1, 6, 13, 44, 47, 51, 53, 61, 63, 66, 70, 71, 73, 76, 80, 83, 84, 86, 91, 97)
LAST_DIVISION = 97
INDUSTRY = re.compile(r"([A-T]?)(\d{0,4})")
SCIENTIFIC = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE)


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


def squeezed(words: object) -> str:
    """Words for comparison: no white space, line breaks, capitals, marks of required fields."""
    return re.sub(r"\s+", "", folded(words)).strip("*:").lower()


def is_missing(text: str, extra: frozenset[str] = frozenset()) -> bool:
    """Whether a cell says that there is no value."""
    return text.lower() in MISSING or text in extra


def amount(text: str, unit: int = 1) -> Decimal:
    """Yuan of an amount; `unit` is the header's (yuan per typed unit) where the cell has none."""
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise Unreadable("不是金额：请填数字，例如 1234.5 或 1,234.5万元",
                         "not an amount: type a number such as 1234.5 or 1,234.5万元")  # fmt: skip
    yuan = plain_number(found[1]) * (_yuan_per(found[2]) if found[2] else unit)
    fen = yuan * 100
    if fen != int(fen):
        raise Unreadable("金额细于 1 分：请保留到分", "finer than a fen: round to 0.01 yuan")
    return yuan


def _yuan_per(typed: str) -> int:
    """Of a unit as typed: “万人民币元” is ten thousand yuan, a bare “人民币元” is yuan."""
    own = "".join(typed.lower().split())
    for word in OWN_CURRENCY:
        own = own.replace(word, "")
    if own not in YUAN:
        _refuse_unit(typed)
    return YUAN[own]


def _refuse_unit(unit: str) -> NoReturn:
    if FOREIGN.search(squeezed(unit)):
        raise ForeignCurrency(f"单位“{unit}”不是人民币：请折算为人民币后填写",
                              f"unit {unit!r} is not yuan: convert it first")  # fmt: skip
    raise Unreadable(f"单位“{unit}”不认识：请填 元、千元、万元、百万元 或 亿元",
                     f"unit {unit!r} is not understood: use yuan or 万元")  # fmt: skip


def plain_number(text: str) -> Decimal:
    """A number with or without thousands separators in their right places."""
    if GROUPED.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if re.fullmatch(r"[+-]?[\d,]+(\.\d+)?", text):
        raise Unreadable(
            "千分位逗号位置不对：请检查数字", "misplaced thousands separator: check it"
        )
    raise Unreadable("不是数字：请只填数字，例如 50", "not a number: type digits only, such as 50")


def whole(text: str) -> Decimal:
    """A count."""
    number, unit = text, ""
    if found := re.fullmatch(r"(.*\d)\s*(\D+)", text):
        number, unit = found[1], squeezed(found[2])
    value = plain_number(number if unit in UNITS else text)
    if value != value.to_integral_value():
        raise Unreadable("应为整数", "must be a whole number")
    return value


def percentage(text: str) -> Decimal:
    """Percentage points: `12.5%` or 12.5."""
    return plain_number(text.removesuffix("%").strip())


def refuse_fraction(text: str) -> None:
    """A share below one without its sign may be 12 % written as 0.12: nobody can tell."""
    if not text.endswith("%") and 0 < abs(percentage(text)) < 1:
        percent = f"{(plain_number(text) * 100).normalize():f}"
        raise Unreadable(
            f"{text} 可能是 {percent}%，也可能是 {text}%：请带 % 填写",
            f"{text} may be {percent} % or {text} %: type it with its % sign",
        )


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
    found = eight or DATE.fullmatch(re.sub(r"\s*([年月日])\s*", r"\1", text))
    if found is None and MONTH.fullmatch(text):
        raise Unreadable("只有年月：请补上日，例如 2024-05-31",
                         "the day is missing: type a date such as 2024-05-31")  # fmt: skip
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
    answers = {"是": True, "有": True, "yes": True, "y": True, "true": True, "1": True,
               "√": True, "✓": True,
               "否": False, "不是": False, "没有": False, "no": False, "n": False,
               "false": False, "0": False, "×": False}  # fmt: skip
    if text.lower() not in answers:
        raise Unreadable("请填 是 或 否", "answer yes or no")
    return answers[text.lower()]


def industry(text: str) -> str:
    """An industry of GB/T 4754 as section and digits: C3912, from C3912, 3912 or 39."""
    found = INDUSTRY.fullmatch(text.upper())
    if found is None or not text:
        raise Unreadable(
            "不是行业代码：请填国民经济行业代码，例如 C3912",
            "not an industry code: type one of GB/T 4754 such as C3912",
        )
    letter, digits = found[1], found[2]
    if letter and not digits:
        return letter
    # Excel drops a leading zero: 111 may be 0111 of A or 111 of B.
    if len(digits) < 2 or (not letter and len(digits) == 3):
        raise Unreadable(
            "行业代码可能少了前面的 0 或不全：请带上门类字母，例如 C39、C391 或 A0111",
            "a leading zero may be lost: type the letter too, such as C39, C391 or A0111",
        )
    section = _section(int(digits[:2]))
    if section is None or letter not in ("", section):
        raise Unreadable(
            f"行业代码“{text}”的门类与数字不符：请核对 GB/T 4754",
            f"letter and digits of {text!r} do not belong together: check GB/T 4754",
        )
    return section + digits


def _section(division: int) -> str | None:
    """The section's letter of a division."""
    if not 1 <= division <= LAST_DIVISION:
        return None
    return chr(ord("A") + sum(first <= division for first in DIVISIONS) - 1)
