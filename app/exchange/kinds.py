"""What a file can hold, with its headers and template: firms, figures, every kind of record, and
what is no firm's (leads, carriers)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.exchange import headers, templates
from app.exchange.headers import Vocabulary
from app.exchange.others import OTHERS, Other
from app.exchange.record_rows import choices, vocabulary, written
from app.exchange.templates import CODE, NAME, YES_OR_NO, Field, Template
from app.firms.catalogue import Label
from app.firms.record_items import Described, Item
from app.firms.record_kinds import FactKind
from app.pipeline.records import BY_PATH
from app.pipeline.trail import column_label, table_label

EXAMPLES: Mapping[str, Any] = {"date": date(2024, 5, 31), "money": Decimal("12.5"), "number": 1}
KIND_OF = {"date": "date", "money": "money", "number": "count"}
SEVERAL = Label(zh="几个之间用分号隔开", en="several are separated by semicolons")
BY_CODE = Label(zh="该企业的统一社会信用代码", en="that firm's credit code")
BODY = Label(zh="单位名录中的名称或代码", en="a name or code of the list of organisations")


def _template(kind: FactKind) -> Template:
    title = table_label(kind.table, "insert")
    code = CODE if not kind.hosted else Field(
        CODE.name, CODE.label, key=True, example=CODE.example,
        note=Label(zh="依托单位不是企业时留空", en="blank where the host is no firm"),
    )  # fmt: skip
    name = Label(zh=NAME.label.zh, en="firm name")
    firm = Field("firm_name", name, example=NAME.example, note=Label(
        zh="仅供核对，以代码为准", en="to check by eye; the code decides"))  # fmt: skip
    return Template(kind.path, title, (code, firm, *(_field(kind, one) for one in written(kind))))


def _own_template(kind: Other) -> Template:
    """Of what is no firm's: what says which row it is comes first."""
    fields = sorted((_field(kind, one) for one in written(kind)),
                    key=lambda one: one.name not in kind.key)  # fmt: skip
    return Template(kind.path, table_label(kind.table, "insert"), tuple(fields))


def _field(kind: Described, item: Item) -> Field:
    labels = tuple(choices(kind, item).values()) if not item.several else ()
    labels = YES_OR_NO if item.kind == "truth" else labels
    notes = {"organisation": BODY, "firm": BY_CODE}
    return Field(
        item.name, column_label(item.name, kind.table), KIND_OF.get(item.kind, "text"),
        labels[0].zh if labels else EXAMPLES.get(item.kind, ""),
        SEVERAL if item.several else notes.get(item.kind), labels,
        required=item.required or item.name in kind.key,
    )  # fmt: skip


EVERY: Mapping[str, Described] = {**BY_PATH, **OTHERS}
VOCABULARIES: Mapping[str, Vocabulary] = headers.VOCABULARIES | {
    path: vocabulary(kind) for path, kind in EVERY.items()
}
TEMPLATES: Mapping[str, Template] = templates.TEMPLATES | {
    path: _template(kind) for path, kind in BY_PATH.items()
} | {path: _own_template(kind) for path, kind in OTHERS.items()}  # fmt: skip
LABELS: Mapping[str, Label] = {
    "firms": templates.FIRMS.title,
    "figures": Label(zh="填报值", en="Figures"),
} | {path: table_label(kind.table, "insert") for path, kind in EVERY.items()}
