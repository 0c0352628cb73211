"""Which firms may be one: found at night over the whole register, by what they have in common.

A name without its legal form and place, the same sound in other characters, the same address, a
right that both claim. Each reason weighs; what many firms share says nothing of two of them.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.firms.duplicate_models import REASONS
from app.firms.names import core, normal, sound

# More firms than this that agree in something are a building or a common word, not a duplicate.
MOST_NAMED, MOST_PLACED = 20, 3
SHORTEST_SOUND, SHORTEST_ADDRESS = 3, 8
TOLD = text("""
create temporary table told (firm_id int, name text, core text, sound text, address text)
on commit drop
""")
ADDRESSES = text("""
select id, name,
  lower(regexp_replace(normalize(coalesce(address, ''), nfkc), '[[:space:]]', '', 'g'))
from firm
""")
# Members of one group, each pair once; a group that is too large tells nothing.
ALIKE = """
select '{reason}' as reason, one.firm_id, other.firm_id as other_id
from {rows} as one join {rows} as other using ({what})
where one.firm_id < other.firm_id and {worth} and {what} in (
  select {what} from {rows} group by {what} having count(distinct firm_id) between 2 and {most})
{more}
"""
RIGHTS = """(
  select distinct firm_id, upper(regexp_replace(number, '[^0-9A-Za-z]', '', 'g')) as number
  from ip_right where superseded_at is null and number is not null)"""
FOUND = "create temporary table alike on commit drop as {}"
WEIGHED = """
create temporary table found on commit drop as
select firm_id, other_id, array_agg(reason order by reason) as reasons,
  sum(case reason {weights} end)::smallint as score
from alike group by firm_id, other_id
"""
KEEP = text("""
insert into duplicate_pair (firm_id, other_id, reasons, score)
select firm_id, other_id, reasons, score from found
on conflict (firm_id, other_id) do update set reasons = excluded.reasons, score = excluded.score
where duplicate_pair.decided_at is null and (duplicate_pair.reasons, duplicate_pair.score)
  is distinct from (excluded.reasons, excluded.score)
""")
FORGET = text("""
delete from duplicate_pair as pair where decided_at is null and not exists (
  select from found where (found.firm_id, found.other_id) = (pair.firm_id, pair.other_id))
""")


def find(session: Session) -> int:
    """Bring the queue up to date; how many pairs wait. What was decided stays decided."""
    session.execute(text("set local statement_timeout = 0"))
    session.execute(TOLD)
    rows = session.execute(ADDRESSES).all()
    with session.connection().connection.cursor().copy("copy told from stdin") as copy:
        for number, name, address in rows:
            short = core(name)
            copy.write_row((number, normal(name).lower(), short, sound(short), address))
    session.execute(text("analyze told"))
    session.execute(text(FOUND.format(" union ".join(_reasons()))))
    weights = " ".join(f"when '{reason}' then {weight}" for reason, weight in REASONS.items())
    session.execute(text(WEIGHED.format(weights=weights)))
    session.execute(KEEP)
    session.execute(FORGET)
    session.execute(text("drop table told, alike, found"))
    waiting = text("select count(*) from duplicate_pair where decided_at is null")
    return session.scalar(waiting) or 0


def _reasons() -> list[str]:
    """One select a reason."""

    def alike(reason: str, most: int, worth: str, rows: str = "told", what: str = "",
              more: str = "") -> str:  # fmt: skip
        return ALIKE.format(reason=reason, rows=rows, what=what or reason, worth=worth, most=most,
                            more=more)  # fmt: skip

    return [
        alike("name", MOST_NAMED, "true"),
        alike("core", MOST_NAMED, "length(core) > 1", more="and one.name <> other.name"),
        alike("sound", MOST_NAMED, f"length(one.core) >= {SHORTEST_SOUND}",
              more="and one.core <> other.core"),
        alike("address", MOST_PLACED,
              f"length(address) >= {SHORTEST_ADDRESS} and address ~ '[0-9]'"),
        alike("right", MOST_PLACED, "length(number) > 5", RIGHTS, "number"),
    ]  # fmt: skip
