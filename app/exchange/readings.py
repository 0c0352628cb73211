"""Yearly figures as rows state them: a row per firm and year, or a row per figure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.clock import today
from app.core.errors import Invalid
from app.exchange import values
from app.exchange.headers import Column, indicator_words, scale_of
from app.exchange.mapping import Mapping
from app.exchange.report import Fault, Report
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.names import credit_code_fault

EARLIEST_YEAR = 1990
SHOWN = 80


@dataclass(frozen=True)
class Reading:
    """One figure of one row, in stored steps."""

    row_no: int
    credit_code: str
    year: int
    indicator: str
    value: int | None
    typed: str


@dataclass(frozen=True)
class _Cell:
    column: Column
    text: str
    indicator: Indicator
    scale: int
    unit_said: bool


class _Row:
    """One row's keys, cells and faults."""

    def __init__(self, number: int, cells: list[Any], columns: list[Column | None]) -> None:
        self.number = number
        self.faults: list[Fault] = []
        self.typed = [
            (column, values.folded(cell))
            for column, cell in zip(columns, cells, strict=False)
            if column is not None
        ]
        self.keys = {c.field: text for c, text in self.typed if not c.indicator}

    def header_of(self, field: str) -> str | None:
        """The header the user knows a key by."""
        return next((c.header for c, _ in self.typed if c.field == field), None)

    def refuse(self, field: str, value: str, zh: str, en: str) -> None:
        """Note a fault of a key, under the header the user knows it by."""
        column = self.header_of(field) or field
        self.faults.append(Fault(self.number, column, value[:SHOWN], zh, en))


def read_row(
    row_no: int,
    cells: list[Any],
    columns: list[Column | None],
    mapping: Mapping,
    report: Report,
    *,
    clear: bool = False,
) -> list[Reading]:
    """Every readable figure of one row, long or wide.

    Those of a row with a fault are checked with the others, so that all its faults are told;
    they are not stored.
    """
    row = _Row(row_no, cells, columns)
    code = row.keys.get("credit_code", "").upper()
    if fault := code_fault(code):
        row.refuse("credit_code", code, *fault)
    year = _year(row)
    named = not row.faults
    found = []
    for cell in _cells(row):
        if values.is_missing(cell.text, mapping.missing):
            if not clear:
                continue
            stored: int | None = None
        else:
            stored = _stored(row, cell)
            if stored is None:
                continue
        of = cell.column.year or year
        if of is not None:
            found.append(Reading(row_no, code, of, cell.indicator.code, stored, cell.text))
    if not found and not row.faults and not report.last_faulty(row_no):
        row.refuse(
            "",
            "",
            "这一行没有任何指标数值：请填写或删去",
            "no figure in this row: fill one in or remove the row",
        )
    report.faults += row.faults
    return found if named else []


@lru_cache(maxsize=65_536)  # a file names each firm once per year and indicator
def code_fault(code: str) -> tuple[str, str] | None:
    """Why a credit code cannot be taken, in both languages."""
    if not code:
        return "缺统一社会信用代码：请补填", "the credit code is missing: fill it in"
    if values.SCIENTIFIC.fullmatch(code):
        return (
            "统一社会信用代码被表格软件改成了科学计数法：请把该列设为文本后重新填写",
            "the spreadsheet turned the credit code into a number: "
            "format the column as text and type it again",
        )
    if fault := credit_code_fault(code):
        return (
            f"统一社会信用代码有误（{fault}）：请核对营业执照",
            "unsound credit code (18 characters with their check digits): check the licence",
        )
    return None


def _year(row: _Row) -> int | None:
    if "year" not in row.keys:
        return None
    typed, latest = row.keys["year"], today().year
    text = typed.removesuffix("年").removesuffix("年度")
    if text.isascii() and text.isdigit() and len(text) == 4:
        year = int(text)
        if EARLIEST_YEAR <= year <= latest:
            return year
    row.refuse(
        "year",
        typed,
        f"年度应在 {EARLIEST_YEAR} 至 {latest} 之间：请核对",
        f"the year must lie in {EARLIEST_YEAR}–{latest}: check it",
    )
    return None


def _cells(row: _Row) -> Iterator[_Cell]:
    for column, text in row.typed:
        if column.indicator:
            yield _Cell(column, text, INDICATORS[column.field], column.scale, column.unit_said)
        elif column.field == "value" and (cell := _of_long_form(row, column, text)) is not None:
            yield cell


def _of_long_form(row: _Row, column: Column, text: str) -> _Cell | None:
    said = row.keys.get("indicator", "")
    code = indicator_words().get(values.squeezed(said))
    if code is None:
        row.refuse(
            "indicator",
            said,
            "没有这个指标：请用指标目录中的名称或代码",
            "no such indicator: use a name or code of the catalogue",
        )
        return None
    unit = values.squeezed(row.keys.get("unit", ""))
    try:
        scale = scale_of(code, unit, row.header_of("unit") or "") if unit else 1
    except Invalid:
        row.refuse(
            "unit",
            unit,
            f"{INDICATORS[code].zh}不能以“{unit}”为单位：请改正",
            f"{INDICATORS[code].en} cannot be in {unit!r}: correct the unit",
        )
        return None
    return _Cell(column, text, INDICATORS[code], scale, bool(unit))


def _stored(row: _Row, cell: _Cell) -> int | None:
    try:
        if cell.indicator.kind == "percent" and not cell.unit_said:
            values.refuse_fraction(cell.text)
        return steps_of(cell.indicator, cell.text, cell.scale)
    except values.Unreadable as error:
        row.faults.append(
            Fault(row.number, cell.column.header, cell.text[:SHOWN], error.zh, error.en)
        )
        return None


def steps_of(entry: Indicator, text: str, scale: int) -> int:
    """A figure as typed in stored steps; `scale` is yuan per unit where the text names none."""
    if entry.kind == "money":
        value = values.amount(text, scale)
    elif entry.kind == "percent":
        value = values.percentage(text)
    else:
        value = values.whole(text)
    if not entry.smallest <= value <= entry.largest:
        raise values.Unreadable(
            f"{entry.zh}应在 {entry.smallest:,} 至 {entry.largest:,} 之间：请核对数值和单位",
            f"{entry.en} must lie in {entry.smallest:,}–{entry.largest:,}: check it",
        )
    stored = entry.stored(value)
    if stored is None:
        raise values.Unreadable("小数位过多：百分数最多两位小数", "at most two decimals")
    return stored
