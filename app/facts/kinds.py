"""The kinds of records: address, table, schema, and how their lists are filtered and ordered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.fields import Field, Kind
from app.core.filters import Sort, Vocabulary
from app.facts import schemas
from app.firms.models import Incident
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, Award, IpRight, Standard


@dataclass(frozen=True)
class FactKind:
    """One kind of record. `filters` names columns; `day` is the date it is ordered by."""

    path: str
    label: str
    model: Any
    schema: type[schemas.FactIn]
    day: str
    filters: Mapping[str, Kind]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a record shows: what can be given, and whence it comes."""
        return ("id", *self.schema.model_fields, "source", "recorded_by", "recorded_at")

    def vocabulary(self) -> Vocabulary:
        """What the list of this kind understands."""
        fields = {"firm_id": self._field("firm_id", "number"), "source": self._field("source")}
        fields |= {name: self._field(name, kind) for name, kind in self.filters.items()}
        day = self.model.__table__.c[self.day]
        sorts = {"id": Sort(self.model.id), self.day: Sort(getattr(self.model, self.day),
                                                           nullable=day.nullable)}  # fmt: skip
        return Vocabulary(fields=fields, sorts=sorts, ordering="id", columns=self.columns)

    def _field(self, name: str, kind: Kind = "text") -> Field:
        return Field(name, kind, getattr(self.model, name), choices=self.choices.get(name))


KINDS = (
    FactKind("ip-rights", "知识产权", IpRight, schemas.IpRightIn, "granted_on",
             {"kind": "choice", "ip_class": "number", "title": "text", "number": "text",
              "applied_on": "date", "granted_on": "date", "ended_on": "date"},
             {"kind": IP_KINDS, "high_value": HIGH_VALUE_REASONS}),
    FactKind("awards", "科技奖励", Award, schemas.AwardIn, "awarded_on",
             {"name": "text", "level": "choice", "rank": "number", "awarded_on": "date"},
             {"level": LEVELS}),
    FactKind("standards", "标准", Standard, schemas.StandardIn, "published_on",
             {"name": "text", "number": "text", "level": "choice", "published_on": "date"},
             {"level": LEVELS}),
    FactKind("incidents", "不良记录", Incident, schemas.IncidentIn, "happened_on",
             {"kind": "text", "happened_on": "date", "ended_on": "date"}),
)  # fmt: skip
