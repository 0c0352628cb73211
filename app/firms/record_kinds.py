"""A kind of record: its address, table, schema, and how its lists are filtered and ordered.

Each family of records declares its kinds in its package; pages, files, the interface for programs,
the portrait and the timeline follow from the declaration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, Text, func, literal, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import Invalid
from app.core.fields import Field, Kind, Predicate, whole_number
from app.core.filters import Sort, Vocabulary
from app.firms.document_models import Document
from app.firms.fields import fen
from app.firms.models import SOURCES, Firm
from app.firms.queries import search
from app.firms.record_items import FILTERED, Item, items
from app.firms.record_schemas import FactIn

# A span of days crosses the wire as its first and its last day.
FIRST, LAST = "valid_from", "valid_to"
ONE_DAY = timedelta(days=1)
Values = dict[str, Any]
# What a list says of the record's firm.
OF_FIRM: Mapping[str, Any] = {"credit_code": Firm.credit_code, "firm_name": Firm.name}


def wrong(name: str, detail: str) -> Invalid:
    """Says which part of a record is refused, and why."""
    return Invalid(detail, errors=[{"pointer": f"/{name}", "detail": detail}])


def attached(session: Session, _actor: Actor, values: Values) -> Values:
    """Refuse an attachment that is no document of the record's firm."""
    numbers = values.get("attachments")
    if numbers:
        own = select(Document.id).where(
            Document.id.in_(numbers), Document.firm_id == values["firm_id"]
        )
        if missing := set(numbers) - set(session.scalars(own)):
            detail = (
                f"附件 {min(missing)} 不是这家企业的文档：请先上传到企业的文档 "
                "(not a document of this firm: upload it to the firm first)"
            )
            raise wrong("attachments", detail)
    return values


@dataclass(frozen=True, eq=False)
class FactKind:
    """One kind of record.

    Its lists are filtered by everything that it says, and by `filters`, which names more columns
    with their `choices`; `day` is the date they are ordered by. `key` names what tells one record
    of a firm from another, `apart` what does so beside it where people enter them, `span` the
    column of days, `place` the organisation's column where parks
    and incubators write only their own. What is `decided` only analysts write. `settle` completes
    what is given, or refuses it, by what else is on record; `mutual` where that is the firm's other
    records of the kind, so that rows of one file are held against each other too.

    A kind with a `family` has pages and files; `named` is the column that says what a record is
    called, `until` the day on which it ended, `due` a day to warn of.
    """

    path: str
    label: str
    model: Any
    schema: type[FactIn]
    day: str = "happened_on"
    filters: Mapping[str, Kind] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    span: str | None = None
    place: str | None = None
    decided: bool = False
    settle: Callable[[Session, Actor, Values], Values] = attached
    mutual: bool = False
    family: str = ""
    named: str = "name"
    until: str | None = "ended_on"
    due: str | None = None

    @property
    def table(self) -> str:
        """Its table's name, by which its words are known."""
        name: str = self.model.__tablename__
        return name

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that is given of a record, beside its firm."""
        return items(self.schema, self.model)

    @property
    def particular(self) -> Item | None:
        """What says most about a record beside its name: its kind, level or stage."""
        return next((one for one in self.items if one.kind == "choice"), None)

    @property
    def hosted(self) -> bool:
        """Whether it may be an organisation's instead of a firm's."""
        return not self.schema.model_fields["firm_id"].is_required()

    @property
    def paid(self) -> bool:
        """Whether it has an amount that can be summed up."""
        return "amount" in self.schema.model_fields

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
            "q": Field("q", "text", matches=_searched, lookups=("",)),
            "demo": Field("demo", "bool", Firm.demo),
            "source": Field("source", "choice", self.model.source, choices=SOURCES),
        }
        fields |= {name: self._field(name, kind) for name, kind in self.filters.items()}
        if self.span is not None:
            fields |= {name: Field(name, "date", self.expression(name)) for name in (FIRST, LAST)}
            fields["valid_on"] = Field("valid_on", "date", matches=self._on_days)
        if self.family:
            fields |= {
                one.name: found for one in self.items if (found := self._of(one)) is not None
            }
        return Vocabulary(
            fields=fields, sorts=self._sorts(), ordering="id",
            columns=(*self.columns, *OF_FIRM), own=own,
        )  # fmt: skip

    def expression(self, name: str) -> Any:
        """A column of lists by its name."""
        if name in OF_FIRM:
            return OF_FIRM[name]
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

    def _sorts(self) -> dict[str, Sort]:
        found = {"id": Sort(self.model.id), self.day: self._sort()}
        if self.paid:
            found["amount"] = Sort(type_coerce(self.model.amount, BigInteger), nullable=True)
        return found

    def _sort(self) -> Sort:
        if self.span is not None and self.day == FIRST:
            return Sort(self.expression(FIRST))
        column = self.model.__table__.c[self.day]
        return Sort(getattr(self.model, self.day), nullable=column.nullable)

    def _on_days(self, days: list[Any]) -> Any:
        return or_(*(getattr(self.model, str(self.span)).op("@>")(day) for day in days))

    def _field(self, name: str, kind: Kind = "text") -> Field:
        return Field(name, kind, getattr(self.model, name), choices=self.choices.get(name))

    def _of(self, item: Item) -> Field | None:
        """What an item is filtered by."""
        column, name = getattr(self.model, item.name), item.name
        match item.kind:
            case "money":
                return Field(name, "number", type_coerce(column, BigInteger), convert=fen,
                             unit="yuan")  # fmt: skip
            case "organisation" | "firm":
                return Field(name, "number", column, convert=whole_number)
            case "choices" | "texts":
                return _listed(column, item)
        kind = FILTERED.get(item.kind)
        return None if kind is None else Field(name, kind, column, choices=item.choices or None)


def _searched(words: list[str]) -> Predicate:
    return or_(*(search(one) for one in words))


def _listed(column: Any, item: Item) -> Field:
    """Has at least one of these among the several it holds."""

    def matches(wanted: list[str]) -> Predicate:
        found: Predicate = column.op("&&")(literal(wanted, ARRAY(Text)))
        return found

    return Field(item.name, "choice" if item.choices else "text", matches=matches,
                 choices=item.choices or None, filled=func.cardinality(column) > 0)  # fmt: skip
