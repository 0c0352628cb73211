"""What people are asked to judge: the criteria and named quantities of every set."""

from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.fields import nearest
from app.criteria.store import all_sets
from app.firms.catalogue import Label


def judged(session: Session) -> dict[str, Label]:
    """Whatever a person may be asked to judge, in words."""
    sets = [loaded.policy for loaded in all_sets(session)]
    asked = {c.id: c.label for policy in sets for c in policy.walk()}
    return asked | {name: one.label for policy in sets for name, one in policy.quantities.items()}


def check_criterion(session: Session, criterion: str) -> None:
    """Invalid names the nearest right criterion."""
    known = judged(session)
    if criterion not in known:
        wrong = f"没有条件 {criterion} (unknown criterion)" + nearest(criterion, sorted(known))
        raise Invalid(wrong, errors=[{"parameter": "criterion", "detail": wrong}])
