"""How a route is asked, and what its answer may be."""

from dataclasses import dataclass, field
from typing import Any

NAME = "绝密远山科技有限公司"
ABSENT = 2**31 - 1  # the number of no firm


@dataclass(frozen=True)
class Case:
    """What a route is asked for: `{firm}` and `{code}` stand for the foreign firm's."""

    query: str = ""
    json: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # What scoped people get for the foreign firm, or for a list.
    status: tuple[int, ...] = ()
    # Whether a firm that does not exist is answered word for word alike.
    like_absent: bool = True
    # Who may see every firm's part in it by office.
    open_to: str = ""


# Everybody else is refused; an administrator gets the page, or is told what is wrong.
ADMIN = (403, 200, 303, 404, 422)
