"""Plans in the database, parsed once each; the figures entered for them; the lights' rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid, NotFound
from app.core.fields import nearest
from app.plans.grammar import PlanFile, TargetRule
from app.plans.models import LightRule, Plan, PlanFigure
from app.plans.service import POPULATION

_PARSED: dict[str, PlanFile] = {}


@dataclass(frozen=True)
class Version:
    """One version of a plan: its number in the database and what its file says."""

    id: int
    file: PlanFile

    @property
    def code(self) -> str:
        """The plan's code, which all versions share."""
        return self.file.code


@dataclass(frozen=True)
class Entered:
    """A figure that was entered: of which day, from which source and document."""

    day: date
    value: Fraction
    source: str
    document: str
    recorded_by: str | None
    recorded_at: datetime


@dataclass(frozen=True)
class Lights:
    """Green from `green` per cent of the pace on, amber from `amber` on, else red."""

    green: int = 100
    amber: int = 80


@dataclass(frozen=True)
class Series:
    """Everything entered for a plan as far as it was known, by series and what it is about."""

    rows: Mapping[tuple[str, str], list[Entered]] = field(default_factory=dict)

    def on(self, series: str, day: date, about: str = "value") -> Entered | None:
        """The latest figure of a day not after this one."""
        found = [one for one in self.rows.get((series, about), ()) if one.day <= day]
        return found[-1] if found else None

    def population(self, day: date) -> Fraction | None:
        """People of the district as last entered by a day."""
        found = self.on(POPULATION, day)
        return None if found is None else found.value


def versions(session: Session) -> list[Version]:
    """Every version of every plan, the oldest first."""
    rows = session.execute(
        select(Plan.id, Plan.digest, Plan.content).order_by(Plan.code, Plan.adopted_on)
    )
    return [Version(number, _parsed(digest, content)) for number, digest, content in rows]


def _parsed(digest: str, content: dict[str, Any]) -> PlanFile:
    if digest not in _PARSED:
        _PARSED[digest] = PlanFile.model_validate(content)
    return _PARSED[digest]


def in_force(session: Session, day: date, code: str | None = None) -> Version:
    """The version of a plan that held on a day; without a code the one that runs on the day.

    Before a plan was adopted its first version is shown. NotFound where there is none.
    """
    found = versions(session)
    codes = list(dict.fromkeys(one.code for one in found))
    if code is not None and code not in codes:
        wrong = f"没有实施方案 {code} (unknown plan)" + nearest(code, codes)
        raise Invalid(f"plan: {wrong}", errors=[{"parameter": "plan", "detail": wrong}])
    if not found:
        raise NotFound("还没有载入实施方案 (no plan is loaded)")
    wanted = code or _running(found, day)
    own = [one for one in found if one.code == wanted]
    adopted = [one for one in own if one.file.adopted_on <= day]
    return adopted[-1] if adopted else own[0]


def _running(found: list[Version], day: date) -> str:
    """Of several plans the one that was loaded first."""
    runs = [one for one in found if one.file.since <= day <= one.file.until]
    return min(runs or found, key=lambda one: one.id).code


def target_of(plan: PlanFile, code: str) -> TargetRule:
    """A target of the plan; NotFound names the nearest."""
    found = plan.target(code)
    if found is None:
        known = [one.code for one in plan.targets]
        raise NotFound(f"方案 {plan.code} 没有目标 {code} (no such target)" + nearest(code, known))
    return found


def series(session: Session, code: str, known: datetime | None = None) -> Series:
    """What had been entered for a plan by an instant; in order of days."""
    query = select(PlanFigure).where(PlanFigure.plan_code == code)
    if known is None:
        query = query.where(PlanFigure.superseded_at.is_(None))
    else:
        still = or_(PlanFigure.superseded_at.is_(None), PlanFigure.superseded_at > known)
        query = query.where(PlanFigure.recorded_at <= known, still)
    rows: dict[tuple[str, str], list[Entered]] = {}
    for one in session.scalars(query.order_by(PlanFigure.day)):
        entered = Entered(one.day, Fraction(one.value), one.source, one.document,
                          one.recorded_by, one.recorded_at)  # fmt: skip
        rows.setdefault((one.series, one.about), []).append(entered)
    return Series(rows)


def lights(session: Session, known: datetime | None = None) -> Lights:
    """The rule that was last set."""
    query = select(LightRule.green, LightRule.amber).order_by(LightRule.id.desc()).limit(1)
    if known is not None:
        query = query.where(LightRule.set_at <= known)
    row = session.execute(query).first()
    return Lights() if row is None else Lights(row.green, row.amber)
