"""What only the register knows to be wrong with a record of innovation."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.firms.models import Firm
from app.firms.names import normal
from app.firms.record_kinds import attached
from app.innovation.schemas import TechContractIn


def other_party(session: Session, given: TechContractIn) -> None:
    """Nobody contracts with itself."""
    attached(session, given)
    own = select(Firm.name, Firm.credit_code).where(Firm.id == given.firm_id)
    for name, code in session.execute(own):
        same = normal(given.partner).lower() == normal(name).lower()
        if same or (given.partner_code is not None and given.partner_code == code):
            detail = (
                f"合同另一方“{given.partner}”就是本企业：请填写对方单位 "
                "(the other party is the firm itself: give the party it contracted with)"
            )
            raise Invalid(detail, errors=[{"pointer": "/partner", "detail": detail}])
