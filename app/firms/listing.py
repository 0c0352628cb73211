"""Pages of firms: the register's own list, and what any list of firms shows beside each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Select,
    any_,
    bindparam,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.core.db import in_yuan, plainly
from app.core.filters import Filters, parse
from app.core.paging import Page, page
from app.core.prepared import DIALECT
from app.firms.catalogue import INDICATORS
from app.firms.fields import vocabulary
from app.firms.flags import kinds_of
from app.firms.models import Firm, FirmYear
from app.firms.queries import LADDERS, RUNG_OF_DESIGNATION, RUNGS, visible
from app.firms.schemas import OWN_COLUMNS

STORED = (
    "id", "credit_code", "name", "status", "registered_on", "region_code", "address",
    "industry_code", "hightech_field", "chain", "resident_enterprise", "legal_form", "origin",
    "registered_capital", "version",
)  # fmt: skip
USUAL = (
    "id", "credit_code", "name", "status", "registered_on", "region_code", "industry_code",
    "hightech_field", "chain", "origin", "rung", "park", "incubator", "designations",
)  # fmt: skip
Row = dict[str, Any]
# Written out, for every page of firms asks for it: to put it together takes longer than to run it.
STANDS = """
select 'designation' as of, firm_id, kind as said, null as name, null as name_en,
       cast(null as date) as until
from designation where firm_id = any(%(ids)s::int[]) and superseded_at is null and valid @> %(day)s
union all
select 'incubator', firm_id, code, name, name_en, null
from residency join organisation on organisation.id = incubator_id
where firm_id = any(%(ids)s::int[]) and superseded_at is null and during @> %(day)s
union all
select 'park', firm_id, code, name, name_en, null
from location join organisation on organisation.id = park_id
where firm_id = any(%(ids)s::int[]) and superseded_at is null and during @> %(day)s
union all
select 'former_name', firm_id, name, null, null, until
from former_name where firm_id = any(%(ids)s::int[])
order by until, said
"""
STANDING = {"rung", "designations", "incubator", "park"}
# Who asks by these looks for particular firms.
SEARCHING = ("q", "name", "credit_code")


def searched(params: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    """The query as it was asked, if it is a search; searches are noted."""
    asked: dict[str, list[str]] = {}
    for name, value in params:
        asked.setdefault(name, []).append(value)
    names = [*asked, *(member for raw in asked.get("any", []) for member in raw.split("|"))]
    return asked if any(n.split(":")[0].split("__")[0] in SEARCHING for n in names) else None


def firms(session: Session, actor: Actor, filters: Filters, day: date) -> Page:
    """A page of the firms this actor may know of; a constant number of statements."""
    columns = filters.columns or USUAL
    query: Select[Any] = select(*stored(columns)).where(visible(actor, day))
    found = page(session, query, filters, Firm.id)
    decorate(session, found.items, columns, day)
    for row in found.items:
        keep(row, columns)
    return found


def register(
    session: Session, actor: Actor, params: list[tuple[str, str]], day: date | None = None
) -> Page:
    """The page of the register that a query string asks for."""
    on = day or today()
    return firms(session, actor, parse(params, vocabulary(session, on)), on)


def stored(columns: Iterable[str]) -> list[Any]:
    """The columns of the firm's own row among those wanted; its number always."""
    return [getattr(Firm, name) for name in STORED if name == "id" or name in columns]


def keep(row: Row, columns: Iterable[str]) -> None:
    """Only the columns asked for."""
    for name in set(row) - set(columns):
        del row[name]


def decorate(session: Session, rows: list[Row], columns: Iterable[str], day: date) -> None:
    """Add rung, park, incubator, designations, flags and figures to the rows of one page."""
    wanted = set(columns)
    ids = [row["id"] for row in rows]
    stands = _stands(session, ids, day) if wanted & STANDING else _Stands()
    flags = kinds_of(session, ids, day) if "flags" in wanted else {}
    figures = _figures(session, ids, [c for c in columns if c.startswith("figure.")], day)
    for row in rows:
        number = row["id"]
        kinds = stands.held.get(number, [])
        row["designations"] = kinds
        row["flags"] = flags.get(number, [])
        row["rung"] = _rung(kinds, number in stands.incubators)
        row["incubator"] = stands.incubators.get(number)
        row["park"] = stands.parks.get(number)
        row["former_names"] = stands.names.get(number, [])
        row.update(figures.get(number, {}))


