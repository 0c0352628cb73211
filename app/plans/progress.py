"""How targets stand on a day: value, where they should be by then, and the light that follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.plans import store
from app.plans.counting import When, figure_year
from app.plans.grammar import PERIODIC, Milestone, TargetRule
from app.plans.measuring import Asked, Measure, Wanted, measures, scale_of
from app.plans.store import Entered, Lights, Series, Version

ONE_DAY = timedelta(days=1)
# A figure of the statistics bureau that is older than this is called stale.
STALE = timedelta(days=460)
ROOM = text(
    "select set_config('work_mem', '64MB', true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true)"
)
LIGHTS = ("green", "amber", "red", "unknown")
DISTRICT = (Role.ANALYST, Role.LEADER, Role.OFFICER)


@dataclass(frozen=True)
class Start:
    """Where a target starts from, and how one knows: entered, stated, implied, counted or zero."""

    day: date
    value: Fraction
    basis: str


@dataclass(frozen=True)
class Progress:
    """A target on a day.

    `expected` is the trajectory's value, `pace` the way gone as a part of the way that should be
    gone by then; both are unknown where there is no start. `known` says how the value is known:
    counted, entered, or not at all.
    """

    target: TargetRule
    day: date
    milestone: Milestone
    value: Fraction | None
    known: str | None
    measure: Measure | None
    entered: Entered | None
    start: Start | None
    expected: Fraction | None
    pace: Fraction | None
    light: str

    @property
    def met(self) -> bool | None:
        """Whether the milestone is reached: exactly 80 is not more than 80."""
        return None if self.value is None else reached(self.milestone, self.value)

    @property
    def needed(self) -> Fraction:
        """What reaches the milestone; things that come in whole numbers take one more for `>`."""
        return needed(self.target, self.milestone)

    @property
    def missing(self) -> Fraction | None:
        """How much more it takes; zero where it is reached."""
        if self.value is None:
            return None
        return Fraction(0) if self.met else self.needed - self.value

    @property
    def share(self) -> int | None:
        """The part that is reached, in whole per cent, 100 only where it is reached."""
        if self.value is None:
            return None
        if self.met:
            return 100
        return min(99, floor(100 * self.value / self.needed)) if self.needed else 0

    @property
    def stale(self) -> bool:
        """Whether an entered figure is too old to tell how things stand."""
        return self.entered is not None and self.day - self.entered.day > STALE

    @property
    def href(self) -> str | None:
        """The list of exactly the firms that are counted."""
        if self.measure is None or self.known != "counted":
            return None
        return f"/targets/{self.target.code}/firms?as_of={self.day}"


def progress(
    session: Session, actor: Actor, day: date, known: datetime | None = None,
    plan: str | None = None,
) -> list[Progress]:  # fmt: skip
    """Every target of the plan in force on the day."""
    return Board(session, Asked(actor, day, known), store.in_force(session, day, plan)).all()


class Board:
    """What all targets of one day share: the figures entered, and the rule of the lights."""

    def __init__(self, session: Session, asked: Asked, version: Version) -> None:
        # Counting reads many rows and groups them: room to do so, and plans made for the day.
        session.execute(ROOM)
        self.session, self.asked, self.version = session, asked, version
        self.series: Series = store.series(session, version.code, asked.known)
        self.lights: Lights = store.lights(session, asked.known)
        self._measures: dict[tuple[str, date], Measure | None] = {}

    def all(self) -> list[Progress]:
        """Every target of the plan, counted in one statement."""
        targets = self.version.file.targets
        self.count([(target, self.asked.day) for target in targets])
        return [self.of(target) for target in targets]

    def of(self, target: TargetRule) -> Progress:
        """One target."""
        day = self.asked.day
        milestone = current(target, day)
        counted = self.counted(target, day)
        entered = self.entered(target, day)
        value = counted.value if counted is not None else None
        known = None if value is None else "counted"
        if entered is not None:
            value, known = entered.value, "entered"
        start = self.start(target)
        expected = None if start is None else trajectory(target, start, day)
        pace = pace_of(value, start, expected)
        whole = self.asked.actor.role in DISTRICT or known == "entered"
        light = light_of(target, milestone, day, value, pace, self.lights) if whole else "unknown"
        return Progress(target, day, milestone, value, known, counted, entered, start, expected,
                        pace, light)  # fmt: skip

    def count(self, wanted: Iterable[tuple[TargetRule, date]]) -> None:
        """Count targets on days, and on the day each starts from, in one statement."""
        eve = self.version.file.since - ONE_DAY
        found: dict[tuple[str, date], Wanted] = {}
        for target, day in wanted:
            for each in (day, eve) if self.starts_counted(target) else (day,):
                asked = self.wanted(target, each)
                if asked is not None:
                    found[target.code, each] = asked
        new = {key: one for key, one in found.items() if key not in self._measures}
        self._measures |= measures(self.session, self.asked, new)

    def wanted(self, target: TargetRule, day: date) -> Wanted | None:
        """What is to be counted for a target; None where it has no rule, or no scale is known."""
        if target.rule is None:
            return None
        scale = scale_of(target.rule, self.series.population(day))
        if scale is None:
            return None
        return Wanted(target.rule, When(day, self.since(target, day)), scale)

    def counted(self, target: TargetRule, day: date) -> Measure | None:
        """What the rule counts on a day; None where it has none or nothing is known."""
        if (target.code, day) not in self._measures:
            self.count([(target, day)])
        return self._measures.get((target.code, day))

    def starts_counted(self, target: TargetRule) -> bool:
        """Whether nothing but counting tells where a target starts from."""
        stated = target.baseline is not None or (target.code, "baseline") in self.series.rows
        return not stated and not isinstance(target.rule, PERIODIC)

    def since(self, target: TargetRule, day: date) -> date:
        """The first day of the period that a flow counts from, for a day.

        A yearly flow, whose milestone counts its own year only, starts anew every year.
        """
        milestone = current(target, day)
        if yearly(milestone):
            return date(day.year, 1, 1)
        return milestone.since or self.version.file.since

    def entered(self, target: TargetRule, day: date) -> Entered | None:
        if target.entered is None:
            return None
        found = self.series.on(target.code, day)
        if found is None or target.entered == "only":
            return found
        return found if found.day >= date(figure_year(day), 1, 1) else None

    def start(self, target: TargetRule) -> Start | None:
        """The baseline: entered, else the plan's own, else counted on the eve of the plan."""
        eve = self.version.file.since - ONE_DAY
        entered = self.series.rows.get((target.code, "baseline"))
        if entered:
            return Start(entered[-1].day, entered[-1].value, "entered")
        if target.baseline is not None:
            return Start(target.baseline.date, target.baseline.value, target.baseline.basis)
        if isinstance(target.rule, PERIODIC):
            return Start(self._flow_start(target) - ONE_DAY, Fraction(0), "zero")
        before = self.entered(target, eve) if target.entered else None
        if before is not None:
            return Start(before.day, before.value, "entered")
        counted = self.counted(target, eve)
        if counted is None or counted.value is None:
            return None
        return Start(eve, counted.value, "counted")

    def _flow_start(self, target: TargetRule) -> date:
        return self.since(target, self.asked.day)


