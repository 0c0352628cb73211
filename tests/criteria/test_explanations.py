"""What people read: explanations and stored verdicts say what the oracle says."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.criteria.policy import Outcome
from app.criteria.schemas import CriterionExplanation
from app.criteria.store import get_sets
from app.pipeline.models import Assessment
from app.pipeline.queries import explain
from app.pipeline.service import assess
from tests.criteria import compiled
from tests.criteria.oracle import Judge, evaluate, in_force, load_sets
from tests.criteria.quantities import Interval
from tests.criteria.random_firms import Dice
from tests.factories import insert_firms

SETS = load_sets()
DAY = date(2026, 11, 23)
FIRMS = 25
STEPS = {"yuan": 100, "percent": 100}


def walk(criteria: list[CriterionExplanation]) -> Iterator[CriterionExplanation]:
    """Explained criteria with their members."""
    for criterion in criteria:
        yield criterion
        yield from walk(criterion.members)


def test_explanations(db: Session) -> None:
    """Outcome, gap and points of every criterion, firm by firm, by the path of the firm's page."""
    codes = [code for code, policy in SETS.items() if in_force(policy, DAY)]
    compiled.shipped(db, codes)
    dice = Dice(7, DAY)
    firms = [dice.firm() for _ in range(FIRMS)]
    wrong = []
    for facts, firm_id in zip(firms, insert_firms(db, firms), strict=True):
        for explained in explain(db, firm_id, DAY, codes=codes):
            judge = Judge(SETS[explained.code], facts, DAY)
            expected = judge.verdict()
            if explained.outcome != expected.outcome:
                wrong.append(f"{explained.code}: {explained.outcome}, oracle {expected.outcome}")
            for criterion in walk(explained.criteria):
                verdict = expected.criteria[criterion.id]
                gap = in_steps(criterion.gap, criterion.gap_unit)
                if (criterion.outcome, gap) != (verdict.outcome, verdict.gap):
                    wrong.append(f"{criterion.id}: {criterion.outcome} {criterion.gap} "
                                 f"{criterion.gap_unit}, oracle {verdict}")  # fmt: skip
                for part in criterion.parts:
                    found = Interval(Fraction(part.low), Fraction(part.high))
                    if found != judge.measurer.measure({"ref": part.id}):
                        wrong.append(f"{part.id}: {part.low} to {part.high}")
    assert not wrong, "\n" + "\n".join(wrong[:40])


def in_steps(gap: Decimal | None, unit: str | None) -> int | None:
    """A gap as the oracle counts it: fen, hundredths of a percent, else whole units."""
    return None if gap is None else int(gap * STEPS.get(unit or "", 1))


def test_stored_verdicts(db: Session) -> None:
    """Stored per firm and set in the order of the criteria; a second run changes nothing."""
    codes = [code for code, policy in SETS.items()
             if in_force(policy, DAY) and policy.get("purpose", "first") == "first"]  # fmt: skip
    compiled.shipped(db, codes)
    dice = Dice(8, DAY)
    firms = [dice.firm() for _ in range(FIRMS)]
    ids = insert_firms(db, firms)
    assert assess(db, None, DAY) >= FIRMS * len(codes)
    assert assess(db, None, DAY) == 0
    names = {loaded.id: loaded.policy.code for loaded in get_sets(db, codes)}
    rows = db.scalars(select(Assessment).where(Assessment.firm_id.in_(ids))).all()
    assert len(rows) == FIRMS * len(codes)
    for row in rows:
        expected = evaluate(SETS[names[row.set_id]], firms[ids.index(row.firm_id)], DAY)
        stored = [o.name.lower() for o in Outcome.unpack(row.outcomes, len(row.gaps))]
        assert stored == [v.outcome for v in expected.criteria.values()]
        assert row.gaps == [v.gap for v in expected.criteria.values()]
        assert (row.gap_count, row.unmet_count) == (expected.gap_count, expected.unmet)
