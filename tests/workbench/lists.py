"""What the workbench's tests share: browsers of people, and firms to narrow down."""

import html
import re
from datetime import date
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.firms.models import Designation
from tests import people
from tests.factories import make_firm

LAST = today().year - 1
LONG_AGO = date(2015, 1, 1)
ALWAYS = Range(LONG_AGO, None)


def browser(db: Session, role: Role, body: Organisation | None = None) -> TestClient:
    """A signed-in person's browser; where an answer leads is looked at, not followed."""
    found = people.person(db, role, body)
    found.headers.update({"Accept": "text/html"})
    found.follow_redirects = False
    return found


def firm(db: Session, name: str, kind: str | None = None, **facts: Any) -> int:
    """A firm of long standing, perhaps with a title."""
    number = make_firm(db, name, **({"firm": {"registered_on": LONG_AGO}} | facts))
    if kind is not None:
        db.add(Designation(firm_id=number, kind=kind, valid=ALWAYS))
        db.flush()
    return number


def plain(page: str) -> str:
    """The words of a page."""
    bare = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())
