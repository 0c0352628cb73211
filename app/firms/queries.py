"""Reads of the register; every one starts from `visible`."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    case,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    table,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import DATERANGE, distinct_on
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import True_

from app.accounts.actor import Actor, Role
from app.accounts.models import Organisation
from app.core.clock import today
from app.core.errors import NotFound
from app.firms.catalogue import INDICATORS, Indicator
from app.firms.duplicate_models import FirmMerge
from app.firms.models import (
    FIRM_STATUSES,
    Designation,
    Firm,
    FirmYear,
    FormerName,
    Location,
    Residency,
    Submission,
)
from app.firms.names import normal


@dataclass(frozen=True)
class FigureOf:
    """One best known figure, and the submission it comes from."""

    indicator: Indicator
    year: int
    value: Decimal
    submission: Submission | None


# Looked for in credit codes too: at least four characters of their alphabet, a digit among them.
PART_OF_CODE = re.compile(r"(?=.*[0-9])[0-9a-hj-npqrtuwxy]{4,18}")
RUNGS = ("incubated", "tech_based", "candidate", "certified", "little_giant")
# The headline ladder follows from designations; a residency is its lowest rung.
RUNG_OF_DESIGNATION = {
    "tech_sme": 2, "cq_tech_based": 2, "pool": 3, "hnte": 4, "little_giant": 5,
}  # fmt: skip

# Ladders beside the headline one, independent of it and of each other; lowest step first.
LADDERS = {
    "sme": ("innovative_sme", "srdi", "little_giant", "single_champion"),
    "tech_sme": ("tech_sme",),
    "above_scale": ("above_scale", "contracting_qualification"),
    "gazelle": ("gazelle",),
    "listed": ("otc", "listed"),
}

# The cases of `app.support`, above; the register asks only whether one is open.
CASE = table("support_case", column("id", Integer), column("firm_id", Integer),
             column("organisation_id", Integer), column("closed_on", Date))  # fmt: skip
# What lies with the organisation that acts. These views read the tables below row security, whose
# statistics the planner needs: without them it takes six thousand firms for fifteen.
OWN_LOCATION = table(
    "own_location", column("firm_id", Integer), column("park_id", Integer),
    column("during", DATERANGE),
)  # fmt: skip
OWN_RESIDENCY = table(
    "own_residency", column("firm_id", Integer), column("incubator_id", Integer),
    column("during", DATERANGE),
)  # fmt: skip


def visible(actor: Actor, on: date | None = None) -> ColumnElement[bool]:
    """Which firms this actor may know of on a day: the one predicate behind every read."""
    day = on or today()
    match actor.role:
        case Role.ANALYST | Role.LEADER | Role.OFFICER:
            return true()
        case Role.INCUBATOR_MANAGER:
            return Firm.id.in_(
                select(OWN_RESIDENCY.c.firm_id).where(
                    OWN_RESIDENCY.c.incubator_id == actor.organisation_id,
                    OWN_RESIDENCY.c.during.contains(day),
                )
            )
        case Role.PARK_OPERATOR:
            return Firm.id.in_(
                select(OWN_LOCATION.c.firm_id).where(
                    OWN_LOCATION.c.park_id == actor.organisation_id,
                    OWN_LOCATION.c.during.contains(day),
                )
            )
        case Role.ADMIN | Role.AUDITOR:
            return false()


def among(firm_id: SQLColumnExpression[int], actor: Actor, on: date) -> ColumnElement[bool]:
    """The same of rows that name a firm: none is looked up for who may know of all."""
    known = visible(actor, on)
    return known if isinstance(known, True_) else firm_id.in_(select(Firm.id).where(known))


def gone(firm_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the firm that a row names is there no more; few are, and an index has them."""
    other = aliased(Firm)
    return exists().where(other.id == firm_id, other.status != FIRM_STATUSES[0])


def may_read_contacts(actor: Actor) -> ColumnElement[bool]:
    """The firms whose contacts this actor may read.

    Department officers only where their department has an open support case with the firm.
    """
    match actor.role:
        case Role.ANALYST | Role.LEADER | Role.INCUBATOR_MANAGER | Role.PARK_OPERATOR:
            return visible(actor)
        case Role.OFFICER:
            return exists().where(
                CASE.c.firm_id == Firm.id,
                CASE.c.organisation_id == actor.organisation_id,
                CASE.c.closed_on.is_(None),
            )
        case Role.ADMIN | Role.AUDITOR:
            return false()


