"""Where the district stands, in a constant number of set-based statements within one's scope."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Subquery,
    cast,
    exists,
    func,
    literal,
    literal_column,
    not_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.criteria.compiler import LoadedSet
from app.firms.fields import on_designation
from app.firms.models import Firm, Location, Submission
from app.firms.moves import BETWEEN, STEPS, periods, standings
from app.firms.queries import visible
from app.pipeline.models import Assessment

WEEK = timedelta(days=7)
BINS = 10
NEAR = 2
TITLE = "hnte"
FLOW = ("before", "now", "came_up", "came_down", "left_up", "left_down")
Counts = dict[str, int]


@dataclass(frozen=True)
class Flow:
    """One rung since a day: who stood there then, who came, who left, by direction."""

    rung: str
    since: date
    before: int
    now: int
    came_up: int
    came_down: int
    left_up: int
    left_down: int

    @property
    def conversion(self) -> int | None:
        """Of those who stood here then, the share that stands higher now, in per cent."""
        return round(100 * self.left_up / self.before) if self.before else None

    def href(self, name: str) -> str:
        """The list of exactly the firms that a number counts."""
        step = STEPS.index(self.rung)
        lower, higher = STEPS[:step], STEPS[step + 1 :]
        ways = {
            "came_up": [f"{other}{BETWEEN}{self.rung}" for other in lower],
            "came_down": [f"{other}{BETWEEN}{self.rung}" for other in higher],
            "left_up": [f"{self.rung}{BETWEEN}{other}" for other in higher],
            "left_down": [f"{self.rung}{BETWEEN}{other}" for other in lower],
        }
        asked = {"now": f"rung={self.rung}", "before": f"rung.{self.since}={self.rung}"}
        asked |= {way: f"moved.{self.since}__in={','.join(of)}" for way, of in ways.items()}
        return f"/firms?{asked[name]}"


@dataclass(frozen=True)
class Standing:
    """Everything that is counted by standing: rungs, flows, industries, parks."""

    rungs: Counts
    year: list[Flow]
    week: list[Flow]
    # By section of the classification, and by the park's number; None where it is not known.
    industries: dict[str | None, Counts]
    parks: dict[int | None, Counts]


def start_of_year(day: date) -> date:
    """The last day of the year before: standing then is what the year began with."""
    return date(day.year - 1, 12, 31)


def standing(session: Session, actor: Actor, day: date) -> Standing:
    """One statement: firms by standing on three days, by industry and by park."""
    _make_room(session)
    days = (start_of_year(day), day - WEEK, day)
    rows = session.execute(_tally(actor, days)).all()
    rungs = dict.fromkeys(STEPS, 0)
    for row in rows:
        rungs[STEPS[row.now]] += row.firms
    return Standing(
        rungs=rungs,
        year=_flows(days[0], [(row.before, row.now, row.firms) for row in rows]),
        week=_flows(days[1], [(row.week, row.now, row.firms) for row in rows]),
        industries=_table([(row.industry, row.now, row.firms) for row in rows]),
        parks=_table([(row.park, row.now, row.firms) for row in rows]),
    )


def _make_room(session: Session) -> None:
    """Have this transaction group in memory.

    By one process: helpers of a parallel plan sort what it would group, and are waited for.
    """
    session.execute(text("set local work_mem = '32MB'"))
    session.execute(text("set local max_parallel_workers_per_gather = 0"))


def _tally(actor: Actor, days: tuple[date, date, date]) -> Select[Any]:
    """Firms by everything at once: some hundred groups, which are added up here."""
    steps = standings(days)
    before, week, now = (func.coalesce(steps.c[f"step{n}"], 0) for n in range(3))
    grouped = [
        before.label("before"), week.label("week"), now.label("now"),
        func.left(Firm.industry_code, 1).label("industry"), Location.park_id.label("park"),
    ]  # fmt: skip
    return (
        select(*grouped, func.count().label("firms"))
        .select_from(Firm)
        .outerjoin(steps, steps.c.firm_id == Firm.id)
        .outerjoin(
            Location,
            (Location.firm_id == Firm.id)
            & Location.superseded_at.is_(None)
            & Location.during.op("@>")(days[2]),
        )
        .where(visible(actor, days[2]))
        .group_by(*(column.element for column in grouped))
    )


def _flows(since: date, moves: list[tuple[int, int, int]]) -> list[Flow]:
    found = {rung: dict.fromkeys(FLOW, 0) for rung in STEPS}
    for before, now, firms in moves:
        found[STEPS[before]]["before"] += firms
        found[STEPS[now]]["now"] += firms
        if before != now:
            way = "up" if now > before else "down"
            found[STEPS[before]][f"left_{way}"] += firms
            found[STEPS[now]][f"came_{way}"] += firms
    return [Flow(rung, since, **counts) for rung, counts in found.items()]


def _table(rows: list[tuple[Any, int, int]]) -> dict[Any, Counts]:
    found: dict[Any, Counts] = {}
    for key, now, firms in rows:
        found.setdefault(key, dict.fromkeys(STEPS, 0))[STEPS[now]] += firms
    return found


def dwell(session: Session, actor: Actor, day: date) -> dict[str, int]:
    """The median of days that firms have stood on their rung without a break."""
    _make_room(session)
    firms = stays(actor, day)
    middle = func.percentile_disc(0.5).within_group(literal(day) - firms.c.since)
    rows = session.execute(select(firms.c.now, middle).group_by(firms.c.now))
    return {STEPS[now]: days for now, days in rows}


def stays(actor: Actor, day: date) -> Subquery:
    """`firm_id`, the step it stands on (`now`), and `since` when without a break."""
    spans = _spans(day)
    highest = func.max(spans.c.step).filter(spans.c.spans.op("@>")(day))
    marked = select(spans, highest.over(partition_by=spans.c.firm_id).label("now")).subquery()
    span = func.unnest(marked.c.spans).column_valued("span")
    begun = select(func.lower(span)).where(span.op("@>")(day)).scalar_subquery()
    since = func.greatest(
        func.max(begun).filter(marked.c.step == marked.c.now),
        func.max(func.upper(marked.c.spans)).filter(marked.c.step > marked.c.now),
    )
    return (
        select(marked.c.firm_id, marked.c.now, since.label("since"))
        .join(Firm, Firm.id == marked.c.firm_id)
        .where(visible(actor, day), marked.c.now.is_not(None))
        .group_by(marked.c.firm_id, marked.c.now)
        .subquery("stays")
    )


def _spans(day: date) -> Subquery:
    """`firm_id`, `step` and every span of days on it up to the day, joined where they touch."""
    steps = periods()
    return (
        select(steps.c.firm_id, steps.c.step, func.range_agg(steps.c.during).label("spans"))
        .where(func.lower(steps.c.during) <= day)
        .group_by(steps.c.firm_id, steps.c.step)
        .subquery("spans")
    )


def readiness(session: Session, actor: Actor, loaded: LoadedSet, day: date) -> list[int]:
    """Firms by tenths of readiness for a set's title, without those that hold it."""
    tenth = cast(func.least(func.floor(Assessment.readiness * BINS), BINS - 1), Integer)
    query = (
        select(tenth, func.count())
        .join(Firm, Firm.id == Assessment.firm_id)
        .where(
            Assessment.set_id == literal_column(str(int(loaded.id))),
            visible(actor, day),
            not_(on_designation(true(), TITLE, day)),
        )
        .group_by(tenth)
    )
    found = {number: firms for number, firms in session.execute(query)}
    return [found.get(number, 0) for number in range(BINS)]


def conflicts(session: Session, actor: Actor, day: date) -> int:
    """Firms with figures that contradict each other."""
    conflict = exists().where(
        Submission.firm_id == Firm.id,
        Submission.effective_at.is_(None),
        Submission.settled_at.is_(None),
    )
    query = select(func.count()).select_from(Firm).where(conflict, visible(actor, day))
    return session.scalar(query) or 0
