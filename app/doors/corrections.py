"""What firms say of their figures: listed for whoever keeps them, accepted or refused, once."""

from typing import Any

from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.clock import now, today
from app.core.errors import Conflict, Invalid, NotFound
from app.core.fields import Field, whole_number
from app.core.filters import Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.doors.models import CORRECTION_STATES, Correction
from app.firms import queries
from app.firms.catalogue import INDICATORS
from app.firms.models import Firm, Submission
from app.firms.reporting import Typed, report_figures, settle
from app.pipeline.service import assess

SOURCE = "self_reported"
COLUMNS = ("id", "firm_id", "year", "indicator", "typed", "note", "state", "made_at", "settled_by",
           "settled_at", "settled_reason")  # fmt: skip
VOCABULARY = Vocabulary(
    fields={one.name: one for one in (
        Field("id", "number", Correction.id, convert=whole_number),
        Field("firm_id", "number", Correction.firm_id, convert=whole_number),
        Field("state", "choice", Correction.state, choices=CORRECTION_STATES),
        Field("indicator", "choice", Correction.indicator, choices=tuple(INDICATORS)),
        Field("year", "number", Correction.year, convert=whole_number),
    )},
    sorts={"id": Sort(Correction.id)}, ordering="id",
)  # fmt: skip


def listed(session: Session, actor: Actor, params: list[tuple[str, str]]) -> Page:
    """A page of corrections with the figure that stands, in the indicators' units."""
    query = (
        select(*(getattr(Correction, name) for name in COLUMNS), Firm.name.label("firm"),
               type_coerce(Correction.value, BigInteger).label("value"),
               type_coerce(Submission.value, BigInteger).label("stands"),
               Submission.source.label("stands_by"))
        .join(Firm, Firm.id == Correction.firm_id)
        .outerjoin(Submission, (Submission.firm_id == Correction.firm_id)
                   & (Submission.year == Correction.year)
                   & (Submission.indicator == Correction.indicator)
                   & Submission.effective_at.is_not(None) & Submission.superseded_at.is_(None))
        .where(queries.visible(actor))
    )  # fmt: skip
    found = page(session, query, parse(params, VOCABULARY), Correction.id)
    for row in found.items:
        _in_units(row)
    return found


def _in_units(row: dict[str, Any]) -> None:
    entry = INDICATORS[row["indicator"]]
    for name in ("value", "stands"):
        if row[name] is not None:
            row[name] = entry.shown(row[name])


def decide(
    session: Session, actor: Actor, number: int, *, accept: bool, reason: str = ""
) -> Correction:
    """Accept a correction, which stores the figure as the firm's own word, or refuse it.

    Beside a figure of a better source it stays an open conflict, unless an analyst accepts it.
    """
    actor.require("figures:write")
    query = select(Correction).join(Firm, Firm.id == Correction.firm_id)
    found = session.scalar(
        query.where(Correction.id == number, queries.visible(actor)).with_for_update(of=Correction)
    )
    if found is None:
        raise NotFound(f"没有编号为 {number} 的更正 (no such correction)")
    if found.state != "open":
        raise Conflict("该更正已经处理：请刷新 (already settled: read it again)")
    if not accept and not reason.strip():
        detail = "请写明理由，企业会看到 (say why: the firm will read it)"
        raise Invalid(detail, errors=[{"pointer": "/reason", "detail": detail}])
    found.state = "accepted" if accept else "refused"
    found.settled_by, found.settled_at = actor.name, now()
    found.settled_reason = reason.strip()[:500] or None
    if accept:
        _store(session, actor, found)
    session.flush()
    return found


def _store(session: Session, actor: Actor, found: Correction) -> None:
    firm = session.get_one(Firm, found.firm_id)
    said = Typed(INDICATORS[found.indicator].shown(found.value), found.typed)
    done = report_figures(session, actor, firm, found.year, {found.indicator: said}, source=SOURCE,
                          origin_ref=f"correction:{found.id}")  # fmt: skip
    if done.conflicts and actor.role is Role.ANALYST:
        rival = session.scalars(
            select(Submission.id).where(
                Submission.firm_id == firm.id, Submission.year == found.year,
                Submission.indicator == found.indicator,
                Submission.origin_ref == f"correction:{found.id}")
        ).one()  # fmt: skip
        settle(session, actor, rival, accept=True, reason=found.settled_reason)
    assess(session, [firm.id], today())
