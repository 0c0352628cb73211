"""What crosses the wire about talent."""

from typing import Annotated, Literal

from pydantic import Field

from app.firms.record_schemas import DatedIn, PaidIn
from app.firms.schemas import Text
from app.innovation.schemas import Level
from app.talent.models import ADVISER_KINDS, DEGREES, SECONDMENT_WAYS


class TalentAwardIn(PaidIn):
    """A talent programme won."""

    programme: Text
    person: Text
    level: Level


class TalentHireIn(PaidIn):
    """An expert hired."""

    person: Text
    kind: Literal[DEGREES]  # type: ignore[valid-type]
    field: Text | None = None


class AdviserIn(DatedIn):
    """Somebody who serves the firm."""

    person: Text
    kind: Literal[ADVISER_KINDS]  # type: ignore[valid-type]
    home: Text | None = None
    field: Text | None = None
    effect: Text | None = None


class TrainingIn(PaidIn):
    """Training to order."""

    name: Text
    school: Text
    people: Annotated[int, Field(ge=1, le=100_000)]


class SecondmentIn(DatedIn):
    """A researcher between an institution and the firm."""

    person: Text
    way: Literal[SECONDMENT_WAYS]  # type: ignore[valid-type]
    institution: Text
