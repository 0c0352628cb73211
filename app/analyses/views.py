"""Each analysis as one table whose numbers open their firms, with a chart and what it comes to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.analyses import numbers, queries
from app.analyses.cubes import FOUR_YEARS, WAITED
from app.analyses.dims import Dim, Pair
from app.analyses.numbers import Cohort, Crossed, quarter
from app.analyses.queries import Analysis
from app.analyses.survival import Point
from app.core import charts
from app.core.db import FEN_PER_YUAN
from app.firms.moves import STEPS

Value = int | Decimal | str | None
MONTH_DAYS = FOUR_YEARS / 48
MONTHS = tuple(range(0, 61, 3))
ALL: Pair = ("合计", "All")
# From which HHI on concentration counts as moderate and high (US Merger Guidelines, 2023).
MODERATE, HIGH = 1_000, 1_800
LARGEST_GROUPS = 12


@dataclass(frozen=True)
class Cell:
    """A number or text, and the list of exactly the firms that it counts."""

    value: Value
    href: str | None = None


@dataclass(frozen=True)
class View:
    """What a page, and a file, shows of an analysis; the first cell of a row is its name."""

    heads: list[str]
    rows: list[list[Cell]]
    chart: dict[str, Any] | None = None
    said: list[str] = field(default_factory=list)


class Maker:
    """Makes the view of one analysis in a language."""

    def __init__(self, session: Session, asked: Analysis, locale: str) -> None:
        self.session, self.asked, self.at = session, asked, int(locale == "en")
        self.cube = asked.cube

    def say(self, zh: str, en: str) -> str:
        """One of two wordings."""
        return (zh, en)[self.at]

    def view(self) -> View:
        """The view."""
        makers: dict[str, Callable[[], View]] = {
            "structure": self._structure, "conversion": self._conversion, "stay": self._stay,
            "flows": self._flows, "concentration": self._concentration,
            "intensity": self._intensity,
        }  # fmt: skip
        return makers[self.asked.name]()

    def href(self, *keys: tuple[str, str]) -> str:
        """The firms with these keys, of those that the page is about."""
        named = {name for name, _ in keys}
        axes = ("rows", "columns", "format")
        kept = [pair for pair in self.asked.pairs if pair[0] not in named and pair[0] not in axes]
        return f"/analyses/{self.asked.name}/firms?{urlencode([*kept, *keys])}"

    def word(self, dim: Dim, value: str) -> str:
        """A key in words."""
        return dim.values.get(value, (value, value))[self.at]

    # --- two keys against each other ------------------------------------------------------------

    def _structure(self) -> View:
        return self._table(numbers.crossed(self.session, self.asked))

    def _table(self, found: Crossed) -> View:
        """With totals; only what is there is shown."""
        down, across, counts = found.down, found.across, found.counts
        columns, cells = found.columns, []
        for row in found.rows:
            line = [Cell(counts.get((row, column), 0),
                         self.href((down.name, row), (across.name, column)))
                    for column in columns]  # fmt: skip
            total = sum(counts.get((row, column), 0) for column in columns)
            whole = Cell(total, self.href((down.name, row)))
            cells.append([Cell(self.word(down, row)), *line, whole])
        if cells:
            sums = [Cell(sum(counts.get((row, column), 0) for row in found.rows),
                         self.href((across.name, column)))
                    for column in columns]  # fmt: skip
            cells.append([Cell(ALL[self.at]), *sums, Cell(sum(counts.values()), self.href())])
        heads = [down.label[self.at], *(self.word(across, column) for column in columns),
                 ALL[self.at]]  # fmt: skip
        return View(heads, cells, self._stacked(cells[:-1], heads[1:-1]))

    def _stacked(self, rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> dict[str, Any]:
        series = [
            (name, [(_whole(row[at].value), row[at].href or "") for row in rows])
            for at, name in enumerate(names, 1)
        ]
        return charts.stacked([str(row[0].value) for row in rows], series)

    # --- figures --------------------------------------------------------------------------------

    def _intensity(self) -> View:
        view = self._structure()
        found = numbers.intensity(self.session, self.asked)
        if found is None:
            return view
        low, half, high = (f"{100 * value:.2f}%" for value in found.quarters)
        said = self.say(
            f"中位数 {half}，中间一半的企业在 {low} 到 {high} 之间；"
            f"合计研发费用占合计收入 {100 * found.whole:.2f}%。",
            f"Median {half}; the middle half of the firms lies between {low} and {high}; "
            f"all their R&D is {100 * found.whole:.2f}% of all their revenue.",
        )
        return View(view.heads, view.rows, view.chart, [said])

    def _concentration(self) -> View:
        by = self.asked.options.by
        found = queries.held(self.session, self.cube, by)
        label = queries.measure_label(self.asked.options.measure)[self.at]
        heads = [self.cube.dims[by].label[self.at] if by != "all" else ALL[self.at],
                 self.say("有数据", "With data"), self.say("缺数据", "Lacking data"),
                 self.say(f"{label}（万元）", f"{label} (10,000 yuan)"),
                 self.say("最大一家 %", "Largest %"), self.say("前四家 %", "Largest four %"),
                 self.say("前十家 %", "Largest ten %"), "HHI",
                 self.say("程度", "Degree")]  # fmt: skip
        order = [*self.cube.dims[by].values] if by != "all" else ["all"]
        there = [key for key in order if key in found]
        largest = sorted(there, key=lambda key: -found[key].total)[:LARGEST_GROUPS]
        bars = [
            (self._group(by, key), found[key].hhi or 0, self._place(by, key)) for key in largest
        ]
        return View(heads, [self._held(by, key, found[key]) for key in there],
                    charts.bars(bars, "HHI") if bars else None)  # fmt: skip

    def _group(self, by: str, key: str) -> str:
        return ALL[self.at] if by == "all" else self.word(self.cube.dims[by], key)

    def _place(self, by: str, key: str, *places: str) -> str:
        group = [] if by == "all" else [(by, key)]
        return self.href(*group, *(("place", place) for place in places))

    def _held(self, by: str, key: str, one: queries.Held) -> list[Cell]:
        top, four, ten = (None if (part := one.share(each)) is None else _tenths(part)
                          for each in (one.largest, one.four, one.ten))  # fmt: skip
        first, next_, rest = ("1",), ("1", "2-4"), ("1", "2-4", "5-10")
        return [
            Cell(self._group(by, key)),
            Cell(one.firms, self._place(by, key, *rest, "11+")),
            Cell(one.unknown, self._place(by, key, "unknown")),
            Cell(Decimal(one.total) / (FEN_PER_YUAN * 10_000)),
            Cell(top, self._place(by, key, *first)), Cell(four, self._place(by, key, *next_)),
            Cell(ten, self._place(by, key, *rest)), Cell(one.hhi), Cell(self._degree(one.hhi)),
        ]  # fmt: skip

    def _degree(self, hhi: int | None) -> str:
        if hhi is None:
            return "—"
        if hhi > HIGH:
            return self.say("高", "high")
        return self.say("中", "moderate") if hhi >= MODERATE else self.say("低", "low")

    # --- time -----------------------------------------------------------------------------------

    def _stay(self) -> View:
        found, days = numbers.stay(self.session, self.asked)
        view = self._table(found)
        heads = [*view.heads, self.say("中位天数", "Median days"),
                 self.say("中间一半", "Middle half")]  # fmt: skip
        for row, rung in zip(view.rows, [*found.rows, None], strict=False):
            low, half, high = (quarter(days.get(rung or "", []), n) for n in (1, 2, 3))
            none = half is None
            row += [Cell("—" if none else half), Cell("—" if none else f"{low}–{high}")]
        return View(heads, view.rows, view.chart)

    def _conversion(self) -> View:
        cohorts = numbers.conversion(self.session, self.asked)
        words = {step: self.cube.dims["rung"].values[step][self.at] for step in STEPS}
        lower, upper = (words[one] for one in (self.asked.options.lower,
                                               self.asked.options.upper))  # fmt: skip
        heads = [self.say(f"成为{lower}的年份", f"Year of becoming {lower}"),
                 self.say("家数", "Firms"), self.say("直接进入", "Came straight"),
                 self.say("已转化", "Converted"), self.say("已离开", "Left"),
                 self.say("仍在等待", "Waiting"),
                 *(self.say(f"{year} 年内转化 %", f"Within {year} y, %")
                   for year in range(1, WAITED + 1)),
                 self.say("中位月数", "Median months")]  # fmt: skip
        said = self.say(
            f"从{lower}到{upper}：尚未转化和已离开的企业按“删失”处理（Kaplan–Meier），"
            "括号内为 95% 区间；不能观察到的年限写“—”。",
            f"From {lower} to {upper}: firms that still wait, or left, are censored "
            "(Kaplan–Meier); 95% intervals in brackets; “—” where nobody was seen that long.",
        )
        lines = [(one.year or ALL[self.at], [_percent(one.curve.at(_day(m))) for m in MONTHS])
                 for one in cohorts[-LARGEST_GROUPS // 2 - 1 :]]  # fmt: skip
        months = [self.say(f"{month} 月", f"{month} mo") for month in MONTHS]
        chart = charts.lines(months, lines) if cohorts else None
        return View(heads, [self._cohort(one) for one in cohorts], chart, [said])

    def _cohort(self, one: Cohort) -> list[Cell]:
        own = [] if one.year is None else [("cohort", one.year)]
        cells = [Cell(one.year or ALL[self.at]), Cell(sum(one.counts.values()), self.href(*own))]
        cells += [Cell(firms, self.href(*own, ("outcome", name)))
                  for name, firms in one.counts.items()]  # fmt: skip
        for year in range(1, WAITED + 1):
            waited = [("waited", str(each)) for each in range(1, year + 1)]
            point = one.curve.at(year * FOUR_YEARS // 4)
            cells.append(Cell(_told(point), self.href(*own, ("outcome", "converted"), *waited)
                              if point else None))  # fmt: skip
        median = one.curve.median
        return [*cells, Cell("—" if median is None else _tenths(median / MONTH_DAYS))]

    # --- flows ----------------------------------------------------------------------------------

    def _flows(self) -> View:
        rows: list[list[Cell]] = []
        links: list[tuple[str, str, int, str]] = []
        for one in numbers.flows(self.session, self.asked):
            href = self.href((f"on.{one.first}", one.old), (f"on.{one.last}", one.new))
            dim = self.cube.dims[f"on.{one.first}"]
            was, now = self.word(dim, one.old), self.word(dim, one.new)
            share = None if one.share is None else _tenths(100 * one.share)
            rows.append([Cell(f"{one.first} → {one.last}"), Cell(was), Cell(now),
                         Cell(one.firms, href), Cell(share)])  # fmt: skip
            links.append((_node(one.first, was), _node(one.last, now), one.firms, href))
        heads = [self.say("时段", "Period"), self.say("原在", "From"), self.say("后在", "To"),
                 self.say("家数", "Firms"),
                 self.say("占原梯次 %", "Of those there before, %")]  # fmt: skip
        return View(heads, rows, charts.sankey(links) if links else None)


def _tenths(value: float) -> Decimal:
    return Decimal(f"{value:.1f}")


def _node(day: Any, word: str) -> str:
    ended = (day.month, day.day) == (12, 31)
    return f"{day.year if ended else day} {word}"


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _day(month: int) -> int:
    return int(month * MONTH_DAYS)


def _percent(point: Point | None) -> float | None:
    return None if point is None else round(100 * point.share, 1)


def _told(point: Point | None) -> str:
    if point is None:
        return "—"
    return f"{100 * point.share:.1f} ({100 * point.low:.1f}–{100 * point.high:.1f})"
