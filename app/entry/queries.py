"""Reads of the grid: firms in scope, their figures of a year, sources, conflicts, drafts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, Text, any_, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import today
from app.core.filters import Filters, Vocabulary, parse
from app.core.paging import Page
from app.criteria.compiler import LoadedSet
from app.criteria.policy import Outcome
from app.entry.models import EntryDraft
from app.firms.models import Firm, FirmYear, Submission
from app.firms.queries import visible
from app.pipeline import pool
from app.pipeline.fields import vocabulary
from app.pipeline.models import Assessment

COLUMNS = ("id", "name", "credit_code", "outcome", "unmet_count", "unknown_count", "readiness")
USUAL_ROWS = 200
Pairs = list[tuple[str, str]]
Key = tuple[int, str]


@dataclass(frozen=True)
class Rival:
    """A value that stands against the best known one and awaits a decision."""

    id: int
    value: int | None
    source: str
    recorded_by: str | None


@dataclass
class Cells:
    """Everything known of some cells, by firm and indicator; values in stored steps."""

    values: dict[Key, int] = field(default_factory=dict)
    sources: dict[Key, str] = field(default_factory=dict)
    rivals: dict[Key, list[Rival]] = field(default_factory=dict)
    drafts: dict[Key, EntryDraft] = field(default_factory=dict)


def rows(session: Session, actor: Actor, params: Pairs, loaded: LoadedSet) -> Page:
    """A page of the firms that the filters ask for, with where they stand."""
    given = dict(params)
    usual = [("fields", ",".join(COLUMNS))]
    if "ordering" not in given:
        usual.append(("ordering", "name"))
    if "limit" not in given:
        usual.append(("limit", str(USUAL_ROWS)))
    filters: Filters = parse([*params, *usual], _understood(session, loaded))
    return pool.firms(session, actor, loaded, filters, today())


def _understood(session: Session, loaded: LoadedSet) -> Vocabulary:
    return vocabulary(session, loaded, today())


def cells(
    session: Session, actor: Actor, firms: Collection[int], year: int, codes: Sequence[str]
) -> Cells:
    """The cells of some firms that this actor may know of."""
    found = Cells()
    ids = list(firms)
    if not ids or not codes:
        return found
    _add_values(session, found, ids, year, codes)
    _add_submissions(session, found, ids, year, codes)
    for draft in drafts(session, actor, year, ids):
        found.drafts[draft.firm_id, draft.indicator] = draft
    return found


def drafts(session: Session, actor: Actor, year: int, firms: Collection[int]) -> list[EntryDraft]:
    """The actor's own faulty cells; nobody else's."""
    if actor.user_id is None:
        return []
    mine = select(EntryDraft).where(
        EntryDraft.user_id == actor.user_id, EntryDraft.year == year,
        _among(EntryDraft, list(firms)),
    )  # fmt: skip
    return list(session.scalars(mine))


def _among(model: Any, ids: list[int]) -> Any:
    return model.firm_id == any_(literal(ids, ARRAY(Integer)))


def _add_values(
    session: Session, found: Cells, ids: list[int], year: int, codes: Sequence[str]
) -> None:
    table = FirmYear.__table__
    columns = [type_coerce(table.c[code], BigInteger).label(code) for code in codes]
    query = select(FirmYear.firm_id, *columns).where(FirmYear.year == year, _among(FirmYear, ids))
    for row in session.execute(query):
        for code, value in zip(codes, row[1:], strict=True):
            if value is not None:
                found.values[row[0], code] = value


def _add_submissions(
    session: Session, found: Cells, ids: list[int], year: int, codes: Sequence[str]
) -> None:
    query = select(
        Submission.id, Submission.firm_id, Submission.indicator, Submission.value,
        Submission.source, Submission.recorded_by, Submission.effective_at,
    ).where(
        Submission.year == year,
        _among(Submission, ids),
        Submission.indicator == any_(literal(list(codes), ARRAY(Text))),
        Submission.superseded_at.is_(None),
        or_(Submission.effective_at.is_not(None), Submission.settled_at.is_(None)),
    ).order_by(Submission.id)  # fmt: skip
    for number, firm, code, value, source, by, effective in session.execute(query):
        if effective is not None:
            found.sources[firm, code] = source
        else:
            found.rivals.setdefault((firm, code), []).append(Rival(number, value, source, by))


@dataclass(frozen=True)
class Stand:
    """One firm against the chosen set."""

    firm: int
    outcome: str
    unmet: int
    unknown: int
    readiness: int


def standings(session: Session, firms: Iterable[int], loaded: LoadedSet) -> list[Stand]:
    """Where firms stand against a set, as last evaluated."""
    query = select(
        Assessment.firm_id, Assessment.outcome, Assessment.unmet_count, Assessment.unknown_count,
        Assessment.readiness,
    ).where(Assessment.set_id == loaded.id, _among(Assessment, list(firms)))  # fmt: skip
    return [
        Stand(firm, Outcome(outcome).name.lower(), unmet, unknown, int(readiness * 100))
        for firm, outcome, unmet, unknown, readiness in session.execute(query)
    ]


def lock(session: Session, actor: Actor, firms: Iterable[int]) -> dict[int, Firm]:
    """The firms among these that the actor may know of, held until the transaction ends.

    Two blocks for one firm go one after the other, whoever sends them.
    """
    wanted = Firm.id == any_(literal(sorted(set(firms)), ARRAY(Integer)))
    query = select(Firm).where(wanted, visible(actor)).order_by(Firm.id).with_for_update(of=Firm)
    return {firm.id: firm for firm in session.scalars(query)}
