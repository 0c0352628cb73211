"""Which row of a file is its header, and which column of it is which fact."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import chain, islice, pairwise
from typing import Any

from app.core.errors import Invalid
from app.exchange.mapping import IGNORE, Mapping
from app.exchange.values import SHARES, UNITS, YUAN, squeezed
from app.firms.catalogue import INDICATORS

# What names a firm: its credit code, or its sender's own number for it.
CODE, EXTERNAL = "credit_code", "external_id"
EXTERNAL_HEADERS = ("外部编号", "external_id", "external id", "外部系统编号")
FIRM_HEADERS = {
    "name": ("企业名称", "name", "企业", "单位名称", "firm"),
    "credit_code": ("统一社会信用代码", "credit_code", "信用代码", "社会信用代码", "credit code"),
    "external_id": EXTERNAL_HEADERS,
    "registered_on": ("成立日期", "注册日期", "registered_on", "成立时间", "注册时间",
                      "registration date"),
    "region": ("注册地行政区划", "行政区划", "地区", "region", "region_code", "区县", "所属区县"),
    "address": ("注册地址", "地址", "address"),
    "industry_code": ("国民经济行业", "行业代码", "国民经济行业代码", "industry_code",
                      "industry code"),
    "hightech_field": ("高新技术领域", "hightech_field", "技术领域", "high-tech field"),
    "chain": ("产业链", "chain"),
    "resident_enterprise": ("居民企业", "resident_enterprise", "resident enterprise"),
    "legal_form": ("企业类型", "legal_form", "legal form"),
    "registered_capital": ("注册资本", "注册资金", "registered_capital", "registered capital"),
    "business_scope": ("经营范围", "business_scope", "business scope"),
}  # fmt: skip
FIGURE_KEYS = {
    "credit_code": FIRM_HEADERS["credit_code"],
    "external_id": EXTERNAL_HEADERS,
    "name": FIRM_HEADERS["name"],
    "year": ("年度", "年份", "year"),
    "indicator": ("指标", "indicator"),
    "value": ("填报值", "数值", "value"),
    "unit": ("单位", "unit"),
}
# The column in which rejected rows come back with their reasons; sent again, it is passed over.
REASON = ("退回原因", "rejected because")
HEADER_UNIT = re.compile(r"^(.*?)[(\[【]([^()\[\]【】]+?)[)\]】]$")
HEADER_YEAR = re.compile(r"^(\d{4})年?度?(.+)$")
GROUP_YEAR = re.compile(r"^(\d{4})年?度?$")
# A title and remarks may stand above the header; what lies deeper is data.
DEEPEST_HEADER = 20
Row = tuple[int, list[Any]]


@dataclass(frozen=True)
class Column:
    """What a column holds; `scale` is yuan per typed unit, `year` the year its header names.

    Where no unit is said, a share below one may be a fraction as well as percent.
    """

    field: str
    header: str
    scale: int = 1
    year: int | None = None
    indicator: bool = False
    unit_said: bool = True
    money: bool = False

    @property
    def amount(self) -> bool:
        """Whether it holds amounts, each of one row; a word or a year may stand for several."""
        return self.money or self.indicator or self.field == "value"


@dataclass(frozen=True)
class Header:
    """A file's header: its row, its cells, and what each column means (None: left out)."""

    row: int
    cells: list[str]
    columns: list[Column | None]

    @cached_property
    def nameless(self) -> list[int]:
        """Places of columns that have no header."""
        return [place for place, cell in enumerate(self.cells) if not cell]


@dataclass(frozen=True)
class Vocabulary:
    """The headers that a kind of file may have."""

    spoken: dict[str, tuple[str, ...]]
    required: tuple[str, ...]
    indicators: bool = False
    money: frozenset[str] = frozenset({"registered_capital"})

    @property
    def words(self) -> dict[str, str]:
        """Every header, squeezed, to its field."""
        return {squeezed(word): field for field, said in self.spoken.items() for word in said}


FIRMS = Vocabulary(FIRM_HEADERS, ("name", "credit_code"))
FIGURES = Vocabulary(FIGURE_KEYS, ("credit_code",), indicators=True)
VOCABULARIES: dict[str, Vocabulary] = {"firms": FIRMS, "figures": FIGURES}


def locate(rows: Iterator[Row], mapping: Mapping, known: Vocabulary, file: str
           ) -> tuple[Header, Iterator[Row]]:  # fmt: skip
    """The header and the rows below it; raises Invalid naming everything wrong with it at once."""
    (row, texts), below = find(rows, mapping, known, file)
    columns = _columns(row, texts, mapping, known)
    return Header(row, texts, columns), below


