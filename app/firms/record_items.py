"""What a kind of record is made of, read from its schema: forms, files and lists follow from it."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Protocol, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from app.core.db import Yuan
from app.core.fields import Kind

ItemKind = Literal[
    "text", "prose", "choice", "choices", "texts", "date", "money", "number", "truth",
    "organisation", "firm", "documents", "contacts",
]  # fmt: skip
LONGEST_LINE = 500
NAMED: Mapping[str, ItemKind] = {"organisation_id": "organisation", "park_id": "organisation",
                                 "parent_id": "firm", "attachments": "documents",
                                 "met": "contacts"}  # fmt: skip
PLAIN: Mapping[type, ItemKind] = {str: "text", date: "date", bool: "truth", int: "number",
                                  Decimal: "number"}  # fmt: skip
# What is common stands behind what is a kind's own, in this order.
LAST = ("happened_on", "ended_on", "amount", "organisation_id", "evidence", "notes", "attachments")
PLACES = {name: place for place, name in enumerate(LAST, 1)}
# Rows of the firm that are chosen on the record's page, by their numbers.
CHOSEN: tuple[ItemKind, ...] = ("documents", "contacts")
# How a list compares what an item holds; what is not here is not filtered by.
FILTERED: Mapping[ItemKind, Kind] = {"text": "text", "choice": "choice", "date": "date",
                                     "money": "number", "number": "number", "truth": "bool",
                                     "organisation": "choice"}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One thing that a record says; `choices` are the closed values it can have."""

    name: str
    kind: ItemKind
    required: bool
    choices: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether it holds a list."""
        return self.kind in ("choices", "texts", *CHOSEN)


class Described(Protocol):
    """What is told item by item: `table` gives it its words, `key` says which one it is."""

    @property
    def table(self) -> str: ...
    @property
    def items(self) -> tuple[Item, ...]: ...
    @property
    def key(self) -> tuple[str, ...]: ...


@cache
def items(schema: type[BaseModel], model: Any) -> tuple[Item, ...]:
    """Everything that is given of a record beside its firm: a kind's own first, the common last."""
    names = sorted(schema.model_fields, key=lambda name: PLACES.get(name, 0))
    return tuple(_item(name, schema.model_fields[name], model) for name in names
                 if name != "firm_id")  # fmt: skip


def _item(name: str, field: FieldInfo, model: Any) -> Item:
    kind, choices = _kind(field.annotation, field.metadata)
    if isinstance(model.__table__.c[name].type, Yuan):
        kind = "money"
    return Item(name, NAMED.get(name, kind), field.is_required(), choices)


def _kind(annotation: Any, metadata: list[Any]) -> tuple[ItemKind, tuple[str, ...]]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _kind(inner, more)
    if origin in (Union, types.UnionType):
        [inner] = [one for one in get_args(annotation) if one is not types.NoneType]
        return _kind(inner, metadata)
    if origin is Literal:
        return "choice", get_args(annotation)
    if origin is list:
        kind, choices = _kind(get_args(annotation)[0], [])
        return ("choices" if kind == "choice" else "texts"), choices
    kind = PLAIN[annotation]
    lengths = [one.max_length for one in metadata if isinstance(one, StringConstraints)]
    lengths += [one.max_length for one in metadata if hasattr(one, "max_length")]
    return ("prose" if any(n is not None and n > LONGEST_LINE for n in lengths) else kind), ()
