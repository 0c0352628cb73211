"""What the pool can be filtered and ordered by: firms, and verdicts of one criteria set."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, and_, literal_column, or_
from sqlalchemy.orm import Session

from app.core.fields import Field, Predicate, whole_number
from app.core.filters import Sort, Vocabulary
from app.criteria.compiler import Compiler, LoadedSet, Rule
from app.criteria.facts import best_known
from app.criteria.policy import CriteriaSet, Criterion, Outcome, Some
from app.firms.fields import COLUMNS as FIRM_COLUMNS
from app.firms.fields import families, fen, firm_fields, firm_sorts
from app.pipeline.models import Assessment

OUTCOMES = {outcome.name.lower(): outcome for outcome in Outcome}
COUNTS = {
    "gap_count": ("短板数", "Gaps (unmet or unknown)"),
    "unmet_count": ("未达标条数", "Criteria unmet"),
    "unknown_count": ("缺数据条数", "Criteria unknown"),
}
COLUMNS = (
    *FIRM_COLUMNS, "set", "outcome", "unmet_count", "unknown_count", "gap_count", "readiness",
    "unmet", "unknown", "gaps", "outcomes",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A criterion, where `outcomes` and `gaps` hold it, and the unit of its gap."""

    criterion: Criterion
    index: int
    outer: bool
    gap_unit: str | None

    @property
    def scale(self) -> int:
        """What is stored of a gap for one of its unit: money and percent are kept in hundredths."""
        return 100 if self.gap_unit in ("yuan", "percent") else 1


# By the policy's identity; the policy is kept, so that the identity is not given to another.
_known: dict[int, tuple[CriteriaSet, tuple[Place, ...]]] = {}


def places(loaded: LoadedSet) -> tuple[Place, ...]:
    """Every criterion of a set in the order of `outcomes`."""
    policy = loaded.policy
    found = _known.get(id(policy))
    if found is None:
        rules = Compiler([loaded], best_known()).rules[loaded.id]
        outer = {rule.criterion.id for rule in rules}
        flat = [one for rule in rules for one in _flat(rule)]
        found = (
            policy,
            tuple(
                Place(rule.criterion, index, rule.criterion.id in outer, _gap_unit(rule))
                for index, rule in enumerate(flat, start=1)
            ),
        )
        _known[id(policy)] = found
    return found[1]


def _flat(rule: Rule) -> list[Rule]:
    return [rule, *(inner for member in rule.members for inner in _flat(member))]


def _gap_unit(rule: Rule) -> str | None:
    if isinstance(rule.criterion.rule, Some):
        return "criterion"
    return next((t.amount.gap_unit for t in rule.tests if t.amount is not None), None)


def vocabulary(session: Session, loaded: LoadedSet, day: date) -> Vocabulary:
    """What the pool of one criteria set understands on a day."""
    return Vocabulary(
        fields=firm_fields(session, day) | {one.name: one for one in _verdict_fields(loaded)},
        sorts=firm_sorts() | {
            "readiness": Sort(Assessment.readiness),
            "gap_count": Sort(Assessment.gap_count),
        },
        ordering="-readiness",
        columns=(*COLUMNS, *(gap_column(one) for one in places(loaded) if one.gap_unit)),
        families=families(session, day),
        own=("set",),
    )  # fmt: skip


def gap_column(place: Place) -> str:
    """What closes one criterion, as a field and as a column."""
    return f"gap.{place.criterion.id}"


def _verdict_fields(loaded: LoadedSet) -> list[Field]:
    spots = places(loaded)
    numbers = {place.criterion.id: place.index for place in spots}
    fields = [
        Field(name, "number", getattr(Assessment, name), convert=whole_number,
              label={"zh": zh, "en": en})
        for name, (zh, en) in COUNTS.items()
    ]  # fmt: skip
    fields += [
        Field("readiness", "number", Assessment.readiness,
              label={"zh": "成熟度（0–1）", "en": "Readiness, 0 to 1"}),
        Field("outcome", "choice", Assessment.outcome, choices=OUTCOMES,
              convert=OUTCOMES.__getitem__, lookups=("", "n", "in"),
              label={"zh": "整体结论", "en": "Outcome of the set"}),
    ]  # fmt: skip
    words = {"met": "达标的条件", "unmet": "未达标的条件", "unknown": "缺数据的条件",
             "not_applicable": "不适用的条件"}  # fmt: skip
    fields += [
        Field(name, "choice", choices=numbers, convert=numbers.__getitem__,
              matches=partial(_stands_at, outcome=OUTCOMES[name]),
              label={"zh": zh, "en": f"Criterion that is {name.replace('_', ' ')}"})
        for name, zh in words.items()
    ]  # fmt: skip
    return fields + [_gap_field(place) for place in spots if place.gap_unit is not None]


def _stands_at(indexes: list[int], outcome: Outcome) -> Predicate:
    return or_(*(_is(index, outcome) for index in indexes))


def _is(index: int, outcome: Outcome) -> Predicate:
    """Both bits of the criterion.

    Tested one by one, for the planner then expects a ninth of the firms instead of one in two
    hundred; written out, not sent along, so that it sees the same statement for the same filter.
    """
    place = 2 * (int(index) - 1)
    return and_(
        *(
            bit > no_bits if outcome & test else bit <= no_bits
            for test in (1, 2)
            for bit in [literal_column(f"(assessment.outcomes & {test << place})", BigInteger)]
            for no_bits in [literal_column("0", BigInteger)]
        )
    )


def _gap_field(place: Place) -> Field:
    label = place.criterion.label
    stored = literal_column(f"assessment.gaps[{place.index}]", BigInteger)
    return Field(
        gap_column(place),
        "number",
        stored,
        order=stored,
        # Only what is unmet has a gap; saying so spares the planner a wrong guess.
        wrap=lambda found: and_(_is(place.index, Outcome.UNMET), found),
        convert=fen if place.gap_unit == "yuan" else _whole_steps(place.gap_unit),
        label={"zh": f"差距：{label.zh}", "en": f"Gap: {label.en}"},
        unit=place.gap_unit,
    )


def _whole_steps(unit: str | None) -> Any:
    """Stored steps of a gap: hundredths of a percent, else whole ones."""
    return fen if unit == "percent" else whole_number
