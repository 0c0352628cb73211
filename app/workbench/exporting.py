"""Every list as a table to be written: the rows and columns of the screen, whoever writes them.

A list is named as its page is: `firms`, `pool`, `board`, `leads`, `carriers` or `records/<kind>`;
its query is the page's own. So a file can be written while somebody waits, or by a job later, and
is the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.attraction import queries as leads
from app.carriers import queries as carriers
from app.core.clock import today
from app.core.errors import Invalid, NotFound
from app.core.filters import LARGEST_LIMIT
from app.criteria import phrases
from app.facts import service as facts
from app.firms.listing import Row
from app.pipeline import board
from app.pipeline.fields import places
from app.pipeline.firm_paper import RUNGS
from app.pipeline.records import BY_PATH
from app.pipeline.trail import column_label, value_label
from app.workbench import record_lists
from app.workbench.benches import Bench, Pairs, opened
from app.workbench.columns import Column, shown
from app.workbench.sheets import Sheet
from app.workbench.words import Words, words_of

# Which page of the list is on the screen says nothing about what its file holds.
PAGING = ("cursor", "limit", "count", "format")
WIDEST, NARROWEST = 40, 8
# A column of the heat map: one criterion's outcome, which rows hold together.
SPOT, OUTCOMES = "outcome.", "outcomes"
RECORDS = "records/"
BOARD_HEADS = (
    ("梯次", "Rung"), ("企业名称", "Name"), ("结果", "Outcome"), ("短板", "Gaps"),
    ("成熟度", "Readiness"), ("园区", "Park"), ("上年销售收入（元）", "Last year's sales (yuan)"),
)  # fmt: skip
NOT_ON = ("不在梯次", "on no rung")
BOARD_WIDTHS = [16, 34, 12, 8, 10, 20, 20]


@dataclass(frozen=True)
class Listed:
    """A list to be written: its table, how many rows it has, and as what its reading is noted."""

    sheet: Sheet
    count: int
    noted: str


def listed(session: Session, actor: Actor, of: str, pairs: Pairs, locale: str) -> Listed:
    """The list by its name and query; Invalid names the parameter that is wrong."""
    asked = [pair for pair in pairs if pair[0] not in PAGING]
    if of in ("firms", "pool"):
        return _bench(session, actor, of, asked, locale)
    if of == "leads":
        return _leads(session, actor, asked, locale)
    if of == "carriers":
        return _carriers(session, actor, asked, locale)
    if of == "board":
        return _board(session, actor, asked, english=locale == "en")
    path = of.removeprefix(RECORDS)
    if of.startswith(RECORDS) and path in BY_PATH:
        return _records(session, actor, path, asked, locale)
    raise NotFound(
        f"没有列表“{of}”：有 firms、pool、board、leads、carriers 和 records/… (no such list)"
    )


# --- register and pool --------------------------------------------------------------------------


@dataclass(frozen=True)
class Export:
    """One list of firms: its query, its columns, and what they are called."""

    bench: Bench
    columns: list[Column]
    words: Words

    @property
    def heads(self) -> list[str]:
        """The first row; a number's unit stands in it."""
        return [self._head(one) for one in self.columns]

    def _head(self, column: Column) -> str:
        unit = column.unit if column.numeric else None
        if unit is None or unit not in phrases.UNITS:
            return column.label
        word = self.words.pick(phrases.UNITS[unit])
        return (
            f"{column.label}（{word}）" if self.words.locale == "zh" else f"{column.label} ({word})"
        )

    def pages(self, session: Session) -> Iterator[list[list[Any]]]:
        """Every row of the query, a page of them at a time."""
        bench = self.bench
        names = (OUTCOMES if one.name.startswith(SPOT) else one.name for one in self.columns)
        wanted = tuple(dict.fromkeys(("id", *names)))
        filters = replace(bench.filters, columns=wanted, limit=LARGEST_LIMIT, count="none")
        cells = [self._cell(one) for one in self.columns]
        while True:
            page = bench.read(session, filters)
            yield [[cell(row) for cell in cells] for row in page.items]
            if page.next is None:
                return
            filters = replace(filters, cursor=page.next)

    def _cell(self, column: Column) -> Callable[[Row], Any]:
        """How a column's cells are written: a number or date as it is, the rest in words."""
        name = column.name
        if name.startswith(SPOT):
            criterion, words = name.removeprefix(SPOT), self.words.table("outcome")
            return lambda row: words[row[OUTCOMES][criterion]]
        if column.numeric or name == "readiness":
            return lambda row: row.get(name)
        words = self.words.table(name)

        def said(row: Row) -> Any:
            value = row.get(name)
            return words.get(value, value) if isinstance(value, str) else self._said(words, value)

        return said

    def _said(self, words: Mapping[str, str], value: Any) -> Any:
        if isinstance(value, bool):
            return self.words.pick(("是", "yes") if value else ("否", "no"))
        if isinstance(value, list):
            return "；".join(words.get(one, one) for one in value)
        if isinstance(value, dict):
            english = self.words.locale == "en" and value.get("name_en")
            return english or value["name"]
        return value


