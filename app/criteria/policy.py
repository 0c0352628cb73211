"""The grammar of criteria sets and the proofs a set must pass before it is used.

`docs/criteria.md` is the reference for authors. Every node is a mapping with exactly one key; the
classes of `quantities` and `conditions` are that list, closed: what is not there cannot be written.
"""

from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from app.criteria import conditions, quantities
from app.criteria.conditions import Condition, Some
from app.criteria.grammar import Name, Node, key_of, one_of
from app.criteria.quantities import Quantity, Ref
from app.firms.catalogue import Label
from app.firms.models import DESIGNATION_KINDS

__all__ = ["CriteriaSet", "Criterion", "Member", "NamedQuantity", "Outcome", "Some", "nodes"]

# What criteria lead to that is no designation: nobody can hold it, and nobody can lose it.
OTHER_TITLES = ("incubatee", "graduation", "sme_size", "star_board", "bse_board")
# Their outcomes are kept in one number of 64 bits, two for each.
MOST_CRITERIA = 31


class Outcome(IntEnum):
    """The four answers a criterion or a set can have; the numbers are what `assessment` stores."""

    UNMET = 0
    MET = 1
    UNKNOWN = 2
    NOT_APPLICABLE = 3

    @classmethod
    def unpack(cls, packed: int, count: int) -> list["Outcome"]:
        """Outcomes of so many criteria from one number, two bits for each in their order."""
        return [cls(packed >> 2 * place & 3) for place in range(count)]


class Criterion(Node):
    """One rule people see: what must hold, by which article, and what helps."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
    label: Label
    article: str
    confidence: str
    rule: Condition
    when: Condition | None = None
    measures: tuple[str, ...] = ()
    note: Label | None = None
    disabled: Label | None = None

    @model_validator(mode="after")
    def unsure_is_disabled(self) -> "Criterion":
        """What nobody is sure of is shown, never applied."""
        if "?" in self.confidence and self.disabled is None:
            raise ValueError(f"{self.id}: confidence ? needs `disabled` with the reason")
        return self


Member = Annotated[
    Annotated[Criterion, Tag("id")] | Annotated[Condition, Tag("condition")],
    Discriminator(lambda v: "id" if isinstance(v, Criterion) or key_of(v) == "id" else "condition"),
]


class NamedQuantity(Node):
    """A quantity with a name of its own, shown with its parts."""

    label: Label
    of: Quantity


class CriteriaSet(Node):
    """One version of one title's criteria; `until` is the last day in force."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: one_of(*DESIGNATION_KINDS, *OTHER_TITLES)
    rung: Literal["incubated", "tech_based", "candidate", "certified", "little_giant"] | None = None
    purpose: Literal["first", "review"] = "first"
    since: date
    until: date | None = None
    label: Label
    document: str
    reviewed: date
    origin: Literal["official", "bureau"] = "official"
    note: Label | None = None
    quantities: dict[Name, NamedQuantity] = Field({})
    criteria: tuple[Criterion, ...]

    @model_validator(mode="after")
    def sound(self) -> "CriteriaSet":
        """Ids are unique, references exist and do not loop."""
        ids = [c.id for c in self.walk()]
        if twice := sorted({i for i in ids if ids.count(i) > 1} | set(ids) & set(self.quantities)):
            raise ValueError(f"{self.code}: used twice: {', '.join(twice)}")
        if self.until and self.until < self.since:
            raise ValueError(f"{self.code}: ends before it begins")
        if (count := len(list(self.walk()))) > MOST_CRITERIA:
            raise ValueError(f"{self.code}: {count} criteria, at most {MOST_CRITERIA}: split it")
        for name in self.quantities:
            self._refuse_loop(name, ())
        for node in nodes(self.criteria):
            if isinstance(node, Ref) and node.ref not in self.quantities:
                raise ValueError(f"{self.code}: no quantity {node.ref}")
        return self

    def _refuse_loop(self, name: str, path: tuple[str, ...]) -> None:
        if name in path or name not in self.quantities:
            raise ValueError(f"{self.code}: {' > '.join((*path, name))} leads nowhere")
        for node in nodes(self.quantities[name].of):
            if isinstance(node, Ref):
                self._refuse_loop(node.ref, (*path, name))

    def walk(self) -> Iterator[Criterion]:
        """Every criterion, nested ones after the one they belong to: the order of `outcomes`."""
        for node in nodes(self.criteria):
            if isinstance(node, Criterion):
                yield node


def nodes(value: Any, *, into_criteria: bool = True) -> Iterator[Node]:
    """Every node below and including a value, in written order."""
    if isinstance(value, Node):
        yield value
        for field in type(value).model_fields:
            inner = getattr(value, field)
            if into_criteria or not isinstance(inner, Criterion):
                yield from nodes(inner, into_criteria=into_criteria)
    elif isinstance(value, tuple):
        for item in value:
            if into_criteria or not isinstance(item, Criterion):
                yield from nodes(item, into_criteria=into_criteria)


# Forward references: a band may hold a condition, a combination a named criterion.
_NAMES = {"Quantity": Quantity, "Condition": Condition, "Member": Member}
for _cls in (
    quantities.RatioOf,
    quantities.Ratio,
    quantities.Band,
    quantities.TiersOf,
    quantities.Tiers,
    quantities.PointsOf,
    quantities.Total,
    quantities.Best,
    quantities.Middle,
    conditions.Banded,
    conditions.Compared,
    conditions.AtLeast,
    conditions.AtMost,
    conditions.MoreThan,
    conditions.LessThan,
    conditions.AnyOf,
    conditions.AllOf,
    conditions.SomeOf,
    conditions.Some,
    conditions.Not,
    conditions.IndustryCase,
    conditions.IndustryCases,
    conditions.ByIndustry,
    Criterion,
    NamedQuantity,
    CriteriaSet,
):
    _cls.model_rebuild(_types_namespace=_NAMES)
