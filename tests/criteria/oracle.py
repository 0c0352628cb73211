"""A naive evaluator of criteria sets: plain Python and exact fractions, for tests only.

It is written from docs/criteria.md alone, so that an error in the compiled SQL cannot hide here.
Truth has three values: True, False and None (unknown). A criterion that does not apply is NA.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

from tests.criteria.facts import FirmFacts
from tests.criteria.quantities import HIGHER, Interval, Measurer, passes
from tests.criteria.steps import steps_to_pass

DATA = Path(__file__).parents[2] / "app" / "criteria" / "data"
NA: Final = "not_applicable"
Truth = bool | None | str
NAMES: dict[Truth, str] = {True: "met", False: "unmet", None: "unknown", NA: NA}
CEILING = Fraction(9999, 10000)


@dataclass(frozen=True)
class Verdict:
    """What one criterion comes to."""

    outcome: str
    value: Interval | None
    gap: int | None
    closeness: Fraction


@dataclass(frozen=True)
class SetVerdict:
    """What a set comes to; `criteria` holds the nested ones too."""

    outcome: str
    unmet: int
    unknown: int
    gap_count: int
    readiness: Fraction
    criteria: dict[str, Verdict]


def load_sets(folder: Path = DATA) -> dict[str, dict[str, Any]]:
    """Every set by code with `extends` and `omit` resolved."""
    raw = {}
    for file in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        raw[content["code"]] = content
    return {code: _whole(code, raw) for code in raw}


def _whole(code: str, raw: dict[str, dict[str, Any]]) -> dict[str, Any]:
    own = raw[code]
    if "extends" not in own:
        return own
    base = _whole(own["extends"], raw)
    replaced = {entry["id"]: entry for entry in own.get("criteria", [])}
    left = [entry for entry in base["criteria"] if entry["id"] not in own.get("omit", [])]
    kept = [replaced.pop(entry["id"], entry) for entry in left]
    result = {**base, **own, "criteria": [*kept, *replaced.values()]}
    result["quantities"] = {**base.get("quantities", {}), **own.get("quantities", {})}
    result["until"] = own.get("until")
    return result


def in_force(policy: dict[str, Any], day: date) -> bool:
    """Whether an application on the day is held against this version."""
    until = policy.get("until")
    return bool(policy["since"] <= day and (until is None or day <= until))


def criteria_of(node: Any) -> Iterator[dict[str, Any]]:
    """Every named criterion below, outer before inner, in the order written."""
    if isinstance(node, list):
        for part in node:
            yield from criteria_of(part)
    elif isinstance(node, dict):
        if "id" in node:
            yield node
            yield from criteria_of(node.get("rule"))
        else:
            for part in node.values():
                yield from criteria_of(part)


def evaluate(policy: dict[str, Any], firm: FirmFacts, as_of: date) -> SetVerdict:
    """Hold a firm against a set on a day."""
    return Judge(policy, firm, as_of).verdict()


class Judge:
    """One firm, one set, one day."""

    def __init__(self, policy: dict[str, Any], firm: FirmFacts, as_of: date) -> None:
        self.policy, self.firm, self.as_of = policy, firm, as_of
        self.measurer = Measurer(policy.get("quantities", {}), firm, as_of, self.condition)

    def verdict(self) -> SetVerdict:
        """All criteria, then the set."""
        found = {c["id"]: self.judge(c) for c in criteria_of(self.policy["criteria"])}
        outer = [found[c["id"]] for c in self.policy["criteria"]]
        applicable = [v for v in outer if v.outcome != NA]
        unmet = sum(v.outcome == "unmet" for v in applicable)
        unknown = sum(v.outcome == "unknown" for v in applicable)
        readiness = Fraction(0)
        if applicable:
            readiness = sum((v.closeness for v in applicable), Fraction(0)) / len(applicable)
        outcome = "unmet" if unmet else "unknown" if unknown else "met" if applicable else NA
        return SetVerdict(
            outcome=outcome,
            unmet=unmet,
            unknown=unknown,
            gap_count=unmet + unknown,
            readiness=readiness,
            criteria=found,
        )

    def judge(self, criterion: dict[str, Any]) -> Verdict:
        """One criterion: outcome, value, gap, closeness."""
        truth = self.criterion(criterion)
        rule = self.chosen(criterion["rule"])
        value = None
        if rule is not None and (key := next(iter(rule))) in HIGHER:
            value = self.measurer.measure(rule[key]["of"])
        closeness = Fraction(truth is True)
        if truth is False:
            closeness = self.closeness(criterion)
        gap = self.gap(rule) if truth is False and rule is not None else None
        return Verdict(NAMES[truth], value, gap, closeness)

    def criterion(self, criterion: dict[str, Any]) -> Truth:
        """A named criterion's truth: whether it is switched on, applies, and holds."""
        if "disabled" in criterion:
            return NA
        applies = self.condition(criterion["when"], "") if "when" in criterion else True
        if applies in (False, NA):
            return NA
        rule = self.condition(criterion["rule"], criterion["id"])
        if rule == NA:
            return NA
        return rule if applies is True or rule is True else None

    def condition(self, node: dict[str, Any], owner: str) -> Truth:
        """The truth of a condition, or of a named criterion standing in its place."""
        if "id" in node:
            return self.criterion(node)
        ((key, body),) = node.items()
        if key in HIGHER:
            value = self.measurer.measure(body["of"], owner)
            return self.compare(key, value, body["value"])
        method = getattr(self, f"_{key}")
        truth: Truth = method(body, owner)
        return truth

    def compare(self, operator: str, value: Interval, threshold: Any) -> bool | None:
        """A comparison with a threshold; an unknown tier of the threshold leaves it unknown."""
        known = self.measurer.threshold(threshold)
        return None if known is None else passes(operator, value, known)

    # Conditions on members

    def _members(self, body: list[dict[str, Any]], owner: str) -> list[Truth]:
        return [self.condition(member, owner) for member in body]

    def _any(self, body: list[dict[str, Any]], owner: str) -> Truth:
        members = [False if m == NA else m for m in self._members(body, owner)]
        return True if True in members else None if None in members else False

    def _all(self, body: list[dict[str, Any]], owner: str) -> Truth:
        members = [True if m == NA else m for m in self._members(body, owner)]
        return False if False in members else None if None in members else True

    def _some(self, body: dict[str, Any], owner: str) -> Truth:
        members = self._members(body["of"], owner)
        certain = members.count(True)
        possible = certain + members.count(None)
        return True if certain >= body["k"] else False if possible < body["k"] else None

    def _not(self, body: dict[str, Any], owner: str) -> Truth:
        inner = self.condition(body, owner)
        return inner if inner in (None, NA) else not inner

    def _by_industry(self, body: dict[str, Any], owner: str) -> Truth:
        if self.firm.attributes.get("industry_code") is None:
            return None
        rule = self.chosen({"by_industry": body})
        return NA if rule is None else self.condition(rule, owner)

    def chosen(self, node: dict[str, Any]) -> dict[str, Any] | None:
        """The rule that applies to the firm's industry; any other condition is itself."""
        if "by_industry" not in node:
            return node
        body, code = node["by_industry"], self.firm.attributes.get("industry_code")
        if code is None:
            return None
        for case in body["cases"]:
            if any(str(code).startswith(str(prefix)) for prefix in case["industry"]):
                return self.chosen(case["rule"])
        return self.chosen(body["otherwise"]) if "otherwise" in body else None

    # Conditions on facts

    def _judged(self, _body: bool, owner: str) -> Truth:
        found = self.firm.judgements.get(owner)
        return None if found is None else bool(found)

    def _holds(self, kinds: list[str], _owner: str) -> Truth:
        return self.measurer.holds(kinds)

    def _no_incident(self, body: dict[str, Any], _owner: str) -> Truth:
        return not self.measurer.incident(body)

    def _not_listed(self, kinds: list[str], _owner: str) -> Truth:
        return not self.measurer.listed(kinds)

    def _known(self, name: str, _owner: str) -> Truth:
        return True if self.measurer.attribute(name) is not None else None

    def _starts_with(self, body: dict[str, Any], _owner: str) -> Truth:
        value = self.measurer.attribute(body["field"])
        if value is None:
            return None
        return any(str(value).startswith(prefix) for prefix in body["prefix"])

    def _is_true(self, name: str, _owner: str) -> Truth:
        value = self.measurer.attribute(name)
        return None if value is None else bool(value)

    def _resident(self, _body: bool, _owner: str) -> Truth:
        return self.measurer.residency() is not None

    def _residency_field(self, fields: list[str], _owner: str) -> Truth:
        value = self.measurer.attribute("residency.field")
        return None if value is None else value in fields

    # How far

    def gap(self, rule: dict[str, Any]) -> int | None:
        """What closes an unmet rule, in its own unit."""
        ((key, body),) = rule.items()
        if key == "some":
            return int(body["k"]) - self._members(body["of"], "").count(True)
        if key not in HIGHER:
            return None
        threshold = self.measurer.threshold(body["value"])
        if threshold is None:
            return None
        return steps_to_pass(self.measurer, key, body["of"], threshold)

    def closeness(self, node: dict[str, Any], owner: str = "") -> Fraction:
        """How near an unmet condition or criterion is: 0 to 0.9999, rounded down at each step."""
        return Fraction(int(self._exactly_how_near(node, owner) * 10000), 10000)

    def _exactly_how_near(self, node: dict[str, Any], owner: str) -> Fraction:
        owner, rule = (node["id"], node["rule"]) if "id" in node else (owner, node)
        chosen = self.chosen(rule)
        if chosen is None:
            return Fraction(0)
        ((key, body),) = chosen.items()
        if key in HIGHER:
            return self._nearness(key, body, owner)
        if key == "any":
            unmet = [m for m in body if self.condition(m, owner) is False]
            return max((self.closeness(m, owner) for m in unmet), default=Fraction(0))
        if key == "all":
            return sum((self._share(m, owner) for m in body), Fraction(0)) / len(body)
        if key == "some":
            return Fraction(self._members(body["of"], owner).count(True), body["k"])
        return Fraction(0)

    def _share(self, member: dict[str, Any], owner: str) -> Fraction:
        truth = self.condition(member, owner)
        if truth is False:
            return self.closeness(member, owner)
        return Fraction(truth is not None)

    def _nearness(self, operator: str, body: dict[str, Any], owner: str) -> Fraction:
        value = self.measurer.measure(body["of"], owner)
        threshold = self.measurer.threshold(body["value"])
        if threshold is None or value.lo is None:
            return Fraction(0)
        of, to = value.lo, threshold
        if value.root > 1:  # growth over all the years against what the threshold compounds to
            of, to = value.lo - 1, (1 + threshold) ** value.root - 1
        if not HIGHER[operator]:
            of, to = to, of
        return min(max(of / to, Fraction(0)), CEILING) if to > 0 else Fraction(0)
