"""What waits for a keeper of firms: set-based reads within what one may know of.

Each list is cut at `MOST` with its whole number beside it, so that a page of a district is as
short as that of an incubator, in the same number of statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Row,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.criteria.compiler import LoadedSet
from app.criteria.policy import Criterion, Outcome
from app.criteria.reading import figures_by_criterion, figures_of_set, rests_on_figures
from app.criteria.store import sets_in_force
from app.doors.models import Correction
from app.duties.queries import open_duties
from app.entry.models import EntryDraft
from app.firms import flags
from app.firms.catalogue import INDICATORS
from app.firms.models import Designation, Firm, FirmYear, Residency, Submission
from app.firms.queries import among, gone, visible
from app.imports.models import ImportBatch
from app.imports.queries import seen
from app.pipeline.fields import places
from app.pipeline.models import Assessment

MOST = 10
STALE_DAYS = 365
EXPIRING_DAYS = 365
RESIDENCY_MONTHS = 6
REJECTED_DAYS = 30
# Of duties, the stages that are work of these days.
PRESSING = 3


@dataclass(frozen=True)
class Listed:
    """The first rows of a list, and how many it has."""

    rows: Sequence[Any]
    count: int

    @classmethod
    def of(cls, rows: Sequence[Row[Any]]) -> "Listed":
        """Rows that carry the whole number as `total`."""
        return cls(rows, rows[0].total if rows else 0)


@dataclass(frozen=True)
class Unknown:
    """A criterion that some firms cannot be held against because a figure is missing."""

    loaded: LoadedSet
    criterion: Criterion
    columns: tuple[str, ...]
    years: tuple[int, ...]
    firms: int
    # Everything else is met: this alone keeps them from being ready, or shows that they are not.
    last: int


@dataclass(frozen=True)
class Waiting:
    """What is to be done by a day, or to be decided."""

    duties: Listed
    refused: Listed
    rejected: Listed
    residencies: Listed
    conflicts: Listed
    # What firms say of their figures and nobody has decided yet.
    corrections: int


@dataclass(frozen=True)
class Further:
    """What is counted over every firm's flags, titles, years and verdicts."""

    # Firms by kind of flag.
    flagged: dict[str, int]
    expiring: Listed
    years: tuple[int, ...]
    missing: Listed
    stale: Listed
    unknown: list[Unknown]
    # Firms by set that meet everything but what waits for figures.
    hopeful: dict[int, int]


def everything(session: Session, actor: Actor, day: date) -> Waiting:
    """What a keeper comes for."""
    return Waiting(
        duties=Listed.of(session.execute(_duties(actor, day)).all()),
        refused=Listed.of(session.execute(_refused(actor, day)).all()),
        rejected=Listed.of(session.execute(_rejected(actor, day)).all()),
        residencies=Listed.of(session.execute(_residencies(actor, day)).all()),
        conflicts=Listed.of(session.execute(_conflicts(actor, day)).all()),
        corrections=session.scalar(_corrections(actor, day)) or 0,
    )


def further(session: Session, actor: Actor, loaded: LoadedSet, day: date) -> Further:
    """What comes after it; the missing figures are those that the chosen set reads."""
    backs = sorted({back for found in figures_of_set(loaded).values() for back in found},
                   reverse=True)  # fmt: skip
    return Further(
        flagged=flags.counts(session, actor, day),
        expiring=Listed.of(session.execute(_expiring(actor, day)).all()),
        years=tuple(day.year + back for back in backs),
        missing=_missing(session, actor, loaded, backs, day),
        stale=Listed.of(session.execute(_stale(actor, day)).all()),
        **_unknown(session, actor, day),
    )


def _corrections(actor: Actor, day: date) -> Select[int]:
    found = select(func.count()).select_from(Correction)
    found = found.join(Firm, Firm.id == Correction.firm_id)
    return found.where(visible(actor, day), Correction.state == "open")


def _active(actor: Actor, day: date) -> Any:
    """Theirs to know of, and still there: a firm that left cannot be asked any more."""
    return and_(visible(actor, day), Firm.status == "active")


def _total() -> Any:
    return func.count().over().label("total")


