"""What people are asked to judge: the criteria and named quantities of every set."""

from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.fields import nearest
from app.criteria.store import all_sets


def judged_names(session: Session) -> set[str]:
    """Whatever a person may be asked to judge."""
    sets = [loaded.policy for loaded in all_sets(session)]
    return {c.id for policy in sets for c in policy.walk()} | {
        name for policy in sets for name in policy.quantities
    }


def check_criterion(session: Session, criterion: str) -> None:
    """Invalid names the nearest right criterion."""
    known = judged_names(session)
    if criterion not in known:
        wrong = f"没有条件 {criterion} (unknown criterion)" + nearest(criterion, sorted(known))
        raise Invalid(wrong, errors=[{"parameter": "criterion", "detail": wrong}])
