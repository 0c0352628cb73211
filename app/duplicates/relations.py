"""What becomes of everything that belongs to a firm when it is taken into another.

Every column that names a firm stands here. A merge refuses a relation that nobody has decided
about; a test finds it before a user does.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.db import Base


@dataclass(frozen=True)
class Moves:
    """Rows go over to the firm that stays.

    Of a fact that collides with one of its own, both versions cannot hold: the one that comes is
    kept as superseded. `or_aside`: a row without versions that collides says nothing new and is set
    aside. `also`: columns that are counted by firm, and how they go on there. What neither fits is
    refused: a person decides first.
    """

    or_aside: bool = False
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class StaysAside:
    """Rows that follow from others, or tell of that firm alone: kept for an un-merge.

    `while_`: what must still be so for a row to come back.
    """

    while_: str = "true"


@dataclass(frozen=True)
class Traces:
    """What was noted of the number at the time; it goes on naming the firm that is gone."""


Fate = Moves | StaysAside | Traces
NEXT_NUMBER = "number + (select coalesce(max(number), 0) from firm_plan where firm_id = :kept)"
BOTH = "(select count(*) = 2 from firm where id in (old.firm_id, old.other_id))"
# Of two best figures that say the same, the one that comes is superseded; of two that differ it
# waits, as an open conflict, for somebody to settle.
OWN_BEST = """superseded_at is null and effective_at is not null and exists (
  select from submission as own where own.firm_id = :kept and own.year = submission.year
  and own.indicator = submission.indicator and own.effective_at is not null
  and own.superseded_at is null and own.value is {} distinct from submission.value)"""
FIGURES = (
    ("superseded_at",
     f"case when {OWN_BEST.format('not')} then now() else superseded_at end"),
    ("effective_at", f"case when {OWN_BEST.format('')} then null else effective_at end"),
)  # fmt: skip
FATES: dict[str, Fate] = {
    # The firm's own.
    "former_name.firm_id": Moves(or_aside=True),
    "firm_external_id.firm_id": Moves(),
    "firm_history.firm_id": StaysAside(),
    "contact.firm_id": Moves(),
    "document.firm_id": Moves(),
    "document_part.firm_id": Moves(),
    # Standing.
    "location.firm_id": Moves(),
    "residency.firm_id": Moves(),
    "promotion.firm_id": Moves(),
    "designation.firm_id": Moves(),
    "duty_done.firm_id": Moves(),
    "incident.firm_id": Moves(),
    "judgement.firm_id": Moves(),
    "record_check.firm_id": Moves(),
    # Figures; `firm_year` is made of the submissions.
    "submission.firm_id": Moves(also=FIGURES),
    "entry_draft.firm_id": Moves(or_aside=True),
    "firm_year.firm_id": StaysAside(),
    # Verdicts, which are made anew.
    "assessment.firm_id": StaysAside(),
    "flag.firm_id": StaysAside(),
    # Support.
    "support_case.firm_id": Moves(),
    "case_entry.firm_id": Moves(),
    "firm_plan.firm_id": Moves(also=(("number", NEXT_NUMBER),)),
    "lead.firm_id": Moves(),
    "case_peer.firm_id": Moves(or_aside=True),
    # The firm's own door: its links, what it corrects and what it answers.
    "door.firm_id": Moves(),
    "correction.firm_id": Moves(),
    "door_answer.firm_id": Moves(),
    # Records of every kind.
    "adviser.firm_id": Moves(),
    "award.firm_id": Moves(),
    "chain_member.firm_id": Moves(),
    "contest_entry.firm_id": Moves(),
    "equity_round.firm_id": Moves(),
    "founding.firm_id": Moves(),
    "ip_case.firm_id": Moves(),
    "ip_right.firm_id": Moves(),
    "listing_step.firm_id": Moves(),
    "loan.firm_id": Moves(),
    "platform.firm_id": Moves(),
    "pledge.firm_id": Moves(),
    "product.firm_id": Moves(),
    "project.firm_id": Moves(),
    "provider.firm_id": Moves(),
    "provider_service.firm_id": Moves(),
    "purchase.firm_id": Moves(),
    "secondment.firm_id": Moves(),
    "seed_funding.firm_id": Moves(),
    "service_record.firm_id": Moves(),
    "spin_off.firm_id": Moves(),
    "spin_off.parent_id": Moves(),
    "standard.firm_id": Moves(),
    "story.firm_id": Moves(),
    "subsidy.firm_id": Moves(),
    "talent_award.firm_id": Moves(),
    "talent_hire.firm_id": Moves(),
    "tech_contract.firm_id": Moves(),
    "training.firm_id": Moves(),
    # Duplicates themselves.
    "duplicate_pair.firm_id": StaysAside(BOTH),
    "duplicate_pair.other_id": StaysAside(BOTH),
    "firm_merge.firm_id": Moves(),
    "firm_merge_row.firm_id": Moves(),
    # What is told of the past.
    "audit_row.firm_id": Traces(),
    "import_left.firm_id": Traces(),
}
FOUND = text("""
select distinct part.table_name || '.' || part.column_name from (
  select conrelid::regclass::text as table_name, attname::text as column_name
  from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)
  where contype = 'f' and confrelid = 'firm'::regclass
  union
  select relname::text, attname::text
  from pg_attribute join pg_class on pg_class.oid = attrelid
  where attname = 'firm_id' and not attisdropped and relkind in ('r', 'p') and not relispartition
    and relnamespace = current_schema()::regnamespace and relpersistence <> 't'
) as part order by 1
""")


def undecided(session: Session) -> list[str]:
    """The columns that name a firm and of which nobody has said what a merge does with them."""
    return [one for one in session.scalars(FOUND) if one not in FATES]


def table_of(name: str) -> Any:
    """The table by its name."""
    return Base.metadata.tables[name]
