"""What crosses the wire about providers, their services, and stories."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.firms.record_schemas import DatedIn, HostedIn, PaidIn, in_order, past
from app.firms.schemas import Number, Prose, Text
from app.innovation.schemas import Level
from app.services.models import PROVIDER_KINDS, STORY_STAGES

Hours = Annotated[Number, Field(gt=0, le=Decimal(10_000), max_digits=6, decimal_places=1)]


class ProviderIn(HostedIn, DatedIn):
    """A provider of services."""

    name: Text
    kind: Literal[PROVIDER_KINDS]  # type: ignore[valid-type]
    level: Level | None = None


class ProviderServiceIn(PaidIn):
    """A service given to the firm."""

    provider: Text
    kind: Literal[PROVIDER_KINDS]  # type: ignore[valid-type]
    hours: Hours | None = None
    effect: Text | None = None


class StoryIn(DatedIn):
    """A story from draft to published."""

    name: Text
    stage: Literal[STORY_STAGES]  # type: ignore[valid-type]
    content: Prose
    consent_by: Text | None = None
    consent_on: date | None = None
    published_on: date | None = None
    published_in: Text | None = None

    @model_validator(mode="after")
    def agreed(self) -> Self:
        """Nothing is published of a firm that it has not agreed to."""
        if self.stage != "draft" and (self.consent_on is None or self.consent_by is None):
            raise ValueError(
                "没有企业同意：请填写同意人和同意日期，或改回草稿 "
                "(without the firm's consent: say who agreed and when, or keep it a draft)"
            )
        if self.stage == "published" and self.published_on is None:
            raise ValueError("已发布的案例缺发布日期：请填写 (say when it was published)")
        for what, day in (("同意日期", self.consent_on), ("发布日期", self.published_on)):
            if day is not None:
                past(what, day)
        in_order("同意日期", self.consent_on, "发布日期", self.published_on)
        return self
