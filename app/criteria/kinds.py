"""Every kind of record of the plan, as its family declares it: what rules can count and add up."""

from collections.abc import Mapping

from app.core.db import Yuan
from app.firms.models import Incident
from app.firms.record_kinds import FactKind
from app.firms.record_schemas import IncidentIn
from app.funding.kinds import KINDS as FUNDING
from app.incubation.kinds import KINDS as INCUBATION
from app.innovation.kinds import KINDS as INNOVATION
from app.leading.kinds import KINDS as LEADING
from app.services.kinds import KINDS as SERVICES
from app.talent.kinds import KINDS as TALENT

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


def chosen_by(kind: FactKind) -> dict[str, tuple[str, ...]]:
    """What its records can be chosen by: its closed lists, each with its values."""
    return {one.name: one.choices for one in kind.items if one.kind in ("choice", "choices")}


def amounts_of(kind: FactKind) -> list[str]:
    """Its columns of money."""
    columns = kind.model.__table__.c
    return [one.name for one in columns if isinstance(one.type, Yuan)]