def current(target: TargetRule, day: date) -> Milestone:
    """The first milestone that is not past, else the last."""
    ahead = (one for one in target.milestones if one.date >= day)
    return next(ahead, target.milestones[-1])


def reached(milestone: Milestone, value: Fraction) -> bool:
    """Exact at the edge."""
    if milestone.operator == ">":
        return value > milestone.value
    return value >= milestone.value


def needed(target: TargetRule, milestone: Milestone) -> Fraction:
    """The least whole number that reaches it; of what is measured, the milestone itself."""
    if not target.whole:
        return milestone.value
    if milestone.operator == ">":
        return Fraction(floor(milestone.value) + 1)
    return Fraction(-floor(-milestone.value))


def yearly(milestone: Milestone) -> bool:
    """Whether it counts what happens in one year, and so starts anew with every year."""
    return milestone.since == date(milestone.date.year, 1, 1)


def trajectory(target: TargetRule, start: Start, day: date) -> Fraction:
    """The value that a steady way from the start over the milestones has on a day.

    What starts anew with every year goes from nothing to its milestone within the day's own year.
    """
    if yearly(target.milestones[-1]):
        eve = date(day.year, 1, 1) - ONE_DAY
        part = Fraction((day - eve).days, (date(day.year, 12, 31) - eve).days)
        return needed(target, current(target, day)) * part
    before_day, before = start.day, start.value
    for milestone in target.milestones:
        if milestone.date <= start.day:
            continue
        goal = needed(target, milestone)
        if day <= milestone.date:
            gone = max((day - before_day).days, 0)
            return before + (goal - before) * Fraction(gone, (milestone.date - before_day).days)
        before_day, before = milestone.date, goal
    return before


def pace_of(
    value: Fraction | None, start: Start | None, expected: Fraction | None
) -> Fraction | None:
    """The way gone over the way that should be gone; unknown where there is none to go yet."""
    if value is None or start is None or expected is None or expected <= start.value:
        return None
    return (value - start.value) / (expected - start.value)


def light_of(
    target: TargetRule, milestone: Milestone, day: date, value: Fraction | None,
    pace: Fraction | None, rule: Lights,
) -> str:  # fmt: skip
    """Green where it is reached or on pace, red where the day has passed in vain."""
    if value is None:
        return "unknown"
    if reached(milestone, value):
        return "green"
    if day >= milestone.date:
        return "red"
    if pace is None:
        return "unknown"
    if 100 * pace >= rule.green:
        return "green"
    return "amber" if 100 * pace >= rule.amber else "red"
