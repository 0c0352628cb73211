"""The grammar of list parameters: a query string becomes conditions, and nothing is ignored.

`docs/filters.md` is the reference for users. One `Vocabulary` says which fields, orders and
columns a list has; API and pages parse the same parameters into the same `Filters`. An unknown
parameter, lookup or value is `Invalid` and names the nearest right one, because a mistyped filter
that is ignored returns everything.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_

from app.core.errors import Conflict, Invalid
from app.core.fields import BadValueError, Field, Predicate, nearest, not_among

CONTROLS = ("any", "ordering", "fields", "limit", "cursor", "count")
COUNTS = ("exact", "capped", "none")
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 1000
MOST_PARAMETERS = 100
# A change by filter names how many it means to change.
EXPECTED, MOST_AT_ONCE = "expected_count", 5_000


@dataclass(frozen=True)
class Sort:
    """One thing a list can be ordered by; unknown values come last either way."""

    expression: Any  # columns, attributes and expressions share no typed base
    nullable: bool = False
    # No index has this order: it is worked out for every row, so there must be few of them.
    worked_out: bool = False


@dataclass(frozen=True)
class Order:
    """A sort as it was asked for."""

    name: str
    sort: Sort
    descending: bool


@dataclass(frozen=True)
class Vocabulary:
    """What one list understands.

    `families` finds fields whose names cannot be listed, such as `figure.<indicator>.<year>`.
    `own` are parameters that the list's caller reads itself (`set`, `as_of`).
    """

    fields: Mapping[str, Field]
    sorts: Mapping[str, Sort]
    ordering: str
    columns: tuple[str, ...] = ()
    families: Mapping[str, Callable[[str], Field | None]] = field(default_factory=dict)
    own: tuple[str, ...] = ()

    def find(self, name: str) -> Field | None:
        """A field by its name."""
        if name in self.fields:
            return self.fields[name]
        family = self.families.get(name.split(".", 1)[0])
        return None if family is None else family(name)

    def sort(self, name: str) -> Sort | None:
        """An order by its name: one of the list's own, or that of a field's values."""
        if name in self.sorts:
            return self.sorts[name]
        found = self.find(name)
        if found is None or found.order is None:
            return None
        return Sort(found.order, nullable=True, worked_out=True)


@dataclass(frozen=True)
class Filters:
    """A parsed query: conditions, order, and how much of the answer is wanted."""

    where: tuple[Predicate, ...]
    order: tuple[Order, ...]
    columns: tuple[str, ...]
    limit: int
    cursor: str | None
    count: str
    # Binds a cursor to this very query.
    digest: str
    # The conditions as they were typed, for pages that show them.
    given: tuple[tuple[str, str], ...]


def parse(params: Iterable[tuple[str, str]], vocabulary: Vocabulary) -> Filters:
    """Parameters in the order given, repeated ones repeated, as one query.

    Raises Invalid with one entry per parameter that is wrong.
    """
    groups: dict[str, list[str]] = {}
    for name, value in params:
        groups.setdefault(name, []).append(value)
    reader = _Reader(vocabulary)
    filters = reader.read(groups)
    if filters is None or reader.errors:
        first = reader.errors[0]
        raise Invalid(f"{first['parameter']}: {first['detail']}", errors=reader.errors)
    return filters


def as_expected(params: Iterable[tuple[str, str]], found: int) -> None:
    """Refuse a change by filter that would change another number than its caller believes."""
    given = [value for name, value in params if name == EXPECTED]
    if len(given) != 1 or not re.fullmatch(r"[0-9]{1,9}", given[0]):
        wrong = f"缺少 {EXPECTED}：请写明预计改动多少条 (say how many you mean to change)"
        raise Invalid(wrong, errors=[{"parameter": EXPECTED, "detail": wrong}])
    if found > MOST_AT_ONCE:
        raise Invalid(f"符合条件的超过 {MOST_AT_ONCE} 条：请缩小范围 (too many at once)",
                      errors=[{"parameter": EXPECTED, "detail": f"> {MOST_AT_ONCE}"}])  # fmt: skip
    if found != int(given[0]):
        raise Conflict(
            f"符合条件的是 {found} 条，不是 {given[0]} 条：未作改动，请核对筛选条件 "
            "(another number of records: nothing was changed)", count=found)  # fmt: skip


class _Reader:
    """Reads all parameters before it complains, so that every error comes at once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.errors: list[dict[str, str]] = []

    def read(self, groups: dict[str, list[str]]) -> Filters | None:
        """The query, as far as it is sound; `errors` says what is not."""
        if self._too_many(groups):
            return None
        controls = {n: v for n, v in groups.items() if n in CONTROLS}
        own = {n: v for n, v in groups.items() if n in self.vocabulary.own}
        asked = {n: v for n, v in groups.items() if n not in controls and n not in own}
        where = [p for n, v in asked.items() if (p := self._condition(n, n, v)) is not None]
        where += [p for raw in controls.get("any", []) if (p := self._any(raw)) is not None]
        order = self._order(controls)
        conditions = asked | ({"any": controls["any"]} if "any" in controls else {})
        return Filters(
            where=tuple(where),
            order=order,
            columns=self._columns(controls),
            limit=self._limit(controls),
            cursor=self._once(controls, "cursor"),
            count=self._count(controls),
            digest=_digest(conditions | own, order),
            given=tuple((n, value) for n, values in conditions.items() for value in values),
        )

    def _wrong(self, parameter: str, detail: str) -> None:
        self.errors.append({"parameter": parameter, "detail": detail})

    def _too_many(self, groups: dict[str, list[str]]) -> bool:
        """Checked before anything is read: some fields ask the database while they are."""
        members = sum(raw.count("|") for raw in groups.get("any", []))
        if sum(map(len, groups.values())) + members <= MOST_PARAMETERS:
            return False
        more = f"参数超过 {MOST_PARAMETERS} 个，请用 __in 合并"
        self._wrong("*", f"{more} (too many parameters: merge them with __in)")
        return True

    def _condition(self, parameter: str, name: str, raws: list[str]) -> Predicate | None:
        plain, _, lookup = name.partition("__")
        found = self.vocabulary.find(plain)
        if found is None:
            self._wrong(parameter, self._unknown(plain))
            return None
        if lookup not in found.allowed or name.endswith("__"):
            self._wrong(parameter, _unknown_lookup(found, lookup))
            return None
        try:
            return found.condition(lookup, raws)
        except BadValueError as error:
            self._wrong(parameter, str(error))
            return None

    def _unknown(self, name: str) -> str:
        known = [*self.vocabulary.fields, *self.vocabulary.own, *CONTROLS]
        return f"没有参数 {name} (unknown parameter)" + nearest(name, known)

    def _any(self, raw: str) -> Predicate | None:
        """`a:1|b__lte:2`: at least one of them; `\\|` is a plain bar."""
        found = []
        for member in re.split(r"(?<!\\)\|", raw):
            name, colon, value = member.replace("\\|", "|").partition(":")
            if not colon:
                self._wrong("any", f"{member!r} 应写作 参数:值 (write parameter:value)")
                return None
            found.append(self._condition("any", name, [value]))
        sound = [predicate for predicate in found if predicate is not None]
        return or_(*sound) if len(sound) == len(found) else None

    def _order(self, controls: dict[str, list[str]]) -> tuple[Order, ...]:
        raw = ",".join(controls.get("ordering", [])) or self.vocabulary.ordering
        found: dict[str, Order] = {}
        for item in raw.split(","):
            name = item.removeprefix("-")
            sort = self.vocabulary.sort(name)
            if sort is None:
                self._wrong("ordering", f"不能按 {name} 排序 (cannot order by it)"
                            + nearest(name, self.vocabulary.sorts))  # fmt: skip
            elif name not in found:
                found[name] = Order(name, sort, item.startswith("-"))
        return tuple(found.values())

    def _columns(self, controls: dict[str, list[str]]) -> tuple[str, ...]:
        if "fields" not in controls:
            return ()
        names = [name for raw in controls["fields"] for name in raw.split(",")]
        for name in names:
            if name not in self.vocabulary.columns and not self._in_family(name):
                self._wrong("fields", f"没有列 {name} (unknown column)"
                            + nearest(name, self.vocabulary.columns))  # fmt: skip
        return tuple(dict.fromkeys(names))

    def _in_family(self, name: str) -> bool:
        found = self.vocabulary.find(name)
        family = name.split(".", 1)[0] in self.vocabulary.families
        return family and found is not None and found.shown

    def _limit(self, controls: dict[str, list[str]]) -> int:
        raw = self._once(controls, "limit")
        if raw is None:
            return DEFAULT_LIMIT
        if not re.fullmatch(r"[0-9]{1,4}", raw) or not 1 <= int(raw) <= LARGEST_LIMIT:
            self._wrong("limit", f"{raw!r} 不是 1 到 {LARGEST_LIMIT} 的整数 "
                                 f"(not a whole number from 1 to {LARGEST_LIMIT})")  # fmt: skip
            return DEFAULT_LIMIT
        return int(raw)

    def _count(self, controls: dict[str, list[str]]) -> str:
        raw = self._once(controls, "count")
        if raw is None:
            return "capped"
        if raw not in COUNTS:
            self._wrong("count", not_among(raw, COUNTS))
        return raw

    def _once(self, controls: dict[str, list[str]], name: str) -> str | None:
        given = controls.get(name, [])
        if len(given) > 1:
            self._wrong(name, f"参数 {name} 只能出现一次 (may be given once)")
        return given[0] if given else None


def _unknown_lookup(found: Field, lookup: str) -> str:
    known = [name for name in found.allowed if name]
    if not known:
        return f"{found.name} 只能写作 {found.name}=值 (takes no lookup)"
    return f"{found.name} 没有比较方式 __{lookup} (unknown lookup)" + nearest(lookup, known)


def _digest(conditions: dict[str, list[str]], order: tuple[Order, ...]) -> str:
    """Two spellings of one query share it: names and values are sorted."""
    asked = sorted((name, sorted(values)) for name, values in conditions.items())
    ordered = [(one.name, one.descending) for one in order]
    text = json.dumps([asked, ordered], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def describe(vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Every field with its lookups, for people and programs that build queries."""
    for found in vocabulary.fields.values():
        yield {
            "name": found.name,
            "kind": found.kind,
            "label": dict(found.label),
            "unit": found.unit,
            "lookups": [lookup for lookup in found.allowed if lookup],
            "choices": None if found.choices is None else list(found.choices),
        }
