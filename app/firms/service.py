"""Single writes of the register: firms, designations, judgements and corrections.

Nothing here commits or assesses: the route that calls it holds the firm against the criteria
anew in the same transaction. Rows by the thousand come in through `app.exchange`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, inspect, select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from app.accounts.acting import whole_district
from app.accounts.actor import Actor, Role
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, Stale
from app.firms.models import (
    DESIGNATION_KINDS,
    Designation,
    Fact,
    Firm,
    FormerName,
    Judgement,
    Location,
    Residency,
)
from app.firms.names import credit_code_fault, normal, search_columns
from app.firms.queries import visible

F = TypeVar("F", bound=Fact)
MOST_CANDIDATES = 5
# What a correction of a fact does not carry over: its own number, and who knew it when.
OWN = ("id", "recorded_at", "superseded_at", "recorded_by", "source")


class CreditCodeInvalid(Invalid):
    """The credit code cannot be one; the detail names the check that failed."""


def name_columns(name: str) -> dict[str, str]:
    """What is stored beside a name so that it is found and put in order."""
    return search_columns(name)


def check_credit_code(code: str) -> str:
    """The code in capitals, or CreditCodeInvalid (GB 32100-2015) naming the check that failed."""
    compact = code.strip().upper()
    if fault := credit_code_fault(compact):
        detail = f"统一社会信用代码 {compact} 有误（{fault}）：请核对营业执照 (unsound credit code)"
        raise CreditCodeInvalid(detail, errors=[{"pointer": "/credit_code", "detail": detail}])
    return compact


def register(session: Session, actor: Actor, name: str, **given: Any) -> Firm:
    """A new firm, or a team where no credit code is given; it belongs to who registered it.

    Conflict, with the candidates that the actor may know of, where its code is taken, or where a
    team bears a name that is on record, unless `despite_namesake` says that it is another.
    """
    actor.require("firms:write")
    with whole_district(session):  # the code may be taken, and a new firm is nobody's yet
        return _register(session, actor, name, given)


def _register(session: Session, actor: Actor, name: str, given: dict[str, Any]) -> Firm:
    code = given.pop("credit_code", None)
    whole = normal(name)
    namesakes = given.pop("despite_namesake", False)
    if code is not None:
        code = check_credit_code(code)
        _refuse_known(
            session,
            actor,
            Firm.credit_code == code,
            f"统一社会信用代码 {code} 已登记{{}}：请查找该企业，或核对代码 (already registered)",
        )
    elif not namesakes:
        _refuse_known(
            session,
            actor,
            and_(Firm.name == whole, visible(actor)),
            f"“{whole}”已在登记簿中{{}}：请使用已有的记录；确是另一个团队的，请说明后再登记 "
            "(on record already: use that one, or say that this is another)",
        )
    firm = Firm(credit_code=code, name=whole, source=actor.source, **search_columns(whole), **given)
    session.add(firm)
    session.flush()  # what follows needs its number
    _take_in(session, actor, firm)
    return firm


def _refuse_known(session: Session, actor: Actor, same: ColumnElement[bool], told: str) -> None:
    """Conflict where a firm has this key already; it is shown to whoever may know of it."""
    if session.scalar(select(Firm.id).where(same).limit(1)) is None:
        return
    shown = select(Firm.id, Firm.name, Firm.credit_code).where(same, visible(actor))
    found = [dict(row) for row in session.execute(shown.limit(MOST_CANDIDATES)).mappings()]
    names = "、".join(f"{one['name']} {one['credit_code'] or ''}".strip() for one in found)
    raise Conflict(told.format(f"（{names}）" if names else ""), candidates=found)


def _take_in(session: Session, actor: Actor, firm: Firm) -> None:
    """Whoever registers a firm must see it: it stands in their park or incubator from today."""
    since = Range(today(), None)
    common = {"firm_id": firm.id, "during": since, "source": actor.source,
              "recorded_by": actor.name}  # fmt: skip
    if actor.role is Role.INCUBATOR_MANAGER:
        session.add(Residency(incubator_id=actor.organisation_id, **common))
    elif actor.role is Role.PARK_OPERATOR:
        session.add(Location(park_id=actor.organisation_id, **common))
    session.flush()


def update(
    session: Session, actor: Actor, firm: Firm, changes: Mapping[str, Any], version: int
) -> Firm:
    """Change a firm's own record; Stale if it is no longer the version that was read.

    A former name stays known. The database keeps the old record and counts the version.
    """
    actor.require("firms:write")
    session.refresh(firm, with_for_update=True)
    if firm.version != version:
        raise Stale(
            f"企业记录已是第 {firm.version} 版，您改的是第 {version} 版：请取回最新版再改 "
            f"(changed meanwhile: read it again)",
            current=firm.version,
        )
    _refuse_other_code(session, firm, changes)
    values = dict(changes)
    if values.get("credit_code"):
        values["credit_code"] = check_credit_code(values["credit_code"])
    if "name" in values:
        values |= _renamed(session, firm, values["name"])
    for name, value in values.items():
        setattr(firm, name, value)
    session.flush()
    session.refresh(firm)  # its version was counted by the database
    return firm


def _refuse_other_code(session: Session, firm: Firm, changes: Mapping[str, Any]) -> None:
    """A credit code is for life: it can be given to a team, never replaced."""
    code = changes.get("credit_code")
    if "credit_code" not in changes or code == firm.credit_code:
        return
    if firm.credit_code is not None:
        raise Conflict("统一社会信用代码一经登记不能更改：若登记有误，请新建企业 (never replaced)")
    with whole_district(session):
        taken = session.scalar(select(Firm.id).where(Firm.credit_code == code)) is not None
    if taken:
        raise Conflict(f"统一社会信用代码 {code} 已属于另一企业：请核对代码 (already registered)")


def _renamed(session: Session, firm: Firm, name: str) -> dict[str, Any]:
    whole = normal(name)
    if whole == firm.name:
        return {"name": whole}
    old = {"firm_id": firm.id, "name": firm.name, "until": today(),
           "name_search": search_columns(firm.name)["name_search"]}  # fmt: skip
    session.execute(insert(FormerName).values(old).on_conflict_do_nothing())
    return {"name": whole} | search_columns(whole)


# --- designations -------------------------------------------------------------------------------


def designate(
    session: Session,
    actor: Actor,
    firm: Firm,
    kind: str,
    valid: Range[date],
    *,
    reason: str,
    basis: dict[str, object] | None = None,
    **given: Any,
) -> Designation:
    """Record a title or an entry to the pool: who decided, why, and on which assessment.

    `valid` includes its first day and not its last; `given` are number, level, batch and so on.
    """
    only_analysts(actor)
    if kind not in DESIGNATION_KINDS:
        raise Invalid(f"没有资质 {kind} (no such designation)")
    other = session.scalar(
        select(Designation).where(
            Designation.firm_id == firm.id,
            Designation.kind == kind,
            Designation.superseded_at.is_(None),
            Designation.valid.op("&&")(valid),
        )
    )
    if other is not None:
        span = f"{other.valid.lower} – {_last_day(other.valid) or '…'}"
        raise Conflict(f"该企业已有此资质（{span}）：请先结束或更正它 (overlaps one on record)")
    found = Designation(
        firm_id=firm.id, kind=kind, valid=valid, basis=basis, decided_reason=reason,
        source=actor.source, recorded_by=actor.name, **given,
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def end_designation(
    session: Session, actor: Actor, designation: Designation, last_day: date, reason: str
) -> Designation:
    """Let a designation end on a day, with the reason; what was recorded before stays known."""
    only_analysts(actor)
    start = designation.valid.lower
    if start is not None and last_day < start:
        raise Invalid(f"结束日 {last_day} 早于开始日 {start} (ends before it begins)")
    valid = Range(start, last_day + timedelta(days=1))
    return correct(session, actor, designation, valid=valid, end_reason=reason)


def only_analysts(actor: Actor) -> None:
    """Forbidden to everybody else, and to machines: a title is a person's decision."""
    actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden(
            "只有科技局分析员可以认定或取消资质：请提交建议 (only analysts decide titles)"
        )


