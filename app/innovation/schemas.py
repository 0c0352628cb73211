"""What crosses the wire about what firms invent."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.firms.record_schemas import (
    DatedIn,
    HostedIn,
    Money,
    PaidIn,
    Rank,
    RecordIn,
    Truth,
    in_order,
    not_more,
    past,
)
from app.firms.schemas import Text
from app.innovation.models import (
    CASE_KINDS,
    CLASS_II,
    CONTRACT_KINDS,
    CONTRACT_PARTS,
    HIGH_VALUE_REASONS,
    IP_KINDS,
    LEGAL_STATUSES,
    LEVELS,
    PLATFORM_KINDS,
    PRODUCT_KINDS,
    PROJECT_STAGES,
    WAYS_ACQUIRED,
)

# A certification in which a right was put forward: title and year.
USE = re.compile(r"[a-z_]{2,40}:[12][0-9]{3}")
Level = Literal[LEVELS]  # type: ignore[valid-type]
Partners = Annotated[list[Text], Field(max_length=30)]


class PlatformIn(HostedIn, DatedIn):
    """An innovation platform, granted on `happened_on` and withdrawn on `ended_on`."""

    name: Text
    kind: Literal[PLATFORM_KINDS]  # type: ignore[valid-type]
    level: Level
    number: Text | None = None
    granted_by: Text | None = None
    rechecked_on: date | None = None

    @model_validator(mode="after")
    def rechecked(self) -> Self:
        """What has not been granted is not checked again."""
        in_order("认定日期", self.happened_on, "复核日期", self.rechecked_on)
        return self


class ProjectIn(PaidIn):
    """A research project; `asked` and `amount` are the money asked for and granted."""

    name: Text
    number: Text | None = None
    level: Level
    stage: Literal[PROJECT_STAGES]  # type: ignore[valid-type]
    asked: Money | None = None
    partners: Partners = Field(default_factory=list)

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Nobody is granted more than was asked for."""
        not_more("批准经费", self.amount, self.asked, "申请经费")
        return self


class ProductIn(DatedIn):
    """A recognised novelty."""

    name: Text
    kind: Literal[PRODUCT_KINDS]  # type: ignore[valid-type]
    level: Level
    number: Text | None = None


class PurchaseIn(PaidIn):
    """A public buyer's purchase."""

    name: Text
    buyer: Text


class IpCaseIn(PaidIn):
    """A case about a right, or a warning."""

    name: Text
    kind: Literal[CASE_KINDS]  # type: ignore[valid-type]
    opponent: Text | None = None
    outcome: Text | None = None


class TechContractIn(PaidIn):
    """A technology contract, signed on `happened_on`."""

    number: Text
    name: Text
    kind: Literal[CONTRACT_KINDS]  # type: ignore[valid-type]
    part: Literal[CONTRACT_PARTS]  # type: ignore[valid-type]
    partner: Text
    partner_code: Annotated[str, Field(pattern="^[0-9A-HJ-NPQRTUWXY]{18}$")] | None = None
    registered_on: date | None = None
    technology_amount: Money | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Signed, then registered; the technology is a part of the whole price."""
        if self.registered_on is not None:
            past("登记日期", self.registered_on)
        in_order("签订日期", self.happened_on, "登记日期", self.registered_on)
        not_more("技术交易额", self.technology_amount, self.amount, "合同金额")
        return self


class IpRightIn(RecordIn):
    """An intellectual property right; what is not answered is unknown."""

    kind: Literal[IP_KINDS]  # type: ignore[valid-type]
    title: Text
    number: Text | None = None
    applied_on: date | None = None
    granted_on: date | None = None
    ended_on: date | None = None
    legal_status: Literal[LEGAL_STATUSES] | None = None  # type: ignore[valid-type]
    fee_due_on: date | None = None
    owner_rank: Rank | None = None
    acquired: Literal[WAYS_ACQUIRED] | None = None  # type: ignore[valid-type]
    acquired_on: date | None = None
    disputed: Truth | None = None
    core_support: Truth | None = None
    main_product: Truth | None = None
    earning: Truth | None = None
    high_value: list[Literal[HIGH_VALUE_REASONS]] = Field(default_factory=list)  # type: ignore[valid-type]
    used_in: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def sound(self) -> Self:
        """A right is applied for, then granted, then ends."""
        in_order("申请日", self.applied_on, "授权日", self.granted_on)
        in_order("授权日", self.granted_on, "终止日", self.ended_on)
        self._used_once()
        return self

    def _used_once(self) -> None:
        """国科火字〔2016〕195号 三（二）: a class II right serves one certification only."""
        for one in self.used_in:
            if not USE.fullmatch(one):
                raise ValueError(
                    f"“{one[:50]}”应写作 资质:年份，例如 hnte:2024 (write title:year, as hnte:2024)"
                )
        titles = [one.partition(":")[0] for one in self.used_in]
        twice = next((title for title in titles if titles.count(title) > 1), None)
        if self.kind in CLASS_II and twice is not None:
            raise ValueError(
                f"II 类知识产权只能用于一次认定，这一件已用于 {twice}：请换一件，或删去其中一次 "
                f"(a class II right serves one certification, and this one was used for {twice}: "
                "use another, or remove one of the uses)"
            )


class AwardIn(RecordIn):
    """A science award."""

    name: Text
    level: Level
    rank: Rank | None = None
    awarded_on: date

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Nobody has been given tomorrow's award."""
        past("获奖日期", self.awarded_on)
        return self


class StandardIn(RecordIn):
    """A standard that the firm took part in drafting."""

    name: Text
    number: Text | None = None
    level: Level
    rank: Rank | None = None
    published_on: date
