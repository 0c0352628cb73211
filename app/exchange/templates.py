"""Templates: workbooks to fill in, whose headers, units and choices are those that imports take.

What stands above the header is never read, so the example row stands there. Cells that identify a
row are locked where the template names the rows; everything else is free.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from app.core.clock import today
from app.exchange.headers import FIGURE_KEYS, FIRM_HEADERS
from app.exchange.readings import EARLIEST_YEAR
from app.firms.catalogue import INDICATORS, Indicator, Label
from app.firms.divisions import names as districts

TITLE_ROW, EXAMPLE_ROW, HEADER_ROW, FIRST_ROW = 0, 1, 2, 3
# As many rows take part in drop-downs and checks.
LAST_ROW = 20_000
# Excel computes with 15 digits: a longer number is written as text, which imports read exactly.
MOST_DIGITS = 15
TEN_THOUSAND = 10_000
SHEET = Label(zh="填报", en="Data")
NOTES = Label(zh="填写说明", en="Notes")
CHOICES = Label(zh="选项", en="Choices")
MONEY_UNIT = Label(zh="万元", en="10k yuan")
YES_OR_NO = (Label(zh="是", en="yes"), Label(zh="否", en="no"))
FORMATS = {"text": "@", "date": "yyyy-mm-dd", "money": "#,##0.00####", "count": "#,##0",
           "percent": "0.00", "year": "0", "value": "General"}  # fmt: skip
WIDTHS = {"credit_code": 22, "name": 32, "address": 32, "business_scope": 40}
USUAL_WIDTH = 16


@dataclass(frozen=True)
class Field:
    """One column: its name, what it takes, and an example. `key`: it says which row it is."""

    name: str
    label: Label
    kind: str = "text"
    example: Any = ""
    note: Label | None = None
    choices: tuple[Label, ...] = ()
    key: bool = False
    required: bool = False

    def head(self, locale: str) -> str:
        """The header, with the unit that its cells are in."""
        if self.kind == "money":
            return _with_unit(self.label[locale], MONEY_UNIT[locale], locale)
        return _with_unit(self.label[locale], "%", locale) if self.kind == "percent" else (
            self.label[locale]
        )  # fmt: skip


@dataclass(frozen=True)
class Template:
    """A kind of file: its columns, and what is said above them."""

    name: str
    title: Label
    fields: tuple[Field, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The columns that say which row it is."""
        return frozenset(field.name for field in self.fields if field.key)


def _with_unit(label: str, unit: str, locale: str) -> str:
    return f"{label}（{unit}）" if locale == "zh" else f"{label} ({unit})"


# --- firms and figures --------------------------------------------------------------------------

CODE = Field(
    "credit_code", Label(zh="统一社会信用代码", en="credit code"), key=True, required=True,
    example="91500114MA5UA1YE3W",
    note=Label(zh="18 位，以营业执照为准；企业以它识别",
               en="18 characters, as on the licence; it identifies the firm"),
)  # fmt: skip
NAME = Field("name", Label(zh="企业名称", en="name"), example="重庆示例科技有限公司", key=True,
             note=Label(zh="全称", en="in full"))  # fmt: skip
YEAR = Field("year", Label(zh="年度", en="year"), "year", today().year - 1, key=True, required=True)


def _said(name: str, english: str, example: Any = "", **more: Any) -> Field:
    return Field(name, Label(zh=FIRM_HEADERS[name][0], en=english), example=example, **more)


FIRM_FIELDS = (
    CODE,
    Field("name", NAME.label, example=NAME.example, note=NAME.note, required=True),
    _said("registered_on", "registration date", date(2019, 5, 31), kind="date",
          note=Label(zh="例如 2019-05-31", en="such as 2019-05-31")),
    _said("region", "region", "黔江区",
          choices=tuple(Label(zh=n, en=n) for n in sorted(set(districts().values()))),
          note=Label(zh="区县全名或 6 位代码", en="a district's full name or six digits")),
    _said("address", "address", "正阳街道示例路 1 号"),
    _said("industry_code", "industry code", "C3912",
          note=Label(zh="国民经济行业代码，带门类字母", en="GB/T 4754, with its letter")),
    _said("hightech_field", "high-tech field", "1.1",
          note=Label(zh="国家重点支持的高新技术领域，如 1.1",
                     en="of the state's high-tech fields, such as 1.1")),
    _said("chain", "chain", "新材料"),
    _said("resident_enterprise", "resident enterprise", "是", choices=YES_OR_NO),
    _said("legal_form", "legal form", "有限责任公司"),
    _said("registered_capital", "registered capital", Decimal(500), kind="money",
          note=Label(zh="外币请连同币种写，如 100万美元", en="another currency with its name")),
    _said("business_scope", "business scope"),
)  # fmt: skip
EXAMPLES = {"money": Decimal("1234.56"), "count": 50, "points": 3, "percent": Decimal("12.5")}
KIND_OF = {"money": "money", "percent": "percent"}