def _missing(
    session: Session, actor: Actor, loaded: LoadedSet, backs: list[int], day: date
) -> Listed:
    """Firms with figures missing, how many of each year; years before registration ask nothing."""
    if not backs:
        return Listed((), 0)
    wanted = figures_of_set(loaded)
    years = [aliased(FirmYear) for _ in backs]
    counts = [
        case(
            (_lived(day.year + back), func.num_nulls(
                *(getattr(year, code) for code, found in wanted.items() if back in found))),
            else_=0,
        )
        for back, year in zip(backs, years, strict=True)
    ]  # fmt: skip
    total = sum(counts[1:], counts[0])
    query: Select[Any] = select(
        Firm.id, Firm.name, total.label("missing"), _total(),
        *(count.label(f"missing_{day.year + back}")
          for back, count in zip(backs, counts, strict=True)),
    )  # fmt: skip
    for back, year in zip(backs, years, strict=True):
        query = query.outerjoin(year, and_(year.firm_id == Firm.id, year.year == day.year + back))
    query = query.where(_active(actor, day), total > 0)
    ordered = query.order_by(total.desc(), Firm.pinyin, Firm.id).limit(MOST)
    return Listed.of(session.execute(ordered).all())


def _lived(year: int) -> Any:
    """Whether the firm was there in a year, as far as is known."""
    born = Firm.registered_on
    return or_(born.is_(None), extract("year", born) <= year)


def _duties(actor: Actor, day: date) -> Select[Any]:
    """What titles and law ask of firms: overdue, or due within three months."""
    owed = open_duties(actor, day).subquery()
    first = (
        select(owed, _total())
        .where(owed.c.stage <= PRESSING)
        .order_by(owed.c.due, owed.c.firm_id, owed.c.duty)
        .limit(MOST)
        .subquery()
    )
    return (
        select(Firm.id, Firm.name, first.c.duty, first.c.due, first.c.period, first.c.stage,
               first.c.total)
        .join(first, first.c.firm_id == Firm.id)
        .order_by(first.c.due, Firm.pinyin, Firm.id)
    )  # fmt: skip


def _refused(actor: Actor, day: date) -> Select[Any]:
    """What this person typed and could not be stored, firm by firm and year by year."""
    return (
        select(Firm.id, Firm.name, EntryDraft.year, func.count().label("cells"),
               func.max(EntryDraft.updated_at).label("at"), _total())
        .join(EntryDraft, EntryDraft.firm_id == Firm.id)
        .where(_active(actor, day), EntryDraft.user_id == actor.user_id)
        .group_by(Firm.id, Firm.name, EntryDraft.year)
        .order_by(func.max(EntryDraft.updated_at).desc(), Firm.id)
        .limit(MOST)
    )  # fmt: skip


def _rejected(actor: Actor, day: date) -> Select[Any]:
    """Files of these weeks whose rows did not all come in."""
    return (
        select(ImportBatch.id, ImportBatch.file_name, ImportBatch.rejected,
               ImportBatch.finished_at.label("at"), _total())
        .where(seen(actor), ImportBatch.state.in_(("done", "refused")), ImportBatch.rejected > 0,
               ImportBatch.finished_at >= day - timedelta(days=REJECTED_DAYS))
        .order_by(ImportBatch.id.desc())
        .limit(MOST)
    )  # fmt: skip


def _expiring(actor: Actor, day: date) -> Select[Any]:
    """Designations that end within a year, and nothing of the kind follows."""
    later = aliased(Designation)
    end = cast(func.upper(Designation.valid), Date)
    followed = (
        select(later.id)
        .where(
            later.firm_id == Designation.firm_id,
            later.kind == Designation.kind,
            later.superseded_at.is_(None),
            func.lower(later.valid) >= func.upper(Designation.valid),
        )
        .exists()
    )
    first = (
        select(Designation.firm_id, Designation.kind, (end - 1).label("last_day"), _total())
        .where(
            not_(gone(Designation.firm_id)),
            among(Designation.firm_id, actor, day),
            Designation.superseded_at.is_(None),
            Designation.valid.contains(day),
            end <= day + timedelta(days=EXPIRING_DAYS),
            not_(followed),
        )
        .order_by(end, Designation.firm_id)
        .limit(MOST)
        .subquery()
    )
    return (
        select(Firm.id, Firm.name, first.c.kind, first.c.last_day,
               (first.c.last_day - day).label("days"), first.c.total)
        .join(first, first.c.firm_id == Firm.id)
        .order_by(first.c.last_day, Firm.pinyin, Firm.id)
    )  # fmt: skip


def _residencies(actor: Actor, day: date) -> Select[Any]:
    """Open stays whose limit is near or over."""
    start = func.lower(Residency.during)
    limit = cast(start + func.make_interval(0, Residency.limit_months), Date)
    return (
        select(Firm.id, Firm.name, Organisation.name.label("incubator"),
               Organisation.name_en.label("incubator_en"), limit.label("limit"),
               (limit - day).label("days"), _total())
        .join(Residency, Residency.firm_id == Firm.id)
        .join(Organisation, Organisation.id == Residency.incubator_id)
        .where(
            _active(actor, day),
            Residency.superseded_at.is_(None),
            Residency.during.contains(day),
            limit <= cast(literal(day), Date) + func.make_interval(0, RESIDENCY_MONTHS),
        )
        .order_by(limit, Firm.pinyin, Firm.id)
        .limit(MOST)
    )  # fmt: skip


