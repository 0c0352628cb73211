"""What worked: what came after cases, by measure or department, beside firms like theirs.

It is an association: who gets a case is chosen by people, not by lot. The method is docs/method.md.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Date, case, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.clock import DISTRICT
from app.core.fields import Field, whole_number
from app.core.filters import Sort, Vocabulary, parse
from app.core.paging import Page, page
from app.firms.models import Firm
from app.firms.queries import visible
from app.support.models import Measure, SupportCase
from app.support.peer_models import CasePeer

By = Literal["measure", "organisation"]
# Fewer firms than this say nothing: the share is shown with its count and without a comparison.
FEWEST = 10


@dataclass(frozen=True)
class Side:
    """Firms with or without a case: how many closed the gap, and half of those within how many
    days.
    """

    firms: int
    closed: int
    days: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """In per cent, to one decimal."""
        return None if not self.firms else round(Decimal(100 * self.closed) / self.firms, 1)


@dataclass(frozen=True)
class Line:
    """One measure or one department; days are medians, empty where nothing is known yet."""

    key: str
    cases: int
    done: int
    answer_days: Decimal | None
    done_days: Decimal | None
    rungs: int
    own: Side
    peers: Side

    @property
    def difference(self) -> Decimal | None:
        """Percentage points between firms with and without, where both are enough."""
        own, peers = self.own.share, self.peers.share
        if own is None or peers is None or min(self.own.firms, self.peers.firms) < FEWEST:
            return None
        return own - peers


def lines(session: Session, actor: Actor, by: By) -> list[Line]:
    """Two statements, however many cases there are."""
    key = _key(by)
    own = {row.key: row for row in session.execute(_own(actor, key))}
    peers = {row.key: row for row in session.execute(_peers(actor, key))}
    found = [
        Line(
            row.key, row.cases, row.done, _plain(row.answer_days), _plain(row.done_days),
            row.rungs, Side(row.measured, row.closed, _plain(row.days)),
            _side(peers.get(row.key)),
        )
        for row in own.values()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.cases, one.key))


def _key(by: By) -> Any:
    return SupportCase.measure if by == "measure" else Organisation.code


def _own(actor: Actor, key: Any) -> Any:
    answered = cast(func.timezone(DISTRICT.key, SupportCase.answered_at), Date)
    measured = func.cardinality(SupportCase.criteria) > 0
    closed = SupportCase.gap_closed_on.is_not(None)
    return (
        select(
            key.label("key"), func.count().label("cases"),
            _count(SupportCase.state == "done").label("done"),
            _median(answered - SupportCase.opened_on).label("answer_days"),
            _median(case((SupportCase.state == "done",
                          SupportCase.closed_on - SupportCase.opened_on))).label("done_days"),
            _count(SupportCase.rung_reached_on.is_not(None)).label("rungs"),
            _count(measured).label("measured"), _count(measured & closed).label("closed"),
            _median(SupportCase.gap_closed_on - SupportCase.opened_on).label("days"),
        )
        .join(Firm, Firm.id == SupportCase.firm_id)
        .join(Organisation, Organisation.id == SupportCase.organisation_id)
        .where(visible(actor)).group_by(key)
    )  # fmt: skip


def _peers(actor: Actor, key: Any) -> Any:
    return (
        select(
            key.label("key"), func.count().label("firms"),
            _count(CasePeer.gap_closed_on.is_not(None)).label("closed"),
            _median(CasePeer.gap_closed_on - SupportCase.opened_on).label("days"),
        )
        .select_from(CasePeer)
        .join(SupportCase, SupportCase.id == CasePeer.case_id)
        .join(Firm, Firm.id == CasePeer.firm_id)
        .join(Organisation, Organisation.id == SupportCase.organisation_id)
        .where(visible(actor), ~_served_since()).group_by(key)
    )  # fmt: skip


def _served_since() -> ColumnElement[bool]:
    """A firm that got such a case itself later is no longer one without."""
    had = aliased(SupportCase)
    return exists().where(had.firm_id == CasePeer.firm_id, had.measure == SupportCase.measure)


def _count(which: ColumnElement[bool]) -> Any:
    return func.count().filter(which)


def _median(days: Any) -> Any:
    return func.percentile_cont(0.5).within_group(days)


def _plain(days: float | None) -> Decimal | None:
    return None if days is None else round(Decimal(str(days)), 1)


def _side(row: Any) -> Side:
    return Side(0, 0, None) if row is None else Side(row.firms, row.closed, _plain(row.days))


# --- the firms beside ----------------------------------------------------------------------------


def vocabulary(session: Session) -> Vocabulary:
    """What the list of firms beside cases can be filtered by."""
    bodies: dict[str, int] = {code: number for code, number in session.execute(
        select(Organisation.code, Organisation.id).order_by(Organisation.code))}  # fmt: skip
    measures = list(session.scalars(select(Measure.code).order_by(Measure.code)))
    fields = (
        Field("measure", "choice", SupportCase.measure, choices=measures),
        Field("organisation", "choice", SupportCase.organisation_id, choices=bodies,
              convert=bodies.__getitem__),
        Field("case_id", "number", CasePeer.case_id, convert=whole_number),
        Field("gap_closed_on", "date", CasePeer.gap_closed_on),
    )  # fmt: skip
    return Vocabulary(fields={one.name: one for one in fields},
                      sorts={"id": Sort(CasePeer.id)}, ordering="id")  # fmt: skip


def beside(session: Session, actor: Actor, params: list[tuple[str, str]]) -> Page:
    """A page of the firms without a case that stand beside those with one."""
    query: Any = (
        select(CasePeer.id, CasePeer.case_id, CasePeer.firm_id, CasePeer.gap_closed_on,
               CasePeer.rung_reached_on, Firm.name.label("firm"), SupportCase.measure,
               SupportCase.opened_on, SupportCase.firm_id.label("case_firm_id"))
        .join(SupportCase, SupportCase.id == CasePeer.case_id)
        .join(Firm, Firm.id == CasePeer.firm_id)
        .where(visible(actor), ~_served_since())
    )  # fmt: skip
    return page(session, query, parse(params, vocabulary(session)), CasePeer.id)
