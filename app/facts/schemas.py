"""What crosses the wire about standing, places and judgements of firms."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.criteria.kinds import CHECKS
from app.firms.models import DESIGNATION_KINDS
from app.firms.record_schemas import FactIn, Id, Truth, in_order, past
from app.firms.schemas import Prose, Text

# The records of which somebody may confirm that they are complete.
CHECKED_KINDS = tuple(CHECKS.values())


class SpanIn(FactIn):
    """What holds from a day to a day; both belong to it, and no last day means until further."""

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def ordered(self) -> "SpanIn":
        """It begins before it ends."""
        in_order("起始日", self.valid_from, "截止日", self.valid_to)
        return self


class DesignationIn(SpanIn):
    """A title, certificate, registration or membership of the pool: who decided and why."""

    kind: Literal[DESIGNATION_KINDS]  # type: ignore[valid-type]
    number: Text | None = None
    level: Text | None = None
    batch: Text | None = None
    granted_by: Text | None = None
    granted_under: Text | None = None
    decided_reason: Text
    end_reason: Text | None = None


class ResidencyIn(SpanIn):
    """A stay in an incubator."""

    incubator_id: Id
    premises_inside: Truth | None = None
    field: Text | None = None
    limit_months: Annotated[int, Field(strict=True, ge=1, le=600)] = 48
    graduated_on: date | None = None
    left_reason: Text | None = None

    @model_validator(mode="after")
    def sound(self) -> "ResidencyIn":
        """Nobody graduates before moving in, tomorrow, or while staying on."""
        if self.graduated_on is not None:
            past("毕业日期", self.graduated_on)
            in_order("入驻日期", self.valid_from, "毕业日期", self.graduated_on)
            if self.valid_to is None:
                raise ValueError("已毕业须有离开日期：请填写 valid_to (a graduate has left)")
        return self


class LocationIn(SpanIn):
    """The park that a firm is located in."""

    park_id: Id


class JudgementIn(FactIn):
    """What a person found where a criterion asks for judgement: yes or no, or points."""

    criterion: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]
    holds: Truth | None = None
    points: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    evidence: Prose
    judged_on: date

    @model_validator(mode="after")
    def sound(self) -> "JudgementIn":
        """One answer, of a day that has come."""
        if (self.holds is None) == (self.points is None):
            raise ValueError("holds 和 points 必须且只能填一个 (give either holds or points)")
        past("判断日期", self.judged_on)
        return self


class RecordCheckIn(FactIn):
    """Somebody confirms that the firm's records of a kind are complete up to a day."""

    kind: Literal[CHECKED_KINDS]  # type: ignore[valid-type]
    checked_on: date

    @model_validator(mode="after")
    def sound(self) -> "RecordCheckIn":
        """Nobody knows what is yet to come."""
        past("确认日期", self.checked_on)
        return self