def _stale(actor: Actor, day: date) -> Select[Any]:
    """Firms whose newest figure was recorded more than a year ago, or never."""
    latest = (
        select(FirmYear.firm_id, func.max(FirmYear.updated_at).label("at"))
        .group_by(FirmYear.firm_id)
        .subquery()
    )
    old = day - timedelta(days=STALE_DAYS)
    return (
        select(Firm.id, Firm.name, latest.c.at, _total())
        .outerjoin(latest, latest.c.firm_id == Firm.id)
        .where(_active(actor, day), or_(latest.c.at.is_(None), latest.c.at < old))
        .order_by(latest.c.at.nulls_first(), Firm.pinyin, Firm.id)
        .limit(MOST)
    )


def _conflicts(actor: Actor, day: date) -> Select[Any]:
    """Figures of lesser sources that contradict the best known ones."""
    best = aliased(Submission)
    return (
        select(Firm.id, Firm.name, Submission.id.label("submission"), Submission.year,
               Submission.indicator, Submission.value, Submission.source,
               best.value.label("best_value"), best.source.label("best_source"), _total())
        .join(Submission, Submission.firm_id == Firm.id)
        .outerjoin(best, and_(
            best.firm_id == Submission.firm_id, best.year == Submission.year,
            best.indicator == Submission.indicator, best.effective_at.is_not(None),
            best.superseded_at.is_(None)))
        .where(_active(actor, day), Submission.effective_at.is_(None),
               Submission.settled_at.is_(None))
        .order_by(Submission.recorded_at.desc(), Submission.id.desc())
        .limit(MOST)
    )  # fmt: skip


# --- criteria that wait for a figure ------------------------------------------------------------


def _unknown(session: Session, actor: Actor, day: date) -> dict[str, Any]:
    """Criteria unknown only for want of figures, and the firms that lack nothing else."""
    sets = {one.id: one for one in sets_in_force(session, day)}
    query = (
        select(Assessment.set_id, Assessment.outcomes, Assessment.unmet_count,
               Assessment.gap_count, func.count())
        .join(Firm, Firm.id == Assessment.firm_id)
        .where(_active(actor, day), Assessment.unknown_count > literal_column("0", Integer),
               Assessment.set_id.in_(sets))
        .group_by(Assessment.set_id, Assessment.outcomes, Assessment.unmet_count,
                  Assessment.gap_count)
    )  # fmt: skip
    tally: dict[tuple[int, str], list[int]] = {}
    hopeful = dict.fromkeys(sets, 0)
    for number, outcomes, unmet, gaps, firms in session.execute(query):
        open_ones = _unknown_criteria(sets[number], outcomes)
        for criterion in open_ones:
            counted = tally.setdefault((number, criterion.id), [0, 0])
            counted[0] += firms
            counted[1] += firms if gaps == 1 else 0
        named = sets[number].policy.quantities
        if unmet == 0 and all(rests_on_figures(criterion, named) for criterion in open_ones):
            hopeful[number] += firms
    found = [
        one
        for (number, criterion), (firms, last) in tally.items()
        if (one := _for_want_of_figures(sets[number], criterion, firms, last, day)) is not None
    ]
    ordered = sorted(found, key=lambda one: (-one.last, -one.firms, one.criterion.id))
    return {"unknown": ordered, "hopeful": hopeful}


def _unknown_criteria(loaded: LoadedSet, outcomes: int) -> list[Criterion]:
    spots = places(loaded)
    each = Outcome.unpack(outcomes, len(spots))
    return [
        spot.criterion
        for spot, outcome in zip(spots, each, strict=True)
        if outcome is Outcome.UNKNOWN and spot.outer
    ]


def _for_want_of_figures(
    loaded: LoadedSet, number: str, firms: int, last: int, day: date
) -> Unknown | None:
    named = loaded.policy.quantities
    criterion = next(c for c in loaded.policy.walk() if c.id == number)
    if not rests_on_figures(criterion, named):
        return None
    reads = figures_by_criterion(loaded)[number]
    order = list(INDICATORS)
    columns = sorted({code for code, _ in reads}, key=order.index)
    years = sorted({day.year + back for _, back in reads}, reverse=True)
    return Unknown(loaded, criterion, tuple(columns), tuple(years), firms, last)
