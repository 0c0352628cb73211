"""What crosses the wire about records of every kind, said once; a kind adds what is its own."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from app.core.clock import today
from app.firms.catalogue import LARGEST_YUAN
from app.firms.models import INCIDENT_KINDS
from app.firms.schemas import LARGEST_ID, Body, Number, Prose, Text

Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]


def in_yuan(value: object) -> object:
    """Nothing but a number: of a text with a unit nobody should guess what was meant. What is more
    than any amount was typed in another unit.
    """
    try:
        amount = Decimal(value) if isinstance(value, str | int) else value
    except InvalidOperation:
        raise ValueError(
            f"金额“{str(value)[:20]}”不是数字：请折算为元填写，不带单位，例如 3000000 "
            "(not a number: convert it to yuan and leave out the unit, such as 3000000)"
        ) from None
    if isinstance(amount, Decimal | float) and amount > LARGEST_YUAN:
        raise ValueError(
            f"金额超过 {LARGEST_YUAN:,} 元：请核对数值和单位 "
            f"(more than {LARGEST_YUAN:,} yuan: check value and unit)"
        )
    return value


Money = Annotated[
    Number, BeforeValidator(in_yuan), Field(ge=0, le=LARGEST_YUAN, max_digits=18, decimal_places=2)
]
# What the days of records are called in English, where one is refused.
DAYS = {
    "入驻日期": "day of moving in", "到期日期": "due date",
    "参赛日期": "day of entering", "发布日期": "day of publication", "发生日期": "day it happened",
    "同意日期": "day of consent", "复核日期": "day of the re-check", "开始日期": "start date",
    "截止日": "last day", "授权日": "day of grant", "放款日期": "day of paying out",
    "日期": "date", "服务日期": "day of service", "毕业日期": "day of graduation",
    "申请日": "day of application", "登记日期": "day of registration",
    "确认日期": "day of confirmation", "签订日期": "day of signing", "终止日": "day it ended",
    "结束日期": "end date", "结清日期": "day of repayment", "获奖日期": "day of the award",
    "裂变日期": "day of the spin-off", "认定日期": "day of recognition",
    "起始日": "first day", "判断日期": "day of judgement", "下一步日期": "day of the next step",
}  # fmt: skip
Rank = Annotated[int, Field(strict=True, ge=1, le=999)]
Truth = Annotated[bool, Field(strict=True)]


class FactIn(Body):
    """What every record says: which firm it is about."""

    firm_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class RecordIn(FactIn):
    """What proves it, what else is to be said of it, and which documents of the firm tell more."""

    organisation_id: Id | None = None
    evidence: Text | None = None
    notes: Prose | None = None
    attachments: Annotated[list[Id], Field(max_length=20)] = Field(default_factory=list)


class HostedIn(RecordIn):
    """A record of a firm, or of the organisation that hosts it."""

    firm_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def hosted(self) -> Self:
        """Somebody's it must be, and one's only."""
        if (self.firm_id is None) == (self.organisation_id is None):
            raise ValueError(
                "没有依托单位，或填了两个：请填写企业或单位之一 "
                "(give the firm or the organisation that hosts it, one of both)"
            )
        return self


class DatedIn(RecordIn):
    """From a day that has come, until one that is not before it; `days` is what both are called."""

    days: ClassVar[tuple[str, str]] = ("开始日期", "结束日期")
    happened_on: date
    ended_on: date | None = None

    @model_validator(mode="after")
    def dated(self) -> Self:
        """Nothing has happened tomorrow, and nothing ends before it began."""
        first, last = self.days
        past(first, self.happened_on)
        in_order(first, self.happened_on, last, self.ended_on)
        return self


class PaidIn(DatedIn):
    """With an amount, exact to the fen."""

    amount: Money | None = None


class IncidentIn(FactIn):
    """A dated record that blocks."""

    kind: Literal[INCIDENT_KINDS]  # type: ignore[valid-type]
    grade: Text | None = None
    happened_on: date
    ended_on: date | None = None
    description: Prose | None = None

    @model_validator(mode="after")
    def sound(self) -> Self:
        """It happens, and only then it ends."""
        past("发生日期", self.happened_on)
        in_order("发生日期", self.happened_on, "结束日期", self.ended_on)
        return self


def in_order(first: str, earlier: date | None, then: str, later: date | None) -> None:
    """Refuse two known days in the wrong order."""
    if earlier is not None and later is not None and later < earlier:
        raise ValueError(
            f"{then} {later} 早于{first} {earlier}：请核对两个日期 "
            f"({DAYS[then]} {later} is before {DAYS[first]} {earlier}: check both dates)"
        )


def past(what: str, day: date) -> None:
    """Refuse a day that has not come."""
    if day > today():
        raise ValueError(
            f"{what} {day} 尚未到来：请填写已发生的日期 "
            f"({DAYS[what]} {day} lies in the future: give the day on which it happened)"
        )


def not_more(what: str, part: Decimal | None, whole: Decimal | None, of: str) -> None:
    """Refuse a part that is more than the whole."""
    if part is not None and whole is not None and part > whole:
        raise ValueError(
            f"{what} {part:,} 元超过{of} {whole:,} 元：请核对金额和单位 "
            f"({part:,} yuan is more than {whole:,}: check amounts and units)"
        )
