"""A bulletin's title and paragraphs in both languages, drafted from its numbers."""

from datetime import date
from typing import Any

Pair = tuple[str, str]
LOCALES = ("zh", "en")
LIGHT_WORDS: dict[str, Pair] = {
    "green": ("绿灯", "green"), "amber": ("黄灯", "amber"), "red": ("红灯", "red"),
    "unknown": ("未亮灯", "not lit"),
}  # fmt: skip
UNIT_WORDS: dict[str, Pair] = {
    "firms": ("家", " firms"), "platforms": ("个", " platforms"), "patents": ("件", " patents"),
    "percent": ("%", "%"), "yuan": ("万元", " ×10,000 yuan"),
}  # fmt: skip
KIND_WORDS: dict[str, Pair] = {
    "department": ("部门", "Departments"), "park": ("园区", "Parks"),
    "incubator": ("孵化载体", "Incubators"),
}  # fmt: skip
OPERATOR_WORDS: dict[str, Pair] = {">": ("超过", "more than "), ">=": ("不低于", "at least ")}


def title(kind: str, day: date, locale: str) -> str:
    """As the bureau calls it."""
    if locale == "zh":
        part = f"{day.month}月" if kind == "monthly" else f"第{day.month // 3}季度"
        return f"{day.year}年{part}“双倍增”目标进展情况通报"
    part = f"{day:%B %Y}" if kind == "monthly" else f"quarter {day.month // 3} of {day.year}"
    return f"Progress on the double-growth targets, {part}"


def text(found: dict[str, Any], locale: str) -> str:
    """The paragraphs of a draft, in the bureau's style."""
    parts = _chinese(found) if locale == "zh" else _english(found)
    return "\n\n".join(part for part in parts if part)


def name_of(unit: dict[str, Any], locale: str) -> str:
    """A unit's name in a language."""
    return str(unit["name"] if locale == "zh" else unit["name_en"] or unit["name"])


def _lit(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [one for one in rows if one["light"] == name] for name in LIGHT_WORDS}


def _chinese(found: dict[str, Any]) -> list[str]:
    day, rows = date.fromisoformat(found["as_of"]), found["targets"]
    lit = _lit(rows)
    return [
        f"截至{day.year}年{day.month}月{day.day}日，实施方案{len(rows)}项目标中，"
        f"绿灯{len(lit['green'])}项、黄灯{len(lit['amber'])}项、红灯{len(lit['red'])}项"
        + (f"，{len(lit['unknown'])}项因暂无数据或基数未亮灯。" if lit["unknown"] else "。"),
        _listed(lit["green"], "进展较好的是", "；", "。", 0),
        _listed([*lit["red"], *lit["amber"]], "进度滞后、需加力推进的是", "；", "。", 0),
        *(_leading_zh(kind, units) for kind, units in found["rankings"].items()),
        "请各牵头单位对照年度目标清单，逐户梳理所缺条件，按期报送月报和佐证材料。",
    ]


def _english(found: dict[str, Any]) -> list[str]:
    day, rows = date.fromisoformat(found["as_of"]), found["targets"]
    lit = _lit(rows)
    return [
        f"As of {day.day} {day:%B %Y}, of the plan's {len(rows)} targets {len(lit['green'])} are "
        f"green, {len(lit['amber'])} amber and {len(lit['red'])} red"
        + (
            f"; {len(lit['unknown'])} have no light, for want of data or of a baseline."
            if lit["unknown"]
            else "."
        ),
        _listed(lit["green"], "On course: ", "; ", ".", 1),
        _listed([*lit["red"], *lit["amber"]], "Behind, and to be pushed on: ", "; ", ".", 1),
        *(_leading_en(kind, units) for kind, units in found["rankings"].items()),
        "Each lead unit is asked to hold its target list against what each firm still lacks, and "
        "to report monthly, with evidence and on time.",
    ]


def _listed(rows: list[dict[str, Any]], start: str, between: str, end: str, at: int) -> str:
    if not rows:
        return ""
    locale = LOCALES[at]
    brackets = ("（目标", "）") if at == 0 else (" (target: ", ")")
    said = []
    for one in rows:
        unit = UNIT_WORDS[one["unit"]][at]
        goal = f"{OPERATOR_WORDS[one['operator']][at]}{one['goal']}{unit}"
        gap = "" if at == 0 else " "
        said.append(
            f"{one['label'][locale]}{gap}{one['shown']}{unit}{brackets[0]}{goal}{brackets[1]}"
        )
    return start + between.join(said) + end


def _of(units: list[dict[str, Any]], at: int) -> tuple[list[str], list[str]]:
    """Who is first, where not all are, and whose report is late."""
    first = [name_of(one, LOCALES[at]) for one in units if one["rank"] == 1]
    if len(first) > 1 and len(first) == sum(one["rank"] is not None for one in units):
        first = []
    return first, [name_of(one, LOCALES[at]) for one in units if one["late"]]


def _leading_zh(kind: str, units: list[dict[str, Any]]) -> str:
    first, late = _of(units, 0)
    tied = "并列" if len(first) > 1 else ""
    said = f"{KIND_WORDS[kind][0]}赛马比拼中，{'、'.join(first)}{tied}居首。" if first else ""
    return said + (f"{'、'.join(late)}上月月报未按期报送。" if late else "")


def _leading_en(kind: str, units: list[dict[str, Any]]) -> str:
    first, late = _of(units, 1)
    said = f"First among {KIND_WORDS[kind][1].lower()}: {', '.join(first)}. " if first else ""
    return (
        said + (f"Last month's report is late from: {', '.join(late)}." if late else "")
    ).strip()