def _figure(entry: Indicator) -> Field:
    kind = KIND_OF.get(entry.kind, "count")
    return Field(entry.code, entry.label, kind, EXAMPLES.get(entry.kind, 1), entry.definition)


LONG_FIELDS = (
    CODE,
    NAME,
    YEAR,
    Field("indicator", Label(zh=FIGURE_KEYS["indicator"][0], en="indicator"), key=True,
          required=True, example="销售收入",
          choices=tuple(entry.label for entry in INDICATORS.values())),
    Field("value", Label(zh=FIGURE_KEYS["value"][0], en="value"), "value", Decimal("1234.56")),
    Field("unit", Label(zh=FIGURE_KEYS["unit"][0], en="unit"), example="万元",
          choices=tuple(Label(zh=u, en=u) for u in ("元", "万元", "亿元", "人", "项", "年", "%")),
          note=Label(zh="金额不写单位时按元", en="money without a unit is yuan")),
)  # fmt: skip
FIRMS = Template("firms", Label(zh="企业", en="Firms"), FIRM_FIELDS)
FIGURES_WIDE = Template("figures", Label(zh="填报值（一企一行）", en="Figures (a row per firm)"),
                        (CODE, NAME, YEAR, *map(_figure, INDICATORS.values())))  # fmt: skip
FIGURES_LONG = Template("figures-long", Label(zh="填报值（一数一行）", en="Figures (a row each)"),
                        LONG_FIELDS)  # fmt: skip
TEMPLATES = {one.name: one for one in (FIRMS, FIGURES_WIDE, FIGURES_LONG)}


# --- the workbook -------------------------------------------------------------------------------

Row = dict[str, Any]


