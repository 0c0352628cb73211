"""Where a case goes: the first rule that fits the gap, the industry, the park and the size."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.core.errors import Invalid
from app.firms.models import Firm, FirmYear, Location
from app.support.models import Measure, RouteRule
from app.support.playbooks import Proposal, proposals


@dataclass(frozen=True)
class Route:
    """To whom, in how many working days, and by which rule; none: to the measure's lead."""

    organisation_id: int
    user_id: int | None
    days: int
    rule_id: int | None = None


@dataclass(frozen=True)
class Known:
    """What rules ask of a firm."""

    industry: str | None
    park_id: int | None
    staff: int | None


class Router:
    """The rules and measures, and what they ask of these firms; four statements for all."""

    def __init__(self, session: Session, ids: list[int], day: date) -> None:
        self.rules = list(session.scalars(select(RouteRule).order_by(RouteRule.position,
                                                                     RouteRule.id)))  # fmt: skip
        self.measures = {one.code: one for one in session.scalars(select(Measure))}
        codes = select(Organisation.code, Organisation.id)
        self.bodies: dict[str, int] = {code: number for code, number in session.execute(codes)}
        query = (
            select(Firm.id, Firm.industry_code, Location.park_id, FirmYear.staff_avg)  # type: ignore[attr-defined]
            .outerjoin(Location, (Location.firm_id == Firm.id) & Location.superseded_at.is_(None)
                       & Location.during.op("@>")(day))
            .outerjoin(FirmYear, (FirmYear.firm_id == Firm.id) & (FirmYear.year == day.year - 1))
            .where(Firm.id.in_(ids))
        )  # fmt: skip
        self.firms = {number: Known(industry, park, None if staff is None else int(staff))
                      for number, industry, park, staff in session.execute(query)}  # fmt: skip

    def route(self, firm_id: int, measure: str, criterion: str | None) -> Route:
        """To whom a case goes; Invalid where the measure's department does not exist."""
        asked = self.measures[measure]
        for rule in self.rules:
            if _fits(rule, self.firms[firm_id], measure, criterion):
                return Route(rule.organisation_id, rule.user_id, rule.days or asked.days, rule.id)
        if asked.lead not in self.bodies:
            raise Invalid(
                f"措施 {measure} 的牵头单位 {asked.lead} 不存在：请先在单位名录登记，或改派 "
                "(the lead department does not exist)"
            )
        return Route(self.bodies[asked.lead], None, asked.days)


def trial(session: Session, firm_id: int, day: date) -> list[tuple[Proposal, Route]]:
    """Each measure that would help a firm, and where its case would go; nothing is opened."""
    router = Router(session, [firm_id], day)
    return [
        (one, router.route(firm_id, one.measure, one.criteria[0]))
        for one in proposals(session, [firm_id], day).get(firm_id, [])
        if router.measures[one.measure].active
    ]


def _fits(rule: RouteRule, firm: Known, measure: str, criterion: str | None) -> bool:
    """Every condition that a rule has holds; what is not known fits no condition."""
    conditions = (
        (rule.measure, measure == rule.measure),
        (rule.criterion, criterion == rule.criterion),
        (rule.industry, (firm.industry or "").startswith(rule.industry or "-")),
        (rule.park_id, firm.park_id == rule.park_id),
        (rule.staff_from, firm.staff is not None and firm.staff >= (rule.staff_from or 0)),
        (rule.staff_to, firm.staff is not None and firm.staff <= (rule.staff_to or 0)),
    )
    return all(holds for asked, holds in conditions if asked is not None)
