"""The product's side of the comparison: firms evaluated by the compiled SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import true
from sqlalchemy.orm import Session

from app.core.prepared import Prepared, as_sql, prepared, run
from app.criteria.compiler import Compiler, LoadedSet
from app.criteria.facts import best_known
from app.criteria.policy import Outcome
from app.criteria.store import get_sets, load_shipped
from tests.criteria.facts import FirmFacts
from tests.criteria.oracle import SetVerdict
from tests.factories import insert_firms

# Statements by sets: writing one takes longer than running it.
_written: dict[tuple[tuple[int, str], ...], Prepared] = {}


@dataclass(frozen=True)
class Found:
    """What the SQL says of one firm and set."""

    outcome: str
    unmet: int
    unknown: int
    readiness: Fraction
    outcomes: dict[str, str]
    gaps: dict[str, int | None]


def shipped(session: Session, codes: Sequence[str]) -> list[LoadedSet]:
    """The sets that come with the product, in the order asked for."""
    load_shipped(session)
    found = {loaded.policy.code: loaded for loaded in get_sets(session, list(codes))}
    return [found[code] for code in codes]


def verdicts(session: Session, sets: list[LoadedSet], as_of: date) -> dict[tuple[int, str], Found]:
    """Every firm in the database against the sets, by firm and set code."""
    key = tuple((loaded.id, loaded.policy.code) for loaded in sets)
    if key not in _written:
        summary = Compiler(sets, best_known()).summary(lambda _: true())
        _written[key] = prepared(as_sql(summary), {"as_of": "date"})
    statement = _written[key]
    by_id = {loaded.id: loaded for loaded in sets}
    return {
        (row["firm_id"], by_id[row["set_id"]].policy.code): _found(row, by_id[row["set_id"]])
        for row in run(session, statement, {"as_of": as_of})
    }


def _found(row: Any, loaded: LoadedSet) -> Found:
    names = [criterion.id for criterion in loaded.policy.walk()]
    assert len(names) == len(row["gaps"])
    outcomes = Outcome.unpack(row["outcomes"], len(names))
    return Found(
        outcome=Outcome(row["outcome"]).name.lower(),
        unmet=row["unmet_count"],
        unknown=row["unknown_count"],
        readiness=Fraction(int(row["readiness"]), 10000),
        outcomes={n: o.name.lower() for n, o in zip(names, outcomes, strict=True)},
        gaps=dict(zip(names, row["gaps"], strict=True)),
    )


def judge(
    session: Session, sets: list[LoadedSet], firms: Sequence[FirmFacts], as_of: date
) -> list[dict[str, Found]]:
    """Insert the firms, evaluate them; per firm its verdicts by set code."""
    ids = insert_firms(session, firms)
    found = verdicts(session, sets, as_of)
    return [{s.policy.code: found[firm_id, s.policy.code] for s in sets} for firm_id in ids]


def differences(sql: Found, oracle: SetVerdict) -> list[str]:
    """Where the SQL and the oracle disagree; readiness is kept to four decimals, rounded down."""
    wrong = [
        f"{name}: SQL {sql.outcomes[name]} gap {sql.gaps[name]}, "
        f"oracle {verdict.outcome} gap {verdict.gap}"
        for name, verdict in oracle.criteria.items()
        if (sql.outcomes[name], sql.gaps[name]) != (verdict.outcome, verdict.gap)
    ]
    mine = (oracle.outcome, oracle.unmet, oracle.unknown)
    if (sql.outcome, sql.unmet, sql.unknown) != mine:
        wrong.append(f"set: SQL {sql.outcome} {sql.unmet}+{sql.unknown}, oracle {mine}")
    if sql.readiness != Fraction(int(oracle.readiness * 10000), 10000):
        wrong.append(f"readiness: SQL {sql.readiness}, oracle {oracle.readiness}")
    return wrong