def find(rows: Iterator[Row], mapping: Mapping, known: Vocabulary, file: str
         ) -> tuple[tuple[int, list[str]], Iterator[Row]]:  # fmt: skip
    """The header's row and words, and the rows below it.

    It is the row, among the first ones, in which most cells are known headers; or two rows that
    are read as one, where names stand in either and years span the lower one's.
    """
    first = list(islice(rows, DEEPEST_HEADER))
    if not first:
        raise Invalid(f"文件 {file} 没有表头和数据：请选择有内容的文件 (nothing in it)")
    words = known.words

    def score(texts: list[str]) -> int:
        return sum(_is_known(text, words, mapping, known) for text in texts)

    single = [[str(cell).strip() for cell in cells] for _, cells in first]
    found = [(score(texts), False, True, n, texts) for n, texts in enumerate(single)]
    found += [
        (score(joined), not {*joined} <= {*above, *below}, False, n + 1, joined)
        for n, (above, below) in enumerate(pairwise(single))
        if (joined := _joined(above, below, words, mapping, known)) != below
    ]
    # Of equals the one that dates its columns, then one row alone, then the first.
    *_, best, texts = max(found, key=lambda one: (*one[:3], -one[3]))
    return (first[best][0], texts), chain(first[best + 1 :], rows)


def _joined(
    above: list[str], below: list[str], words: dict[str, str], mapping: Mapping, known: Vocabulary
) -> list[str]:
    """Two rows as one header: what is blank below is named above, or belongs to a year above."""
    joined, year = [], ""
    for place in range(max(len(above), len(below))):
        upper = above[place] if place < len(above) else ""
        lower = below[place] if place < len(below) else ""
        if upper:
            found = GROUP_YEAR.match(squeezed(upper))
            year = f"{found[1]}年" if found else ""
        dated = f"{year}{lower}"
        if lower and year and _is_known(dated, words, mapping, known):
            joined.append(dated)
        else:
            joined.append(lower or upper)
    return joined


@dataclass(frozen=True)
class Proposal:
    """What a column may be: known as it stands (`sure`), or the nearest word, for a person."""

    header: str
    said: str
    sure: bool


def propose(texts: list[str], mapping: Mapping, known: Vocabulary) -> list[Proposal]:
    """For each column what it is taken for; empty where nothing comes near."""
    words = known.words
    names = [*words, *(indicator_words() if known.indicators else ())]
    found = []
    for header in texts:
        said = mapping.said_of(header)
        if not header or said is not None or _is_known(header, words, mapping, known):
            found.append(Proposal(header, said or "", sure=True))
            continue
        text = squeezed(header)
        unit = HEADER_UNIT.match(text)
        near = get_close_matches(unit[1] if unit else text, names, n=1, cutoff=0.6)
        found.append(Proposal(header, _spoken(near[0], known) if near else "", sure=False))
    return found


def _is_known(text: str, words: dict[str, str], mapping: Mapping, known: Vocabulary) -> bool:
    if text and (mapping.said_of(text) is not None or text in REASON):
        return True
    try:
        return _column(text, words, mapping, known) is not None
    except Invalid:  # a known name with an impossible unit
        return True


def _columns(
    row: int, headers: list[str], mapping: Mapping, known: Vocabulary
) -> list[Column | None]:
    words, errors = known.words, []
    found: list[Column | None] = []
    for position, header in enumerate(headers, 1):
        column = None
        try:
            column = _column(header, words, mapping, known)
            if column is None and header and not _left_out(header, mapping):
                errors.append(_fault(row, header, _unknown(header, position, mapping, known)))
        except Invalid as error:
            errors.append(_fault(row, header, error.detail))
        found.append(column)
    errors += _repeated(row, found)
    if not errors:
        errors = _absent(row, found, known)
    if errors:
        raise Invalid(f"表头（第 {row} 行）有 {len(errors)} 处错误 (header errors)", errors=errors)
    return found


def _left_out(header: str, mapping: Mapping) -> bool:
    return header in REASON or mapping.said_of(header) == IGNORE


def _fault(row: int, column: str, detail: str) -> dict[str, Any]:
    return {"row": row, "column": column, "detail": detail}


def _repeated(row: int, found: list[Column | None]) -> list[dict[str, Any]]:
    places: dict[tuple[str, int | None], list[int]] = {}
    for position, column in enumerate(found, 1):
        if column is not None:
            places.setdefault((column.field, column.year), []).append(position)
    errors = []
    for positions in places.values():
        if len(positions) > 1:
            names = "”与“".join(c.header for n, c in enumerate(found, 1) if c and n in positions)
            numbers = "、".join(map(str, positions))
            errors.append(_fault(row, names, (
                f"“{names}”（第 {numbers} 列）是同一项：请只留一列 "
                f"(columns {numbers} are the same: keep one)")))  # fmt: skip
    return errors


