"""Each hand-written case through the oracle and through the compiled SQL: all three agree."""

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.criteria.store import sets_in_force
from tests.criteria import casefiles, compiled
from tests.criteria.casefiles import Case
from tests.criteria.oracle import criteria_of, evaluate, in_force, load_sets

SETS = load_sets()
FILES = casefiles.files()


def test_every_set_has_cases() -> None:
    """A set without hand-written expectations is not tested."""
    assert {file.stem for file in FILES} == set(SETS)


def test_repeated_rules_are_the_same() -> None:
    """What is tested in one set's cases is word for word the same where another set repeats it."""
    score, pool = (SETS[code]["quantities"] for code in ("hnte_2016", "pool_qianjiang_2023"))
    assert pool == {name: score[name] for name in pool}
    rules = {c["id"]: c["rule"] for s in SETS.values() for c in criteria_of(s["criteria"])}
    assert rules["isme.base.sme"] == rules["srdi.base.sme"] == rules["size.sme"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_oracle_meets_expectations(file: Path) -> None:
    """The oracle against what was worked out by hand."""
    policy = SETS[file.stem]
    wrong = [
        line
        for case in casefiles.load(file, policy).cases
        for line in casefiles.disagreements(case, evaluate(policy, case.facts, case.as_of))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sql_agrees(db: Session, file: Path) -> None:
    """The SQL against the hand-written outcomes and gaps, and against the oracle in everything."""
    policy = SETS[file.stem]
    loaded = compiled.shipped(db, [file.stem])
    by_day: dict[date, list[Case]] = defaultdict(list)
    for case in casefiles.load(file, policy).cases:
        by_day[case.as_of].append(case)
    wrong = []
    for day, cases in by_day.items():
        found = compiled.judge(db, loaded, [case.facts for case in cases], day)
        for case, verdicts in zip(cases, found, strict=True):
            sql = verdicts[file.stem]
            lines = compiled.differences(sql, evaluate(policy, case.facts, day))
            if sql.outcome != case.outcome:
                lines.append(f"set: SQL {sql.outcome}, expected {case.outcome}")
            lines += _unexpected(case, sql)
            wrong += [f"{case.name}: {line}" for line in lines]
    assert not wrong, "\n" + "\n".join(wrong)


def _unexpected(case: Case, sql: compiled.Found) -> list[str]:
    lines = []
    for name, wanted in case.details.items():
        if "outcome" in wanted and sql.outcomes[name] != wanted["outcome"]:
            lines.append(f"{name}: SQL {sql.outcomes[name]}, expected {wanted['outcome']}")
        if "gap" in wanted and sql.gaps[name] != wanted["gap"]:
            lines.append(f"{name}: SQL gap {sql.gaps[name]}, expected {wanted['gap']}")
    return lines


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_first_and_last_day(db: Session, file: Path) -> None:
    """A version is in force from its first to its last day, both included."""
    policy = SETS[file.stem]
    compiled.shipped(db, [file.stem])
    purpose = policy.get("purpose", "first")
    days = casefiles.load(file, policy).in_force
    assert days
    for day, expected in days.items():
        codes = [loaded.policy.code for loaded in sets_in_force(db, day, purpose)]
        assert (file.stem in codes, in_force(policy, day)) == (expected, expected), day
