"""Two versions of a title's criteria side by side: what is new, gone, or says otherwise."""

from dataclasses import dataclass
from typing import Literal

from app.criteria.policy import CriteriaSet, Criterion
from app.criteria.wording import rule
from app.firms.catalogue import Label

Change = Literal["added", "dropped", "changed", "same"]


@dataclass(frozen=True)
class Text:
    """One criterion as a version has it."""

    criterion: Criterion
    rule: Label
    when: Label | None


@dataclass(frozen=True)
class Pair:
    """The same criterion in both versions, as far as it is there."""

    before: Text | None
    after: Text | None
    change: Change


def told(policy: CriteriaSet) -> list[Text]:
    """Every criterion of a set in words."""
    named = policy.quantities
    return [
        Text(c, rule(c.rule, named), None if c.when is None else rule(c.when, named))
        for c in policy.walk()
    ]


def side_by_side(before: CriteriaSet, after: CriteriaSet) -> list[Pair]:
    """In the later version's order; what it dropped comes last.

    Versions name their criteria apart (`srdi22.rd`, `srdi.rd`), so what follows the first dot
    tells which belong together.
    """
    old, new = ({_own(t.criterion): t for t in told(policy)} for policy in (before, after))
    pairs = [Pair(old.get(name), text, _change(old.get(name), text)) for name, text in new.items()]
    gone = [Pair(text, None, "dropped") for name, text in old.items() if name not in new]
    return pairs + gone


def _own(criterion: Criterion) -> str:
    return criterion.id.partition(".")[2] or criterion.id


def _change(before: Text | None, after: Text) -> Change:
    if before is None:
        return "added"
    same = all(
        getattr(before.criterion, name) == getattr(after.criterion, name)
        for name in ("article", "label", "disabled")
    )
    alike = before.criterion.rule == after.criterion.rule or before.rule == after.rule
    return "same" if same and alike and before.when == after.when else "changed"
