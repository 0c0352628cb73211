"""Case files: facts in, verdicts out, and how an expectation is held against a verdict."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.criteria.facts import FirmFacts, merged, parsed
from tests.criteria.oracle import SetVerdict

FOLDER = Path(__file__).with_name("cases")


@dataclass
class Case:
    """One firm on one day, and what is expected of it in one set."""

    name: str
    set_code: str
    as_of: date
    facts: FirmFacts
    outer: dict[str, str]
    details: dict[str, dict[str, Any]]

    @property
    def outcome(self) -> str:
        """What the set comes to, from what its outer criteria are expected to be."""
        outcomes = self.outer.values()
        order = ("unmet", "unknown", "met", "not_applicable")
        return next(outcome for outcome in order if outcome in outcomes)


@dataclass
class CaseFile:
    """All cases of one set, and the days on which it is or is not in force."""

    set_code: str
    in_force: dict[date, bool]
    cases: list[Case]


def files() -> list[Path]:
    """Every case file."""
    return sorted(FOLDER.glob("*.yaml"))


def load(file: Path, policy: dict[str, Any]) -> CaseFile:
    """Cases of a file; outer criteria that a case does not name are expected to be met."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    outer = [criterion["id"] for criterion in policy["criteria"]]
    usual = {name: "met" for name in outer} | raw.get("otherwise", {})
    cases = [_case(raw, entry, usual) for entry in raw["cases"]]
    names = [case.name for case in cases]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{file.name}: repeated names {repeated}")
    return CaseFile(raw["set"], raw.get("in_force", {}), cases)


def _case(raw: dict[str, Any], entry: dict[str, Any], usual: dict[str, str]) -> Case:
    details = {
        name: {"outcome": wanted} if isinstance(wanted, str) else wanted
        for name, wanted in entry["expect"].items()
    }
    outer = {name: details.get(name, {}).get("outcome", was) for name, was in usual.items()}
    for name, outcome in outer.items():
        details.setdefault(name, {"outcome": outcome})
    facts = parsed(merged(raw["base"], entry["change"]))
    return Case(entry["name"], raw["set"], entry.get("as_of", raw["as_of"]), facts, outer, details)


def disagreements(case: Case, found: SetVerdict) -> list[str]:
    """Where a verdict is not what the case expects."""
    wrong = []
    if found.outcome != case.outcome:
        wrong.append(f"{case.name}: set is {found.outcome}, expected {case.outcome}")
    for name, wanted in case.details.items():
        verdict = found.criteria[name]
        value = verdict.value
        actual: dict[str, Any] = {
            "outcome": verdict.outcome,
            "gap": verdict.gap,
            "closeness": verdict.closeness,
            "low": None if value is None else value.lo,
            "high": None if value is None else value.hi,
            "value": None if value is None or value.lo != value.hi else value.lo,
        }
        for part, expected in wanted.items():
            written = Fraction(str(expected)) if isinstance(expected, int | float) else expected
            if actual[part] != written:
                wrong.append(f"{case.name}: {name} {part} is {actual[part]}, expected {expected}")
    return wrong
