"""Every kind of record of the plan, as its family declares it: what rules can count and add up."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Index, text

from app.core.db import Yuan
from app.firms.models import CURRENT, Incident
from app.firms.record_kinds import FactKind
from app.firms.record_schemas import IncidentIn
from app.funding.kinds import KINDS as FUNDING
from app.incubation.kinds import KINDS as INCUBATION
from app.innovation.kinds import KINDS as INNOVATION
from app.leading.kinds import KINDS as LEADING
from app.services.kinds import KINDS as SERVICES
from app.talent.kinds import KINDS as TALENT

# Most records name no organisation.
HAVING_BODY = text(f"{CURRENT} and organisation_id is not null")
# In the order in which pages show them.
RECORDS: tuple[FactKind, ...] = (
    *INCUBATION,
    *INNOVATION,
    *FUNDING,
    *TALENT,
    *LEADING,
    *SERVICES,
    FactKind("incidents", "不良记录", Incident, IncidentIn, key=("kind", "happened_on"),
             family="standing", named="description"),
)  # fmt: skip
BY_TABLE: Mapping[str, FactKind] = {kind.table: kind for kind in RECORDS}
# Whoever confirms that a firm's records of a kind are complete names the kind by its table;
# platforms are the R&D bodies of the criteria.
CHECKS: Mapping[str, str] = {
    kind.table: "rd_body" if kind.table == "platform" else kind.table for kind in RECORDS
}


def _index(kind: FactKind) -> None:
    """What lists filter by is found by an index, in the order of the list: by day."""
    columns = kind.model.__table__.c
    known = {next(iter(one.expressions)) for one in kind.model.__table__.indexes}
    day, number = columns[kind.day], columns.id
    several = [one.name for one in kind.items if one.kind == "choices"]
    wanted: dict[str, tuple[Any, ...]] = {day.name: (day, number)}
    wanted |= {name: (columns[name],) for name in several}
    wanted |= {one.name: (columns[one.name], day, number)
               for one in kind.items if one.kind in ("choice", "organisation")}  # fmt: skip
    if kind.due is not None:
        wanted[kind.due] = (columns[kind.due],)
    for name, parts in wanted.items():
        if parts[0] not in known:
            hosted = name == "organisation_id"
            Index(f"ix_{kind.table}_{name}", *parts,
                  postgresql_using="gin" if name in several else None,
                  postgresql_where=HAVING_BODY if hosted else CURRENT)  # fmt: skip
    if kind.paid:
        largest = (columns.amount.desc().nulls_last(), number.desc())
        Index(f"ix_{kind.table}_amount", *largest, postgresql_where=CURRENT)


for _kind in RECORDS:
    _index(_kind)


def chosen_by(kind: FactKind) -> dict[str, tuple[str, ...]]:
    """What its records can be chosen by: its closed lists, each with its values."""
    return {one.name: one.choices for one in kind.items if one.kind in ("choice", "choices")}


def amounts_of(kind: FactKind) -> list[str]:
    """Its columns of money."""
    columns = kind.model.__table__.c
    return [one.name for one in columns if isinstance(one.type, Yuan)]
