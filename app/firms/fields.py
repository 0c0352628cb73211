"""What lists of firms can be filtered and ordered by, and the columns they show."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Select,
    Text,
    and_,
    any_,
    exists,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.db import FEN_PER_YUAN
from app.core.fields import PARSE, BadValueError, Field, Predicate, Sql, whole_number
from app.core.filters import Sort, Vocabulary
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.flag_models import FLAG_KINDS, Flag
from app.firms.flags import stands
from app.firms.models import (
    DESIGNATION_KINDS,
    FIRM_STATUSES,
    ORIGINS,
    Designation,
    Firm,
    FirmYear,
    Location,
    Residency,
    Submission,
)
from app.firms.queries import RUNG_OF_DESIGNATION, RUNGS, search

OLDEST_YEAR = 1990
NO_RUNG = "none"
FEW_FOUND = 500
COLUMNS = (
    "id", "credit_code", "name", "status", "registered_on", "region_code", "address",
    "industry_code", "hightech_field", "chain", "resident_enterprise", "legal_form", "origin",
    "registered_capital", "rung", "park", "incubator", "designations", "flags", "version",
)  # fmt: skip
UNITS = {"money": "yuan", "percent": "percent", "points": "point", "count": "person"}


def vocabulary(session: Session, day: date, *own: str) -> Vocabulary:
    """What the register's lists understand on a day; `own` the caller reads itself."""
    return Vocabulary(
        fields=firm_fields(session, day),
        sorts=firm_sorts(),
        ordering="name",
        columns=COLUMNS,
        families=families(session, day),
        own=own,
    )


def families(session: Session, day: date) -> Mapping[str, Callable[[str], Field | None]]:
    """Fields of firms whose names cannot be listed."""
    from app.firms import moves, record_fields  # they are made of the fields of this module

    found = moves.FAMILIES | record_fields.FAMILIES | {"figure": figure_field}
    return {name: partial(field, day=day) for name, field in found.items()} | {
        "moved": partial(moves.moved_field, session=session, day=day)
    }


def firm_sorts() -> dict[str, Sort]:
    """Orders of firms; each is backed by an index."""
    return {
        "id": Sort(Firm.id),
        "name": Sort(Firm.pinyin),
        "registered_on": Sort(Firm.registered_on, nullable=True),
    }


def firm_fields(session: Session, day: date) -> dict[str, Field]:
    """Every field of a firm itself, by name."""
    fields = _fields(day)
    bodies = {kind: _Bodies(session, kind) for kind in ("park", "incubator")}
    return {
        "name": Field("name", "text", Firm.name, wrap=partial(_resolved, session),
                      label=_label("名称", "Name")),
        "q": Field("q", "text", matches=partial(_search, session), lookups=("",),
                   label=_label("搜索", "Search")),
        **fields,
        **{kind: replace(fields[kind], choices=known, convert=known.__getitem__)
           for kind, known in bodies.items()},
    }  # fmt: skip


