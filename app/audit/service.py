"""Notes of readings, in the transaction that reads."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import cast, func, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.audit.models import AccessLog

# Declared for the transaction by app.accounts.acting; the command line, undeclared, is the system.
ACTING = cast(func.nullif(func.current_setting("tidu.acting", True), ""), JSONB)


def note_read(
    session: Session,
    what: str,
    *,
    purpose: str | None = None,
    filter: Mapping[str, Any] | None = None,
    row_count: int | None = None,
    firm_id: int | None = None,
) -> None:
    """Note one reading by whoever acts in this transaction."""
    session.execute(
        insert(AccessLog).values(
            acting=ACTING, what=what, purpose=purpose, row_count=row_count, firm_id=firm_id,
            filter=None if filter is None else dict(filter),
        )
    )  # fmt: skip
