"""What crosses the wire about firms: rows of lists, one firm, its designations."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from app.firms.models import FIRM_STATUSES, Designation, Firm

LARGEST_ID = 2**31 - 1
ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def no_boolean(value: object) -> object:
    """JSON's true is not the number one."""
    if isinstance(value, bool):
        raise ValueError("true 和 false 不是数字 (a boolean is not a number)")
    return value


Number = Annotated[Decimal, BeforeValidator(no_boolean)]


def no_null(value: str) -> str:
    """PostgreSQL keeps no null character."""
    if "\0" in value:
        raise ValueError("含有空字符：请去掉 (contains a null character)")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
                 AfterValidator(no_null)]  # fmt: skip
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000),
                  AfterValidator(no_null)]  # fmt: skip


class Body(BaseModel):
    """A request's body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def no_seconds(cls, value: object, info: ValidationInfo) -> object:
        """A date is written as one: a number would be taken for seconds since 1970."""
        if isinstance(value, int | float | str) and info.field_name in _days(cls) and (
            not isinstance(value, str) or not ISO_DAY.fullmatch(value)
        ):  # fmt: skip
            raise PydanticKnownError("date_type")
        return value


@lru_cache(maxsize=500)
def _days(body: type[Body]) -> frozenset[str]:
    fields = body.model_fields.items()
    return frozenset(name for name, field in fields if _is_day(field.annotation))


def _is_day(annotation: Any) -> bool:
    return annotation is date or any(map(_is_day, get_args(annotation)))


class Place(BaseModel):
    """A park or incubator."""

    code: str
    name: str
    name_en: str | None


class FirmItem(BaseModel):
    """One firm of a list; `fields=` decides which columns, `figure.*` ones included."""

    model_config = ConfigDict(extra="allow")
    id: int | None = None
    credit_code: str | None = None
    name: str | None = None
    status: str | None = None
    registered_on: date | None = None
    region_code: str | None = None
    address: str | None = None
    industry_code: str | None = None
    hightech_field: str | None = None
    chain: str | None = None
    resident_enterprise: bool | None = None
    legal_form: str | None = None
    origin: str | None = None
    registered_capital: Decimal | None = None
    version: int | None = None
    rung: str | None = None
    park: Place | None = None
    incubator: Place | None = None
    designations: list[str] | None = None
    flags: list[str] | None = None


class FirmPage(BaseModel):
    """A page of firms; `next` is the cursor of the following one."""

    items: list[FirmItem]
    next: str | None
    count: int | None
    count_is_exact: bool | None


class FirmDetail(BaseModel):
    """One firm: its own record, and where it stands today."""

    id: int
    credit_code: str | None
    name: str
    former_names: list[str]
    status: str
    status_on: date | None
    status_reason: str | None
    registered_on: date | None
    region_code: str | None
    address: str | None
    industry_code: str | None
    hightech_field: str | None
    chain: str | None
    resident_enterprise: bool | None
    legal_form: str | None
    business_scope: str | None
    registered_capital: Decimal | None
    origin: str | None
    source: str
    demo: bool
    version: int
    recorded_at: datetime
    rung: str | None
    ladders: dict[str, str]
    park: Place | None
    incubator: Place | None
    designations: list[str]


OWN_COLUMNS = frozenset(FirmDetail.model_fields) - {
    "former_names", "rung", "ladders", "park", "incubator", "designations",
}  # fmt: skip


def firm_detail(firm: Firm, beside: Mapping[str, Any]) -> FirmDetail:
    """A firm and what stands beside its own record."""
    return FirmDetail(**{name: getattr(firm, name) for name in OWN_COLUMNS}, **beside)


class FirmPatch(Body):
    """Changes to a firm's own record: what is not given stays, null empties."""

    name: Text = ""
    credit_code: Text | None = None
    registered_on: date | None = None
    region_code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    address: Text | None = None
    industry_code: Annotated[str, Field(pattern=r"^[A-T][0-9]{0,4}$")] | None = None
    hightech_field: Text | None = None
    chain: Text | None = None
    resident_enterprise: Annotated[bool, Field(strict=True)] | None = None
    legal_form: Text | None = None
    business_scope: Prose | None = None
    registered_capital: Annotated[Number, Field(ge=0, lt=9 * 10**12, decimal_places=2)] | None = (
        None
    )
    origin: Literal["incubated", "spun_off", "attracted", "moved_in"] | None = None
    status: Literal[FIRM_STATUSES] = "active"  # type: ignore[valid-type]
    status_on: date | None = None
    status_reason: Text | None = None

    @model_validator(mode="after")
    def sound(self) -> "FirmPatch":
        """An empty change is a mistake, and a firm does not leave without a reason."""
        if not self.model_fields_set:
            raise ValueError("nothing to change: give at least one field")
        if "status" in self.model_fields_set and self.status != "active" and not self.status_reason:
            raise ValueError("status_reason is needed for moved_out and deregistered")
        return self


class FirmNew(FirmPatch):
    """A firm or team to be registered; status is active from the start."""

    name: Text
    despite_namesake: Annotated[bool, Field(strict=True)] = Field(
        False, description="It is another team, though one of this name is on record."
    )


class DesignationOut(BaseModel):
    """A title or pool membership; `valid_to` is its last day."""

    id: int
    kind: str
    number: str | None
    level: str | None
    batch: str | None
    granted_by: str | None
    valid_from: date | None
    valid_to: date | None
    granted_under: str | None
    basis: dict[str, Any] | None
    decided_reason: str | None
    end_reason: str | None
    source: str
    recorded_by: str | None
    recorded_at: datetime


class DesignationsOut(BaseModel):
    """A firm's designations, newest first."""

    items: list[DesignationOut]


def designation_out(row: Designation) -> DesignationOut:
    """A designation with inclusive dates."""
    same = set(DesignationOut.model_fields) - {"valid_from", "valid_to"}
    upper = row.valid.upper
    return DesignationOut(
        **{name: getattr(row, name) for name in same},
        valid_from=row.valid.lower,
        valid_to=None if upper is None else upper - timedelta(days=1),
    )


class Changed(BaseModel):
    """How many records a change by filter has changed."""

    changed: int


class FilterOut(BaseModel):
    """One field that a list can be filtered by."""

    name: str
    kind: str
    label: dict[str, str]
    unit: str | None
    lookups: list[str]
    choices: list[str] | None


class FiltersOut(BaseModel):
    """What a list understands: fields, orders, columns."""

    items: list[FilterOut]
    orders: list[str]
    columns: list[str]
    default_ordering: str
