"""Pages by keyset: every row once and in order; cursors of other queries are refused."""

import base64
import json
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.filters import parse
from app.core.paging import CAP, Page, page
from tests.core.lists import LIST, ROWS, VOCABULARY, rows


def read(db: Session, query: str) -> Page:
    """The page of a query string."""
    return page(db, rows(), parse(parse_qsl(query), VOCABULARY), LIST.c.id)


def walk(db: Session, query: str) -> list[int]:
    """The numbers of every row, page after page."""
    numbers: list[int] = []
    following: str | None = ""
    while following is not None:
        got = read(db, query + (f"&cursor={following}" if following else ""))
        numbers += [row["id"] for row in got.items]
        following = got.next
    return numbers


def expected(order: str) -> list[int]:
    """As Python sorts them: missing values last, ties by number in the last key's direction."""
    names = order.split(",")
    place = {"id": 0, "name": 1, "size": 2, "day": 3}
    ranked = sorted(ROWS, key=lambda r: r[0], reverse=names[-1].startswith("-"))
    for name in reversed(names):
        index, down = place[name.removeprefix("-")], name.startswith("-")
        known = [r for r in ranked if r[index] is not None]
        if down:
            known.reverse()
        known.sort(key=lambda row, i=index: row[i])  # type: ignore[misc]
        if down:
            known.reverse()
        ranked = known + [r for r in ranked if r[index] is None]
    return [row[0] for row in ranked]


KEYS = [sign + name for name in ("id", "name", "size", "day") for sign in ("", "-")]


@pytest.mark.parametrize("order", [*KEYS, *map(",".join, product(KEYS, KEYS)), "size,-day,name"])
def test_every_row_comes_once_and_in_order(db: Session, order: str) -> None:
    if len({name.removeprefix("-") for name in order.split(",")}) < len(order.split(",")):
        return  # the same key twice: the first one counts
    for limit in (2, 3, 100):
        assert walk(db, f"ordering={order}&limit={limit}") == expected(order)


def test_counts(db: Session) -> None:
    assert vars(read(db, "limit=100")) | {"items": 0} == {
        "items": 0, "next": None, "count": 7, "count_is_exact": True}  # fmt: skip
    first = read(db, "limit=2&count=exact")
    assert (first.count, first.count_is_exact) == (7, True)
    assert (read(db, f"limit=2&cursor={first.next}").count) == 7
    none = read(db, "limit=2&count=none")
    assert (none.count, none.count_is_exact, len(none.items)) == (None, None, 2)


def test_a_capped_count_says_so(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CAP > 100
    monkeypatch.setattr("app.core.paging.CAP", 3)
    capped = read(db, "limit=2")
    assert (capped.count, capped.count_is_exact) == (3, False)


def test_a_cursor_belongs_to_its_query(db: Session) -> None:
    cursor = read(db, "limit=2&ordering=size").next
    for other in ("ordering=-size", "ordering=size,name", "ordering=size&flag=true"):
        with pytest.raises(Invalid, match="另一个查询"):
            read(db, f"limit=2&{other}&cursor={cursor}")
    assert read(db, f"limit=5&ordering=size&cursor={cursor}").items


def spoiled(cursor: str, change: Any) -> str:
    """A cursor with other content."""
    content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps(change(content)).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:2],
        lambda c: [c[0], c[1], "1"],
        lambda c: [c[0], c[1], True],
        lambda c: [c[0], c[1], 2**40],
        lambda c: [c[0], ["not a number"], c[2]],
        lambda c: [c[0], [*c[1], 1], c[2]],
        lambda c: [c[0], [{}], c[2]],
        lambda c: [c[0], [float("inf")], c[2]],
        lambda c: {"a": 1},
        lambda c: 5,
        lambda c: None,
        lambda c: [[c], 1, 2],
    ],
)
def test_a_spoiled_cursor_is_refused(db: Session, change: Any) -> None:
    cursor = read(db, "limit=2&ordering=size").next
    assert cursor is not None
    with pytest.raises(Invalid):
        read(db, f"limit=2&ordering=size&cursor={spoiled(cursor, change)}")


@pytest.mark.parametrize("cursor", ["x", "%%%", "é", "[]", "bnVsbA", "AAAA", "-_-_"])
def test_a_cursor_that_never_was_is_refused(db: Session, cursor: str) -> None:
    with pytest.raises(Invalid):
        page(db, rows(), parse([("cursor", cursor)], VOCABULARY), LIST.c.id)
