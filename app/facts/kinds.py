"""The kinds of records: address, table, schema, and how their lists are filtered and ordered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Date, func, or_, type_coerce
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.fields import Field, Kind, whole_number
from app.core.filters import Sort, Vocabulary
from app.facts import schemas, settling
from app.firms.models import (
    DESIGNATION_KINDS,
    INCIDENT_KINDS,
    SOURCES,
    Designation,
    Firm,
    Incident,
    Judgement,
    Location,
    RecordCheck,
    Residency,
)
from app.incubation.models import (
    FOUNDER_KINDS,
    SERVICE_KINDS,
    SPIN_OFF_WAYS,
    ContestEntry,
    Founding,
    ServiceRecord,
    SpinOff,
)
from app.innovation.models import (
    HIGH_VALUE_REASONS,
    IP_KINDS,
    LEVELS,
    Award,
    IpRight,
    RdBody,
    Standard,
)
from app.leading.models import BOARDS, CHAIN_ROLES, LISTING_STEPS, ChainMember, ListingStep

Values = dict[str, Any]
# A span of days crosses the wire as its first and its last day.
FIRST, LAST = "valid_from", "valid_to"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class FactKind:
    """One kind of record. `filters` names columns; `day` is the date it is ordered by.

    `key` names what tells one record of a firm from another where rows are upserted, `span` the
    column of days, `place` the organisation's column where parks and incubators write only their
    own. What is `decided` only analysts write.`settle` completes what is given, or
    refuses it, by what else is on record.
    """

    path: str
    label: str
    model: Any
    schema: type[schemas.FactIn]
    day: str
    filters: Mapping[str, Kind]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    span: str | None = None
    place: str | None = None
    decided: bool = False
    settle: Callable[[Session, Actor, Values], Values] = lambda _session, _actor, values: values

    @property
    def columns(self) -> tuple[str, ...]:
        """What a record shows: what can be given, and whence it comes."""
        return ("id", *self.schema.model_fields, "source", "recorded_by", "recorded_at")

    def vocabulary(self, *own: str) -> Vocabulary:
        """What the list of this kind understands."""
        fields = {
            "id": Field("id", "number", self.model.id, convert=whole_number),
            "firm_id": Field("firm_id", "number", self.model.firm_id, convert=whole_number),
            "credit_code": Field("credit_code", "text", Firm.credit_code),
            "source": Field("source", "choice", self.model.source, choices=SOURCES),
        }
        fields |= {name: self._field(name, kind) for name, kind in self.filters.items()}
        if self.span is not None:
            fields |= {name: Field(name, "date", self.expression(name)) for name in (FIRST, LAST)}
            fields["valid_on"] = Field("valid_on", "date", matches=self._on_days)
        return Vocabulary(
            fields=fields, sorts={"id": Sort(self.model.id), self.day: self._sort()},
            ordering="id", columns=(*self.columns, "credit_code"), own=own,
        )  # fmt: skip

    def expression(self, name: str) -> Any:
        """A column of lists by its name."""
        if name == "credit_code":
            return Firm.credit_code
        if self.span is not None and name in (FIRST, LAST):
            days = getattr(self.model, self.span)
            end = func.lower(days) if name == FIRST else func.upper(days) - 1
            return type_coerce(end, Date)
        return getattr(self.model, name)

    def given(self, fact: Any) -> dict[str, Any]:
        """What was given of a record, as it crosses the wire."""
        return {name: self.value(fact, name) for name in self.schema.model_fields}

    def value(self, fact: Any, name: str) -> Any:
        """One value of a record, as it crosses the wire."""
        if self.span is not None and name in (FIRST, LAST):
            days = getattr(fact, self.span)
            last = None if days.upper is None else days.upper - ONE_DAY
            return days.lower if name == FIRST else last
        return getattr(fact, name)

    def stored(self, given: Values) -> Values:
        """What was given, as columns."""
        values = dict(given)
        if self.span is not None:
            first, last = values.pop(FIRST), values.pop(LAST)
            values[self.span] = Range(first, None if last is None else last + ONE_DAY)
        return values

    def _sort(self) -> Sort:
        if self.span is not None and self.day == FIRST:
            return Sort(self.expression(FIRST))
        column = self.model.__table__.c[self.day]
        return Sort(getattr(self.model, self.day), nullable=column.nullable)

    def _on_days(self, days: list[Any]) -> Any:
        return or_(*(getattr(self.model, str(self.span)).op("@>")(day) for day in days))

    def _field(self, name: str, kind: Kind = "text") -> Field:
        return Field(name, kind, getattr(self.model, name), choices=self.choices.get(name))


KINDS = (
    FactKind("ip-rights", "知识产权", IpRight, schemas.IpRightIn, "granted_on",
             {"kind": "choice", "ip_class": "number", "title": "text", "number": "text",
              "applied_on": "date", "granted_on": "date", "ended_on": "date"},
             {"kind": IP_KINDS, "high_value": HIGH_VALUE_REASONS}, key=("kind", "number")),
    FactKind("awards", "科技奖励", Award, schemas.AwardIn, "awarded_on",
             {"name": "text", "level": "choice", "rank": "number", "awarded_on": "date"},
             {"level": LEVELS}, key=("name", "awarded_on")),
    FactKind("standards", "标准", Standard, schemas.StandardIn, "published_on",
             {"name": "text", "number": "text", "level": "choice", "published_on": "date"},
             {"level": LEVELS}, key=("name",)),
    FactKind("rd-bodies", "研发机构", RdBody, schemas.RdBodyIn, "valid_from",
             {"name": "text", "level": "choice"}, {"level": LEVELS},
             key=("name", "valid_from"), span="valid"),
    FactKind("incidents", "不良记录", Incident, schemas.IncidentIn, "happened_on",
             {"kind": "choice", "happened_on": "date", "ended_on": "date"},
             {"kind": INCIDENT_KINDS}, key=("kind", "happened_on")),
    FactKind("designations", "资质", Designation, schemas.DesignationIn, "valid_from",
             {"kind": "choice", "number": "text", "level": "text", "batch": "text",
              "granted_by": "text"},
             {"kind": DESIGNATION_KINDS}, key=("kind", "valid_from"), span="valid", decided=True),
    FactKind("residencies", "在孵", Residency, schemas.ResidencyIn, "valid_from",
             {"incubator_id": "number", "graduated_on": "date"},
             key=("incubator_id", "valid_from"), span="during", place="incubator_id",
             settle=settling.own("incubator_id")),
    FactKind("locations", "所在园区", Location, schemas.LocationIn, "valid_from",
             {"park_id": "number"}, key=("park_id", "valid_from"), span="during",
             place="park_id", settle=settling.own("park_id")),
    FactKind("judgements", "判断", Judgement, schemas.JudgementIn, "judged_on",
             {"criterion": "text", "holds": "bool", "points": "number", "judged_on": "date"},
             key=("criterion",), settle=settling.known_criterion),
    FactKind("record-checks", "完整性确认", RecordCheck, schemas.RecordCheckIn, "checked_on",
             {"kind": "choice", "checked_on": "date"}, {"kind": schemas.CHECKED_KINDS},
             key=("kind",)),
    FactKind("service-records", "走访服务", ServiceRecord, schemas.ServiceRecordIn, "served_on",
             {"kind": "choice", "served_on": "date", "hours": "number",
              "organisation_id": "number", "person": "text", "next_on": "date"},
             {"kind": SERVICE_KINDS}, key=("kind", "served_on"), settle=settling.served_by),
    FactKind("spin-offs", "裂变", SpinOff, schemas.SpinOffIn, "spun_off_on",
             {"way": "choice", "parent_id": "number", "spun_off_on": "date"},
             {"way": SPIN_OFF_WAYS}, key=("parent_id",), settle=settling.known_parent),
    FactKind("foundings", "创办背景", Founding, schemas.FoundingIn, "since",
             {"kind": "choice", "institution": "text", "since": "date", "ended_on": "date"},
             {"kind": FOUNDER_KINDS}, key=("kind", "institution")),
    FactKind("contest-entries", "创新创业赛事", ContestEntry, schemas.ContestEntryIn, "entered_on",
             {"name": "text", "level": "choice", "entered_on": "date", "place": "text",
              "won_on": "date"},
             {"level": LEVELS}, key=("name", "entered_on")),
    FactKind("chain-members", "链条企业", ChainMember, schemas.ChainMemberIn, "since",
             {"chain": "text", "role": "choice", "since": "date", "ended_on": "date",
              "link": "text"},
             {"role": CHAIN_ROLES}, key=("chain", "since")),
    FactKind("listing-steps", "上市梯次", ListingStep, schemas.ListingStepIn, "reached_on",
             {"step": "choice", "board": "choice", "reached_on": "date", "code": "text"},
             {"step": LISTING_STEPS, "board": BOARDS}, key=("step", "reached_on")),
)  # fmt: skip
