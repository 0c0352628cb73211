"""One figure as a person types it into a form: in a unit, exactly, or refused with the reason."""

from decimal import Decimal

from app.core.errors import Invalid
from app.exchange import values
from app.firms.catalogue import Indicator
from app.firms.reporting import Typed

# Of the form's list; what is typed behind the number stands above it.
UNITS = {"元": 1, "万元": 10**4, "亿元": 10**8}
USUAL_UNIT = "万元"


def read(entry: Indicator, text: str, unit: str) -> Typed:
    """The value of a field; an empty one clears the figure."""
    cell = values.folded(text)
    if values.is_missing(cell):
        return Typed(None, cell)
    try:
        value = _value(entry, cell, unit)
    except values.Unreadable as error:
        raise Invalid(f"{entry.zh}：{error.zh} ({error.en})") from None
    bare = entry.kind == "money" and cell[-1:].isdigit()
    return Typed(value, f"{cell} {unit}" if bare else cell)


def _value(entry: Indicator, cell: str, unit: str) -> Decimal:
    if entry.kind == "money":
        return values.amount(cell, UNITS.get(unit, UNITS[USUAL_UNIT]))
    return values.percentage(cell) if entry.kind == "percent" else values.whole(cell)


def capital(text: str, unit: str) -> tuple[Decimal | None, str | None]:
    """Registered capital and the words it came in; another currency keeps its words alone."""
    cell = values.folded(text)
    if values.is_missing(cell):
        return None, None
    words = f"{cell} {unit}" if cell[-1:].isdigit() else cell
    try:
        return values.amount(cell, UNITS.get(unit, 1)), words
    except values.ForeignCurrency:
        return None, words
    except values.Unreadable as error:
        raise Invalid(f"注册资本：{error.zh} ({error.en})") from None
