"""From what is typed in a form to what the interface takes: one set of rules for both."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.core.errors import Invalid
from app.core.fields import YES
from app.core.wording import said

M = TypeVar("M", bound=BaseModel)
LONGEST_NUMBER = 15


def checked(model: type[M], typed: Mapping[str, Any]) -> M:
    """What was typed, empty fields left out; Invalid with every fault."""
    given = {name: value for name, value in typed.items() if value not in ("", None)}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": _said(one)}
                  for one in error.errors()]  # fmt: skip
        raise Invalid("；".join(one["detail"] for one in faults), errors=faults) from None


def _said(one: ErrorDetails) -> str:
    message = said(one)
    return f"{one['loc'][0]}: {message}" if one["loc"] else message


def numbers(typed: dict[str, Any], *names: str) -> dict[str, Any]:
    """Whole numbers as such; what is none stays as it is, and is refused by the rules."""
    read = {name: int(typed[name]) for name in names
            if typed[name].strip().isdecimal() and len(typed[name]) <= LONGEST_NUMBER}  # fmt: skip
    return typed | read


def truths(typed: dict[str, Any], *names: str) -> dict[str, Any]:
    """Yes and no as such."""
    return typed | {name: YES[typed[name]] for name in names if typed[name] in YES}