def write(path: Path, template: Template, locale: str, rows: Iterable[Row] = ()) -> int:
    """Write a template; `rows` are current values by column. Returns how many were filled in."""
    options = {"strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "tmpdir": str(path.parent)}  # fmt: skip
    with xlsxwriter.Workbook(path, options) as book:
        return _Writing(book, template, locale).write(rows)


class _Writing:
    """One workbook being written."""

    def __init__(self, book: Any, template: Template, locale: str) -> None:
        self.book, self.template, self.locale = book, template, locale
        self.sheet = book.add_worksheet(SHEET[locale])
        self.notes = book.add_worksheet(NOTES[locale])
        self.lists = book.add_worksheet(CHOICES[locale])
        self.lists.hide()
        self.formats: dict[tuple[str, bool], Any] = {}

    def write(self, rows: Iterable[Row]) -> int:
        """Everything; how many rows were filled in."""
        self._head()
        filled = self._fill(rows)
        for at, field in enumerate(self.template.fields):
            locked = bool(filled) and field.key
            width = WIDTHS.get(field.name, max(USUAL_WIDTH, len(field.head(self.locale)) + 4))
            self.sheet.set_column(at, at, width, self._format(field.kind, locked=locked))
            self._check(at, field)
        self._explain()
        self.sheet.protect("", {"insert_rows": True, "delete_rows": True, "sort": True,
                                "autofilter": True, "format_cells": True,
                                "format_columns": True, "format_rows": True})  # fmt: skip
        return filled

    def _format(self, kind: str, *, locked: bool) -> Any:
        key = (kind, locked)
        if key not in self.formats:
            look = {"num_format": FORMATS[kind], "locked": locked}
            if locked:
                look |= {"bg_color": "#EDEFF2", "font_color": "#495057"}
            self.formats[key] = self.book.add_format(look)
        return self.formats[key]

    def _head(self) -> None:
        book, fields = self.book, self.template.fields
        said = book.add_format({"font_color": "#495057"})
        example = {"italic": True, "font_color": "#868E96", "bg_color": "#F8F9FA"}
        head = {"bold": True, "text_wrap": True, "valign": "top", "border": 1,
                "bg_color": "#DCE9F7"}  # fmt: skip
        wanted = book.add_format(head | {"bg_color": "#FBE3B5"})
        usual = book.add_format(head)
        self.sheet.write_string(TITLE_ROW, 0, self._title(), said)
        for at, field in enumerate(fields):
            look = book.add_format(example | {"num_format": FORMATS[field.kind]})
            _put(self.sheet, (EXAMPLE_ROW, at), field.example, look)
            self.sheet.write_string(HEADER_ROW, at, field.head(self.locale),
                                    wanted if field.required else usual)  # fmt: skip
            if field.note is not None:
                self.sheet.write_comment(HEADER_ROW, at, field.note[self.locale],
                                         {"x_scale": 2, "visible": False})  # fmt: skip
        self.sheet.freeze_panes(FIRST_ROW, 2)

    def _title(self) -> str:
        title = self.template.title[self.locale]
        if self.locale == "zh":
            return (f"{title}：第 2 行是示例，不会导入；从第 {FIRST_ROW + 1} 行起填写。"
                    "橙色表头必填；空着表示没有数据，不等于 0。")  # fmt: skip
        return (
            f"{title}: row 2 is an example and is not imported; fill in from row "
            f"{FIRST_ROW + 1}. Orange headers are required; blank means unknown, never 0."
        )

    def _fill(self, rows: Iterable[Row]) -> int:
        number = 0
        fields = self.template.fields
        for number, row in enumerate(rows, 1):
            for at, field in enumerate(fields):
                look = self._format(field.kind, locked=field.key)
                _put(self.sheet, (HEADER_ROW + number, at), row.get(field.name), look)
        return number

    def _check(self, at: int, field: Field) -> None:
        """What Excel offers and refuses while people type; the import has the last word."""
        cells = (FIRST_ROW, at, LAST_ROW, at)
        rule: dict[str, Any] | None = None
        if field.choices:
            words = [choice[self.locale] for choice in field.choices]
            self.lists.write_column(0, at, words)
            column = xl_col_to_name(at)
            place = f"='{CHOICES[self.locale]}'!${column}$1:${column}${len(words)}"
            rule = {"validate": "list", "source": place, "error_type": "warning"}
        elif field.kind == "year":
            rule = {"validate": "integer", "criteria": "between", "minimum": EARLIEST_YEAR,
                    "maximum": today().year}  # fmt: skip
        if rule is not None:
            self.sheet.data_validation(*cells, rule | {"ignore_blank": True})

    def _explain(self) -> None:
        bold = self.book.add_format({"bold": True})
        wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})
        heads = ("列", "说明", "可选值") if self.locale == "zh" else ("column", "note", "choices")
        for at, (head, width) in enumerate(zip(heads, (28, 60, 60), strict=True)):
            self.notes.set_column(at, at, width)
            self.notes.write_string(0, at, head, bold)
        for row, field in enumerate(self.template.fields, 1):
            note = "" if field.note is None else field.note[self.locale]
            choices = "、".join(choice[self.locale] for choice in field.choices)
            for at, text in enumerate((field.head(self.locale), note, choices)):
                self.notes.write_string(row, at, text, wrapped)


def _put(sheet: Any, place: tuple[int, int], value: Any, look: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(*place, None, look)
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, look)
    elif isinstance(value, int | Decimal) and len(str(value)) <= MOST_DIGITS:
        sheet.write_number(*place, value, look)
    else:
        sheet.write_string(*place, str(value), look)


def in_unit(field: Field, value: Any) -> Any:
    """A stored value as its column shows it: money in ten thousand yuan."""
    if isinstance(value, Decimal) and field.kind == "money":
        return (value / TEN_THOUSAND).normalize()
    return value


def unpivoted(template: Template, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of a firm's year as one row for each figure that is known."""
    keys: Sequence[str] = ("credit_code", "name", "year")
    for row in rows:
        for code, entry in INDICATORS.items():
            value = row.get(code)
            if value is not None:
                unit = "万元" if entry.kind == "money" else "%" if entry.kind == "percent" else ""
                yield {key: row[key] for key in keys} | {
                    "indicator": entry.zh, "value": value, "unit": unit}  # fmt: skip