def get(session: Session, actor: Actor, firm_id: int) -> Firm:
    """One firm; NotFound also where it exists but is not this actor's to know."""
    found = find(session, actor, firm_id)
    if found is None:
        raise NotFound(
            f"没有编号为 {firm_id} 的企业 (no such firm)", **_successor(session, actor, firm_id)
        )
    return found


def _successor(session: Session, actor: Actor, firm_id: int) -> dict[str, Any]:
    """Into which firm this one was taken, if the actor may know of that one."""
    taken = (
        select(FirmMerge.firm_id).join(Firm, Firm.id == FirmMerge.firm_id)
        .where(FirmMerge.gone_id == firm_id, FirmMerge.undone_at.is_(None), visible(actor))
    )  # fmt: skip
    number = session.scalar(taken.limit(1))
    return {} if number is None else {"merged_into": number, "see": f"/firms/{number}"}


def find(session: Session, actor: Actor, firm_id: int) -> Firm | None:
    """The same, or None."""
    return session.scalar(select(Firm).where(Firm.id == firm_id, visible(actor)))


def by_credit_code(session: Session, actor: Actor, credit_code: str) -> Firm:
    """One firm by its credit code, likewise."""
    found = find_by_credit_code(session, actor, credit_code)
    if found is None:
        raise NotFound(
            f"没有统一社会信用代码为 {credit_code} 的企业：请核对代码 (no firm has this code)"
        )
    return found


def find_by_credit_code(session: Session, actor: Actor, credit_code: str) -> Firm | None:
    """The same, or None."""
    return session.scalar(
        select(Firm).where(Firm.credit_code == credit_code.upper(), visible(actor))
    )


def standing(day: date) -> Subquery:
    """`firm_id` and `step` (1–5) of every firm that stands on a rung on that day."""
    held = select(
        Designation.firm_id, case(RUNG_OF_DESIGNATION, value=Designation.kind).label("step")
    ).where(
        Designation.kind.in_(RUNG_OF_DESIGNATION),
        Designation.valid.contains(day),
        Designation.superseded_at.is_(None),
    )
    inside = select(Residency.firm_id, literal(1).label("step")).where(
        Residency.during.contains(day), Residency.superseded_at.is_(None)
    )
    steps = union_all(held, inside).subquery()
    return (
        select(steps.c.firm_id, func.max(steps.c.step).label("step"))
        .group_by(steps.c.firm_id)
        .subquery("standing")
    )


def rung(step: int | None) -> str | None:
    """A step of the ladder by name."""
    return None if step is None else RUNGS[step - 1]


def rung_of(session: Session, firm_id: int, day: date) -> str | None:
    """The rung one firm stands on."""
    steps = standing(day)
    return rung(session.scalar(select(steps.c.step).where(steps.c.firm_id == firm_id)))


def funnel(session: Session, actor: Actor, day: date) -> dict[str, int]:
    """Firms by rung, within what the actor may know; `none` stands on no rung."""
    steps = standing(day)
    query = select(steps.c.step, func.count()).where(among(steps.c.firm_id, actor, day))
    found = {rung(step): number for step, number in session.execute(query.group_by(steps.c.step))}
    every = session.scalar(select(func.count()).select_from(Firm).where(visible(actor, day))) or 0
    return {name: found.get(name, 0) for name in RUNGS} | {"none": every - sum(found.values())}


def designations(session: Session, firm_id: int) -> list[Designation]:
    """Every designation a firm holds or held, newest first."""
    return list(
        session.scalars(
            select(Designation)
            .where(Designation.firm_id == firm_id, Designation.superseded_at.is_(None))
            .order_by(func.lower(Designation.valid).desc(), Designation.kind)
        )
    )


def residencies(session: Session, firm_id: int) -> list[Any]:
    """Stays in incubators with the incubator's names, newest first."""
    return list(
        session.execute(
            select(
                Residency.during, Residency.graduated_on, Organisation.name, Organisation.name_en
            )
            .join(Organisation, Organisation.id == Residency.incubator_id)
            .where(Residency.firm_id == firm_id, Residency.superseded_at.is_(None))
            .order_by(func.lower(Residency.during).desc())
        )
    )


