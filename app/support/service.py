"""What people do with a case: accept it, work on it, hand it back, pass it on, close it.

Every act names the version that was read; of two people who act on one version, the second is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.accounts.models import Grant, Organisation, User
from app.core.clock import now, today
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.firms import documents, queries
from app.firms.models import Firm
from app.support.days import Calendar
from app.support.models import OPEN_STATES, OUTCOMES, CaseEntry, SupportCase
from app.support.opening import demand_analyst

LONGEST = 4000
# Which act leads from which state to which; an act that is not here leaves the state as it is.
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "accept": (("open",), "accepted"),
    "start": (("open", "accepted"), "in_progress"),
    "hand_back": (OPEN_STATES, "open"),
    "close": (("accepted", "in_progress"), ""),
}
KINDS = {"accept": "accepted", "start": "started", "hand_back": "handed_back", "close": "closed",
         "assign": "assigned", "due": "due", "note": "note", "file": "file"}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """What somebody does: `outcome` ends the case, `firm_sees` shows the words to the firm."""

    name: str
    text: str = ""
    outcome: str = ""
    firm_sees: bool = False
    organisation_id: int | None = None
    user_id: int | None = None
    due_on: date | None = None


def get(session: Session, actor: Actor, case_id: int) -> SupportCase:
    """One case; NotFound also where its firm is not this actor's to know."""
    query = select(SupportCase).join(Firm, Firm.id == SupportCase.firm_id)
    found = session.scalar(query.where(SupportCase.id == case_id, queries.visible(actor)))
    if found is None:
        raise NotFound(f"没有编号为 {case_id} 的帮扶事项 (no such case)")
    return found


def may_work(actor: Actor, body: int | None) -> bool:
    """Whether this actor works on a body's cases: analysts on all, officers on their own body's."""
    if actor.role is Role.ANALYST:
        return True
    return actor.role is Role.OFFICER and body == actor.organisation_id


def act(session: Session, actor: Actor, case: SupportCase, version: int, what: Act) -> SupportCase:
    """Do it, write down that it was done, and by whom."""
    hold(session, actor, case, version)
    text = what.text.strip()[:LONGEST]
    _move(case, what, text)
    steps: dict[str, Callable[[], None]] = {
        "assign": lambda: _assign(session, actor, case, what),
        "due": lambda: _set_due(session, actor, case, what),
        "hand_back": lambda: _release(case),
    }
    steps.get(what.name, lambda: None)()
    _note(session, actor, case, KINDS[what.name], text or None, firm_sees=what.firm_sees)
    return case


def hold(session: Session, actor: Actor, case: SupportCase, version: int) -> None:
    """Lock the case for this actor's act; Stale where it is no longer the version that was read."""
    if actor.scopes is not None:
        actor.require("firms:write")
    session.refresh(case, with_for_update=True)
    if not may_work(actor, case.organisation_id):
        raise Forbidden("这一事项不由您的部门办理 (not your department's case)")
    if case.version != version:
        raise Stale(
            f"该事项已是第 {case.version} 版，您看到的是第 {version} 版：请重新查看再处理 "
            "(changed meanwhile: read it again)",
            current={"id": case.id, "version": case.version, "state": case.state},
        )
    if case.state not in OPEN_STATES:
        raise Conflict("该事项已办结，不能再处理：如需继续，请另开一件 (closed: open a new one)")
    case.version += 1
    case.updated_at = now()


def _move(case: SupportCase, what: Act, text: str) -> None:
    if what.name not in KINDS:
        raise Invalid("没有这种操作 (no such act)")
    if what.name in ("hand_back", "close", "note", "due") and not text:
        raise _wrong("text", "请写明情况或理由 (say what happened, or why)")
    if what.name not in MOVES:
        return
    before, after = MOVES[what.name]
    if case.state not in before:
        raise Conflict(f"事项现为 {case.state}，不能这样处理：请刷新 (not in this state)")
    if what.name == "close":
        if what.outcome not in OUTCOMES:
            raise _wrong("outcome", "请选择办理结果 (choose the outcome)")
        case.closed_on, case.result = today(), text
        after = what.outcome
    case.state = after
    case.answered_at = case.answered_at or now()


def _release(case: SupportCase) -> None:
    case.organisation_id = case.user_id = None


def _assign(session: Session, actor: Actor, case: SupportCase, what: Act) -> None:
    """To another body only by analysts; to a person of the body also by its officers."""
    body = what.organisation_id or case.organisation_id
    if body != case.organisation_id:
        demand_analyst(actor)
        if session.get(Organisation, body) is None:
            raise _wrong("organisation_id", "没有这个单位 (no such organisation)")
        case.state = "open"
    if what.user_id is not None and body not in bodies_of(session, what.user_id):
        raise _wrong("user_id", "经办人不属于该单位：请从名单选择 (not a person of this body)")
    case.organisation_id, case.user_id = body, what.user_id


def bodies_of(session: Session, user_id: int) -> set[int]:
    """The bodies for which a person acts today."""
    day = today()
    query = select(Grant.organisation_id).join(User, User.id == Grant.user_id).where(
        Grant.user_id == user_id, Grant.revoked_at.is_(None), Grant.since <= day,
        User.disabled_at.is_(None), (Grant.until.is_(None)) | (Grant.until >= day),
    )  # fmt: skip
    return set(session.scalars(query))


def _set_due(session: Session, actor: Actor, case: SupportCase, what: Act) -> None:
    demand_analyst(actor)
    calendar = Calendar(session)
    if what.due_on is None or what.due_on < today():
        raise _wrong("due_on", "请填写今天或以后的日期 (a day from today on)")
    if not calendar.works(what.due_on):
        later = calendar.after(what.due_on, 1)
        raise _wrong("due_on", f"{what.due_on} 不是工作日：下一个工作日是 {later} (a day off)")
    case.due_on, case.due_provisional = what.due_on, calendar.provisional(what.due_on)


def attach(
    session: Session, actor: Actor, case: SupportCase, version: int, file: tuple[str, IO[bytes]],
    largest: int,
) -> None:  # fmt: skip
    """Keep a file with the case, among the firm's documents."""
    hold(session, actor, case, version)
    firm = session.get_one(Firm, case.firm_id)
    kept = documents.take(session, actor.name, firm, "evidence", *file, largest=largest)
    _note(session, actor, case, "file", kept.name, document_id=kept.id)


def _note(session: Session, actor: Actor, case: SupportCase, kind: str, text: str | None,
          *, firm_sees: bool = False, document_id: int | None = None) -> None:  # fmt: skip
    session.add(CaseEntry(case_id=case.id, firm_id=case.firm_id, kind=kind, text=text,
                          firm_sees=firm_sees, document_id=document_id,
                          recorded_by=actor.name))  # fmt: skip
    session.flush()


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])


def entries(session: Session, actor: Actor, case: SupportCase) -> list[Any]:
    """What happened, in order; those outside the bureau and the department see what firms see."""
    query = select(CaseEntry).where(CaseEntry.case_id == case.id).order_by(CaseEntry.id)
    if not (may_work(actor, case.organisation_id) or actor.role is Role.LEADER):
        query = query.where(CaseEntry.firm_sees | CaseEntry.kind.not_in(("note", "file")))
    return list(session.scalars(query))
