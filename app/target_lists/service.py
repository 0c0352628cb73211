"""What happens to a list, step by step, and who may do it."""

from datetime import date
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.errors import Conflict, Forbidden, NotFound
from app.plans import store
from app.plans.grammar import Stock, TargetRule
from app.plans.measuring import Asked
from app.plans.parts import Part, parts, value_on
from app.plans.progress import Board, current, needed, trajectory, yearly
from app.plans.service import demand_analyst, wrong
from app.plans.store import Version
from app.target_lists.models import (
    ListEntry,
    SupervisionNotice,
    TargetItem,
    TargetList,
)
from app.target_lists.standing import Item, get, standings

KINDS = ("department", "park", "incubator")
OPEN = ("issued", "accepted")
UNIT_ROLES = (Role.ANALYST, Role.OFFICER, Role.PARK_OPERATOR, Role.INCUBATOR_MANAGER)


# --- drafting -----------------------------------------------------------------------------------


def draft(session: Session, actor: Actor, version: Version, year: int, kind: str) -> int:
    """Draft the lists of all units of a kind that have none yet; returns how many were made."""
    demand_analyst(actor)
    if kind not in KINDS:
        raise wrong("kind", f"{kind} 不是单位类别 (no such kind of unit)")
    if not version.file.since.year <= year <= version.file.until.year:
        raise wrong("year", f"{year} 年不在方案期内 (outside the plan)")
    board = Board(session, Asked(actor, date(year - 1, 12, 31)), version)
    goals = _leads(board, year) if kind == "department" else _parts(board, year, kind)
    _ask_no_less(board, kind, year, goals)
    have = set(
        session.scalars(
            select(TargetList.organisation_id).where(
                TargetList.plan_code == version.code, TargetList.year == year
            )
        )
    )
    bodies = session.scalars(select(Organisation).where(Organisation.kind == kind)
                             .order_by(Organisation.id)).all()  # fmt: skip
    made = 0
    for body in bodies:
        if body.id in have or body.code not in goals:
            continue
        found = TargetList(plan_code=version.code, plan_adopted_on=version.file.adopted_on,
                           year=year, organisation_id=body.id)  # fmt: skip
        session.add(found)
        session.flush()  # its items need its number
        session.add_all(TargetItem(list_id=found.id, **item) for item in goals[body.code])
        _say(session, actor, found, "drafted")
        made += 1
    return made


def _ask_no_less(
    board: Board, kind: str, year: int, goals: dict[str, list[dict[str, Any]]]
) -> None:
    """Raise each goal to what the unit has already: as the year began, and by today within it."""
    day = min(today(), date(year, 12, 31))
    present = Board(board.session, Asked(board.asked.actor, day), board.version)
    for code in {row["target_code"] for rows in goals.values() for row in rows}:
        target = store.target_of(board.version.file, code)
        whole = value_on(present, target, day) if kind == "department" else None
        own = {} if kind == "department" else {
            part.body.code: part.measure.value for part in parts(present, target, kind) if part.body
        }  # fmt: skip
        for unit, rows in goals.items():
            for row in rows:
                if row["target_code"] == code:
                    has = [row["start"], _exact(target, own.get(unit, whole))]
                    row["goal"] = max([row["goal"], *(one for one in has if one is not None)])


def _exact(target: TargetRule, value: Fraction | None) -> Decimal | None:
    """A value as goals are kept, rounded up."""
    if value is None:
        return None
    step = Decimal(1) if target.whole else Decimal("0.01")
    return (Decimal(value.numerator) / value.denominator).quantize(step, ROUND_CEILING)


def _leads(board: Board, year: int) -> dict[str, list[dict[str, Any]]]:
    """Departments answer for the whole of each target that they lead."""
    found: dict[str, list[dict[str, Any]]] = {}
    for target in board.version.file.targets:
        start, goal = _ends(board, target, year)
        if goal is None:
            continue
        row = _row(target, goal, start, {"way": "lead"})
        for unit in board.version.file.leads(target):
            found.setdefault(unit, []).append(row)
    return found


