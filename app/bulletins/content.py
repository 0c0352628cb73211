"""What a bulletin says: numbers with their firms, ranks, versions, and a text drafted from them."""

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
LIGHT_WORDS = {"green": "绿灯", "amber": "黄灯", "red": "红灯", "unknown": "未亮灯"}
UNIT_WORDS = {"firms": "家", "platforms": "个", "patents": "件", "percent": "%", "yuan": "万元"}
KIND_WORDS = {"department": "部门", "park": "园区", "incubator": "孵化载体"}


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


# --- text ---------------------------------------------------------------------------------------


def title(kind: str, day: date) -> str:
    """As the bureau calls it."""
    if kind == "monthly":
        return f"{day.year}年{day.month}月“双倍增”目标进展情况通报"
    return f"{day.year}年第{day.month // 3}季度“双倍增”目标进展情况通报"


def text(found: dict[str, Any]) -> str:
    """The paragraphs of a draft, in the bureau's style; people edit them."""
    day = date.fromisoformat(found["as_of"])
    rows = found["targets"]
    lit = {name: [one for one in rows if one["light"] == name] for name in LIGHT_WORDS}
    parts = [
        f"截至{day.year}年{day.month}月{day.day}日，实施方案{len(rows)}项目标中，"
        f"绿灯{len(lit['green'])}项、黄灯{len(lit['amber'])}项、红灯{len(lit['red'])}项，"
        f"{len(lit['unknown'])}项因暂无数据或基数未亮灯。",
        _sentence("进展较好的是", lit["green"]),
        _sentence("进度滞后、需加力推进的是", [*lit["red"], *lit["amber"]]),
        *(_leading(kind, ranks) for kind, ranks in found["rankings"].items()),
        "请各牵头单位对照年度目标清单，逐户梳理所缺条件，按期报送月报和佐证材料。",
    ]
    return "\n\n".join(part for part in parts if part)


def _sentence(start: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    said = [f"{one['label']['zh']}{one['shown']}{UNIT_WORDS[one['unit']]}"
            f"（目标{'超过' if one['operator'] == '>' else '不低于'}{one['goal']}"
            f"{UNIT_WORDS[one['unit']]}）" for one in rows]  # fmt: skip
    return start + "；".join(said) + "。"


def _leading(kind: str, ranks: list[dict[str, Any]]) -> str:
    first = [one["name"] for one in ranks if one["rank"] == 1]
    late = [one["name"] for one in ranks if one["late"]]
    said = f"{KIND_WORDS[kind]}赛马比拼中，{'、'.join(first)}居首。" if first else ""
    return said + (f"{'、'.join(late)}上月月报未按期报送。" if late else "")