def park_on(session: Session, firm_id: int, day: date) -> Organisation | None:
    """The park a firm is located in."""
    return session.scalar(
        select(Organisation)
        .join(Location, Location.park_id == Organisation.id)
        .where(
            Location.firm_id == firm_id,
            Location.during.contains(day),
            Location.superseded_at.is_(None),
        )
    )


def rung_on(day: date) -> Subquery:
    """`firm_id` and `rung` of every firm that stands on one on that day."""
    steps = standing(day)
    names = case(dict(enumerate(RUNGS, start=1)), value=steps.c.step)
    return select(steps.c.firm_id, names.label("rung")).subquery("rung_on")


def ladders_on(day: date) -> Subquery:
    """`firm_id`, `ladder` and the highest `kind` held on each ladder beside the headline one."""
    ranked = [(kind, ladder, step) for ladder, kinds in LADDERS.items()
              for step, kind in enumerate(kinds)]  # fmt: skip
    ladder = case({kind: name for kind, name, _ in ranked}, value=Designation.kind)
    step = case({kind: number for kind, _, number in ranked}, value=Designation.kind)
    return (
        select(Designation.firm_id, ladder.label("ladder"), Designation.kind)
        .where(
            Designation.kind.in_([kind for kind, _, _ in ranked]),
            Designation.valid.contains(day),
            Designation.superseded_at.is_(None),
        )
        .ext(distinct_on(Designation.firm_id, ladder))
        .order_by(Designation.firm_id, ladder, step.desc())
        .subquery("ladders_on")
    )


def former_names(session: Session, firm_id: int) -> list[str]:
    """Names a firm used to bear."""
    query = select(FormerName.name).where(FormerName.firm_id == firm_id)
    return list(session.scalars(query.order_by(FormerName.until)))


def years_of(session: Session, firm_id: int) -> list[FirmYear]:
    """The best known figures, newest year first."""
    query = select(FirmYear).where(FirmYear.firm_id == firm_id)
    return list(session.scalars(query.order_by(FirmYear.year.desc())))


def best_submissions(session: Session, firm_id: int) -> dict[tuple[str, int], Submission]:
    """Where each best known figure comes from."""
    query = select(Submission).where(
        Submission.firm_id == firm_id,
        Submission.effective_at.is_not(None),
        Submission.superseded_at.is_(None),
    )
    return {(s.indicator, s.year): s for s in session.scalars(query)}


def figures_of(session: Session, firm_id: int, year: int | None = None) -> list[FigureOf]:
    """The best known figures with their provenance, newest year first."""
    table = FirmYear.__table__
    columns = [type_coerce(table.c[code], BigInteger).label(code) for code in INDICATORS]
    query = select(FirmYear.year, *columns).where(FirmYear.firm_id == firm_id)
    if year is not None:
        query = query.where(FirmYear.year == year)
    whence = best_submissions(session, firm_id)
    return [
        FigureOf(entry, row["year"], entry.shown(row[code]), whence.get((code, row["year"])))
        for row in session.execute(query.order_by(FirmYear.year.desc())).mappings()
        for code, entry in INDICATORS.items()
        if row[code] is not None
    ]


def open_conflicts(session: Session, firm_id: int) -> list[Submission]:
    """Figures of lesser sources that contradict the best known ones and await a decision."""
    query = select(Submission).where(
        Submission.firm_id == firm_id,
        Submission.effective_at.is_(None),
        Submission.settled_at.is_(None),
    )
    return list(session.scalars(query.order_by(Submission.year.desc(), Submission.indicator)))


def search(words: str) -> ColumnElement[bool]:
    """Substring of a name, former name, pinyin, initials or credit code."""
    folded = normal(words).lower()
    former = select(FormerName.firm_id).where(
        FormerName.name_search.contains(folded, autoescape=True)
    )
    found = [
        Firm.name_search.contains(folded, autoescape=True),
        # Read once, before the list: as a subquery it would be joined to every firm.
        Firm.id == func.any(func.array(former.scalar_subquery(), type_=ARRAY(Integer))),
    ]
    if PART_OF_CODE.fullmatch(folded):
        found.append(Firm.credit_code.contains(folded.upper(), autoescape=True))
    return or_(*found)


def count(session: Session, actor: Actor, query: Select[Any]) -> int:
    """How many firms a query over Firm would list, within what the actor may know."""
    rows = query.where(visible(actor)).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0