def _parts(board: Board, year: int, kind: str) -> dict[str, list[dict[str, Any]]]:
    """Parks and incubators: what they had, and their part of what the district is to add."""
    found: dict[str, list[dict[str, Any]]] = {}
    for target in board.version.file.targets:
        start, goal = _ends(board, target, year)
        if not isinstance(target.rule, Stock) or start is None or goal is None:
            continue
        for part in parts(board, target, kind):
            if part.body is not None and part.share:
                found.setdefault(part.body.code, []).append(_share(target, part, start, goal))
    return found


def _share(target: TargetRule, part: Part, start: Fraction, goal: Fraction) -> dict[str, Any]:
    had, share = part.measure.value or Fraction(0), part.share or Fraction(0)
    own = had + share * max(goal - start, Fraction(0))
    basis = {"way": "share", "share": f"{float(share):.4f}", "added": f"{float(goal - start):.2f}"}
    return _row(target, own, had, basis)


def _ends(board: Board, target: TargetRule, year: int) -> tuple[Fraction | None, Fraction | None]:
    """The district's value as the year begins, and where the plan has it as it ends.

    What counts its own year only begins it with nothing.
    """
    if yearly(target.milestones[-1]):
        return Fraction(0), needed(target, current(target, date(year, 12, 31)))
    begun = board.start(target)
    if begun is None:
        milestone = current(target, date(year, 12, 31))
        return value_on(board, target, board.asked.day), milestone.value
    return (value_on(board, target, board.asked.day),
            trajectory(target, begun, date(year, 12, 31)))  # fmt: skip


def _row(
    target: TargetRule, goal: Fraction, start: Fraction | None, basis: dict[str, str]
) -> dict[str, Any]:
    begun = None if start is None else round(Decimal(start.numerator) / start.denominator, 4)
    return {"target_code": target.code, "goal": _exact(target, goal),
            "start": begun, "basis": basis}  # fmt: skip


# --- agreeing -----------------------------------------------------------------------------------


def set_goal(
    session: Session, actor: Actor, found: TargetList, code: str, goal: Decimal, text: str
) -> None:
    """The analyst changes a goal of a draft; what was agreed stays in the entries."""
    demand_analyst(actor)
    demand_status(found, "draft")
    item = item_of(session, found, code)
    if goal < 0:
        raise wrong("goal", f"{goal} 小于 0 (below zero)")
    item.goal = goal
    _say(session, actor, found, "goal", item=item, value=goal, text=text)


def propose(
    session: Session, actor: Actor, found: TargetList, code: str, value: Decimal, text: str
) -> None:
    """The unit proposes another goal, and why."""
    demand_unit(actor, found)
    demand_status(found, "draft")
    if not text.strip():
        raise wrong("text", "请写明理由 (say why)")
    _say(session, actor, found, "proposed", item=item_of(session, found, code), value=value,
         text=text)  # fmt: skip


def issue(session: Session, actor: Actor, found: TargetList) -> None:
    """From now on it binds."""
    demand_analyst(actor)
    demand_status(found, "draft")
    _move(session, actor, found, "issued")


def accept(session: Session, actor: Actor, found: TargetList) -> None:
    """The unit accepts what was issued."""
    demand_unit(actor, found)
    demand_status(found, "issued")
    _move(session, actor, found, "accepted")


def close(session: Session, actor: Actor, found: TargetList) -> None:
    """The year is over; no report is taken any more."""
    demand_analyst(actor)
    demand_status(found, *OPEN)
    _move(session, actor, found, "closed")


def _move(session: Session, actor: Actor, found: TargetList, status: str) -> None:
    found.status = status
    found.version += 1
    _say(session, actor, found, status)


