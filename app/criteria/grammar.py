"""What every node of the grammar is made of: exact numbers, closed lists, one key that tells it."""

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from app.firms.catalogue import INDICATORS


class Node(BaseModel):
    """Frozen, and strict about what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def fraction(value: object) -> object:
    """`5%` or a whole number as an exact fraction."""
    if isinstance(value, str) and (found := re.fullmatch(r"(-?\d+(?:\.\d+)?) ?%", value)):
        return Fraction(found[1]) / 100
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Fraction):
        return value
    raise ValueError(f"{value!r} is neither a whole number nor a percentage such as 5%")


Exact = Annotated[Fraction, BeforeValidator(fraction)]


def one_of(*allowed: str) -> Any:
    """A text among the ones listed; the error names them."""

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return Annotated[str, BeforeValidator(check)]


# Codes and words that are written into statements: nothing in them needs quoting.
Plain = Annotated[str, Field(pattern=r"^[\w.-]{1,60}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]
IndicatorCode = one_of(*INDICATORS)
Attribute = one_of(
    "registered_on", "region_code", "industry_code", "hightech_field", "resident_enterprise"
)


def key_of(value: Any) -> str:
    """The one key of a node, by which its class is chosen."""
    if isinstance(value, dict):
        if "id" in value:
            return "id"
        return str(next(iter(value), ""))
    return str(next(iter(type(value).model_fields)))


def tagged(*classes: type[Node]) -> Any:
    """A union told apart by the one key of each node."""
    union: Any = None
    for cls in classes:
        option = Annotated[cls, Tag(next(iter(cls.model_fields)))]
        union = option if union is None else union | option
    return Annotated[union, Discriminator(key_of)]
