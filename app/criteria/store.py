"""Criteria sets in the database: loaded from files, chosen by date, never edited once used."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.core.wording import said
from app.core.yaml_files import read as read_yaml
from app.criteria.compiler import LoadedSet
from app.criteria.models import CriteriaSet
from app.criteria.policy import CriteriaSet as Policy
from app.firms.catalogue import Label

HERE = Path(__file__).parent
SHIPPED = HERE / "data"


class Measure(BaseModel):
    """What helps to close a gap, and which department leads it."""

    label: Label
    kind: str
    lead: str
    supporting: tuple[str, ...] = ()
    citation: str
    confidence: str


@lru_cache
def measures() -> dict[str, Measure]:
    """The catalogue of measures by code."""
    raw = read_yaml(HERE / "measures.yaml")
    return {code: Measure(**entry) for code, entry in raw.items()}


@lru_cache
def sources() -> dict[str, str]:
    """Where the facts of the criteria were seen, by the marks used as `confidence`."""
    found: dict[str, str] = read_yaml(HERE / "sources.yaml")
    return found


def read(raw: dict[str, Any], bases: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], Policy]:
    """A set as written, its base filled in, and as checked policy.

    Raises Invalid naming the set and the place where something is wrong.
    """
    whole = _extended(raw, bases)
    try:
        policy = Policy.model_validate(whole)
    except ValidationError as error:
        errors = [
            {"pointer": "/".join(map(str, e["loc"])), "detail": said(e)} for e in error.errors()
        ]
        code = raw.get("code", "?")
        raise Invalid(
            f"条件版本 {code} 有 {len(errors)} 处错误：请按 docs/criteria.md 改正 (faulty)",
            errors=errors,
        ) from error
    known = measures()
    for criterion in policy.walk():
        if unknown := [m for m in criterion.measures if m not in known]:
            raise Invalid(f"{policy.code} · {criterion.id}: 服务措施 {unknown[0]} 不存在")
    return whole, policy


def _extended(raw: dict[str, Any], bases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    whole = dict(raw)
    base_code, omit = whole.pop("extends", None), set(whole.pop("omit", []))
    if base_code is None:
        return whole
    if base_code not in bases:
        raise Invalid(f"{raw.get('code')}: 所引用的条件版本 {base_code} 不存在")
    base = bases[base_code]
    own = {entry["id"]: entry for entry in whole.get("criteria", [])}
    kept = [own.pop(e["id"], e) for e in base["criteria"] if e["id"] not in omit]
    merged = base | whole | {"criteria": [*kept, *own.values()]}
    merged["quantities"] = base.get("quantities", {}) | whole.get("quantities", {})
    if "until" not in raw:
        merged.pop("until", None)
    return merged


def _plain(value: Any) -> Any:
    """As JSON keeps it: dates in ISO form."""
    return json.loads(json.dumps(value, default=str))


def load_files(session: Session, files: list[Path]) -> list[str]:
    """Load sets from files, bases first; returns the codes that are new or were changed."""
    bases = {code: dict(content) for code, content in session.execute(
        select(CriteriaSet.code, CriteriaSet.content))}  # fmt: skip
    changed = []
    for file in files:
        try:
            raw = read_yaml(file)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise Invalid(f"{file.name} 不是有效的 YAML：{reason} (not valid YAML)") from error
        if not isinstance(raw, dict):
            raise Invalid(
                f"{file.name} 不是条件版本：请按 docs/criteria.md 编写 (not a criteria set)"
            )
        whole, policy = read(raw, bases)
        bases[policy.code] = whole
        if _store(session, _plain(whole), policy):
            changed.append(policy.code)
    return changed


def load_shipped(session: Session) -> list[str]:
    """The sets that come with Tidu."""
    return load_files(session, sorted(SHIPPED.glob("*.yaml")))


def _store(session: Session, content: dict[str, Any], policy: Policy) -> bool:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    old = session.scalar(select(CriteriaSet).where(CriteriaSet.code == policy.code))
    if old is not None and old.digest == digest:
        return False
    if old is not None and old.first_used_at is not None:
        raise Conflict(
            f"条件版本 {policy.code} 已被评估使用，不能修改：请以新的编码和生效日期另建后继版本"
        )
    _refuse_overlap(session, policy)
    row = {
        "code": policy.code, "title": policy.title, "purpose": policy.purpose,
        "since": policy.since, "until": policy.until, "content": content, "digest": digest,
    }  # fmt: skip
    stmt = insert(CriteriaSet).values(row)
    session.execute(stmt.on_conflict_do_update(index_elements=["code"], set_=row))
    return True


def _refuse_overlap(session: Session, policy: Policy) -> None:
    other = session.scalar(
        select(CriteriaSet.code).where(
            CriteriaSet.code != policy.code,
            CriteriaSet.title == policy.title,
            CriteriaSet.purpose == policy.purpose,
            CriteriaSet.since <= (policy.until or date.max),
            func.coalesce(CriteriaSet.until, date.max) >= policy.since,
        )
    )
    if other is not None:
        raise Conflict(
            f"条件版本 {policy.code} 与 {other} 的生效期重叠：同一资质同一用途在一天只能有一个版本"
        )


_PARSED: dict[tuple[int, str], Policy] = {}


def _loaded(session: Session, query: Select[int, str, bool]) -> list[LoadedSet]:
    """Sets by number and digest; only what was not seen before is fetched whole and checked."""
    keys = session.execute(query).all()
    missing = [number for number, digest, _ in keys if (number, digest) not in _PARSED]
    if missing:
        for row in session.scalars(select(CriteriaSet).where(CriteriaSet.id.in_(missing))):
            _PARSED[row.id, row.digest] = Policy.model_validate(row.content)
    return [LoadedSet(number, _PARSED[number, digest], used) for number, digest, used in keys]


KEYS = select(CriteriaSet.id, CriteriaSet.digest, CriteriaSet.first_used_at.is_not(None)).order_by(
    CriteriaSet.id
)


def sets_in_force(session: Session, as_of: date, purpose: str | None = "first") -> list[LoadedSet]:
    """The sets that an application on that day would be held against, in ladder order."""
    query = KEYS.where(
        CriteriaSet.since <= as_of,
        or_(CriteriaSet.until.is_(None), CriteriaSet.until >= as_of),
    )
    return _loaded(
        session, query if purpose is None else query.where(CriteriaSet.purpose == purpose)
    )


def all_sets(session: Session) -> list[LoadedSet]:
    """Every version of every set."""
    return _loaded(session, KEYS)


def get_sets(session: Session, codes: list[str]) -> list[LoadedSet]:
    """Sets by code, in that order; NotFound names the first that does not exist."""
    found = {s.policy.code: s for s in _loaded(session, KEYS.where(CriteriaSet.code.in_(codes)))}
    if missing := [code for code in codes if code not in found]:
        raise NotFound(f"没有条件版本 {missing[0]}：可用的版本见 /criteria (no such criteria set)")
    return [found[code] for code in codes]


def mark_used(session: Session, sets: Iterable[LoadedSet]) -> None:
    """From now on these sets may only be succeeded."""
    ids = [one.id for one in sets if not one.used]
    if not ids:
        return
    session.execute(
        update(CriteriaSet)
        .where(CriteriaSet.id.in_(ids), CriteriaSet.first_used_at.is_(None))
        .values(first_used_at=now()),
        execution_options={"synchronize_session": False},
    )
