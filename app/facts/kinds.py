"""The kinds of records: address, table, schema, and how their lists are filtered and ordered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.fields import Field, Kind
from app.core.filters import Sort, Vocabulary
from app.facts import schemas, settling
from app.firms.models import Incident
from app.incubation.models import (
    FOUNDER_KINDS,
    SERVICE_KINDS,
    SPIN_OFF_WAYS,
    ContestEntry,
    Founding,
    ServiceRecord,
    SpinOff,
)
from app.innovation.models import HIGH_VALUE_REASONS, IP_KINDS, LEVELS, Award, IpRight, Standard
from app.leading.models import BOARDS, CHAIN_ROLES, LISTING_STEPS, ChainMember, ListingStep

Values = dict[str, Any]


@dataclass(frozen=True)
class FactKind:
    """One kind of record. `filters` names columns; `day` is the date it is ordered by.

    `settle` completes what is given, or refuses it, by what else is on record.
    """

    path: str
    label: str
    model: Any
    schema: type[schemas.FactIn]
    day: str
    filters: Mapping[str, Kind]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settle: Callable[[Session, Actor, Values], Values] = lambda _session, _actor, values: values

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
    FactKind("service-records", "走访服务", ServiceRecord, schemas.ServiceRecordIn, "served_on",
             {"kind": "choice", "served_on": "date", "hours": "number",
              "organisation_id": "number", "person": "text", "next_on": "date"},
             {"kind": SERVICE_KINDS}, settling.served_by),
    FactKind("spin-offs", "裂变", SpinOff, schemas.SpinOffIn, "spun_off_on",
             {"way": "choice", "parent_id": "number", "spun_off_on": "date"},
             {"way": SPIN_OFF_WAYS}, settling.known_parent),
    FactKind("foundings", "创办背景", Founding, schemas.FoundingIn, "since",
             {"kind": "choice", "institution": "text", "since": "date", "ended_on": "date"},
             {"kind": FOUNDER_KINDS}),
    FactKind("contest-entries", "创新创业赛事", ContestEntry, schemas.ContestEntryIn, "entered_on",
             {"name": "text", "level": "choice", "entered_on": "date", "place": "text",
              "won_on": "date"},
             {"level": LEVELS}),
    FactKind("chain-members", "链条企业", ChainMember, schemas.ChainMemberIn, "since",
             {"chain": "text", "role": "choice", "since": "date", "ended_on": "date",
              "link": "text"},
             {"role": CHAIN_ROLES}),
    FactKind("listing-steps", "上市梯次", ListingStep, schemas.ListingStepIn, "reached_on",
             {"step": "choice", "board": "choice", "reached_on": "date", "code": "text"},
             {"step": LISTING_STEPS, "board": BOARDS}),
)  # fmt: skip
