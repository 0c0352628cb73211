"""The log of readings, looked up."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

NAMING = text("""
select at, acting, purpose, filter, firm_id from access_log
where what = :what and jsonb_typeof(filter -> :key) = 'array' and exists (
  select from jsonb_array_elements_text(filter -> :key) as n where n = any(:numbers))
order by at, id
""")


def readings_of(session: Session, what: str, key: str, numbers: Sequence[int]) -> list[Any]:
    """Readings of `what` whose filter names any of these numbers under `key`, oldest first."""
    given = {"what": what, "key": key, "numbers": [str(number) for number in numbers]}
    return list(session.execute(NAMING, given))
