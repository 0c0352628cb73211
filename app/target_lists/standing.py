"""How the items of lists stand on a day: each unit's own value, pace and light."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.errors import NotFound
from app.plans import store
from app.plans.grammar import Milestone, TargetRule
from app.plans.measuring import Asked
from app.plans.parts import parts, value_on
from app.plans.progress import Board, Start, light_of, pace_of
from app.target_lists.models import SupervisionNotice, TargetItem, TargetList, TargetReport

# A notice that is not answered climbs: after a day to the unit's head, after a week to the leaders.
CLIMBS = ((7, "leaders"), (1, "head"), (0, "officer"))
WHOLE_DISTRICT = (Role.ANALYST, Role.LEADER)


@dataclass(frozen=True)
class Item:
    """One target of a unit: what it has, where it should be by now, and the light."""

    item: TargetItem
    target: TargetRule
    goal: Fraction
    start: Fraction | None
    value: Fraction | None
    expected: Fraction | None
    pace: Fraction | None
    light: str
    unknown: int
    reports: list[TargetReport]
    notices: list[SupervisionNotice]
    late: bool

    @property
    def completion(self) -> Fraction | None:
        """Value over goal."""
        return None if self.value is None or not self.goal else self.value / self.goal

    @property
    def increment(self) -> Fraction | None:
        """Added since the year began."""
        return None if self.value is None or self.start is None else self.value - self.start

    @property
    def growth(self) -> Fraction | None:
        """Added over what there was; unknown from nothing."""
        added = self.increment
        return None if added is None or not self.start else added / self.start


@dataclass(frozen=True)
class Standing:
    """A list with its unit and how its items stand."""

    owner: TargetList
    body: Organisation
    items: list[Item]


def visible_lists(session: Session, actor: Actor, year: int) -> list[TargetList]:
    """The lists of a year that the actor may read: every one, or one's own unit's."""
    query = select(TargetList).where(TargetList.year == year)
    if actor.role not in WHOLE_DISTRICT:
        query = query.where(TargetList.organisation_id == actor.organisation_id)
    return list(session.scalars(query.order_by(TargetList.id)))


def get(session: Session, actor: Actor, number: int, *, lock: bool = False) -> TargetList:
    """One list; NotFound also where it is another unit's."""
    query = select(TargetList).where(TargetList.id == number)
    found = session.scalar(query.with_for_update() if lock else query)
    whole = actor.role in WHOLE_DISTRICT
    if found is None or not (whole or found.organisation_id == actor.organisation_id):
        raise NotFound(f"没有编号为 {number} 的目标清单 (no such list)")
    return found


def standings(
    session: Session, actor: Actor, lists: Iterable[TargetList], day: date | None = None
) -> list[Standing]:
    """How lists stand on a day; a constant number of statements for each target of the plan."""
    found = list(lists)
    if not found:
        return []
    board = Board(session, Asked(actor, day or today()), _version(session, found[0]))
    bodies = {
        one.id: one
        for one in session.scalars(
            select(Organisation).where(
                Organisation.id.in_([each.organisation_id for each in found])
            )
        )
    }
    items = list(
        session.scalars(
            select(TargetItem)
            .where(TargetItem.list_id.in_([one.id for one in found]))
            .order_by(TargetItem.id)
        )
    )
    told = Told(session, board, items, bodies, {one.id: one for one in found})
    return [
        Standing(one, bodies[one.organisation_id],
                 [told.item(item) for item in items if item.list_id == one.id])
        for one in found
    ]  # fmt: skip


def _version(session: Session, one: TargetList) -> store.Version:
    return next(
        each
        for each in store.versions(session)
        if (each.code, each.file.adopted_on) == (one.plan_code, one.plan_adopted_on)
    )


