"""The catalogue of indicators: loads `indicators.yaml` and proves it sound."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column

from app.core.db import Yuan
from app.core.yaml_files import read as read_yaml

Kind = Literal["money", "count", "points", "percent"]
# 9 trillion yuan: more than any firm on earth earns, and products with small constants still
# fit a bigint of fen.
LARGEST_YUAN = 9 * 10**12
LARGEST = {"money": LARGEST_YUAN, "count": 10_000_000, "points": 1_000, "percent": 100}
HUNDREDTHS = 100


class Label(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    zh: str
    en: str

    def __getitem__(self, locale: str) -> str:
        return self.en if locale == "en" else self.zh


class Indicator(BaseModel):
    """One yearly figure: its unit, range, definition and who can supply it.

    `at_most` names the indicator that bounds it in the same year (a part and its whole).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    zh: str
    en: str
    kind: Kind
    held_by: str
    definition: Label
    unit: str | None = None
    signed: bool = False
    at_most: str | None = None
    at_most_value: int | None = None

    @property
    def label(self) -> Label:
        """Name in both languages."""
        return Label(zh=self.zh, en=self.en)

    @property
    def scale(self) -> int:
        """Stored steps per unit: fen per yuan, hundredths per percentage point, else one."""
        return HUNDREDTHS if self.kind in ("money", "percent") else 1

    @property
    def largest(self) -> int:
        """Largest believable value, in the indicator's unit."""
        return self.at_most_value or LARGEST[self.kind]

    @property
    def smallest(self) -> int:
        """Smallest believable value, in the indicator's unit."""
        return -self.largest if self.signed else 0

    def column(self) -> Column[Any]:
        """Its column in `firm_year`."""
        return Column(self.code, Yuan if self.kind == "money" else BigInteger, nullable=True)

    def stored(self, value: Decimal) -> int | None:
        """A value in the indicator's unit as its column keeps it; None if it is not exact."""
        scaled = value * self.scale
        return int(scaled) if scaled == int(scaled) else None

    def shown(self, stored: int) -> Decimal:
        """A stored value in the indicator's unit."""
        return Decimal(stored) / self.scale


FILE = Path(__file__).with_name("indicators.yaml")


def load(path: Path = FILE) -> dict[str, Indicator]:
    """Every indicator by code; raises ValueError where a bound names an unknown one."""
    raw: dict[str, dict[str, Any]] = read_yaml(path)
    found = {code: Indicator(code=code, **entry) for code, entry in raw.items()}
    for entry in found.values():
        if entry.at_most and entry.at_most not in found:
            raise ValueError(f"{path.name}: {entry.code} is bounded by unknown {entry.at_most}")
    return found


INDICATORS = load()