def _bench(session: Session, actor: Actor, of: str, pairs: Pairs, locale: str) -> Listed:
    bench = opened(session, actor, of, pairs)
    words = words_of(session, bench, locale)
    columns = _heat(bench, words) if bench.display == "heat" else shown(bench, words)
    export = Export(bench, columns, words)
    counted = replace(bench.filters, columns=("id",), limit=1, count="exact")
    widths = [_width(head, one) for head, one in zip(export.heads, columns, strict=True)]
    sheet = Sheet(of, export.heads, widths, export.pages)
    return Listed(sheet, bench.read(session, counted).count or 0,
                  "firm" if of == "firms" else of)  # fmt: skip


def _heat(bench: Bench, words: Words) -> list[Column]:
    """The columns of the heat map: the firm, how ready it is, and each criterion."""
    assert bench.loaded is not None  # only the pool has one
    heads = [(name, words.label(name)) for name in ("name", "credit_code", "readiness")]
    heads += [(SPOT + one.criterion.id, one.criterion.label[words.locale])
              for one in places(bench.loaded) if one.outer]  # fmt: skip
    return [Column(name, label, None, False, None, "none") for name, label in heads]


def _width(head: str, column: Column) -> int:
    usual = {"name": 32, "credit_code": 21, "unmet": 36, "unknown": 36}.get(column.name, 14)
    return max(NARROWEST, min(WIDEST, max(usual, len(head))))


# --- the board ----------------------------------------------------------------------------------


def _board(session: Session, actor: Actor, pairs: Pairs, *, english: bool) -> Listed:
    day = today()
    count = sum(one.count for one in board.totals(session, actor, pairs, day))

    def pages(reading: Session) -> Iterator[list[list[Any]]]:
        for cards in board.rows(reading, actor, pairs, day):
            yield [_card(card, english=english) for card in cards]

    heads = [pair[english] for pair in BOARD_HEADS]
    return Listed(Sheet("board", heads, BOARD_WIDTHS, pages), count, "pool")


def _card(card: Row, *, english: bool) -> list[Any]:
    park = card.get("park")
    name = None if park is None else (english and park.get("name_en")) or park["name"]
    return [
        RUNGS.get(card["rung"], NOT_ON)[english], card["name"],
        phrases.OUTCOMES[card["outcome"]][english], card["gap_count"], card["readiness"], name,
        card.get(board.BESIDE[1]),
    ]  # fmt: skip


# --- records ------------------------------------------------------------------------------------


def _records(session: Session, actor: Actor, path: str, pairs: Pairs, locale: str) -> Listed:
    kind = BY_PATH[path]
    counted = facts.listed(session, actor, kind, [*pairs, ("limit", "1"), ("count", "exact")])
    heads, bodies = record_lists.heads(kind, locale), names_of(session, locale)

    def pages(reading: Session) -> Iterator[list[list[Any]]]:
        return record_lists.pages(reading, actor, kind, pairs, bodies, locale)

    sheet = Sheet(path, heads, [32, 21, *(16 for _ in heads[2:])], pages)
    return Listed(sheet, counted.count or 0, kind.table)


# --- leads --------------------------------------------------------------------------------------


