"""The duties: loads `duties.yaml` and proves it sound."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.yaml_files import read as read_yaml
from app.firms.catalogue import Label
from app.firms.models import DESIGNATION_KINDS

Rule = Literal["yearly", "yearly_again", "before_end", "after_rename"]
# What a rule needs to be said besides.
NEEDS = {
    "yearly": ("month", "day"),
    "yearly_again": ("month", "day"),
    "before_end": (),
    "after_rename": ("months",),
}


class Duty(BaseModel):
    """One duty: whose it is, when it falls due, by which article, and how early one is told.

    `notice` counts months before the due day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    zh: str
    en: str
    of: tuple[Literal[DESIGNATION_KINDS], ...]  # type: ignore[valid-type]
    rule: Rule
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    months: Annotated[int, Field(ge=1, le=24)] | None = None
    notice: tuple[Literal[1, 3, 6, 12], ...]
    article: str
    where: str
    why: Label

    @property
    def label(self) -> Label:
        """Name in both languages."""
        return Label(zh=self.zh, en=self.en)

    @model_validator(mode="after")
    def whole(self) -> "Duty":
        """A rule has what it needs, and nothing that it would ignore."""
        given = {name for name in ("month", "day", "months") if getattr(self, name) is not None}
        if given != set(NEEDS[self.rule]):
            raise ValueError(f"{self.code}: {self.rule} needs {NEEDS[self.rule]}, not {given}")
        return self


FILE = Path(__file__).with_name("duties.yaml")


def load(path: Path = FILE) -> dict[str, Duty]:
    """Every duty by code."""
    raw: dict[str, dict[str, Any]] = read_yaml(path)
    return {code: Duty(code=code, **entry) for code, entry in raw.items()}


DUTIES = load()
