"""What crosses the wire about contacts: how a person is reached, in one form however typed."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.firms.catalogue import Label
from app.firms.schemas import Body, Text

# Why somebody may look: a closed list, so that readings can be counted and questioned.
PURPOSES: dict[str, Label] = {
    "visit": Label(zh="走访服务", en="visit or service"),
    "reminder": Label(zh="提醒申报或填报", en="reminder of an application or a form"),
    "verification": Label(zh="核实情况", en="verification of facts"),
    "emergency": Label(zh="应急联络", en="emergency"),
    "maintenance": Label(zh="维护联系人信息", en="keeping contacts up to date"),
    "data_request": Label(zh="本人查询或删除请求", en="request of the person concerned"),
}
PurposeCode = Literal[tuple(PURPOSES)]  # type: ignore[valid-type]

MOBILE = re.compile(r"1[3-9][0-9]{9}")
LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})")
SERVICE = re.compile(r"[48]00[0-9]{7}")
ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")
EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#|-)([0-9]{1,6})$", re.IGNORECASE)
EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
PHONE_FAULT = (
    "电话应为 11 位手机号、带区号的固话（如 023-79123456 转 12）、400 号码或以 + 开头的国际号码 "
    "(a mobile of 11 digits, a landline with its area code, a 400 number, or + and a country code)"
)
EMAIL_FAULT = "电子邮箱应形如 name@example.com (an address such as name@example.com)"
NAME_FAULT = "姓名不能为空，也不能含有控制字符 (a name, without control characters)"


def phone_of(typed: str) -> str:
    """A phone number in its one form: digits, `-` after an area code and before an extension."""
    text = re.sub(r"[\s().·]", "", unicodedata.normalize("NFKC", typed))
    text = re.sub(r"^(\+|00)86-?", "", text)
    whole = text.replace("-", "")
    for pattern in (MOBILE, SERVICE, ABROAD):
        if pattern.fullmatch(whole):
            return whole
    if line := LANDLINE.fullmatch(whole):
        return "-".join(line.groups())
    extension = EXTENSION.search(text)
    line = extension and LANDLINE.fullmatch(text[: extension.start()].replace("-", ""))
    if extension and line:
        return "-".join((*line.groups(), extension[1]))
    raise ValueError(PHONE_FAULT)


def email_of(typed: str) -> str:
    """An e-mail address in small letters."""
    text = unicodedata.normalize("NFKC", typed).strip().lower()
    if len(text) > 254 or len(text.partition("@")[0]) > 64 or not EMAIL.fullmatch(text):
        raise ValueError(EMAIL_FAULT)
    return text


def name_of(typed: str) -> str:
    """A person's name with its blanks in order."""
    text = " ".join(unicodedata.normalize("NFKC", typed).split())
    if not text or not text.isprintable():
        raise ValueError(NAME_FAULT)
    return text


Name = Annotated[str, Field(max_length=100), AfterValidator(name_of)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(phone_of)]
Email = Annotated[str, Field(max_length=254), AfterValidator(email_of)]


class Reason(BaseModel):
    """Why contacts are read; the note says more, without naming anybody."""

    model_config = ConfigDict(extra="forbid")
    purpose: PurposeCode  # type: ignore[valid-type]
    note: Annotated[str, Field(max_length=200)] | None = None


class ContactIn(Body):
    """A person to reach at a firm, and what allows to keep this."""

    name: Name
    consent: Text
    duty: Text | None = None
    phone: Phone | None = None
    email: Email | None = None


class ContactPatch(Body):
    """Changes to a contact: what is not given stays, null empties."""

    name: Name = ""
    consent: Text = ""
    duty: Text | None = None
    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def sound(self) -> "ContactPatch":
        """An empty change is a mistake."""
        if not self.model_fields_set:
            raise ValueError("nothing to change: give at least one field")
        return self


class ContactOut(BaseModel):
    """A contact as it is read, for a purpose, by those who may."""

    id: int
    firm_id: int
    name: str
    duty: str | None
    phone: str | None
    email: str | None
    consent: str | None
    source: str
    recorded_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ContactsOut(BaseModel):
    """A firm's contacts."""

    items: list[ContactOut]


class ContactSaved(BaseModel):
    """A contact was written. What it says is not shown again: that would be a reading."""

    id: int
    firm_id: int
    version: int
