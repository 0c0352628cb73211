"""Conditions of the grammar: comparisons, questions about records, and their combinations.

Complete once `app.criteria.policy` is imported, for a condition may hold a named criterion.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from app.criteria.grammar import Attribute, Exact, Node, Plain, fraction, key_of, one_of
from app.criteria.quantities import Quantity
from app.firms.models import DESIGNATION_KINDS, INCIDENT_KINDS

if TYPE_CHECKING:
    from app.criteria.policy import Member

BLACKLISTS = ("abnormal_list", "dishonest_list")


class ThresholdBand(Node):
    value: Exact
    upto: Exact | None = None


class Banded(Node):
    by: Quantity
    bands: tuple[ThresholdBand, ...]

    @model_validator(mode="after")
    def rising(self) -> "Banded":
        """Bands cover everything, once."""
        uptos = [band.upto for band in self.bands]
        known = [u for u in uptos[:-1] if u is not None]
        if uptos[-1] is not None or len(known) != len(uptos) - 1 or known != sorted(set(known)):
            raise ValueError("bands rise by `upto`, and only the last one has none")
        return self


def threshold(value: object) -> object:
    """A banded threshold as it is, anything else as an exact number."""
    return value if isinstance(value, dict | Banded) else fraction(value)


class Compared(Node):
    of: Quantity
    value: Annotated[Banded | Fraction, BeforeValidator(threshold)]


class AtLeast(Node):
    at_least: Compared


class AtMost(Node):
    at_most: Compared


class MoreThan(Node):
    more_than: Compared


class LessThan(Node):
    less_than: Compared


class Holds(Node):
    """One of these designations is valid on the date."""

    holds: tuple[one_of(*DESIGNATION_KINDS), ...]


class Judged(Node):
    """A person judged it so."""

    judged: Literal[True]


class Window(Node):
    kinds: tuple[one_of(*INCIDENT_KINDS), ...]
    days: int | None = None
    years: int | None = None
    calendar_years: int | None = None

    @model_validator(mode="after")
    def one_length(self) -> "Window":
        """A window has one length."""
        if sum(v is not None for v in (self.days, self.years, self.calendar_years)) != 1:
            raise ValueError("give exactly one of days, years, calendar_years")
        return self


class NoIncident(Node):
    """No such incident inside the window before the date."""

    no_incident: Window


class NotListed(Node):
    """Not on such a list on the date."""

    not_listed: tuple[one_of(*BLACKLISTS), ...]


class Known(Node):
    """The attribute is recorded; else unknown."""

    known: Attribute


class PrefixOf(Node):
    field: Attribute
    prefix: tuple[Plain, ...]


class StartsWith(Node):
    starts_with: PrefixOf


class IsTrue(Node):
    is_true: Literal["resident_enterprise", "residency.premises_inside"]


class Resident(Node):
    resident: Literal[True]


class ResidencyField(Node):
    residency_field: tuple[Plain, ...]


class AnyOf(Node):
    any: tuple["Member", ...]


class AllOf(Node):
    all: tuple["Member", ...]


class SomeOf(Node):
    k: Annotated[int, Field(ge=1)]
    of: tuple["Member", ...]


class Some(Node):
    some: SomeOf


class Not(Node):
    not_: Annotated["Condition", Field(alias="not")]


class IndustryCase(Node):
    industry: tuple[Annotated[str, Field(pattern=r"^[A-T]\d{0,4}$")], ...]
    rule: "Condition"


class IndustryCases(Node):
    cases: tuple[IndustryCase, ...]
    otherwise: "Condition | None" = None


class ByIndustry(Node):
    by_industry: IndustryCases


COMPARISONS = (AtLeast, AtMost, MoreThan, LessThan)
CONDITIONS = (
    *COMPARISONS,
    Holds,
    Judged,
    NoIncident,
    NotListed,
    Known,
    StartsWith,
    IsTrue,
    Resident,
    ResidencyField,
    AnyOf,
    AllOf,
    Some,
    ByIndustry,
)


def condition_union() -> Any:
    """`not` is a Python keyword, so its key differs from its field."""
    union: Any = Annotated[Not, Tag("not")]
    for cls in CONDITIONS:
        union = union | Annotated[cls, Tag(next(iter(cls.model_fields)))]
    return union


def condition_key(value: Any) -> str:
    """As `key_of`, with `not` under its written name."""
    return "not" if isinstance(value, Not) else key_of(value)


Condition: Any = Annotated[condition_union(), Discriminator(condition_key)]
