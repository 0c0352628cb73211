"""A small list of rows with gaps in it, to filter, order and page through the real database."""

from datetime import date

from sqlalchemy import Boolean, Date, Integer, Select, Text, column, select, values

from app.core.fields import Field, whole_number
from app.core.filters import Sort, Vocabulary

ROWS = [
    (1, "alpha", 10, date(2020, 1, 1), True, "red"),
    (2, "beta", 20, None, None, "blue"),
    (3, "Gamma", None, date(2021, 6, 30), False, None),
    (4, "delta_x", 20, date(2020, 1, 1), True, "red"),
    (5, None, None, None, None, None),
    (6, "50%", 5, date(2019, 12, 31), False, "green"),
    (7, "beta", 20, date(2022, 2, 2), True, "blue"),
]
LIST = (
    values(
        column("id", Integer), column("name", Text), column("size", Integer),
        column("day", Date), column("flag", Boolean), column("colour", Text), name="list",
    ).data(ROWS).cte("list")
)  # fmt: skip
VOCABULARY = Vocabulary(
    fields={
        one.name: one
        for one in (
            Field("name", "text", LIST.c.name),
            Field("size", "number", LIST.c.size, convert=whole_number),
            Field("day", "date", LIST.c.day),
            Field("flag", "bool", LIST.c.flag),
            Field("colour", "choice", LIST.c.colour, choices=("red", "blue", "green")),
        )
    },
    sorts={
        "id": Sort(LIST.c.id),
        "name": Sort(LIST.c.name, nullable=True),
        "size": Sort(LIST.c.size, nullable=True),
        "day": Sort(LIST.c.day, nullable=True),
    },
    ordering="id",
    columns=("id", "name"),
    own=("set",),
)


def rows() -> Select[tuple[int]]:
    """All of them."""
    return select(LIST.c.id)