def _last_day(span: Range[date]) -> date | None:
    return None if span.upper is None else span.upper - timedelta(days=1)


# --- facts --------------------------------------------------------------------------------------


def correct(session: Session, actor: Actor, fact: F, **changes: Any) -> F:
    """A corrected version of a fact; the old one stays, known to have been believed until now."""
    actor.require("firms:write")
    if fact.superseded_at is not None:
        raise Stale("这条记录已被更正：请取回最新版再改 (corrected meanwhile: read it again)")
    mapper: Any = inspect(type(fact))
    columns = [c for c in mapper.columns if c.computed is None and c.name not in OWN]
    values = {column.name: getattr(fact, column.name) for column in columns} | changes
    fact.superseded_at = now()
    session.flush()  # the old version must go before the database lets the new one in
    values |= {"source": actor.source, "recorded_by": actor.name}
    successor = type(fact)(**values)
    session.add(successor)
    session.flush()
    return successor


def judge(
    session: Session, actor: Actor, firm: Firm, criterion: str, said: bool | int, evidence: str
) -> Judgement:
    """Record what a person found: yes or no, or points; an earlier judgement stays in history."""
    actor.require("firms:write")
    if not evidence.strip():
        raise Invalid("请说明依据 (say what it rests on)")
    session.refresh(firm, with_for_update=True)
    old = session.scalar(
        select(Judgement).where(
            Judgement.firm_id == firm.id,
            Judgement.criterion == criterion,
            Judgement.superseded_at.is_(None),
        )
    )
    answer = said if isinstance(said, bool) else None
    points = None if isinstance(said, bool) else said
    if old is not None:
        if (old.holds, old.points, old.evidence) == (answer, points, evidence):
            return old
        return correct(session, actor, old, holds=answer, points=points, evidence=evidence,
                       judged_on=today())  # fmt: skip
    found = Judgement(firm_id=firm.id, criterion=criterion, holds=answer, points=points,
                      evidence=evidence, judged_on=today(), source=actor.source,
                      recorded_by=actor.name)  # fmt: skip
    session.add(found)
    session.flush()
    return found
