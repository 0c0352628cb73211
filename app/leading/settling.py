"""What steps to a listing need to know of the firm's other steps before they are kept."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.firms.record_kinds import Values, wrong
from app.leading.models import ListingStep

# A firm becomes a company limited by shares before it is tutored or quoted nationally; filings
# follow tutoring, and NEEQ's upper tier its lower. What is not on record may have happened.
WAYS = (
    ("share_reform", "guidance", "accepted", "approved", "listed"),
    ("share_reform", "neeq_base", "neeq_innovation"),
)
WORDS = {
    "share_reform": ("股改", "the share reform"),
    "guidance": ("辅导备案", "guidance"),
    "accepted": ("受理", "the filing"),
    "approved": ("核准注册", "the approval"),
    "listed": ("上市", "the listing"),
    "neeq_base": ("新三板基础层", "NEEQ's base tier"),
    "neeq_innovation": ("新三板创新层", "NEEQ's innovation tier"),
}


def climbed(session: Session, _actor: Actor, values: Values) -> Values:
    """Refuse a step before one that must precede it, or after one that must follow it."""
    step, day = values["step"], values["reached_on"]
    others = select(ListingStep.step, ListingStep.reached_on).where(
        ListingStep.firm_id == values["firm_id"], ListingStep.superseded_at.is_(None),
        ListingStep.step != step,
    )  # fmt: skip
    for other, reached_on in session.execute(others):
        first, second = ((other, reached_on), (step, day))
        if _follows(other, step):
            first, second = second, first
        elif not _follows(step, other):
            continue
        if second[1] < first[1]:
            raise _disorder(first, second)
    return values


def _follows(step: str, other: str) -> bool:
    """Whether a step comes after the other on one of the ways."""
    return any(step in way and other in way and way.index(step) > way.index(other) for way in WAYS)


def _disorder(first: tuple[str, date], second: tuple[str, date]) -> Exception:
    (zh_first, en_first), (zh_second, en_second) = WORDS[first[0]], WORDS[second[0]]
    return wrong(
        "reached_on",
        f"{zh_second} {second[1]} 早于{zh_first} {first[1]}：请核对日期，或先更正前一步 "
        f"({en_second} lies before {en_first}: check the dates, or correct the other step first)",
    )
