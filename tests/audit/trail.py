"""What tests of the trail share: who acts, and what was recorded."""

import json
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

WHO = {"user_id": 7, "token_id": None, "name": "王科长", "role": "analyst", "organisation_id": 3,
       "request_id": "r-1", "reason": "年度核对"}  # fmt: skip
ENTRIES = text("""
select id, at, user_id, token_id, name, role, organisation_id, request_id, reason, table_name,
       action, row_count, detail
from audit_entry where id > :after and (cast(:of as text) is null or table_name = :of) order by id
""")
ROWS = text("""
select e.action, r.firm_id, r.key, r.before, r.after from audit_row as r
join audit_entry as e on (e.id, e.at) = (r.entry_id, r.at)
where e.id > :after and e.table_name = :of order by r.entry_id, r.n
""")


def act(db: Session, **said: Any) -> None:
    """Declare who acts for the rest of the transaction."""
    db.execute(text("select set_config('tidu.acting', :said, true)"),
               {"said": json.dumps(WHO | said)})  # fmt: skip


def last(db: Session) -> int:
    """The newest entry so far."""
    return db.scalar(text("select coalesce(max(id), 0) from audit_entry")) or 0


def entries(db: Session, after: int, of: str | None = None) -> list[Any]:
    """Entries since then, of one table or all."""
    return list(db.execute(ENTRIES, {"after": after, "of": of}))


def rows(db: Session, after: int, of: str) -> list[Any]:
    """Changed rows of one table since then."""
    return list(db.execute(ROWS, {"after": after, "of": of}))


def found_by(auditor: TestClient, query: str) -> list[dict[str, Any]]:
    """What the auditor finds by a filter."""
    answer = auditor.get(f"/api/v1/audit?limit=1000&{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