class _Bodies(Mapping[str, int]):
    """The numbers of parks or incubators by code, asked for once they are needed: most lists are
    filtered by neither.
    """

    def __init__(self, session: Session, kind: str) -> None:
        self.session, self.kind = session, kind

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Of all of them."""
        query = select(Organisation.code, Organisation.id).where(Organisation.kind == self.kind)
        return {code: number for code, number in self.session.execute(query.order_by("code"))}

    def __getitem__(self, code: str) -> int:
        return self.numbers[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


@lru_cache(maxsize=8)
def _fields(day: date) -> dict[str, Field]:
    """The same, but for those that ask the database while they are read."""
    found = [
        *_attributes(),
        Field("rung", "choice", matches=partial(on_rungs, day=day), choices=(*RUNGS, NO_RUNG),
              label=_label("梯次", "Rung")),
        Field("designation", "choice", Designation.kind, choices=DESIGNATION_KINDS,
              wrap=partial(_designated, day=day), label=_label("有效资质", "Valid designation")),
        Field("park", "choice", Location.park_id,
              wrap=partial(_located, day=day), label=_label("园区", "Park")),
        Field("incubator", "choice", Residency.incubator_id, wrap=partial(_resident, day=day),
              label=_label("孵化载体", "Incubator")),
        Field("flag", "choice", Flag.kind, choices=FLAG_KINDS, wrap=partial(_flagged, day=day),
              label=_label("标记", "Flag")),
        Field("conflict", "bool", matches=_conflicting, lookups=("",),
              label=_label("有待处理的数据冲突", "Open conflict of figures")),
        *(_figure(entry, day.year - 1, f"figure.{entry.code}") for entry in INDICATORS.values()),
    ]  # fmt: skip
    return {one.name: one for one in found}


def _attributes() -> list[Field]:
    text = {
        "credit_code": ("统一社会信用代码", "Unified social credit code"),
        "region_code": ("行政区划代码", "District code (GB/T 2260)"),
        "address": ("地址", "Address"),
        "industry_code": ("行业代码", "Industry code (GB/T 4754)"),
        "hightech_field": ("高新技术领域", "High-tech field"),
        "chain": ("产业链", "Industry chain"),
        "legal_form": ("企业类型", "Legal form"),
    }
    fields = [Field(name, "text", getattr(Firm, name), label=_label(*both),
                    capitals=name in ("industry_code", "region_code"))
              for name, both in text.items()]  # fmt: skip
    capital = type_coerce(Firm.registered_capital, BigInteger)
    return [
        *fields,
        Field("id", "number", Firm.id, convert=whole_number, label=_label("编号", "Number")),
        Field("registered_on", "date", Firm.registered_on,
              label=_label("成立日期", "Registered on")),
        Field("status", "choice", Firm.status, choices=FIRM_STATUSES,
              label=_label("状态", "Status")),
        Field("status_on", "date", Firm.status_on, label=_label("状态日期", "Status since")),
        Field("origin", "choice", Firm.origin, choices=ORIGINS, label=_label("来源", "Origin")),
        Field("resident_enterprise", "bool", Firm.resident_enterprise,
              label=_label("居民企业", "Resident enterprise")),
        Field("registered_capital", "number", capital, convert=fen, unit="yuan", order=capital,
              label=_label("注册资本", "Registered capital")),
        Field("demo", "bool", Firm.demo, label=_label("演示数据", "Demonstration data")),
    ]  # fmt: skip


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def fen(raw: str) -> int:
    """Yuan as whole fen."""
    return _steps(raw, FEN_PER_YUAN)


def _steps(raw: str, scale: int) -> int:
    number: Decimal = PARSE["number"](raw)
    scaled = number * scale
    if scaled != int(scaled):
        digits = len(str(scale)) - 1
        raise BadValueError(f"{raw}: 最多 {digits} 位小数 (at most {digits} decimals)")
    if abs(scaled) >= 2**63:
        raise BadValueError(f"{raw} 过大 (too large)")
    return int(scaled)


# --- figures ------------------------------------------------------------------------------------


def figure_field(name: str, day: date) -> Field | None:
    """`figure.<indicator>` of the last full year, or `figure.<indicator>.<year>`."""
    _, _, rest = name.partition(".")
    code, dot, year = rest.partition(".")
    entry = INDICATORS.get(code)
    if entry is None:
        return None
    if not dot:
        return _figure(entry, day.year - 1, name)
    sound = len(year) == 4 and year.isascii() and year.isdigit()
    if not sound or not OLDEST_YEAR <= int(year) <= day.year:
        return None
    return _figure(entry, int(year), name)


def _figure(entry: Indicator, year: int, name: str) -> Field:
    stored = type_coerce(FirmYear.__table__.c[entry.code], BigInteger)
    own = select(stored).where(FirmYear.firm_id == Firm.id, FirmYear.year == year)
    return Field(
        name,
        "number",
        stored,
        order=own.correlate(Firm).scalar_subquery(),
        wrap=partial(_reported, year=year),
        convert=partial(_steps, scale=entry.scale),
        label=_label(f"{entry.zh}（{year}）", f"{entry.en} ({year})"),
        unit=entry.unit or UNITS[entry.kind],
    )


def _reported(condition: Predicate, year: int) -> Predicate:
    return exists().where(FirmYear.firm_id == Firm.id, FirmYear.year == year, condition)


# --- standing and places ------------------------------------------------------------------------


def _current(model: Any, column: Sql, day: date) -> Predicate:
    return and_(
        model.firm_id == Firm.id, model.superseded_at.is_(None), column.op("@>")(day)
    )  # fmt: skip


def _designated(condition: Predicate, day: date) -> Predicate:
    return exists().where(_current(Designation, Designation.valid, day), condition)


def on_designation(condition: Predicate, kind: str, day: date) -> Predicate:
    """Holds a designation of the kind for which this is so."""
    return _designated(and_(_of_kind([kind]), condition), day)


def _flagged(condition: Predicate, day: date) -> Predicate:
    return exists().where(Flag.firm_id == Firm.id, stands(day), condition)


def _located(condition: Predicate, day: date) -> Predicate:
    return exists().where(_current(Location, Location.during, day), condition)


def _resident(condition: Predicate, day: date) -> Predicate:
    return exists().where(_current(Residency, Residency.during, day), condition)


def on_rungs(rungs: list[str], day: date) -> Predicate:
    """Stands on one of these rungs: has what gives it, and nothing that gives a higher one."""
    return or_(*(_on_rung(rung, day) for rung in dict.fromkeys(rungs)))


def _on_rung(rung: str, day: date) -> Predicate:
    step = 0 if rung == NO_RUNG else RUNGS.index(rung) + 1
    given = [kind for kind, at in RUNG_OF_DESIGNATION.items() if at == step]
    higher = [kind for kind, at in RUNG_OF_DESIGNATION.items() if at > step]
    parts = [not_(_designated(_of_kind(higher), day))] if higher else []
    inside = exists().where(_current(Residency, Residency.during, day))
    if step == 0:
        return and_(*parts, not_(inside))
    return and_(inside if step == 1 else _designated(_of_kind(given), day), *parts)


def _of_kind(kinds: list[str]) -> Predicate:
    # An array even for one: the B-tree index knows what to do with it, the other does not.
    return Designation.kind == any_(literal(kinds, ARRAY(Text)))


def _conflicting(wanted: list[bool]) -> Predicate:
    there = exists().where(
        Submission.firm_id == Firm.id,
        Submission.effective_at.is_(None),
        Submission.settled_at.is_(None),
    )
    return or_(*(there if yes else not_(there) for yes in wanted))


def _search(session: Session, words: list[str]) -> Predicate:
    return _resolved(session, or_(*(search(one) for one in words)))


def _resolved(session: Session, wanted: Predicate) -> Predicate:
    """A pattern that few firms fit becomes their numbers, found first by the index of names.

    Left inside a list's statement, the planner takes any pattern for a common one.
    """
    return resolved(session, select(Firm.id), (wanted,), FEW_FOUND)[0]


def resolved(
    session: Session, firms: Select[int], wanted: tuple[Predicate, ...], most: int
) -> tuple[Predicate, ...]:
    """What is wanted of firms; where so many at most fit, their numbers.

    What a list asks of them several times, for its page and its count, is worked out once.
    """
    found = session.scalars(firms.where(*wanted).limit(most + 1)).all()
    if len(found) > most:
        return wanted
    return (Firm.id == any_(literal(list(found), ARRAY(Integer))),)
