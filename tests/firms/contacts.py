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
    """What the trail says was read, oldest first."""
    rows = db.execute(text("""
        select jsonb_build_object('what', table_name, 'purpose', detail ->> 'purpose',
          'filter', detail -> 'filter', 'row_count', row_count,
          'acting', jsonb_build_object('role', role, 'token_id', token_id),
          'firm_id', (select min(firm_id) from audit_row where entry_id = e.id))
        from audit_entry e where action = 'read' order by id"""))  # fmt: skip
    return [row[0] for row in rows]


def silent(text: str) -> bool:
    """Whether nothing personal is in a text."""
    return not any(value in text for value in VALUES)
