"""Records of any kind from rows: told apart by the firm's credit code and the kind's key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Integer, Text, any_, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.core.clock import now
from app.core.errors import Invalid, clash
from app.core.wording import apart, said
from app.exchange.report import Fault, Report
from app.exchange.scope import is_limited
from app.firms.models import SOURCES, Firm
from app.firms.queries import visible
from app.firms.record_kinds import FactKind

FIRM = "credit_code"
SHOWN = 80
Row = tuple[int, dict[str, Any]]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class _Read:
    """A row that was understood: all its values, the names of those that it says, and the record
    that it replaces."""

    number: int
    values: dict[str, Any]
    said: frozenset[str]
    old: Any = None


class Upsert:
    """One batch of one kind: what it says, what stands, and what becomes of each row."""

    def __init__(
        self, session: Session, actor: Actor, kind: FactKind, report: Report, *, source: str,
        origin: str | None = None,
    ) -> None:  # fmt: skip
        self.session, self.actor, self.kind, self.report = session, actor, kind, report
        self.source, self.origin = source, origin
        self.standing: dict[Key, Any] = {}

    def run(self, rows: Iterable[Row]) -> None:
        """Create, correct or leave alone; what is wrong with a row is reported, and it stays out.

        What a row leaves out stays as it is; null empties it.
        """
        given = list(rows)
        firms = self._firms(given)
        hosts: set[int | None] = {None} if self.kind.hosted else set()
        self.standing = self._standing(hosts | set(firms.values()))
        read = [one for row in given if (one := self._read(row, firms)) is not None]
        self._write(self._compared(self._first_of_each(read)))

    def _fault(self, row: int, column: str, value: Any, zh: str, en: str) -> None:
        self.report.faults.append(Fault(row, column, str(value)[:SHOWN], zh, en))

    # --- reading ------------------------------------------------------------------------------

    def _firms(self, rows: list[Row]) -> dict[str, int]:
        codes = sorted({_code(row) for _, row in rows})
        known = select(Firm.credit_code, Firm.id).where(
            Firm.credit_code == any_(literal(codes, ARRAY(Text))), visible(self.actor)
        )
        return {str(code): number for code, number in self.session.execute(known)}

    def _read(self, row: Row, firms: dict[str, int]) -> _Read | None:
        number, values = row
        code = _code(values)
        if not code and self.kind.hosted and not is_limited(self.actor):
            return self._sound(number, {n: v for n, v in values.items() if n != FIRM})
        if code not in firms:
            self._fault(number, FIRM, code, "登记簿中没有该企业：请先导入企业",
                        "no such firm in the register: import the firm first")  # fmt: skip
            return None
        said = {name: value for name, value in values.items() if name != FIRM}
        if "firm_id" in said:
            self._fault(number, "firm_id", said["firm_id"], "请用 credit_code 指明企业",
                        "name the firm by its credit_code")  # fmt: skip
            return None
        return self._sound(number, said | {"firm_id": firms[code]})

    def _completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """What a row has to say and leaves out, as the record that stands says it."""
        fields = self.kind.schema.model_fields
        left_out = [n for n, field in fields.items() if field.is_required() and n not in values]
        if not left_out:
            return values
        try:
            types: list[Any] = [fields[n].annotation for n in self.kind.key]
            key = [TypeAdapter(one).validate_python(values.get(n))
                   for one, n in zip(types, self.kind.key, strict=True)]  # fmt: skip
        except ValidationError:
            return values
        old = self.standing.get((values.get("firm_id"), *key))
        return values if old is None else {n: self.kind.value(old, n) for n in left_out} | values

    def _sound(self, number: int, values: dict[str, Any]) -> _Read | None:
        try:
            given = self.kind.schema.model_validate(self._completed(values))
            settled = self.kind.settle(self.session, self.actor, given.model_dump())
        except ValidationError as error:
            for one in error.errors():
                place = "/".join(map(str, one["loc"]))
                typed = one["input"] if place and one["type"] != "missing" else ""
                self._fault(number, place, typed, *apart(said(one)))
            return None
        except Invalid as error:
            self._refused(number, values, error)
            return None
        return _Read(number, settled, frozenset(given.model_fields_set))

    def _refused(self, number: int, values: dict[str, Any], error: Invalid) -> None:
        place = error.extra["errors"][0].get("pointer", "").strip("/")
        self._fault(number, place, values.get(place, ""), *apart(error.detail))

    def _first_of_each(self, read: list[_Read]) -> dict[Key, _Read]:
        found: dict[Key, _Read] = {}
        for one in read:
            key = self._key(one.values)
            missing = [n for n, part in zip(self.kind.key, key[1:], strict=True) if part is None]
            if missing:
                self._fault(one.number, missing[0], "", "批量写入以它识别记录：请补填",
                            "a batch tells records apart by it: fill it in")  # fmt: skip
            elif key in found:
                first = found[key].number
                self._fault(one.number, self.kind.key[0], key[1],
                            f"与第 {first} 行重复：请只留一行",
                            f"repeats row {first}: keep one")  # fmt: skip
            else:
                found[key] = one
        return found

    def _key(self, values: dict[str, Any]) -> Key:
        return (values["firm_id"], *(values[name] for name in self.kind.key))

    # --- comparing ----------------------------------------------------------------------------

    def _compared(self, read: dict[Key, _Read]) -> list[_Read]:
        """The rows that change something, each with the record that it replaces."""
        found = (self._merged(one, self.standing.get(key)) for key, one in read.items())
        changing = []
        for one in found:
            if one is None:
                continue
            unchanged = one.old is not None and one.values == self.kind.given(one.old)
            outcome = "created" if one.old is None else "unchanged" if unchanged else "updated"
            self._count(one.number, outcome)
            if not unchanged:
                changing.append(one)
        return changing

    def _standing(self, firms: set[int | None]) -> dict[Key, Any]:
        model = self.kind.model
        numbers = sorted(firm for firm in firms if firm is not None)
        of_firms = model.firm_id == any_(literal(numbers, ARRAY(Integer)))
        wanted = or_(of_firms, model.firm_id.is_(None)) if None in firms else of_firms
        query = select(model).where(wanted, model.superseded_at.is_(None))
        rows = self.session.scalars(query.order_by(model.id).with_for_update())
        return {(r.firm_id, *(self.kind.value(r, name) for name in self.kind.key)): r for r in rows}

    def _merged(self, one: _Read, old: Any) -> _Read | None:
        """The row over the record that stands; None where it may not replace it."""
        if old is None:
            return one
        before = self.kind.given(old)
        found = self._sound(one.number, before | {name: one.values[name] for name in one.said})
        if found is None:
            return None
        if found.values != before and SOURCES.index(self.source) > SOURCES.index(old.source):
            self._fault(
                one.number, self.kind.key[0], before[self.kind.key[0]],
                f"现有记录来自更可靠的来源 {old.source}，未改动：如有出入请联系科技局",
                f"a better source, {old.source}, says otherwise: unchanged; ask the bureau",
            )  # fmt: skip
            return None
        return replace(found, old=old)

    def _count(self, row: int, outcome: str) -> None:
        setattr(self.report, outcome, getattr(self.report, outcome) + 1)
        self.report.outcomes[row] = outcome

    # --- writing ------------------------------------------------------------------------------

    def _write(self, changing: list[_Read]) -> None:
        """All in two statements; where the database refuses them, one by one, to name the row."""
        if not changing:
            return
        try:
            with self.session.begin_nested():
                self._store(changing)
        except (IntegrityError, Invalid):
            for one in changing:
                self._write_one(one)
        firms = [one.values["firm_id"] for one in changing]
        self.report.changed_firms += [firm for firm in firms if firm is not None]

    def _write_one(self, one: _Read) -> None:
        try:
            with self.session.begin_nested():
                self._store([one])
        except IntegrityError as error:
            key = self.kind.key[-1]
            self._fault(one.number, key, one.values[key], *clash(error))
        except Invalid as error:
            self._refused(one.number, one.values, error)

    def _store(self, changing: list[_Read]) -> None:
        model, instant = self.kind.model, now()
        replaced = [one.old.id for one in changing if one.old is not None]
        if replaced:
            self.session.execute(
                update(model).where(model.id == any_(literal(replaced, ARRAY(Integer))))
                .values(superseded_at=instant), execution_options={"synchronize_session": False}
            )  # fmt: skip
        whence = {"source": self.source, "origin_ref": self.origin, "recorded_by": self.actor.name}
        rows = [self._carried(one.old) | self.kind.stored(one.values) | whence for one in changing]
        self.session.execute(insert(model), rows)
        if self.kind.mutual:
            for one in changing:
                self.kind.settle(self.session, self.actor, one.values)

    def _carried(self, old: Any) -> dict[str, Any]:
        """What a correction keeps of a record beyond what a row can say."""
        given = {"id", "superseded_at", "recorded_at"}
        columns = [c.name for c in self.kind.model.__table__.c
                   if c.computed is None and c.name not in given]  # fmt: skip
        return {} if old is None else {name: getattr(old, name) for name in columns}


def _code(row: dict[str, Any]) -> str:
    return str(row.get(FIRM, "")).strip().upper()
