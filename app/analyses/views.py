"""Each analysis as one table whose numbers open their firms, with a chart and what it comes to."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import Numeric, cast, func, select
from sqlalchemy.orm import Session

from app.analyses import queries
from app.analyses.cubes import FOUR_YEARS, WAITED, ends
from app.analyses.dims import Dim, Pair
from app.analyses.queries import Analysis, tally
from app.analyses.survival import Curve, Point, kaplan_meier
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
        return self._crossed(self.asked.rows, self.asked.columns)

    def _crossed(self, down: str, across: str) -> View:
        """Firms by one key down and another across."""
        counts = {(keys[0], keys[1]): firms
                  for keys, firms in tally(self.session, self.cube, (down, across))}  # fmt: skip
        return self._table(down, across, counts)

    def _table(self, down: str, across: str, counts: Mapping[tuple[str, str], int]) -> View:
        """With totals; only what is there is shown."""
        rows, columns = (self._present(name, at, counts) for at, name in enumerate((down, across)))
        dim, other = self.cube.dims[down], self.cube.dims[across]
        cells = []
        for row in rows:
            line = [Cell(counts.get((row, column), 0), self.href((down, row), (across, column)))
                    for column in columns]  # fmt: skip
            total = sum(counts.get((row, column), 0) for column in columns)
            cells.append([Cell(self.word(dim, row)), *line, Cell(total, self.href((down, row)))])
        sums = [Cell(sum(counts.get((row, column), 0) for row in rows), self.href((across, column)))
                for column in columns]  # fmt: skip
        if cells:
            cells.append([Cell(ALL[self.at]), *sums, Cell(sum(counts.values()), self.href())])
        heads = [
            dim.label[self.at],
            *(self.word(other, column) for column in columns),
            ALL[self.at],
        ]
        return View(heads, cells, self._stacked(cells[:-1], heads[1:-1]))

    def _present(self, name: str, at: int, counts: Iterable[tuple[str, ...]]) -> list[str]:
        there = {keys[at] for keys in counts}
        known = [value for value in self.cube.dims[name].values if value in there]
        return [*known, *sorted(there - set(known))]

    def _stacked(self, rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> dict[str, Any]:
        series = [
            (name, [(_whole(row[at].value), row[at].href or "") for row in rows])
            for at, name in enumerate(names, 1)
        ]
        return charts.stacked([str(row[0].value) for row in rows], series)

    # --- figures --------------------------------------------------------------------------------

    def _intensity(self) -> View:
        view = self._crossed("share", "rung")
        rows = self.cube.rows
        over, under = cast(rows.c.over, Numeric), cast(rows.c.under, Numeric)
        whole = select(func.sum(over), func.sum(under)).where(
            rows.c.over.is_not(None), rows.c.under > 0
        )
        spent, sold = self.session.execute(whole).one()
        middle = queries.quartiles(self.session, over / func.nullif(under, 0))
        if not sold or not middle:
            return view
        low, half, high = (f"{100 * value:.2f}%" for value in middle)
        said = self.say(
            f"中位数 {half}，中间一半的企业在 {low} 到 {high} 之间；"
            f"合计研发费用占合计收入 {100 * spent / sold:.2f}%。",
            f"Median {half}; the middle half of the firms lies between {low} and {high}; "
            f"all their R&D is {100 * spent / sold:.2f}% of all their revenue.",
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
        """One reading: how many firms have stood on each rung for how many days."""
        told = tally(self.session, self.cube, ("rung", "stay", "days"))
        counts: Counter[tuple[str, str]] = Counter()
        days: dict[str, list[int]] = {}
        for (rung, stay, stood), firms in told:
            counts[rung, stay] += firms
            if stood is not None:
                days.setdefault(rung, []).extend([int(stood)] * firms)
        view = self._table("rung", "stay", counts)
        heads = [*view.heads, self.say("中位天数", "Median days"),
                 self.say("中间一半", "Middle half")]  # fmt: skip
        rungs = [step for step in STEPS[1:] if any(keys[0] == step for keys in counts)]
        for row, step in zip(view.rows, [*rungs, None], strict=False):
            own = sorted(days.get(step or "", []))
            row += [Cell(_at(own, 2)), Cell(f"{_at(own, 1)}–{_at(own, 3)}" if own else "—")]
        return View(heads, view.rows, view.chart)

    def _conversion(self) -> View:
        rows = tally(self.session, self.cube, ("cohort", "outcome", "days"))
        cohorts = sorted({str(keys[0]) for keys, _ in rows})
        series, lines = [], []
        for cohort in [*cohorts, None]:
            own = [row for row in rows if cohort is None or row[0][0] == cohort]
            counts = {name: sum(n for keys, n in own if keys[1] == name)
                      for name in ("straight", "converted", "left", "waiting")}  # fmt: skip
            curve = _curve(own)
            series.append(self._cohort(cohort, counts, curve))
            if cohort is None or cohort in cohorts[-LARGEST_GROUPS // 2 :]:
                lines.append(
                    (cohort or ALL[self.at], [_percent(curve.at(_day(m))) for m in MONTHS])
                )
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
        chart = (
            charts.lines([self.say(f"{month} 月", f"{month} mo") for month in MONTHS], lines)
            if rows
            else None
        )
        return View(heads, series if rows else [], chart, [said])

    def _cohort(self, cohort: str | None, counts: dict[str, int], curve: Curve) -> list[Cell]:
        own = [] if cohort is None else [("cohort", cohort)]
        cells = [Cell(cohort or ALL[self.at]), Cell(sum(counts.values()), self.href(*own))]
        cells += [Cell(firms, self.href(*own, ("outcome", name))) for name, firms in counts.items()]
        for year in range(1, WAITED + 1):
            waited = [("waited", str(each)) for each in range(1, year + 1)]
            point = curve.at(year * FOUR_YEARS // 4)
            cells.append(Cell(_told(point), self.href(*own, ("outcome", "converted"), *waited)
                              if point else None))  # fmt: skip
        median = curve.median
        return [*cells, Cell("—" if median is None else _tenths(median / MONTH_DAYS))]

    # --- flows ----------------------------------------------------------------------------------

    def _flows(self) -> View:
        days = ends(self.asked.day)
        told = tally(self.session, self.cube, [f"on.{day}" for day in days])
        rows: list[list[Cell]] = []
        links: list[tuple[str, str, int, str]] = []
        for at, (first, last) in enumerate(pairwise(days)):
            counts: Counter[tuple[str, str]] = Counter()
            for keys, firms in told:
                counts[keys[at], keys[at + 1]] += firms
            del counts[STEPS[0], STEPS[0]]
            for (old, new), firms in sorted(counts.items(), key=lambda one: _rungs(one[0])):
                href = self.href((f"on.{first}", old), (f"on.{last}", new))
                there = sum(n for keys, n in counts.items() if keys[0] == old)
                share = None if old == STEPS[0] else _tenths(100 * firms / there)
                dim = self.cube.dims[f"on.{first}"]
                was, now = self.word(dim, old), self.word(dim, new)
                rows.append([Cell(f"{first} → {last}"), Cell(was), Cell(now), Cell(firms, href),
                             Cell(share)])  # fmt: skip
                links.append((_node(first, was), _node(last, now), firms, href))
        heads = [self.say("时段", "Period"), self.say("原在", "From"), self.say("后在", "To"),
                 self.say("家数", "Firms"),
                 self.say("占原梯次 %", "Of those there before, %")]  # fmt: skip
        return View(heads, rows, charts.sankey(links) if links else None)


def _tenths(value: float) -> Decimal:
    return Decimal(f"{value:.1f}")


def _at(values: Sequence[int], quarter: int) -> Value:
    """The value at or below which so many quarters of the sorted ones lie."""
    return values[-(-len(values) * quarter // 4) - 1] if values else "—"


def _node(day: Any, word: str) -> str:
    ended = (day.month, day.day) == (12, 31)
    return f"{day.year if ended else day} {word}"


def _rungs(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(-STEPS.index(key) for key in keys)


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


def _curve(rows: Iterable[tuple[tuple[Any, ...], int]]) -> Curve:
    """The firms that waited at all; who came straight never did."""
    ended: list[int] = []
    converted: list[bool] = []
    for (_, outcome, days), firms in rows:
        if outcome != "straight":
            ended += [days] * firms
            converted += [outcome == "converted"] * firms
    return kaplan_meier(np.array(ended, dtype=np.int64), np.array(converted, dtype=bool))
