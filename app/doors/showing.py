"""What a firm is shown of itself: the rungs ahead, what is missing, its cases, what it said."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.criteria.schemas import CriterionExplanation, SetExplanation
from app.criteria.store import sets_in_force
from app.doors.models import Correction, Door, DoorAnswer
from app.firms import queries
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.document_models import Document
from app.firms.models import Firm
from app.firms.queries import RUNGS
from app.pipeline.flags import AHEAD
from app.pipeline.queries import explain
from app.support.models import OPEN_STATES, CaseEntry, SupportCase
from app.support.plans import lacking

YEARS = 3
MOST = 50


@dataclass(frozen=True)
class Asked:
    """A figure that the checklists read: what stands, and what the firm last said of it."""

    indicator: Indicator
    year: int
    stands: Decimal | None
    source: str | None
    said: Correction | None

    @property
    def name(self) -> str:
        """The field of the form."""
        return f"{self.indicator.code}.{self.year}"


@dataclass(frozen=True)
class Inside:
    """Everything behind a door."""

    firm: Firm
    rung: str | None
    sets: list[SetExplanation]
    asked: list[Asked]
    cases: list[SupportCase]
    notes: dict[int, list[CaseEntry]]
    answers: dict[int | None, DoorAnswer]
    documents: list[Document]
    settled: list[Correction]


def inside(session: Session, door: Door, by: str, day: date) -> Inside:
    """What the firm sees today; `by` is the name under which it acts."""
    firm = session.get_one(Firm, door.firm_id)
    rung = queries.rung_of(session, firm.id, day)
    step = 0 if rung is None else RUNGS.index(rung) + 1
    ahead = [RUNGS[number - 1] for number in AHEAD.get(step, ())]
    codes = [one.policy.code for one in sets_in_force(session, day) if one.policy.rung in ahead]
    sets = explain(session, firm.id, day, codes=codes) if codes else []
    cases = _all(session, SupportCase, door)
    said = _all(session, Correction, door)
    return Inside(
        firm=firm, rung=rung, sets=sorted(sets, key=lambda one: (one.gap_count, one.code)),
        asked=_asked(session, firm.id, sets, said), cases=cases, notes=_notes(session, door),
        answers={one.case_id: one for one in session.scalars(
            select(DoorAnswer).where(DoorAnswer.door_id == door.id))},
        documents=[one for one in _all(session, Document, door) if one.recorded_by == by],
        settled=[one for one in said if one.state in ("accepted", "refused")],
    )  # fmt: skip


def _all(session: Session, model: Any, door: Door) -> list[Any]:
    query = select(model).where(model.firm_id == door.firm_id).order_by(model.id.desc())
    return list(session.scalars(query.limit(MOST)))


def _notes(session: Session, door: Door) -> dict[int, list[CaseEntry]]:
    query = select(CaseEntry).where(CaseEntry.firm_id == door.firm_id, CaseEntry.firm_sees)
    found: dict[int, list[CaseEntry]] = {}
    for one in session.scalars(query.order_by(CaseEntry.id)):
        found.setdefault(one.case_id, []).append(one)
    return found


def _asked(
    session: Session, firm_id: int, sets: list[SetExplanation], said: list[Correction]
) -> list[Asked]:
    """The figures of what is unmet or cannot be judged, missing ones first."""
    wanted = {(used.indicator, used.year) for one in sets for criterion in lacking(one)
              for used in _figures(criterion)}  # fmt: skip
    stands = {(one.indicator.code, one.year): one for one in queries.figures_of(session, firm_id)}
    latest: dict[tuple[str, int], Correction] = {}
    for one in said:
        if one.state == "open":
            latest.setdefault((one.indicator, one.year), one)
    found = []
    for code, year in wanted:
        known = stands.get((code, year))
        source = known.submission.source if known and known.submission else None
        found.append(Asked(INDICATORS[code], year, known.value if known else None, source,
                           latest.get((code, year))))  # fmt: skip
    order = list(INDICATORS)
    return sorted(found, key=lambda one: (one.stands is not None, order.index(one.indicator.code),
                                          -one.year))  # fmt: skip


def _figures(criterion: CriterionExplanation) -> list[Any]:
    found = [one for one in criterion.figures if one.indicator in INDICATORS]
    return found + [one for member in criterion.members for one in _figures(member)]


def is_open(case: SupportCase) -> bool:
    """Whether it is still worked on."""
    return case.state in OPEN_STATES
