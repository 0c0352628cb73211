"""A reform run: a draft set against another over the whole register; nothing is written.

Both are compiled into one statement, so equal quantities are read and computed once, and their
verdicts come from the same facts of the same day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.core.clock import today
from app.core.errors import Invalid
from app.core.prepared import as_sql, driver_cursor
from app.criteria.compiler import Compiler, LoadedSet
from app.criteria.facts import best_known
from app.criteria.policy import Criterion, Outcome
from app.criteria.records import Scope

Move = Literal["enter", "leave", "unknown", "unmet", "not_applicable"]
MOVES: tuple[Move, ...] = ("enter", "leave", "unknown", "unmet", "not_applicable")
MOST_LISTED = 1_000
WHOLE: Scope = lambda key: key.is_not(None)  # noqa: E731
# Two sets of one number would be one: the draft is the one, the other keeps its own.
STATEMENT = """
with verdict as materialized (
  select firm_id, s{old}_outcome as old, s{new}_outcome as new,
         s{old}_outcomes as old_each, s{new}_outcomes as new_each
  from ({detail}) as sheet
), moved as materialized (
  select firm_id, old, new, old_each, new_each,
    case when new = 1 then 'enter' when new = 2 then 'unknown' when old = 1 then 'leave'
         when new = 0 then 'unmet' else 'not_applicable' end as move
  from verdict where old is distinct from new
), placed as (
  select moved.*, firm.name, firm.credit_code, park.name as park, park.name_en as park_en,
         left(firm.industry_code, 1) as section,
         row_number() over (partition by move order by firm.pinyin, firm.id) as place
  from moved join firm on firm.id = moved.firm_id
  left join location on location.firm_id = firm.id and location.superseded_at is null
    and location.during @> %(as_of)s::date
  left join organisation as park on park.id = location.park_id
)
select 'pair' as part, null::int as firm_id, null as name, null as credit_code, null as park,
       null as park_en, null as section, null as move, old, new, count(*) as number,
       null::bigint as old_each, null::bigint as new_each, 0 as place
from verdict group by old, new
union all
select 'park', null, null, null, park, park_en, null, move, null, null, count(*), null, null, 0
from placed group by park, park_en, move
union all
select 'section', null, null, null, null, null, section, move, null, null, count(*), null, null, 0
from placed group by section, move
union all
select 'firm', firm_id, name, credit_code, park, park_en, section, move, old, new, 1,
       old_each, new_each, place
from placed where place <= %(most)s
order by 1, 14, 2
"""


@dataclass(frozen=True)
class Moved:
    """A firm whose outcome is another under the draft, and which criteria make it so."""

    firm_id: int
    name: str
    credit_code: str | None
    park: str | None
    park_en: str | None
    section: str | None
    old: str
    new: str
    criteria: list[Criterion]


@dataclass
class Reform:
    """Who moves, counted and listed; lists are cut, counts are not."""

    old: LoadedSet
    new: LoadedSet
    as_of: date
    firms: int
    pairs: dict[tuple[str, str], int]
    counts: dict[Move, int]
    listed: dict[Move, list[Moved]]
    parks: dict[tuple[str | None, str | None], dict[str, int]]
    sections: dict[str | None, dict[str, int]]

    @property
    def unchanged(self) -> int:
        """Firms that stand as they stood."""
        return self.firms - sum(self.counts.values())


def compare(
    session: Session, old: LoadedSet, new: LoadedSet, as_of: date | None = None,
    most: int = MOST_LISTED,
) -> Reform:  # fmt: skip
    """Hold every firm against both sets on a day."""
    if old.id == new.id:
        raise Invalid("两个条件版本相同：请另选一个 (compare two different versions)")
    day = as_of or today()
    rows = _run(session, old, new, {"as_of": day, "most": most})
    found = Reform(old, new, day, 0, {}, dict.fromkeys(MOVES, 0), {m: [] for m in MOVES}, {}, {})
    for row in rows:
        _take(found, row)
    return found


def _run(
    session: Session, old: LoadedSet, new: LoadedSet, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    detail = as_sql(Compiler([old, new], best_known()).verdicts(WHOLE))
    statement = STATEMENT.replace("{old}", str(old.id)).replace("{new}", str(new.id))
    cursor = driver_cursor(session)
    # Compiling a statement of this size to machine code takes longer than running it.
    cursor.execute("set local jit = off")
    cursor.execute(statement.replace("{detail}", detail).encode(), values)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _take(found: Reform, row: Mapping[str, Any]) -> None:
    match row["part"]:
        case "pair":
            pair = (_name(row["old"]), _name(row["new"]))
            found.pairs[pair] = row["number"]
            found.firms += row["number"]
        case "park":
            place = (row["park"], row["park_en"])
            found.parks.setdefault(place, {})[row["move"]] = row["number"]
        case "section":
            found.sections.setdefault(row["section"], {})[row["move"]] = row["number"]
            found.counts[row["move"]] += row["number"]
        case _:
            found.listed[row["move"]].append(_moved(found, row))


def _name(outcome: int) -> str:
    return Outcome(outcome).name.lower()


def _moved(found: Reform, row: Mapping[str, Any]) -> Moved:
    return Moved(
        row["firm_id"], row["name"], row["credit_code"], row["park"], row["park_en"],
        row["section"], _name(row["old"]), _name(row["new"]), _reasons(found, row),
    )  # fmt: skip


def _reasons(found: Reform, row: Mapping[str, Any]) -> list[Criterion]:
    """What stands otherwise: criteria that are new, or gone, or came to another outcome."""
    before, after = (
        dict(zip([c.id for c in every], Outcome.unpack(packed, len(every)), strict=True))
        for every, packed in (
            (list(found.old.policy.walk()), row["old_each"]),
            (list(found.new.policy.walk()), row["new_each"]),
        )
    )
    tops = {c.id: c for policy in (found.old.policy, found.new.policy) for c in policy.criteria}
    neutral = (Outcome.MET, Outcome.NOT_APPLICABLE)
    return [
        criterion for number, criterion in tops.items()
        if before.get(number, Outcome.MET) != after.get(number, Outcome.MET)
        and not (before.get(number, Outcome.MET) in neutral
                 and after.get(number, Outcome.MET) in neutral)
    ]  # fmt: skip
