"""One contact that must come out nowhere but where it may."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.firms.models import Contact

PERSON = {"name": "欧阳修远", "phone": "13987654321", "email": "ouyang@firm.example",
          "duty": "财务总监", "consent": "走访时本人同意"}  # fmt: skip
VALUES = ("欧阳修远", "13987654321", "ouyang@firm.example")


def address(firm: int, rest: str = "") -> str:
    """A firm's contacts in the API."""
    return f"/api/v1/firms/{firm}/contacts{rest}"


def the_contact(db: Session, firm: int) -> Contact:
    """The one contact."""
    return db.scalars(select(Contact).where(Contact.firm_id == firm)).one()


def readings(db: Session) -> list[dict[str, Any]]:
    """What the log says, oldest first."""
    rows = db.execute(text("select to_jsonb(a) from access_log a order by id"))
    return [row[0] for row in rows]


def silent(text: str) -> bool:
    """Whether nothing personal is in a text."""
    return not any(value in text for value in VALUES)
