"""Quantities of the grammar: figures over years, counts, dates and points.

Complete once `app.criteria.policy` is imported, for a band of points may hold a condition.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from app.criteria.grammar import Exact, IndicatorCode, Node, one_of, tagged
from app.criteria.kinds import BY_TABLE, amounts_of, chosen_by
from app.firms.models import DESIGNATION_KINDS
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, WAYS_ACQUIRED

if TYPE_CHECKING:
    from app.criteria.conditions import Condition


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
SPECIAL = get_args(Record)


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


class RecordsOf(Node):
    """Records of any other kind dated on or before the date; `where` by closed lists of the kind.

    `within_years`: not longer ago; `in_force`: not ended by the date.
    """

    record: one_of(*(name for name in BY_TABLE if name not in SPECIAL))
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    within_years: Annotated[int | None, Field(ge=1, le=50)] = None
    in_force: Literal[True] | None = None

    @model_validator(mode="after")
    def filters_fit(self) -> "RecordsOf":
        """A filter or value that the kind does not have would silently never apply."""
        lists = chosen_by(BY_TABLE[self.record])
        for name, values in self.where.items():
            known = lists.get(name)
            if known is None:
                raise ValueError(f"{self.record} has no filter {name}: it has {', '.join(lists)}")
            if wrong := set(values) - set(known):
                raise ValueError(f"{name} is one of {', '.join(known)}, not {min(wrong)}")
        if self.in_force and "ended_on" not in BY_TABLE[self.record].model.__table__.c:
            raise ValueError(f"{self.record} does not end: in_force says nothing of it")
        return self


def _declared(value: Any) -> str:
    record = value.get("record") if isinstance(value, dict) else getattr(value, "record", None)
    return "special" if record in SPECIAL else "any"


class Count(Node):
    """How many records on the date: an interval where answers are missing."""

    count: Annotated[
        Annotated[CountOf, Tag("special")] | Annotated[RecordsOf, Tag("any")],
        Discriminator(_declared),
    ]


class AmountsOf(RecordsOf):
    sum: str = "amount"

    @model_validator(mode="after")
    def is_money(self) -> "AmountsOf":
        """Only money is added up."""
        known = amounts_of(BY_TABLE[self.record])
        if self.sum not in known:
            has = ", ".join(known) or "none"
            raise ValueError(f"{self.record} has no amount {self.sum}: it has {has}")
        return self


class Amounts(Node):
    """What the money of records adds up to, likewise."""

    amounts: AmountsOf


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
    Amounts,
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
