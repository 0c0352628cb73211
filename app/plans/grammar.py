"""What counts towards a target, as data: a closed grammar, and the file of a plan that uses it.

A rule has one key that tells its form. All forms come down to the same: what each firm adds above
the line and, where there is one, below it. So every number opens its firms and can be divided by
park, incubator or department without a remainder that nobody sees.
"""

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from app.criteria.facts import table
from app.criteria.grammar import IndicatorCode, Name, Node, one_of
from app.firms.catalogue import Label
from app.firms.industries import SECTIONS
from app.firms.models import DESIGNATION_KINDS
from app.firms.queries import RUNGS
from app.plans.records import RECORDS

OPERATORS = (">", ">=")
UNITS = ("firms", "platforms", "patents", "percent", "yuan")


def number(value: object) -> object:
    """A decimal written as text, as an exact fraction."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Fraction):
        return value
    raise ValueError(f"{value!r} is not a number in quotes such as '1.2'")


Number = Annotated[Fraction, BeforeValidator(number)]


class Who(Node):
    """Firms by what they hold on the day, or by the rung they stand on at least."""

    designation: tuple[one_of(*DESIGNATION_KINDS), ...] = ()
    rung_at_least: one_of(*RUNGS) | None = None
    industry: tuple[one_of(*SECTIONS), ...] = ()

    @model_validator(mode="after")
    def told(self) -> "Who":
        """Exactly one way to tell them."""
        if bool(self.designation) == (self.rung_at_least is not None):
            raise ValueError("give either designation or rung_at_least")
        return self


class Records(Node):
    """Records of a kind that pass: each named column holds one of the listed values.

    A column that is a list holds at least one of them; an empty list of values asks that the
    column is filled.
    """

    record: one_of(*RECORDS)
    where: Mapping[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def named(self) -> "Records":
        """Every column named is one of the kind's."""
        columns = table(RECORDS[self.record].model).c
        if unknown := set(self.where) - set(columns.keys()):
            raise ValueError(f"{self.record} has no {', '.join(sorted(unknown))}")
        return self


class Stock(Node):
    """Firms that hold or stand so on the day; each counts once."""

    stock: Who


class Gained(Node):
    """Firms that hold it at some time since the period began and did not on its eve; each once."""

    gained: Who


class Flow(Node):
    """Records dated in the period."""

    flow: Records


class Sum(Node):
    """An amount summed over the records dated in the period; yuan where it is money."""

    sum: Records
    amount: Name


class Ratio(Node):
    """One figure's sum over another's, of the last full year, in per cent of it."""

    over: IndicatorCode
    under: IndicatorCode
    among: Who


class Coverage(Node):
    """Of these firms the per cent that have such a record in force on the day."""

    having: Records
    among: Who


class PerPopulation(Node):
    """Records in force on the day for each so many people of the district."""

    per_population: Records
    people: int


FORMS = ("stock", "gained", "flow", "sum", "over", "having", "per_population")


def form_of(value: Any) -> str | None:
    """The key that tells a rule's form; the database does not keep the order of keys."""
    keys = value if isinstance(value, dict) else type(value).model_fields
    return next((form for form in FORMS if form in keys), None)


Rule = Annotated[
    Annotated[Stock, Tag("stock")]
    | Annotated[Gained, Tag("gained")]
    | Annotated[Flow, Tag("flow")]
    | Annotated[Sum, Tag("sum")]
    | Annotated[Ratio, Tag("over")]
    | Annotated[Coverage, Tag("having")]
    | Annotated[PerPopulation, Tag("per_population")],
    Discriminator(form_of),
]
PERIODIC = (Gained, Flow, Sum)
PERCENT = (Ratio, Coverage)


class Milestone(Node):
    """What is to be reached by the end of a day; a flow counts from `since`."""

    date: datetime.date
    operator: one_of(*OPERATORS)
    value: Number
    since: datetime.date | None = None
    stretch: bool = False


class Baseline(Node):
    """Where a target starts from; `basis` says how one knows."""

    date: datetime.date
    value: Number
    basis: Literal["implied", "stated"] = "stated"


class TargetRule(Node):
    """One target: its milestones in order of time, and how its value is known.

    `entered`: `wins` where the statistics bureau's figure goes before the counted one, `only` where
    nothing but such a figure tells it.
    """

    code: Name
    label: Label
    unit: one_of(*UNITS)
    kind: str
    known_by: str
    milestones: tuple[Milestone, ...] = Field(min_length=1)
    rule: Rule | None = None
    entered: Literal["wins", "only"] | None = None
    baseline: Baseline | None = None
    tasks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def sound(self) -> "TargetRule":
        """Milestones follow each other; what is entered only has no rule."""
        days = [one.date for one in self.milestones]
        if days != sorted(set(days)):
            raise ValueError(f"{self.code}: milestones are not in order of time")
        if self.entered == "only" and self.rule is not None:
            raise ValueError(f"{self.code}: entered only, and yet a rule")
        return self

    @property
    def whole(self) -> bool:
        """Whether it counts things, which come in whole numbers."""
        return self.unit in ("firms", "platforms")


class TaskRule(Node):
    """A task or safeguard, who leads it and who supports."""

    code: str
    part: str
    label: Label
    lead: tuple[str, ...]
    supporting: tuple[str, ...]


class PlanFile(Node):
    """A plan as it is written: one file is one version, dated by `adopted_on`."""

    code: Name
    label: Label
    document: str
    region_code: str
    adopted_on: datetime.date
    since: datetime.date
    until: datetime.date
    organisations: tuple[Mapping[str, Any], ...]
    # Which department answers for firms of a section of GB/T 4754.
    regulators: Mapping[one_of(*SECTIONS), str] = {}
    tasks: tuple[TaskRule, ...]
    targets: tuple[TargetRule, ...]

    @model_validator(mode="after")
    def sound(self) -> "PlanFile":
        """Every unit and every task that is named is there."""
        known = {entry["code"] for entry in self.organisations}
        for task in self.tasks:
            if unknown := {*task.lead, *task.supporting} - known:
                raise ValueError(f"task {task.code} names unknown units {sorted(unknown)}")
        if unknown := set(self.regulators.values()) - known:
            raise ValueError(f"regulators names unknown units {sorted(unknown)}")
        tasks = {task.code for task in self.tasks}
        for target in self.targets:
            if strange := set(target.tasks) - tasks:
                raise ValueError(f"target {target.code} names unknown tasks {sorted(strange)}")
        return self

    def target(self, code: str) -> TargetRule | None:
        """A target by its code."""
        return next((one for one in self.targets if one.code == code), None)

    def leads(self, target: TargetRule) -> tuple[str, ...]:
        """The units that lead the tasks a target belongs to, each once."""
        led = [unit for task in self.tasks if task.code in target.tasks for unit in task.lead]
        return tuple(dict.fromkeys(led))
