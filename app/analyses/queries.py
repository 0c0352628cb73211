"""Reads of a cube: counts by some of its keys, the firms behind them, and exact middles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Numeric, Select, cast, func, select
from sqlalchemy.orm import Session

from app.analyses.cubes import ANALYSES, MEASURES, SCOPES, Cube, Options, cube
from app.analyses.dims import dims
from app.core.clock import today
from app.core.errors import Invalid, NotFound
from app.core.fields import Field, nearest
from app.core.filters import CONTROLS, Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.firms.catalogue import INDICATORS
from app.firms.models import Firm
from app.firms.moves import STEPS
from app.plans.measuring import Asked
from app.plans.target_pages import day_of

Pairs = list[tuple[str, str]]
Tally = list[tuple[tuple[Any, ...], int]]
# What a page is asked beside the firms: the day, and each analysis's own options.
OWN = ("as_of", "lower", "upper", "scope", "measure", "by", "rows", "columns", "format")
HIGHER = STEPS[1:]
GROUPS = ("all", "industry", "park", "rung", "size", "age")


@dataclass(frozen=True)
class Analysis:
    """One analysis as it was asked for; `pairs` are its parameters, for addresses."""

    name: str
    day: date
    options: Options
    cube: Cube
    rows: str
    columns: str
    pairs: tuple[tuple[str, str], ...]


def opened(session: Session, asked_by: Any, name: str, pairs: Pairs) -> Analysis:
    """The analysis that an address names; Invalid says which parameter is wrong."""
    if name not in ANALYSES:
        raise NotFound(f"没有分析 {name[:40]} (no such analysis)" + nearest(name, ANALYSES))
    given = dict(pairs)
    day = min(day_of(given.get("as_of", "")), today())
    known = dims(session)
    chosen: dict[str, list[str]] = {}
    for key, value in pairs:
        if key in known:
            chosen.setdefault(key, []).append(_among(key, value, known[key].values))
    options = Options(
        chosen=chosen,
        lower=_among("lower", given.get("lower", "tech_based"), HIGHER),
        upper=_among("upper", given.get("upper", "certified"), HIGHER),
        scope=_among("scope", given.get("scope", "hnte"), SCOPES),
        measure=_among("measure", given.get("measure", "revenue_sales"), MEASURES),
        by=_among("by", given.get("by", "industry"), GROUPS),
    )
    if HIGHER.index(options.lower) >= HIGHER.index(options.upper):
        raise _wrong("upper", f"{options.upper} 不高于 {options.lower} (is not the higher rung)")
    found = cube(session, Asked(asked_by, day), name, options)
    _refuse_unknown(pairs, (*OWN, *CONTROLS, *found.dims))
    rows, columns = _axes(name, given, found)
    return Analysis(name, day, options, found, rows, columns, tuple(pairs))


def _refuse_unknown(pairs: Pairs, known: Sequence[str]) -> None:
    """A mistyped filter never counts everybody."""
    for name, _ in pairs:
        if name.split("__")[0] not in known:
            raise _wrong(name[:40], "没有这个参数 (no such parameter)" + nearest(name, known))


def _axes(name: str, given: dict[str, str], found: Cube) -> tuple[str, str]:
    """By what a table is divided down and across."""
    usual = {"structure": ("industry", "rung"), "intensity": ("share", "rung"),
             "stay": ("rung", "stay")}.get(name, ("", ""))  # fmt: skip
    if name != "structure":
        return usual
    rows, columns = (_among(axis, given.get(axis, default), found.dims)
                     for axis, default in zip(("rows", "columns"), usual, strict=True))  # fmt: skip
    if rows == columns:
        raise _wrong("columns", f"行和列都是 {rows}：请另选一项 (choose another for the columns)")
    return rows, columns


def _among(name: str, value: str, choices: Any) -> str:
    if value in choices:
        return value
    raise _wrong(name, f"没有 {value[:40]} (no such value)" + nearest(value, choices))


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(f"{name}: {detail}", errors=[{"parameter": name, "detail": detail}])


# --- counts -------------------------------------------------------------------------------------


def tally(session: Session, found: Cube, names: Sequence[str]) -> Tally:
    """How many firms have each combination of these keys."""
    keys = [found.rows.c[name] for name in names]
    rows = session.execute(select(*keys, func.count()).group_by(*keys))
    return [(tuple(row[:-1]), row[-1]) for row in rows]


def quartiles(session: Session, value: Any) -> list[Any]:
    """Quarter, half and three quarters of the firms with a value lie at or below these."""
    middle = func.percentile_disc([0.25, 0.5, 0.75]).within_group(value)
    return list(session.scalar(select(middle).where(value.is_not(None))) or [])


@dataclass(frozen=True)
class Held:
    """What a group of firms holds of something, and how much of it the largest have."""

    firms: int
    unknown: int
    total: int
    largest: int
    four: int
    ten: int
    squares: int

    def share(self, part: int) -> float | None:
        """A part of the whole, in per cent."""
        return 100 * part / self.total if self.total else None

    @property
    def hhi(self) -> int | None:
        """Herfindahl-Hirschman: the sum of the squared shares in per cent; 10,000 is one firm."""
        return round(10_000 * self.squares / self.total**2) if self.total else None


def held(session: Session, found: Cube, by: str) -> dict[str, Held]:
    """By group: exact sums over the firms whose figure is known."""
    rows = found.rows
    value, place = rows.c.value, rows.c.place
    exact = cast(value, Numeric)
    group = rows.c[by] if by != "all" else cast(None, rows.c.firm_id.type)
    known = func.count(value)
    query = select(
        group, known, func.count() - known, func.coalesce(func.sum(exact), 0),
        *(func.coalesce(func.sum(exact).filter(place.in_(places)), 0)
          for places in (("1",), ("1", "2-4"), ("1", "2-4", "5-10"))),
        func.coalesce(func.sum(exact * exact), 0),
    ).group_by(group)  # fmt: skip
    return {str(row[0]) if by != "all" else "all": Held(*(int(cell) for cell in row[1:]))
            for row in session.execute(query)}  # fmt: skip


# --- firms --------------------------------------------------------------------------------------


def vocabulary(found: Cube) -> Vocabulary:
    """What the list of firms behind a number understands."""
    fields = {
        dim.name: Field(dim.name, "choice", found.rows.c[dim.name], choices=dim.values,
                        label={"zh": dim.label[0], "en": dim.label[1]})
        for dim in found.dims.values()
    }  # fmt: skip
    return Vocabulary(fields=fields, sorts={"id": Sort(Firm.id), "name": Sort(Firm.pinyin)},
                      ordering="name", own=OWN)  # fmt: skip


def firms_of(found: Cube) -> Select[Any]:
    """Each firm with its keys."""
    keys = [found.rows.c[name] for name in found.dims]
    return select(Firm.id, Firm.name, Firm.credit_code, *keys).join(
        found.rows, found.rows.c.firm_id == Firm.id
    )


def behind(session: Session, asked: Analysis, pairs: Pairs) -> Page:
    """A page of the firms that a number counts; Invalid names the parameter that is wrong."""
    return page(session, firms_of(asked.cube), parse(pairs, vocabulary(asked.cube)), Firm.id)


def measure_label(code: str) -> tuple[str, str]:
    """An indicator's name in both languages."""
    one = INDICATORS[code]
    return one.label.zh, one.label.en
