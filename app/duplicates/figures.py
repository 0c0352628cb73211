"""The yearly figures of two firms that became one: best known values follow from submissions."""

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.firms.catalogue import INDICATORS

CELLS = text("""
select cell.year, cell.indicator, best.value
from (
  select distinct year, indicator from firm_merge_row as noted
  join submission on submission.id = cast(noted.key ->> 'id' as int)
  where merge_id = :merge and table_name = 'submission'
) as cell
left join submission as best on best.firm_id = :firm and best.year = cell.year
  and best.indicator = cell.indicator and best.effective_at is not null
  and best.superseded_at is null
""")
CONFLICTS = text("""
select count(*) from firm_merge_row as noted
join submission on submission.id = cast(noted.key ->> 'id' as int)
where merge_id = :merge and table_name = 'submission'
  and noted.before ->> 'effective_at' is not null
  and submission.effective_at is null and submission.settled_at is null
""")
STORE = """
insert into firm_year (firm_id, year, {columns}) values (:firm, :year, {values})
on conflict (firm_id, year) do update set {assignments},
  version = firm_year.version + 1, updated_at = now()
where ({own}) is distinct from ({new})
"""


def in_conflict(session: Session, merge: int) -> int:
    """How many figures that came contradict the firm's own."""
    return session.scalar(CONFLICTS, {"merge": merge}) or 0


def rebuild(session: Session, firm: int, merge: int) -> None:
    """Bring a firm's yearly rows in line with the submissions that a merge moved."""
    years: dict[int, dict[str, int | None]] = defaultdict(dict)
    for year, indicator, value in session.execute(CELLS, {"merge": merge, "firm": firm}):
        if indicator in INDICATORS:
            years[year][indicator] = value
    for year, values in sorted(years.items()):
        _store(session, firm, year, values)
    empty = " and ".join(f"{code} is null" for code in INDICATORS)
    session.execute(
        text(f"delete from firm_year where firm_id = :firm and year = any(:years) and {empty}"),  # noqa: S608
        {"firm": firm, "years": list(years)},
    )


def _store(session: Session, firm: int, year: int, values: dict[str, int | None]) -> None:
    codes = sorted(values)
    statement = STORE.format(
        columns=", ".join(codes),
        values=", ".join(f"cast(:{code} as bigint)" for code in codes),
        assignments=", ".join(f"{code} = excluded.{code}" for code in codes),
        own=", ".join(f"firm_year.{code}" for code in codes),
        new=", ".join(f"excluded.{code}" for code in codes),
    )
    session.execute(text(statement), values | {"firm": firm, "year": year})
