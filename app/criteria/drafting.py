"""Drafts of criteria sets: typed as YAML, or the current one with some thresholds changed.

A draft goes through every proof a set must pass before it is stored; it is never stored itself.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.criteria.compiler import Compiler, LoadedSet
from app.criteria.facts import best_known
from app.criteria.leaves import COMPARED
from app.criteria.models import CriteriaSet
from app.criteria.policy import CriteriaSet as Policy
from app.criteria.store import read

# No set in the database has this number.
DRAFT_ID = 0
LARGEST_DRAFT = 200_000
MOST_NODES = 20_000
NUMBER = re.compile(r"-?[0-9]{1,18}|-?[0-9]{1,18}(\.[0-9]{1,6})? ?%")
COMPARATORS = frozenset(COMPARED.values())


@dataclass(frozen=True)
class Threshold:
    """A number of a set that can be changed: where it stands, as written, and for which tier."""

    path: str
    criterion: str
    comparator: str
    value: int | str
    upto: int | str | None
    tiers: int


def contents(session: Session) -> dict[str, dict[str, Any]]:
    """Every set as it was written, bases filled in."""
    rows = session.execute(select(CriteriaSet.code, CriteriaSet.content))
    return {code: dict(content) for code, content in rows}


def from_yaml(text: str) -> dict[str, Any]:
    """A draft as typed; Invalid says in which line it breaks off."""
    if len(text) > LARGEST_DRAFT:
        raise Invalid(f"草案超过 {LARGEST_DRAFT:,} 个字符：请精简 (too long)")
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise Invalid(f"草案不是有效的 YAML：{reason} (not valid YAML)") from error
    except RecursionError as error:
        raise Invalid("草案嵌套过深：请精简 (nested too deep)") from error
    if not isinstance(raw, dict):
        raise Invalid("草案不是条件版本：请按 docs/criteria.md 编写 (not a criteria set)")
    return bounded(raw)


def bounded(raw: dict[str, Any]) -> dict[str, Any]:
    """The draft, if it is not too large once its aliases are written out."""
    queue: list[Any] = [raw]
    seen = 0
    while queue:
        node = queue.pop()
        seen += 1
        if seen > MOST_NODES:
            raise Invalid(f"草案超过 {MOST_NODES:,} 个节点：请精简 (too large)")
        if isinstance(node, dict):
            queue.extend(node.values())
        elif isinstance(node, list):
            queue.extend(node)
    return raw


def proved(session: Session, raw: dict[str, Any]) -> LoadedSet:
    """A draft that passed every proof, compiled once; Invalid with each fault."""
    try:
        _, policy = read(raw, contents(session))
        loaded = LoadedSet(DRAFT_ID, policy)
        Compiler([loaded], best_known())
    except Invalid:
        raise
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = " ".join(str(error).split())[:300]
        raise Invalid(
            f"草案不能编译：{reason}：请按 docs/criteria.md 改正 (does not compile)"
        ) from error
    return loaded


def thresholds(content: Mapping[str, Any], policy: Policy) -> list[Threshold]:
    """Every threshold of a set in written order."""
    known = {criterion.id for criterion in policy.walk()}
    return [one for one in _thresholds(content["criteria"], "", "") if one.criterion in known]


def _thresholds(node: Any, path: str, criterion: str) -> Iterator[Threshold]:
    if isinstance(node, dict):
        own = str(node["id"]) if "id" in node and "rule" in node else criterion
        for key, inner in node.items():
            place = f"{path}.{key}" if path else key
            if key in COMPARATORS and isinstance(inner, dict) and "value" in inner:
                yield from _values(inner["value"], f"{place}.value", own, key)
            yield from _thresholds(inner, place, own)
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _thresholds(inner, f"{path}.{number}" if path else str(number), criterion)


def _values(value: Any, path: str, criterion: str, comparator: str) -> Iterator[Threshold]:
    if not isinstance(value, dict):
        yield Threshold(path, criterion, comparator, value, None, 1)
        return
    bands = value["bands"]
    for number, band in enumerate(bands):
        place = f"{path}.bands.{number}.value"
        upto = band.get("upto")
        yield Threshold(place, criterion, comparator, band["value"], upto, len(bands))


def with_thresholds(content: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """The set with other numbers, by their paths; as a draft of its own."""
    draft = deepcopy(dict(content))
    for path, text in changes.items():
        node: Any = draft["criteria"]
        named: Any = None
        *way, last = path.split(".")
        try:
            for key in way:
                node = node[int(key)] if isinstance(node, list) else node[key]
                named = node if isinstance(node, dict) and "label" in node else named
            there = last == "value" and last in node
        except (KeyError, IndexError, ValueError, TypeError):
            there = False
        if not there:
            raise Invalid(f"没有门槛 {path[:100]}：请刷新页面 (no such threshold)")
        node[last] = _number(text, path, named["label"])
    draft["code"] = "draft"
    return draft


def _number(text: str, path: str, label: Mapping[str, str]) -> int | str:
    """A whole number, or a percentage as criteria write them; Invalid names the criterion."""
    plain = text.strip().replace(",", "").replace("，", "").replace("_", "").replace("％", "%")
    if NUMBER.fullmatch(plain) is None:
        detail = (f"{label['zh']}：门槛应为整数或百分比，例如 100 或 5% "
                  f"({label['en']}: give a whole number or a percentage such as 5%)")  # fmt: skip
        raise Invalid(detail, errors=[{"pointer": f"/thresholds/{path}", "detail": detail}])
    return plain if plain.endswith("%") else int(plain)
