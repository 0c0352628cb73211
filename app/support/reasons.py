"""Why a firm is asked: its own gaps that the measure closes, else what its foremost flag says."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import today
from app.firms.catalogue import Label
from app.firms.flag_models import FLAG_KINDS, Flag
from app.firms.flags import stands
from app.pipeline.flag_words import Teller, lacking
from app.support.playbooks import Proposal

ORDER = {kind: place for place, kind in enumerate(FLAG_KINDS)}


def of_gaps(one: Proposal) -> Label:
    """What of a set the measure closes, by how much, and how many gaps there are in all."""
    name, every, closed = one.loaded.policy.label, one.gap_count, len(one.criteria)
    unmet = [code for code in one.criteria if code not in one.unknown]
    zh = "、".join(lacking(one.loaded, unmet, one.unknown, one.gaps, "zh"))
    en = "; ".join(lacking(one.loaded, unmet, one.unknown, one.gaps, "en"))
    if closed == every:
        return Label(zh=f"距“{name.zh}”只差 {closed} 条：{zh}",
                     en=f"{closed} short of {name.en}: {en}")  # fmt: skip
    return Label(zh=f"距“{name.zh}”差 {every} 条，此措施可补 {closed} 条：{zh}",
                 en=f"{every} short of {name.en}, of which this closes {closed}: {en}")  # fmt: skip


def of_flags(session: Session, ids: Iterable[int]) -> dict[int, Label]:
    """What the foremost flag of each firm says; a firm without one has no reason of its own."""
    query = select(Flag).where(Flag.firm_id.in_(list(ids)), stands(today()))
    raised = sorted(session.scalars(query), key=lambda one: (ORDER[one.kind], one.subject))
    first: dict[int, Flag] = {}
    for one in raised:
        first.setdefault(one.firm_id, one)
    teller = Teller(session)
    return {number: teller.sentence(one) for number, one in first.items()}
