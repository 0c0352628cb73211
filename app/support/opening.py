"""Open cases: one, or many at once from a list, with the number that a person confirmed.

Each firm gets its own measure, gaps and route; the whole is a handful of statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, insert, select, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import today
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.fields import nearest
from app.core.filters import parse
from app.firms import fields as firm_fields
from app.firms.catalogue import Label
from app.firms.models import Firm
from app.firms.queries import visible
from app.pipeline import pool
from app.pipeline.models import Assessment
from app.support import peers, reasons
from app.support.days import Calendar
from app.support.models import OPEN_STATES, CaseEntry, Measure, SupportCase
from app.support.playbooks import Proposal, proposals
from app.support.routing import Route, Router
from app.views import service as views

# As many as one decision may open.
MOST = 1000
OPENING_LOCK = 7_301_117
LONGEST = 1000
MOST_NAMED = 5


@dataclass(frozen=True)
class Selected:
    """The firms of a list's query; of a pool, the set that they were held against."""

    firms: Select[Any]
    set_code: str | None = None


@dataclass(frozen=True)
class Planned:
    """One case that would be opened."""

    firm_id: int
    name: str
    measure: str
    set_code: str | None
    criteria: list[str]
    route: Route
    reason: Label | None


@dataclass(frozen=True)
class Preview:
    """Of the selected firms, the cases that would be opened, and how many firms have none."""

    selected: int
    cases: list[Planned]
    without: int


def found(session: Session, actor: Actor, of: str, query: list[tuple[str, str]]) -> Selected:
    """The firms of a list's query that the actor may know of."""
    day = today()
    asked = views.query_of(views.expanded(session, actor, of, query))
    chosen: Any = select(Firm.id, Firm.name)
    set_code = None
    if of == "pool":
        loaded, filters = pool.read(session, asked, day)
        chosen = chosen.join(Assessment, Assessment.firm_id == Firm.id)
        chosen = chosen.where(Assessment.set_id == loaded.id)
        set_code = loaded.policy.code
    else:
        filters = parse(asked, firm_fields.vocabulary(session, day))
    active = Firm.status == "active"
    return Selected(chosen.where(visible(actor, day), active, *filters.where), set_code)


def preview(session: Session, selected: Selected, measure: str | None) -> Preview:
    """What would be opened: the measure that is named, or each firm's best one.

    What closes a gap of the pool's set comes before what closes others. A firm with an open case of
    that measure is left out. Invalid where there are too many.
    """
    query = selected.firms.order_by(Firm.id).limit(MOST + 1)
    names: dict[int, str] = {number: name for number, name in session.execute(query)}
    if len(names) > MOST:
        raise Invalid(f"一次最多 {MOST} 家：请先缩小范围 (at most {MOST} firms at once)")
    _check(session, measure)
    router = Router(session, list(names), today())
    offered = _offered(session, list(names), selected.set_code)
    chosen = _chosen(session, offered, measure, router.measures)
    flagged = reasons.of_flags(session, [n for n, (_, one) in chosen.items() if one is None])
    planned = []
    for number, (code, one) in chosen.items():
        criteria = one.criteria if one else []
        planned.append(Planned(
            number, names[number], code, one.loaded.policy.code if one else None, criteria,
            router.route(number, code, criteria[0] if criteria else None),
            reasons.of_gaps(one) if one else flagged.get(number),
        ))  # fmt: skip
    planned.sort(key=lambda one: one.reason is not None)  # what somebody has to write comes first
    return Preview(len(names), planned, len(names) - len(planned))


def _check(session: Session, measure: str | None) -> None:
    if measure is None:
        return
    known = list(session.scalars(select(Measure.code).where(Measure.active)))
    if measure not in known:
        wrong = f"没有措施 {measure} (no such measure)" + nearest(measure, known)
        raise Invalid(wrong, errors=[{"pointer": "/measure", "detail": wrong}])


def _busy(session: Session, ids: list[int]) -> dict[int, set[str]]:
    """The measures that firms have open cases of."""
    query = select(SupportCase.firm_id, SupportCase.measure).where(
        SupportCase.firm_id.in_(ids), SupportCase.state.in_(OPEN_STATES)
    )
    busy: dict[int, set[str]] = {}
    for number, measure in session.execute(query):
        busy.setdefault(number, set()).add(measure)
    return busy


def _offered(session: Session, ids: list[int], set_code: str | None) -> dict[int, list[Proposal]]:
    """What would help each firm, towards the set that was asked about first."""
    every = proposals(session, ids, today())
    first = proposals(session, ids, today(), set_code) if set_code else {}
    return {number: first.get(number, []) + every.get(number, []) for number in ids}