def _rung(kinds: list[str], inside: bool) -> str | None:
    step = max((RUNG_OF_DESIGNATION.get(kind, 0) for kind in kinds), default=0) or int(inside)
    return RUNGS[step - 1] if step else None


@dataclass
class _Stands:
    """By firm: the designations it holds on a day, and where it is."""

    held: dict[int, list[str]] = field(default_factory=dict)
    incubators: dict[int, Row] = field(default_factory=dict)
    parks: dict[int, Row] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)


def _stands(session: Session, ids: list[int], day: date) -> _Stands:
    """Titles, places and names in one statement: one firm asks no more than a page of many."""
    found = _Stands()
    for of, number, said, name, en, _ in plainly(session, STANDS, {"ids": ids, "day": day}):
        if of == "designation":
            found.held.setdefault(number, []).append(said)
        elif of == "former_name":
            found.names.setdefault(number, []).append(said)
        else:
            places = found.incubators if of == "incubator" else found.parks
            places[number] = {"code": said, "name": name, "name_en": en}
    return found


def _figures(session: Session, ids: list[int], columns: list[str], day: date) -> dict[int, Row]:
    """`figure.<indicator>[.<year>]` as asked, in the indicator's unit."""
    if not columns:
        return {}
    asked: dict[int, list[tuple[str, str]]] = {}
    for column in columns:
        _, code, *year = column.split(".")
        asked.setdefault(int(year[0]) if year else day.year - 1, []).append((column, code))
    codes = sorted({code for pairs in asked.values() for _, code in pairs})
    table = FirmYear.__table__
    rows = session.execute(
        select(FirmYear.firm_id, FirmYear.year,
               *(type_coerce(table.c[code], BigInteger).label(code) for code in codes))
        .where(FirmYear.firm_id == any_(literal(ids, ARRAY(Integer))), FirmYear.year.in_(asked))
    ).mappings()  # fmt: skip
    found: dict[int, Row] = {number: dict.fromkeys(columns) for number in ids}
    for row in rows:
        for column, code in asked[row["year"]]:
            value = row[code]
            shown = None if value is None else INDICATORS[code].shown(value)
            found[row["firm_id"]][column] = shown
    return found


def one(session: Session, actor: Actor, key: str, value: Any) -> Any:
    """One firm's own record by a column that tells firms apart; None where the actor may not know
    of it.
    """
    sql, given = _one(actor.role, actor.organisation_id, today(), key)
    found = plainly(session, sql, given | {"wanted": value})
    if not found:
        return None
    return found[0]._replace(registered_capital=in_yuan(found[0].registered_capital))


@lru_cache(maxsize=500)
def _one(role: Role, organisation_id: int | None, day: date, key: str) -> tuple[str, Row]:
    """The statement, put together once for all who may know of the same."""
    table, actor = Firm.__table__, Actor(role, organisation_id, "")
    mine = select(*(table.c[name] for name in sorted(OWN_COLUMNS)))
    query = mine.where(table.c[key] == bindparam("wanted"), visible(actor, day))
    compiled = query.compile(dialect=DIALECT)
    return str(compiled), dict(compiled.params)


def beside(session: Session, firm_id: int, day: date) -> Row:
    """What stands beside one firm's own record: rung, ladders, places, names, designations."""
    row: Row = {"id": firm_id}
    decorate(session, [row], ("rung", "designations", "park", "incubator"), day)
    held = row["designations"]
    highest = {
        ladder: [kind for kind in kinds if kind in held] for ladder, kinds in LADDERS.items()
    }
    row["ladders"] = {ladder: kinds[-1] for ladder, kinds in highest.items() if kinds}
    del row["id"]
    return row
