"""What an official document consists of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

# What neither XML nor a page can hold: control characters other than tab and line feed.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def printable(text: str) -> str:
    """A text without the characters that no document can hold."""
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Note:
    """A paragraph in small type: a source, a rule, a reservation."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Labels and what they stand for, two pairs to a line."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column of a table; `share` is its part of the width beside the others'."""

    head: str
    numeric: bool = False
    share: int = 1


@dataclass(frozen=True)
class Table:
    """A table whose head is repeated on every page it runs over; cells are texts."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar: how long, and the words at its end."""

    label: str
    value: Decimal
    shown: str


@dataclass(frozen=True)
class Bars:
    """A chart of bars from zero; none is negative."""

    bars: Sequence[Bar]
    caption: str = ""


@dataclass(frozen=True)
class Signatures:
    """Who signs, each with room for a seal and a date."""

    parties: Sequence[str]


Block = Heading | Text | Note | Facts | Table | Bars | Signatures


@dataclass(frozen=True)
class Paper:
    """A document; `number` is its document number (文号), `made_at` when it was drawn up (UTC)."""

    title: str
    blocks: Sequence[Block]
    made_at: datetime
    subtitle: str = ""
    number: str = ""
    locale: str = "zh"
