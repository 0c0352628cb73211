"""One record in a form: what was typed into it, exact or refused, and what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.errors import AppError, Conflict, Invalid
from app.core.wording import apart, said
from app.exchange import values
from app.exchange.record_rows import Reader
from app.exchange.typing_in import UNITS
from app.facts import service
from app.firms.record_items import CHOSEN, Item
from app.firms.record_kinds import FactKind

Typed = Mapping[str, list[str]]
Said = tuple[str, str]


@dataclass
class Form:
    """A form as it stands: texts by item, the unit of money, and what is wrong, by item."""

    texts: dict[str, list[str]]
    unit: str = "元"
    faults: dict[str, Said] = field(default_factory=dict)
    # Of the record as a whole.
    problem: Said | None = None
    status: int = 200

    def text(self, name: str) -> str:
        """What stands in a field of one line."""
        return "；".join(self.texts.get(name, ()))


class Refused(Exception):
    """What was typed cannot be kept; the form says why."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form


def empty() -> Form:
    """A form in which nothing has been typed."""
    return Form({})


def of(kind: FactKind, fact: Any, names: Mapping[str, Mapping[int, str]]) -> Form:
    """A record as its form shows it; `names` are those of organisations and firms by item kind."""
    return Form({one.name: _texts(one, getattr(fact, one.name), names) for one in kind.items})


def _texts(item: Item, value: Any, names: Mapping[str, Mapping[int, str]]) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [str(each) for each in value]
    if item.kind in names:
        return [names[item.kind].get(value, str(value))]
    if isinstance(value, Decimal):
        return [f"{value.normalize():f}"]
    if isinstance(value, bool):
        return ["是" if value else "否"]
    return [value.isoformat() if isinstance(value, date) else str(value)]


def keep(
    session: Session, actor: Actor, kind: FactKind, typed: Typed, firm_id: int | None,
    fact: Any = None,
) -> Any:  # fmt: skip
    """Add a record, or correct one; Refused carries the form back with every fault."""
    form = Form({name: [t for t in texts if t.strip()] for name, texts in typed.items()},
                unit=(typed.get("unit") or ["元"])[0])  # fmt: skip
    given = _read(Reader(session, actor, kind), form)
    try:
        with session.begin_nested():
            if fact is not None:
                return service.change(session, actor, kind, fact, given)
            return service.add(session, actor, kind, _sound(kind, given | {"firm_id": firm_id}))
    except ValidationError as error:
        for one in error.errors():
            _tell(form, str(one["loc"][0]) if one["loc"] else "", apart(said(one)))
    except (Invalid, Conflict) as error:
        _told(form, error)
    form.status = 422
    raise Refused(form)


def _sound(kind: FactKind, given: dict[str, Any]) -> Any:
    return kind.schema.model_validate({k: v for k, v in given.items() if v is not None})


def _read(reader: Reader, form: Form) -> dict[str, Any]:
    """Every item of the form; Refused names each that cannot be read."""
    found: dict[str, Any] = {}
    if form.unit not in UNITS:
        form.status = 422
        form.problem = ("金额单位应为元、万元或亿元", "the unit is 元, 万元 or 亿元")
        raise Refused(form)
    scale = UNITS[form.unit]
    for item in reader.kind.items:
        texts = form.texts.get(item.name, [])
        try:
            if item.kind in CHOSEN:
                found[item.name] = [int(text) for text in texts if text.isdecimal()]
            elif not texts:
                found[item.name] = [] if item.several else None
            else:
                found[item.name] = reader.value(item, "；".join(texts), scale)
        except values.Unreadable as error:
            form.faults[item.name] = (error.zh, error.en)
    if form.faults:
        form.status = 422
        raise Refused(form)
    return found


def _told(form: Form, error: AppError) -> None:
    errors = error.extra.get("errors") or [{"pointer": "", "detail": error.detail}]
    for one in errors:
        _tell(form, str(one.get("pointer", "")).strip("/"), apart(str(one["detail"])))


def _tell(form: Form, name: str, words: Said) -> None:
    if name:
        form.faults[name] = words
    else:
        form.problem = words