class Told:
    """What all items of some lists share: values by unit, reports and notices."""

    def __init__(
        self, session: Session, board: Board, items: list[TargetItem],
        bodies: dict[int, Organisation], lists: dict[int, TargetList],
    ) -> None:  # fmt: skip
        self.board, self.bodies, self.lists = board, bodies, lists
        numbers = [item.id for item in items]
        self.reports: dict[int, list[TargetReport]] = {}
        for report in session.scalars(select(TargetReport).where(
                TargetReport.item_id.in_(numbers), TargetReport.superseded_at.is_(None))
                .order_by(TargetReport.month)):  # fmt: skip
            self.reports.setdefault(report.item_id, []).append(report)
        self.notices: dict[int, list[SupervisionNotice]] = {}
        for notice in session.scalars(
            select(SupervisionNotice)
            .where(SupervisionNotice.item_id.in_(numbers))
            .order_by(SupervisionNotice.id)
        ):
            self.notices.setdefault(notice.item_id, []).append(notice)
        whole = {item.target_code for item in items
                 if bodies[lists[item.list_id].organisation_id].kind == "department"}  # fmt: skip
        board.count([(target, board.asked.day) for target in board.version.file.targets
                     if target.code in whole])  # fmt: skip
        self._parts: dict[tuple[str, str], dict[int, tuple[Fraction | None, int]]] = {}

    def item(self, item: TargetItem) -> Item:
        """One item as it stands."""
        owner = self.lists[item.list_id]
        target = store.target_of(self.board.version.file, item.target_code)
        value, unknown = self.value(self.bodies[owner.organisation_id], target)
        goal = Fraction(item.goal)
        start = None if item.start is None else Fraction(item.start)
        day = min(self.board.asked.day, date(owner.year, 12, 31))
        end = Milestone(date=date(owner.year, 12, 31), operator=">=", value=goal)
        expected = None if start is None else way(start, goal, owner.year, day)
        begun = None if start is None else Start(date(owner.year - 1, 12, 31), start, "counted")
        pace = pace_of(value, begun, expected)
        light = light_of(target, end, day, value, pace, self.board.lights)
        reports = self.reports.get(item.id, [])
        return Item(item, target, goal, start, value, expected, pace, light, unknown, reports,
                    self.notices.get(item.id, []), is_late(owner, reports, day))  # fmt: skip

    def value(self, body: Organisation, target: TargetRule) -> tuple[Fraction | None, int]:
        """What a unit has, and of how many firms it is not known: its part, or the whole of it."""
        if body.kind == "department":
            counted = self.board.counted(target, self.board.asked.day)
            whole = value_on(self.board, target, self.board.asked.day)
            return whole, 0 if counted is None else counted.unknown
        key = (target.code, body.kind)
        if key not in self._parts:
            self._parts[key] = {
                part.body.id: (part.measure.value, part.measure.unknown)
                for part in parts(self.board, target, body.kind) if part.body is not None
            }  # fmt: skip
        nothing = None if target.rule is None else Fraction(0)
        return self._parts[key].get(body.id, (nothing, 0))


def way(start: Fraction, goal: Fraction, year: int, day: date) -> Fraction:
    """Where a steady way through the year has come by a day."""
    first = date(year - 1, 12, 31)
    gone = max((day - first).days, 0)
    return start + (goal - start) * Fraction(gone, (date(year, 12, 31) - first).days)


def is_late(owner: TargetList, reports: list[TargetReport], day: date) -> bool:
    """Whether the report of the month before is missing; it is due by the tenth."""
    if owner.status not in ("issued", "accepted"):
        return False
    due = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    if day.day <= 10:
        due = (due - timedelta(days=1)).replace(day=1)
    return due.year == owner.year and due not in {report.month for report in reports}


def climbed(notice: SupervisionNotice, day: date) -> str | None:
    """To whom a notice has climbed; None once it is answered or closed."""
    if notice.answered_on is not None or notice.closed_on is not None:
        return None
    overdue = (day - notice.due_on).days
    return next((level for days, level in CLIMBS if overdue >= days), "officer")
