"""The queue of likely duplicates, what was decided, and merges: within what the reader may know."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor
from app.firms.duplicate_models import DuplicatePair, FirmMerge
from app.firms.models import Firm
from app.firms.queries import visible

MOST_MERGES = 100
SHOWN = ("id", "name", "credit_code", "registered_on", "address", "source")


@dataclass(frozen=True)
class Found:
    """Some pairs, the strongest first, and the place to go on from."""

    items: list[dict[str, Any]]
    next: str | None


def pairs(session: Session, actor: Actor, *, decided: bool, after: str, most: int) -> Found:
    """Pairs of which the reader may know both firms."""
    one, other = aliased(Firm), aliased(Firm)
    mine = select(Firm.id).where(visible(actor))
    score = -DuplicatePair.score  # the strongest first, by rising keys
    query = (
        select(DuplicatePair, *(getattr(firm, name).label(f"{side}_{name}")
                                for side, firm in (("one", one), ("other", other))
                                for name in SHOWN))
        .join(one, one.id == DuplicatePair.firm_id)
        .join(other, other.id == DuplicatePair.other_id)
        .where(DuplicatePair.firm_id.in_(mine), DuplicatePair.other_id.in_(mine),
               DuplicatePair.decided_at.is_not(None) if decided
               else DuplicatePair.decided_at.is_(None))
        .order_by(score, DuplicatePair.firm_id, DuplicatePair.other_id)
    )  # fmt: skip
    place = _place(after)
    if place is not None:
        query = query.where(
            tuple_(score, DuplicatePair.firm_id, DuplicatePair.other_id) > tuple_(*place)
        )
    rows = session.execute(query.limit(most + 1)).mappings().all()
    items = [_shown(row) for row in rows[:most]]
    last = items[-1] if len(rows) > most else None
    ahead = None if last is None else f"{last['score']}.{last['one']['id']}.{last['other']['id']}"
    return Found(items, ahead)


def _shown(row: Any) -> dict[str, Any]:
    pair: DuplicatePair = row["DuplicatePair"]
    firms = {side: {name: row[f"{side}_{name}"] for name in SHOWN} for side in ("one", "other")}
    said = ("reasons", "score", "found_at", "decided_by", "decided_at", "decided_reason")
    return firms | {name: getattr(pair, name) for name in said}


def _place(after: str) -> tuple[int, int, int] | None:
    """Behind which pair a page begins; what is no such place begins at the start."""
    parts = after.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    return -int(parts[0]), int(parts[1]), int(parts[2])


def pair(session: Session, one: int, other: int) -> DuplicatePair | None:
    """What is known of two firms together."""
    return session.get(DuplicatePair, (min(one, other), max(one, other)))


def merges(session: Session, actor: Actor) -> list[Any]:
    """The latest merges of firms that the reader may know of."""
    query = (
        select(FirmMerge, Firm.name).join(Firm, Firm.id == FirmMerge.firm_id)
        .where(visible(actor)).order_by(FirmMerge.id.desc()).limit(MOST_MERGES)
    )  # fmt: skip
    return list(session.execute(query))