def _absent(row: int, found: list[Column | None], known: Vocabulary) -> list[dict[str, Any]]:
    """Columns without which no row could be taken."""
    given = {column.field for column in found if column is not None}
    columns = [column for column in found if column is not None]
    missing = [name for name in known.required
               if name not in given and not (name == CODE and EXTERNAL in given)]  # fmt: skip
    if known.indicators:
        long = "indicator" in given or "value" in given
        figures = [column for column in columns if column.indicator]
        if long:
            missing += [name for name in ("indicator", "value") if name not in given]
        if "year" not in given and (long or any(c.year is None for c in figures)):
            missing.append("year")
        if not figures and not long:
            missing.append("indicator")
    return [
        _fault(row, known.spoken[name][0],
               f"没有“{known.spoken[name][0]}”列：请补上 ({name} is missing: add the column)")
        for name in missing
    ]  # fmt: skip


def _column(
    header: str, words: dict[str, str], mapping: Mapping, known: Vocabulary
) -> Column | None:
    spoken = mapping.said_of(header) or header
    if spoken == IGNORE or not spoken:
        return None
    text = squeezed(spoken)
    if text in words:
        return Column(words[text], header, money=words[text] in known.money)
    unit = HEADER_UNIT.match(text)
    if unit and unit[1] in words:
        return _with_remark(words[unit[1]], header, unit[2], known.money)
    return _indicator(text, header) if known.indicators else None


def _with_remark(field: str, header: str, remark: str, money: frozenset[str]) -> Column:
    """Behind money stands its unit; behind anything else a remark, such as how to type it."""
    if field not in money:
        return Column(field, header)
    if remark not in YUAN:
        raise Invalid(_no_unit_of_money(header, remark))
    return Column(field, header, YUAN[remark], money=True)


def _no_unit_of_money(header: str, unit: str) -> str:
    return (
        f"表头“{header}”的单位“{unit}”不认识：请用 元、千元、万元、百万元 或 亿元 "
        f"(unit {unit!r} is not understood: use yuan or 10k yuan)"
    )


def _indicator(text: str, header: str) -> Column | None:
    year = None
    if dated := HEADER_YEAR.match(text):
        year, text = int(dated[1]), dated[2]
    by_word = indicator_words()
    if text in by_word:
        return Column(by_word[text], header, 1, year, indicator=True, unit_said=False)
    unit = HEADER_UNIT.match(text)
    if unit is None or unit[1] not in by_word:
        return None
    code = by_word[unit[1]]
    return Column(code, header, scale_of(code, unit[2], header), year, indicator=True)


def scale_of(code: str, unit: str, header: str) -> int:
    """Yuan per typed unit of a money figure, else 1; raises Invalid where the unit cannot be."""
    entry = INDICATORS[code]
    if entry.kind == "money":
        if unit not in YUAN:
            raise Invalid(_no_unit_of_money(header, unit))
        return YUAN[unit]
    if unit not in (SHARES if entry.kind == "percent" else UNITS):
        raise Invalid(
            f"表头“{header}”：{entry.zh}不能以“{unit}”为单位：请去掉或改正单位 "
            f"({entry.en} cannot be in {unit!r}: correct the unit)"
        )
    return 1


@lru_cache(maxsize=1)
def indicator_words() -> dict[str, str]:
    """Every name of every indicator, squeezed, to its code."""
    return {
        squeezed(word): entry.code
        for entry in INDICATORS.values()
        for word in (entry.code, entry.zh, entry.en)
    }


def _unknown(header: str, position: int, mapping: Mapping, known: Vocabulary) -> str:
    names = [*known.words, *(indicator_words() if known.indicators else ())]
    said = mapping.said_of(header)
    near = get_close_matches(squeezed(said or header), names, n=1, cutoff=0.5)
    if said is not None:
        header = f"{header}（映射为 {said}）"
    hint = f"，是否为“{_spoken(near[0], known)}”" if near else ""
    english = f"; perhaps {_spoken(near[0], known)}" if near else ""
    return (
        f"第 {position} 列表头“{header}”不认识{hint}：请改正；不需要的列请略过"
        f"（--ignore {header}，或在映射中写 ignore）(unknown header{english})"
    )


def _spoken(squeezed_word: str, known: Vocabulary) -> str:
    """A known header as it is written."""
    spoken = [word for said in known.spoken.values() for word in said]
    entries = INDICATORS.values() if known.indicators else ()
    spoken += [word for entry in entries for word in (entry.zh, entry.code, entry.en)]
    return next(word for word in spoken if squeezed(word) == squeezed_word)