def _say(
    session: Session,
    actor: Actor,
    found: TargetList,
    kind: str,
    *,
    item: TargetItem | None = None,
    value: Decimal | None = None,
    text: str = "",
) -> None:
    session.add(
        ListEntry(
            list_id=found.id,
            item_id=None if item is None else item.id,
            kind=kind,
            value=value,
            text=text.strip()[:1000] or None,
            said_by=actor.name,
        )
    )
    session.flush()  # read again for the page


def demand_status(found: TargetList, *statuses: str) -> None:
    """Conflict unless the list is in one of these."""
    if found.status not in statuses:
        raise Conflict(f"清单状态为 {found.status}，不能这样做：请刷新 (it is {found.status})")


def demand_unit(actor: Actor, found: TargetList, *, machines: bool = False) -> None:
    """Whoever acts for the unit whose list it is; by a token only where machines may."""
    acts = actor.role in UNIT_ROLES and (machines or actor.token_id is None)
    if not acts or actor.organisation_id != found.organisation_id:
        raise Forbidden("只有清单所属单位可以这样做 (only the list's own unit may)")


def item_of(session: Session, found: TargetList, code: str) -> TargetItem:
    """An item by its target's code."""
    item = session.scalar(
        select(TargetItem).where(TargetItem.list_id == found.id, TargetItem.target_code == code)
    )
    if item is None:
        raise wrong("target", f"清单没有目标 {code} (not on this list)")
    return item


# --- supervision --------------------------------------------------------------------------------


def notify(
    session: Session, actor: Actor, found: TargetList, code: str, due: date, reason: str
) -> None:
    """Send a notice about one target, to be answered by a day."""
    demand_analyst(actor)
    demand_status(found, *OPEN)
    if due < today():
        raise wrong("due_on", f"答复期限 {due} 已过 (has passed)")
    if not reason.strip():
        raise wrong("reason", "请写明督办事由 (say why)")
    item = item_of(session, found, code)
    told: Item = next(
        one for one in standings(session, actor, [found])[0].items if one.item.id == item.id
    )
    session.add(
        SupervisionNotice(
            item_id=item.id,
            issued_on=today(),
            due_on=due,
            light=told.light,
            reason=reason.strip()[:1000],
            issued_by=actor.name,
        )
    )
    session.flush()  # read again for the page


def notice_of(session: Session, actor: Actor, number: int) -> tuple[SupervisionNotice, TargetList]:
    """A notice with its list; NotFound where it is another unit's."""
    row = session.execute(
        select(SupervisionNotice, TargetItem.list_id)
        .join(TargetItem, TargetItem.id == SupervisionNotice.item_id)
        .where(SupervisionNotice.id == number)
        .with_for_update(of=SupervisionNotice)
    ).first()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的督办 (no such notice)")
    return row[0], get(session, actor, row[1])


def answer(session: Session, actor: Actor, number: int, text: str) -> TargetList:
    """The unit answers."""
    notice, found = notice_of(session, actor, number)
    demand_unit(actor, found)
    if notice.closed_on is not None:
        raise Conflict("督办已办结，不能再答复 (the notice is closed)")
    if not text.strip():
        raise wrong("answer", "请写明整改情况 (say what is done about it)")
    notice.answer, notice.answered_on = text.strip()[:2000], today()
    notice.answered_by = actor.name
    session.flush()
    return found


def close_notice(session: Session, actor: Actor, number: int, text: str) -> TargetList:
    """The analyst closes what was answered, and says how."""
    demand_analyst(actor)
    notice, found = notice_of(session, actor, number)
    if notice.answered_on is None:
        raise Conflict("尚未答复，不能办结 (it is not answered yet)")
    if not text.strip():
        raise wrong("closing", "请写明办结意见 (say how it closed)")
    notice.closing, notice.closed_on = text.strip()[:1000], today()
    notice.closed_by = actor.name
    session.flush()
    return found
