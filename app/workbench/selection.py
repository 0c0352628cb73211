"""What is done with several firms at once: a number is stated, a person decides, each is recorded.

Entry into the candidate pool and exit from it are decisions on every firm by itself, with one
reason that is kept with each of them and the assessment it rests on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, exists, not_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor, Role
from app.core.errors import Conflict, Forbidden, Invalid
from app.criteria.policy import Outcome
from app.criteria.store import sets_in_force
from app.firms.models import Designation, Firm
from app.pipeline import moving
from app.pipeline.models import Assessment
from app.workbench.benches import Bench, Pairs, opened

POOL, CANDIDATE = "pool", "candidate"
MOST_COMPARED = 5
# As many as one person can answer for in one decision.
MOST_DECIDED = 300
# Numbers of one parameter, whose length is limited.
TOGETHER = 50
KEPT = ("set", "fields", "ordering", "widths")


def narrowed(bench: Bench, numbers: list[int]) -> Pairs:
    """The query of these firms alone, shown as the list shows them."""
    kept = [pair for pair in bench.pairs if pair[0] in KEPT]
    groups = [numbers[at : at + TOGETHER] for at in range(0, len(numbers), TOGETHER)]
    return kept + [("id__in", ",".join(map(str, group))) for group in groups]


def chosen(session: Session, bench: Bench, numbers: list[int], *, everything: bool) -> Bench:
    """The list of the selected firms: those with these numbers, or all of the query."""
    if everything:
        return bench
    if not numbers:
        raise Invalid("还没有选择企业：请先勾选 (select some firms first)")
    return opened(session, bench.actor, bench.of, narrowed(bench, sorted(set(numbers))))


def compared(bench: Bench, numbers: list[int]) -> Pairs:
    """The query that shows a few firms side by side."""
    if not 2 <= len(set(numbers)) <= MOST_COMPARED:
        raise Invalid(
            f"对比须选 2 至 {MOST_COMPARED} 家企业 (select 2 to {MOST_COMPARED} firms to compare)"
        )
    pairs = [pair for pair in bench.pairs if pair[0] == "set"]
    return [*pairs, ("id__in", ",".join(map(str, numbers))), ("display", "compare")]


# --- entry into the pool, and exit --------------------------------------------------------------


@dataclass(frozen=True)
class Firms:
    """Of the selected firms, those that a decision is about, and how they stand to the rule."""

    selected: int
    concerned: list[int]
    by_outcome: dict[str, int]


def entering(session: Session, bench: Bench) -> Firms:
    """The selected firms that are not in the pool, by how they stand to the pool's rule."""
    return _firms(session, bench, not_(_holds(bench.day)))


def leaving(session: Session, bench: Bench) -> Firms:
    """The selected firms that are in the pool."""
    return _firms(session, bench, _holds(bench.day))


def _holds(day: date) -> Any:
    return exists().where(_title(day))


def _title(day: date) -> Any:
    return and_(
        Designation.firm_id == Firm.id,
        Designation.kind == POOL,
        Designation.superseded_at.is_(None),
        Designation.valid.op("@>")(day),
    )


def _firms(session: Session, bench: Bench, concerned: Any) -> Firms:
    rules = [one.id for one in sets_in_force(session, bench.day) if one.policy.title == POOL]
    verdict = (
        select(Assessment.outcome)
        .where(Assessment.firm_id == Firm.id, Assessment.set_id.in_(rules))
        .limit(1)
        .correlate(Firm)
        .scalar_subquery()
    )
    query: Select[Any] = bench.found(Firm.id, concerned, verdict).order_by(Firm.id)
    rows = session.execute(query.limit(MOST_DECIDED + 1)).all()
    if len(rows) > MOST_DECIDED:
        raise Invalid(
            f"一次最多决定 {MOST_DECIDED} 家：请先缩小范围 (at most {MOST_DECIDED} firms at once)"
        )
    counts: dict[str, int] = {}
    about = [(number, outcome) for number, is_meant, outcome in rows if is_meant]
    for _, outcome in about:
        name = "unknown" if outcome is None else Outcome(outcome).name.lower()
        counts[name] = counts.get(name, 0) + 1
    return Firms(len(rows), [number for number, _ in about], counts)


@dataclass(frozen=True)
class Entry:
    """Entry into the pool as it was decided; `despite`: though criteria are unmet or unknown."""

    first: date
    last: date | None
    reason: str
    despite: bool
    expected: int


def enter(session: Session, actor: Actor, bench: Bench, entry: Entry) -> int:
    """Take the firms into the pool, all or none; how many."""
    firms = _expected(actor, entering(session, bench), entry.expected)

    def one(firm: Firm) -> None:
        moving.grant(session, actor, firm, CANDIDATE, moving.Grant(
            kind=POOL, first=entry.first, last=entry.last, number=None, reason=entry.reason,
            despite=entry.despite,
        ))  # fmt: skip

    return _each(session, firms, one)


@dataclass(frozen=True)
class Exit:
    """Exit from the pool as it was decided: a reason of the closed list, perhaps more words."""

    last: date
    code: str
    more: str
    expected: int


def leave(session: Session, actor: Actor, bench: Bench, exit_: Exit) -> int:
    """Let the firms leave the pool, all or none; how many."""
    firms = _expected(actor, leaving(session, bench), exit_.expected)

    def one(firm: Firm) -> None:
        held = select(Designation.id).select_from(Firm).where(Firm.id == firm.id, _title(bench.day))
        for number in session.scalars(held).all():
            moving.end(session, actor, firm, number, exit_.last, f"{exit_.code}: {exit_.more}")

    return _each(session, firms, one)


def _expected(actor: Actor, found: Firms, expected: int) -> list[int]:
    if actor.role is not Role.ANALYST:
        raise Forbidden("只有科技局分析员可以决定入库和出库 (analysts decide)")
    if not found.concerned:
        raise Invalid("所选企业都不需要这一决定 (none of the selected firms is concerned)")
    if len(found.concerned) != expected:
        raise Conflict(
            f"现在涉及 {len(found.concerned)} 家，您确认的是 {expected} 家：请重新核对 "
            "(the number has changed meanwhile: check again)"
        )
    return found.concerned


def _each(session: Session, numbers: list[int], act: Callable[[Firm], None]) -> int:
    """One decision for each firm; a fault names the firm, and nothing is kept."""
    firms = session.scalars(select(Firm).where(Firm.id.in_(numbers)).order_by(Firm.id)).all()
    for firm in firms:
        try:
            act(firm)
        except Invalid as error:
            raise Invalid(f"{firm.name}: {error.detail}") from None
    return len(firms)
