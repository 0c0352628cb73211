"""What a bulletin rests on: numbers with their firms, ranks, and versions."""

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.criteria.store import sets_in_force
from app.plans import store
from app.plans.grammar import TargetRule
from app.plans.measuring import Asked, firms_behind
from app.plans.progress import Board, Progress
from app.plans.service import wrong
from app.plans.target_pages import shown
from app.rankings import service as rankings
from app.rankings.models import KINDS as UNITS

MONTHS = {"monthly": 1, "quarterly": 3}


def last_day(kind: str, month: str, today: date) -> date:
    """The last day of a month, or of the quarter it lies in; Invalid where that is not over."""
    try:
        found = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise wrong("month", f"{month[:20]!r} 不是月份，例如 2026-06 (not a month)") from None
    number = found.month if kind == "monthly" else -(-found.month // 3) * 3
    day = date(found.year, number, monthrange(found.year, number)[1])
    if day > today:
        raise wrong("month", f"{month} 尚未结束，不能通报 (is not over yet)")
    return day


def content(session: Session, actor: Actor, day: date, known: datetime) -> dict[str, Any]:
    """Everything as it is known now, of a day."""
    version = store.in_force(session, day)
    board = Board(session, Asked(actor, day), version)
    rows = board.all()
    return {
        "plan": version.code, "adopted_on": str(version.file.adopted_on), "as_of": str(day),
        "known_at": known.isoformat(),
        "lights": {"green": board.lights.green, "amber": board.lights.amber},
        "targets": [_target(board, one) for one in rows],
        "rankings": {kind: _ranks(session, actor, day.year, kind) for kind in UNITS},
        "criteria": [one.policy.code for one in sets_in_force(session, day)],
    }  # fmt: skip


def _target(board: Board, one: Progress) -> dict[str, Any]:
    unit = one.target.unit
    return {
        "code": one.target.code, "label": one.target.label.model_dump(), "unit": unit,
        "value": None if one.value is None else str(one.value), "shown": shown(one.value, unit),
        "known": one.known, "goal": shown(one.milestone.value, unit),
        "operator": one.milestone.operator, "due": str(one.milestone.date),
        "missing": shown(one.missing, unit), "share": one.share, "light": one.light,
        "expected": shown(one.expected, unit),
        "pace": None if one.pace is None else round(float(one.pace * 100), 1),
        "firms": firms_of(board, one.target) if one.known == "counted" else [],
    }  # fmt: skip


def firms_of(board: Board, target: TargetRule) -> list[list[Any]]:
    """Number, name and addition of each firm counted."""
    wanted = board.wanted(target, board.asked.day)
    if wanted is None:
        return []
    rows = board.session.execute(firms_behind(board.asked, wanted))
    return sorted([row.id, row.name, int(row.part or 0)] for row in rows if not row.unknown)


def _ranks(session: Session, actor: Actor, year: int, kind: str) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "name_en": row.name_en, "rank": row.rank, "composite": row.composite,
         "late": row.late}
        for row in rankings.ranking(session, actor, year, kind) if row.targets
    ]  # fmt: skip
