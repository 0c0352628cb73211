"""Records of any kind as cells say them: the headers a file may have, and each cell's value."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.exchange import headers, values
from app.exchange.headers import Column, Vocabulary
from app.exchange.mapping import Mapping as Meaning
from app.exchange.report import Fault, Report
from app.firms.catalogue import Label
from app.firms.models import Firm
from app.firms.queries import visible
from app.firms.record_items import CHOSEN, Described, Item
from app.firms.record_kinds import FactKind
from app.pipeline.trail import column_label, value_label

SEPARATOR = re.compile(r"[;；、\n]")
SHOWN = 80
# A file tells of the firm by its code; its name stands beside it for people.
OF_FIRM = {"credit_code": headers.FIRM_HEADERS["credit_code"],
           "external_id": headers.EXTERNAL_HEADERS,
           "firm_name": ("企业名称", "firm name", "firm_name", "单位名称")}  # fmt: skip


def written(kind: Described) -> tuple[Item, ...]:
    """What a file or form can say in words; the rest is chosen on the record's page."""
    return tuple(one for one in kind.items if one.kind not in CHOSEN)


def vocabulary(kind: Described) -> Vocabulary:
    """The headers that a file of this kind may have: Chinese, English, or the field's name."""
    of_firm = isinstance(kind, FactKind)
    spoken = dict(OF_FIRM) if of_firm else {}
    for item in written(kind):
        label = column_label(item.name, kind.table)
        spoken[item.name] = (label.zh, label.en, item.name)
    needed = ("credit_code",) if isinstance(kind, FactKind) and not kind.hosted else ()
    return Vocabulary(
        spoken, (*needed, *kind.key),
        money=frozenset(one.name for one in written(kind) if one.kind == "money"),
    )  # fmt: skip


class Reader:
    """Reads the cells of one kind of record; who is named in them is looked up once."""

    def __init__(self, session: Session, actor: Actor, kind: Described) -> None:
        self.session, self.actor, self.kind = session, actor, kind
        self.firms: dict[str, int | None] = {}

    @cached_property
    def bodies(self) -> dict[str, int]:
        """Organisations by code and by name."""
        columns = (Organisation.id, Organisation.code, Organisation.name)
        return {word: n for n, *words in self.session.execute(select(*columns)) for word in words}

    def row(
        self, number: int, cells: list[Any], columns: list[Column | None], mapping: Meaning,
        report: Report, *, clear: bool = False,
    ) -> dict[str, Any] | None:  # fmt: skip
        """What one row says, by field; None where a cell cannot be read, with every fault noted.

        A blank cell says nothing, or empties what stands if clearing was chosen.
        """
        items = {one.name: one for one in written(self.kind)}
        found: dict[str, Any] = {}
        faults: list[Fault] = []
        for column, cell in zip(columns, cells, strict=False):
            if column is None or column.field == "firm_name":
                continue
            typed = values.folded(cell) if not isinstance(cell, date) else str(cell)
            if values.is_missing(typed, mapping.missing):
                if clear and column.field in items and column.field not in self.kind.key:
                    found[column.field] = [] if items[column.field].several else None
                continue
            try:
                item = items.get(column.field)
                found[column.field] = (
                    typed if item is None else self.value(item, cell, column.scale)
                )
            except values.Unreadable as error:
                faults.append(Fault(number, column.header, typed[:SHOWN], error.zh, error.en))
        report.faults += faults
        return None if faults else found

    def value(self, item: Item, cell: Any, scale: int = 1) -> Any:
        """A typed value as the kind's schema takes it; Unreadable says why not."""
        if item.kind == "date":
            return values.day(cell)
        text = values.folded(cell)
        if item.several:
            parts = [part.strip() for part in SEPARATOR.split(text) if part.strip()]
            return [self._one(item, part, scale) for part in parts]
        return self._one(item, text, scale)

    def _one(self, item: Item, text: str, scale: int) -> Any:
        match item.kind:
            case "choice" | "choices":
                return self._chosen(item, text)
            case "money":
                return values.amount(text, scale)
            case "number":
                return _plain(values.plain_number(text))
            case "truth":
                return values.yes_or_no(text)
            case "organisation":
                return self._body(text)
            case "firm":
                return self._firm(text.upper())
        return text

    def _body(self, typed: str) -> int:
        if typed not in self.bodies:
            near = get_close_matches(typed, self.bodies, n=1, cutoff=0.5)
            zh, en = (f"，是否为“{near[0]}”", f"; perhaps {near[0]}") if near else ("", "")
            raise values.Unreadable(
                f"没有单位“{typed[:SHOWN]}”{zh}：请填单位名录中的名称或代码；新单位先请系统管理员在"
                "“单位名录”中添加，再重新检查",
                f"no organisation {typed[:SHOWN]!r}{en}: give a name or code of the list; ask an "
                "administrator to add a new one under Organisations, then check the file again",
            )
        return self.bodies[typed]

    def _firm(self, code: str) -> int:
        if code not in self.firms:
            known = select(Firm.id).where(Firm.credit_code == code, visible(self.actor))
            self.firms[code] = self.session.scalar(known)
        found = self.firms[code]
        if found is None:
            raise values.Unreadable(f"登记簿中没有代码为“{code[:SHOWN]}”的企业：请先登记",
                                    f"no firm {code[:SHOWN]!r}: register it first")  # fmt: skip
        return found

    def _chosen(self, item: Item, text: str) -> str:
        words = choices(self.kind, item)
        # Cells are folded before they are read: the words, with their wide brackets, likewise.
        known = {values.folded(word): code for code, label in words.items()
                 for word in (code, label.zh, label.en)}  # fmt: skip
        if text in known:
            return known[text]
        zh = "、".join(label.zh for label in words.values())
        en = ", ".join(label.en for label in words.values())
        raise values.Unreadable(f"“{text[:SHOWN]}”不在可选值内：请填 {zh}",
                                f"{text[:SHOWN]!r} is no such value: use {en}")  # fmt: skip


def _plain(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number


def choices(kind: Described, item: Item) -> Mapping[str, Label]:
    """The closed values of an item, in words."""
    return {code: value_label(kind.table, item.name, code) for code in item.choices}
