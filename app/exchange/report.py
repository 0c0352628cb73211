"""What an import says: every fault of every row, and counts that add up to the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Mode = Literal["atomic", "skip"]


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell or row, and what to do; both languages.

    `year` tells columns apart whose headers name one.
    """

    row: int
    column: str
    value: str
    zh: str
    en: str
    year: int | None = None

    def detail(self, locale: str) -> str:
        """The sentence in the user's language."""
        return self.en if locale == "en" else self.zh

    @property
    def told(self) -> str:
        """In both languages, for programs, whose readers are unknown."""
        return f"{self.zh} ({self.en})"


@dataclass
class Report:
    """created + updated + unchanged + rejected = rows; nothing is kept unless `applied`."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    applied: bool = False
    encoding: str = ""
    # The header's cells, for the file of rejected rows.
    headers: list[str] = field(default_factory=list)
    header_row: int = 0
    changed_firms: list[int] = field(default_factory=list)
    # Result by row number, for callers that answer row by row.
    outcomes: dict[int, str] = field(default_factory=dict)
    conflicts_of: dict[int, int] = field(default_factory=dict)
    # Rows that their sender has since replaced: a newer version had arrived before.
    outdated: set[int] = field(default_factory=set)

    @property
    def conflicts(self) -> int:
        """Figures that contradict a better source and wait to be settled."""
        return sum(self.conflicts_of.values())

    @property
    def rejected(self) -> int:
        """Rows with a fault."""
        return len({fault.row for fault in self.faults})

    def last_faulty(self, row: int) -> bool:
        """Whether the row being read has a fault by now; rows are read one after the other."""
        return bool(self.faults) and self.faults[-1].row == row

    def name_columns(self, headers: Mapping[tuple[str, int | None], str]) -> None:
        """Faults found by the database name fields: let them name the user's columns.

        `headers` go by field and year; a wrong year is that of every column whose header names it.
        """
        self.faults = [
            replace(fault, column=name)
            for fault in self.faults
            for name in _columns_of(fault, headers)
        ]

    def as_dict(self, locale: str = "zh") -> dict[str, Any]:
        """For programs."""

        def listed(faults: list[Fault]) -> list[dict[str, Any]]:
            return [
                {"row": f.row, "column": f.column, "value": f.value, "detail": f.detail(locale)}
                for f in faults
            ]

        return {
            "rows": self.rows, "created": self.created, "updated": self.updated,
            "unchanged": self.unchanged, "rejected": self.rejected, "conflicts": self.conflicts,
            "applied": self.applied, "encoding": self.encoding,
            "errors": listed(sorted(self.faults, key=lambda f: f.row)),
            "notes": listed(self.notes),
        }  # fmt: skip


def _columns_of(fault: Fault, headers: Mapping[tuple[str, int | None], str]) -> list[str]:
    for key in ((fault.column, fault.year), (fault.column, None)):
        if key in headers:
            return [headers[key]]
    if fault.column == "year" and fault.year is not None:
        dated = [header for (_, year), header in headers.items() if year == fault.year]
        return dated or [fault.column]
    return [fault.column]
