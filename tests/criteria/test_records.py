"""Criteria over records of any kind: how many there are and what they add up to, never guessed."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import true, update
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.errors import Invalid
from app.core.prepared import as_sql
from app.criteria import phrases, wording
from app.criteria.compiler import Compiler
from app.criteria.facts import best_known
from app.criteria.kinds import BY_TABLE, RECORDS, amounts_of, chosen_by
from app.criteria.store import get_sets, load_shipped
from app.firms.models import RecordCheck
from app.funding.models import Loan
from app.innovation.models import TechContract
from app.pipeline.queries import explain
from tests.criteria import compiled
from tests.criteria.test_edges import written
from tests.factories import make_firm

DAY = date(2026, 6, 1)
LOANS = {"record": "loan", "where": {"kind": ["knowledge_value"]}, "within_years": 3}
SOLD = {"record": "tech_contract", "where": {"part": ["seller"]}}
RULES = (
    {"at_least": {"of": {"count": LOANS}, "value": 2}},
    {"at_least": {"of": {"amounts": SOLD}, "value": 1_000_000}},
    {"at_most": {"of": {"count": LOANS | {"in_force": True}}, "value": 0}},
)


def loan(firm: int, number: str, day: date, kind: str = "knowledge_value", **more: Any) -> Loan:
    return Loan(firm_id=firm, lender="银行", number=number, kind=kind, happened_on=day, **more)


def sale(firm: int, number: str, amount: int | None, part: str = "seller") -> TechContract:
    return TechContract(firm_id=firm, number=number, name=number, kind="service", part=part,
                        partner="客户", happened_on=date(2026, 1, 5), amount=amount)  # fmt: skip


def outcomes(db: Session, folder: Path, firm: int, day: date = DAY) -> list[str]:
    code, _ = written(db, folder, *RULES)
    found = compiled.verdicts(db, get_sets(db, [code]), day)[firm, code]
    return [found.outcomes[f"trial.c{n}"] for n in range(len(RULES))]


def confirm(db: Session, firm: int, *kinds: str) -> None:
    db.add_all(RecordCheck(firm_id=firm, kind=kind, checked_on=date(2026, 1, 1)) for kind in kinds)
    db.flush()


def test_records_count_within_their_window_and_filters(db: Session, tmp_path: Path) -> None:
    firm = make_firm(db)
    assert outcomes(db, tmp_path, firm) == ["unknown"] * 3, "nothing recorded is not nothing"
    confirm(db, firm, "loan", "tech_contract")
    assert outcomes(db, tmp_path, firm) == ["unmet", "unmet", "met"]
    db.add_all([loan(firm, "1", date(2023, 6, 1)), loan(firm, "2", date(2023, 5, 31)),
                loan(firm, "3", DAY, "credit"), loan(firm, "4", DAY + timedelta(days=1)),
                sale(firm, "a", 400_000), sale(firm, "b", 900_000, "buyer")])  # fmt: skip
    db.flush()
    assert outcomes(db, tmp_path, firm) == ["unmet", "unmet", "unmet"]
    assert outcomes(db, tmp_path, firm, DAY + timedelta(days=1))[0] == "unmet", "2023-06-01 is out"
    db.add_all([loan(firm, "5", DAY, ended_on=DAY), sale(firm, "c", 600_000)])
    db.execute(update(Loan).where(Loan.number == "1").values(ended_on=date(2025, 1, 1)))
    db.flush()
    assert outcomes(db, tmp_path, firm) == ["met", "met", "met"]


def test_a_total_with_an_amount_that_nobody_knows_is_open(db: Session, tmp_path: Path) -> None:
    firm = make_firm(db)
    confirm(db, firm, "tech_contract")
    db.add_all([sale(firm, "a", 400_000), sale(firm, "b", None)])
    db.flush()
    assert outcomes(db, tmp_path, firm)[1] == "unknown"
    db.execute(update(TechContract).where(TechContract.number == "b").values(amount=599_999))
    assert outcomes(db, tmp_path, firm)[1] == "unmet"
    code, _ = written(db, tmp_path, *RULES)
    found = compiled.verdicts(db, get_sets(db, [code]), DAY)[firm, code]
    assert found.gaps["trial.c1"] == 100, "one yuan, in fen"


def test_what_was_known_then_decides(db: Session, tmp_path: Path) -> None:
    firm = make_firm(db)
    confirm(db, firm, "loan", "tech_contract")
    contract = sale(firm, "a", 1_000_000)
    contract.recorded_at = now() + timedelta(days=1)
    db.add(contract)
    db.flush()
    code, _ = written(db, tmp_path, *RULES)

    def told(known: datetime | None) -> tuple[str, str]:
        [said] = explain(db, firm, DAY, codes=[code], known=known)
        return said.criteria[1].outcome, said.criteria[1].sentence.zh + said.criteria[1].sentence.en

    outcome, sentence = told(None)
    assert outcome == "met" and "技术合同金额合计" in sentence and "100 万元" in sentence
    assert "Total of fitting tech contracts: 1,000,000 yuan" in sentence
    assert told(now())[0] == "unmet"


def test_a_mistyped_rule_is_refused_by_name(db: Session, tmp_path: Path) -> None:
    for rule, says in (
        ({"count": {"record": "loans"}}, "service_record"),
        ({"count": LOANS | {"where": {"colour": ["red"]}}}, "has no filter colour"),
        ({"count": LOANS | {"where": {"kind": ["red"]}}}, "ip_pledge"),
        ({"count": {"record": "spin_off", "in_force": True}}, "does not end"),
        ({"amounts": {"record": "story"}}, "has no amount amount"),
        ({"amounts": SOLD | {"sum": "number"}}, "technology_amount"),
    ):
        with pytest.raises(Invalid) as refused:
            written(db, tmp_path, {"at_least": {"of": rule, "value": 1}})
        assert says in str(refused.value.extra), rule


def test_every_kind_can_be_counted_by_each_of_its_lists(db: Session, tmp_path: Path) -> None:
    """Once for all kinds: the statement of all of them runs, and each has words."""
    rules = []
    for kind in RECORDS:
        if kind.table in ("ip_right", "award", "standard"):
            continue
        of: dict[str, Any] = {"record": kind.table, "within_years": 5}
        of["where"] = {name: list(values[:2]) for name, values in chosen_by(kind).items()}
        rules.append({"at_least": {"of": {"count": of}, "value": 1}})
        rules += [{"at_least": {"of": {"amounts": {"record": kind.table, "sum": name}}, "value": 1}}
                  for name in amounts_of(kind)]  # fmt: skip
    firm = make_firm(db)
    code, _ = written(db, tmp_path, *rules[:30])
    [loaded] = get_sets(db, [code])
    assert set(compiled.verdicts(db, [loaded], DAY)[firm, code].outcomes.values()) == {"unknown"}
    for criterion in loaded.policy.criteria:
        said = wording.rule(criterion.rule, {})
        assert "符合条件的" in said.zh and "fitting" in said.en
    assert {phrases.record(name).en for name in BY_TABLE} >= {"loans", "tech contracts"}


def test_shipped_sets_join_only_what_they_read(db: Session) -> None:
    load_shipped(db)
    sets = compiled.shipped(db, ["hnte_2016", "srdi_2026"])
    statement = as_sql(Compiler(sets, best_known()).summary(lambda _: true()))
    there = {kind.table for kind in RECORDS if f"FROM {kind.table} " in statement}
    assert there <= {"ip_right", "award", "standard", "platform", "incident"}
    assert "ip_right" in there
