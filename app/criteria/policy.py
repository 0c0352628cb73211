"""The grammar of criteria sets and the proofs a set must pass before it is used.

`docs/criteria.md` is the reference for authors. Every node is a mapping with exactly one key; the
classes below are that list, closed: what is not here cannot be written.
"""

import re
from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from app.firms.catalogue import INDICATORS, Label
from app.firms.models import DESIGNATION_KINDS, INCIDENT_KINDS
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, WAYS_ACQUIRED

BLACKLISTS = ("abnormal_list", "dishonest_list")


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


class Node(BaseModel):
    """Frozen, and strict about what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def fraction(value: object) -> object:
    """`5%` or a whole number as an exact fraction."""
    if isinstance(value, str) and (found := re.fullmatch(r"(-?\d+(?:\.\d+)?) ?%", value)):
        return Fraction(found[1]) / 100
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Fraction):
        return value
    raise ValueError(f"{value!r} is neither a whole number nor a percentage such as 5%")


Exact = Annotated[Fraction, BeforeValidator(fraction)]


def one_of(*allowed: str) -> Any:
    """A text among the ones listed; the error names them."""

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return Annotated[str, BeforeValidator(check)]


IndicatorCode = one_of(*INDICATORS)
Attribute = one_of(
    "registered_on", "region_code", "industry_code", "hightech_field", "resident_enterprise"
)


def key_of(value: Any) -> str:
    """The one key of a node, by which its class is chosen."""
    if isinstance(value, dict):
        if "id" in value:
            return "id"
        return str(next(iter(value), ""))
    return str(next(iter(type(value).model_fields)))


# --- quantities ---------------------------------------------------------------------------------


class FigureOf(Node):
    of: IndicatorCode
    year: Annotated[int, Field(ge=-4, le=-1)] = -1


class Figure(Node):
    """One figure of one year."""

    figure: FigureOf


class Span(Node):
    of: IndicatorCode
    years: Annotated[int, Field(ge=1, le=4)]
    last: Annotated[int, Field(ge=-4, le=-1)] = -1

    @property
    def back(self) -> list[int]:
        """Years back from the year of application, newest first: -1, -2, -3."""
        return [self.last - i for i in range(self.years)]


class Sum(Node):
    """Sum over years; years before registration are left out."""

    sum: Span


class Mean(Node):
    """Mean over the years since registration."""

    mean: Span


class YearlyCount(Node):
    """Mean a year of a counted figure."""

    yearly_count: Span


class RatioOf(Node):
    of: "Quantity"
    to: "Quantity"


class Ratio(Node):
    """Exact ratio; never divided out in a comparison."""

    ratio: RatioOf


class OfIndicator(Node):
    of: IndicatorCode


class Growth(Node):
    """FY-1 over FY-2, minus one."""

    growth: OfIndicator


class MeanGrowth(Node):
    """½ (v2/v1 + v3/v2) − 1 over three years (195号 三（七）4)."""

    mean_growth: OfIndicator


class CompoundOf(Node):
    of: IndicatorCode
    years: Annotated[int, Field(ge=2, le=3)]


class CompoundGrowth(Node):
    """Compound yearly growth over `years` years up to FY-1."""

    compound_growth: CompoundOf


class Where(Node):
    """Closed list of record filters; which apply to which record is checked by `CountOf`."""

    kind: tuple[one_of(*IP_KINDS), ...] | None = None
    ip_class: Annotated[int | None, Field(alias="class", ge=1, le=2)] = None
    valid: Literal[True] | None = None
    undisputed: Literal[True] | None = None
    owner_rank_at_most: int | None = None
    core_support: Literal[True] | None = None
    main_product: Literal[True] | None = None
    earning: Literal[True] | None = None
    acquired: tuple[one_of(*WAYS_ACQUIRED), ...] | None = None
    not_acquired: tuple[one_of(*WAYS_ACQUIRED), ...] | None = None
    transfer_kept_days: int | None = None
    kept_years: int | None = None
    high_value: tuple[one_of(*HIGH_VALUE_REASONS), ...] | None = None
    unused_in: one_of(*DESIGNATION_KINDS) | None = None
    level: tuple[one_of(*LEVELS), ...] | None = None
    rank_at_most: int | None = None
    within_years: int | None = None


FILTERS_OF = {
    "award": {"level", "rank_at_most", "within_years"},
    "standard": {"level", "rank_at_most", "within_years"},
    "rd_body": {"level"},
}
Record = Literal["ip_right", "award", "standard", "rd_body"]


class CountOf(Node):
    record: Record
    where: Where = Where()

    @model_validator(mode="after")
    def filters_fit(self) -> "CountOf":
        """A filter of another kind of record would silently never apply."""
        given = set(self.where.model_fields_set)
        ip = set(Where.model_fields) - FILTERS_OF["award"]
        if wrong := given - FILTERS_OF.get(self.record, ip):
            raise ValueError(f"{self.record} has no filter {', '.join(sorted(wrong))}")
        return self


class Count(Node):
    """How many records on the date: an interval where answers are missing."""

    count: CountOf


Moment = Literal["registered_on", "residency.from", "as_of"]


class Between(Node):
    start: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment, Field(alias="to")] = "as_of"


class Days(Node):
    """Whole days between two dates."""

    days: Between


class Months(Node):
    """Whole months between two dates."""

    months: Between


class MonthsBegun(Node):
    """Months begun between two dates: what a limit of so many months is held against."""

    months_begun: Between


class Expert(Node):
    """Points entered by a person inside a range."""

    expert: tuple[int, int]


Points = Annotated[
    tuple[int, int], BeforeValidator(lambda v: (v, v) if isinstance(v, int) else tuple(v))
]


class Band(Node):
    points: Points
    at_least: Exact | None = None
    more_than: Exact | None = None
    when: "Condition | None" = None

    @model_validator(mode="after")
    def one_test(self) -> "Band":
        """A band is chosen by exactly one test."""
        if sum(v is not None for v in (self.at_least, self.more_than, self.when)) != 1:
            raise ValueError("a band needs exactly one of at_least, more_than, when")
        return self


class TiersOf(Node):
    of: "Quantity | None" = None
    bands: tuple[Band, ...]
    otherwise: Points = (0, 0)

    @model_validator(mode="after")
    def descending(self) -> "TiersOf":
        """Only then is the interval of an undecided tier the span of what remains possible."""
        points = [band.points for band in self.bands] + [self.otherwise]
        for better, worse in pairwise(points):
            if worse[0] > better[0] or worse[1] > better[1]:
                raise ValueError("bands go from most to fewest points")
        if self.of is None and any(band.when is None for band in self.bands):
            raise ValueError("bands that compare need `of`")
        return self


class Tiers(Node):
    """Points by the first band that fits."""

    tiers: TiersOf


class PointsOf(Node):
    parts: tuple["Quantity", ...]
    cap: int | None = None


class Total(Node):
    """Sum of points, capped."""

    points: PointsOf


class Best(Node):
    """The largest of several."""

    best: Annotated[tuple["Quantity", ...], Field(min_length=2)]


class Middle(Node):
    """The middle of an interval of points."""

    middle: "Quantity"


class Ref(Node):
    """A named quantity of the same set."""

    ref: str


def tagged(*classes: type[Node]) -> Any:
    """A union told apart by the one key of each node."""
    union: Any = None
    for cls in classes:
        option = Annotated[cls, Tag(next(iter(cls.model_fields)))]
        union = option if union is None else union | option
    return Annotated[union, Discriminator(key_of)]


Quantity = tagged(
    Figure,
    Sum,
    Mean,
    YearlyCount,
    Ratio,
    Growth,
    MeanGrowth,
    CompoundGrowth,
    Count,
    Days,
    Months,
    MonthsBegun,
    Expert,
    Tiers,
    Total,
    Best,
    Middle,
    Ref,
)

# --- conditions ---------------------------------------------------------------------------------


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
    prefix: tuple[str, ...]


class StartsWith(Node):
    starts_with: PrefixOf


class IsTrue(Node):
    is_true: Literal["resident_enterprise", "residency.premises_inside"]


class Resident(Node):
    resident: Literal[True]


class ResidencyField(Node):
    residency_field: tuple[str, ...]


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
    title: one_of(*DESIGNATION_KINDS, "incubatee", "graduation", "sme_size")
    rung: Literal["incubated", "tech_based", "candidate", "certified", "little_giant"] | None = None
    purpose: Literal["first", "review"] = "first"
    since: date
    until: date | None = None
    label: Label
    document: str
    reviewed: date
    origin: Literal["official", "bureau"] = "official"
    note: Label | None = None
    quantities: dict[str, NamedQuantity] = {}
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


for _cls in (
    RatioOf,
    Ratio,
    Band,
    TiersOf,
    Tiers,
    PointsOf,
    Total,
    Best,
    Middle,
    Banded,
    Compared,
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
    AnyOf,
    AllOf,
    SomeOf,
    Some,
    Not,
    IndustryCase,
    IndustryCases,
    ByIndustry,
    Criterion,
    NamedQuantity,
    CriteriaSet,
):
    _cls.model_rebuild()
