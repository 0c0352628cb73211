"""Random firms with gaps: the compiled SQL and the oracle agree in every criterion and set."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.criteria import compiled
from tests.criteria.oracle import evaluate, in_force, load_sets
from tests.criteria.random_firms import Dice

SETS = load_sets()
FIRMS = 200
# Before and after the changes of 2025 and 2026, the day between them, and a leap day.
DAYS = (date(2024, 2, 29), date(2025, 7, 10), date(2026, 3, 31), date(2026, 11, 23))
SHOWN = 40


@pytest.mark.parametrize("as_of", DAYS, ids=str)
def test_random_firms(db: Session, as_of: date) -> None:
    """Every set in force on the day, first grants and reviews alike."""
    codes = [code for code, policy in SETS.items() if in_force(policy, as_of)]
    dice = Dice(as_of.toordinal(), as_of)
    firms = [dice.firm() for _ in range(FIRMS)]
    found = compiled.judge(db, compiled.shipped(db, codes), firms, as_of)
    wrong, outcomes = [], set()
    for number, (facts, verdicts) in enumerate(zip(firms, found, strict=True)):
        for code in codes:
            expected = evaluate(SETS[code], facts, as_of)
            outcomes |= {(name, v.outcome) for name, v in expected.criteria.items()}
            if lines := compiled.differences(verdicts[code], expected):
                wrong.append(f"firm {number}, {code}: " + "; ".join(lines))
    assert not wrong, f"\n{len(wrong)} verdicts differ\n" + "\n".join(wrong[:SHOWN])
    # The draw is worth something only if it reaches both sides of nearly everything.
    judged = {name for name, outcome in outcomes if outcome != "not_applicable"}
    both = {n for n in judged if {(n, "met"), (n, "unmet")} <= outcomes}
    assert len(both) > 0.9 * len(judged), sorted(judged - both)