LEAD_COLUMNS = ("name", "since", "stage", "stage_on", "channel", "chain", "partner",
                "introduced_by", "investment", "description", "organisation_id", "owner",
                "park_id", "next_step", "next_on", "lost_reason")  # fmt: skip


def _leads(session: Session, actor: Actor, pairs: Pairs, locale: str) -> Listed:
    counted = leads.listed(session, actor, [*pairs, ("limit", "1"), ("count", "exact")])
    bodies = names_of(session, locale)

    def cell(name: str, value: Any) -> Any:
        if value is None or isinstance(value, date | Decimal):
            return value
        if name in ("organisation_id", "park_id"):
            return bodies.get(value, value)
        closed = name in ("stage", "channel", "lost_reason")
        return value_label("lead", name, value)[locale] if closed else value

    def pages(reading: Session) -> Iterator[list[list[Any]]]:
        cursor: Pairs = []
        while True:
            asked = [*pairs, ("limit", str(LARGEST_LIMIT)), ("count", "none"), *cursor]
            page = leads.listed(reading, actor, asked)
            yield [[cell(name, row[name]) for name in LEAD_COLUMNS] for row in page.items]
            if page.next is None:
                return
            cursor = [("cursor", page.next)]

    yuan = {"zh": "（元）", "en": " (yuan)"}[locale]
    heads = [column_label(name, "lead")[locale] + (yuan if name == "investment" else "")
             for name in LEAD_COLUMNS]  # fmt: skip
    sheet = Sheet("leads", heads, [32, *(16 for _ in heads[1:])], pages)
    return Listed(sheet, counted.count or 0, "lead")


# --- carriers -----------------------------------------------------------------------------------


CARRIER_HEADS = {
    "name": ("载体", "Carrier"), "kind": ("类型", "Type"), "level": ("级别", "Level"),
    "platform": ("“1+2+3+N”", "“1+2+3+N”"), "area_m2": ("面积（平方米）", "Area (m²)"),
    "seats": ("工位", "Seats"), "residents": ("在孵", "Residents"),
    "entered": ("新入驻", "Entered"),
    "graduates": ("毕业", "Graduates"), "left_otherwise": ("其他离开", "Left otherwise"),
    "tech_based": ("新科技型", "New tech-based"), "certified": ("新高企", "New certified"),
    "services": ("服务次数", "Services"), "hours": ("服务小时", "Hours of service"),
    "funds": ("股权融资（元）", "Equity raised (yuan)"),
    "reward": ("应得奖励（元）", "Reward earned (yuan)"),
}  # fmt: skip


def _carriers(session: Session, actor: Actor, pairs: Pairs, locale: str) -> Listed:
    """Every carrier with what it achieved in the year that is asked for."""
    year = _year_of(pairs)
    found = [{**one.row._mapping, "funds": one.funds, "reward": one.reward}
             for one in carriers.performance(session, actor, year)]  # fmt: skip

    def cell(name: str, value: Any) -> Any:
        closed = name in ("kind", "level") and value is not None
        return value_label("carrier", name, value)[locale] if closed else value

    rows = [[cell(name, one[name]) for name in CARRIER_HEADS] for one in found]
    heads = [said[locale == "en"] for said in CARRIER_HEADS.values()]
    sheet = Sheet(f"carriers-{year}", heads, [32, *(14 for _ in heads[1:])], lambda _: iter([rows]))
    return Listed(sheet, len(rows), "carrier")


def _year_of(pairs: Pairs) -> int:
    for name, value in pairs:
        if name != "year" or not (value.isascii() and value.isdigit() and len(value) == 4):
            wrong = f"只有参数 year（四位年度），没有 {name}={value[:20]} (only year is understood)"
            raise Invalid(wrong, errors=[{"parameter": name, "detail": wrong}])
    return int(pairs[-1][1]) if pairs else today().year


def names_of(session: Session, locale: str) -> dict[int, str]:
    """What every organisation is called in a language."""
    found = session.execute(select(Organisation.id, Organisation.name, Organisation.name_en))
    return {number: name if locale == "zh" else name_en or name for number, name, name_en in found}