def _chosen(
    session: Session, offered: dict[int, list[Proposal]], measure: str | None,
    known: Mapping[str, Measure],
) -> dict[int, tuple[str, Proposal | None]]:  # fmt: skip
    """Each firm that needs a case, with its measure and what that closes, if it closes a gap."""
    busy = _busy(session, list(offered))
    found: dict[int, tuple[str, Proposal | None]] = {}
    for number, helpful in offered.items():
        open_ones = busy.get(number, set())
        fitting = (
            one for one in helpful
            if measure in (None, one.measure) and one.measure not in open_ones
        )  # fmt: skip
        best = next((one for one in fitting if known[one.measure].active), None)
        code = measure or (best.measure if best else None)
        if code is not None and code not in open_ones:
            found[number] = (code, best)
    return found


@dataclass(frozen=True)
class Wanted:
    """An opening as a person confirmed it; without a measure each firm gets its best one.

    `reasons` are those that were written anew, by firm; every other firm gets its own in `locale`.
    `remark` goes with every case.
    """

    measure: str | None
    expected: int
    reasons: Mapping[int, str] = field(default_factory=dict)
    remark: str = ""
    days: int | None = None
    locale: str = "zh"


def open_cases(session: Session, actor: Actor, selected: Selected, wanted: Wanted) -> list[int]:
    """Open the cases that a preview showed, all or none; their numbers.

    Conflict where it would be another number now, or other firms than those with a reason.
    """
    demand_analyst(actor)
    # One opening after the other: the second counts again what the first has left to open.
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": OPENING_LOCK})
    # A firm that leaves meanwhile has left before, or leaves after its case is open.
    here = replace(selected, firms=selected.firms.with_for_update(read=True, of=Firm))
    seen = preview(session, here, wanted.measure)
    if not seen.cases:
        raise Invalid("所选企业都不需要新的帮扶事项 (no firm needs a new case)")
    if len(seen.cases) != wanted.expected:
        raise Conflict(
            f"现在涉及 {len(seen.cases)} 家，您确认的是 {wanted.expected} 家：请重新核对 "
            "(the number has changed meanwhile: check again)"
        )
    if set(wanted.reasons) - {one.firm_id for one in seen.cases}:
        raise Conflict("写了理由的企业中有的已不需要新的事项：请重新核对 "
                       "(a firm with a reason needs no case any more: check again)")  # fmt: skip
    return _store(session, actor, seen.cases, wanted)


def _said(planned: list[Planned], wanted: Wanted) -> list[str]:
    """The reason of each case; Invalid names the firms that have none."""
    said = []
    for one in planned:
        own = one.reason[wanted.locale] if one.reason else wanted.remark
        said.append((wanted.reasons.get(one.firm_id, "").strip() or own.strip())[:LONGEST])
    without = [one.name for one, reason in zip(planned, said, strict=True) if not reason]
    if without:
        named = "、".join(without[:MOST_NAMED]) + ("…" if len(without) > MOST_NAMED else "")
        wrong = (f"{len(without)} 家没有可用的理由（{named}）：请逐家填写，或写一句共同说明 "
                 "(write why for each of them, or a common remark)")  # fmt: skip
        raise Invalid(wrong, errors=[{"pointer": "/remark", "detail": wrong}])
    return said


def _store(session: Session, actor: Actor, planned: list[Planned], wanted: Wanted) -> list[int]:
    calendar, day = Calendar(session), today()
    due: dict[int, date] = {}
    rows = []
    for one, reason in zip(planned, _said(planned, wanted), strict=True):
        span = wanted.days or one.route.days
        due.setdefault(span, calendar.after(day, span))
        rows.append({
            "firm_id": one.firm_id, "measure": one.measure, "set_code": one.set_code,
            "criteria": one.criteria, "reason": reason, "user_id": one.route.user_id,
            "organisation_id": one.route.organisation_id, "opened_on": day, "opened_by": actor.name,
            "due_on": due[span], "due_provisional": calendar.provisional(due[span]),
        })  # fmt: skip
    # Whoever opens the same meanwhile waits here, and the database refuses the second.
    returning = insert(SupportCase).returning(SupportCase.id, sort_by_parameter_order=True)
    numbers = list(session.scalars(returning, rows, execution_options={"render_nulls": True}))
    remark = wanted.remark.strip()[:LONGEST] or None
    session.execute(insert(CaseEntry), [
        {"case_id": number, "firm_id": one.firm_id, "kind": "opened", "text": remark,
         "recorded_by": actor.name}
        for number, one in zip(numbers, planned, strict=True)
    ])  # fmt: skip
    peers.match(session, numbers, day)
    return numbers


def demand_analyst(actor: Actor) -> None:
    """Forbidden unless this actor opens and routes cases."""
    if actor.scopes is not None:
        actor.require("firms:write")
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以发起和改派帮扶事项 (analysts open and route cases)")
