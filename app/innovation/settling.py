"""What only the register knows to be wrong with a record of innovation."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.firms.models import Firm
from app.firms.names import normal
from app.firms.record_kinds import Values, attached, wrong


def other_party(session: Session, actor: Actor, values: Values) -> Values:
    """Nobody contracts with itself."""
    partner, code = values["partner"], values["partner_code"]
    own = select(Firm.name, Firm.credit_code).where(Firm.id == values["firm_id"])
    for firm_name, firm_code in session.execute(own):
        same = normal(partner).lower() == normal(firm_name).lower()
        if same or (code is not None and code == firm_code):
            detail = (
                f"合同另一方“{partner}”就是本企业：请填写对方单位 "
                "(the other party is the firm itself: give whom it contracted with)"
            )
            raise wrong("partner", detail)
    return attached(session, actor, values)
